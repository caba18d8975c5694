"""Makes the goldens of the operations that are compositions: their values and gradients as PyTorch, NumPy, SciPy and torchvision compute them.

    python Goldens/operations.py

writes Tests/ApusTensorTests/Goldens/{operations.json,operations.bin}. Cases are as in make.py; an operation has the name of the Swift function.
Cases in float64 are also differentiated by finite differences on the Swift side.
"""

import math
from itertools import product as combinations

import numpy as np
import scipy.special
import torch
import torch.nn.functional as F
import torchvision.ops

from goldens import SPECIAL, case, distinct, integers, text, uniform, write


def both(name, operation, inputs, function, tolerance=None, gradients=True, tolerance64=None, **attributes):
    """One case in float32 and one in float64."""
    case(f"{name} float32", operation, inputs, function, gradients, tolerance, **attributes)
    case(f"{name} float64", operation, [x.double() if x.dtype == torch.float32 else x for x in inputs], function, gradients,
         tolerance64, **attributes)


def listed(value, rank):
    return list(value) if isinstance(value, (tuple, list)) else [value] * rank


# ---- Rearranging

for shape, shift, axis in [((5,), 2, 0), ((3, 4), -1, 1), ((2, 3, 4), 7, -2), ((3, 0), 1, 1), ((3, 4), 0, 0)]:
    both(f"rolled {text(shape)} by {shift} along {axis}", "rolled", [uniform(shape)],
         lambda x, s=shift, a=axis: x.roll(s, a), by=shift, axis=axis)
for shape, shift in [((2, 3), 2), ((), 3), ((0,), 1), ((4,), -9)]:
    both(f"rolled all of {text(shape)} by {shift}", "rolled flat", [uniform(shape)], lambda x, s=shift: x.roll(s), by=shift)
both("rolled along two axes", "rolled axes", [uniform((3, 4, 2))], lambda x: x.roll((1, -2), (0, 1)), by=[1, -2], axes=[0, 1])
for turns, axes in [(0, (0, 1)), (1, (0, 1)), (2, (0, 1)), (3, (0, 1)), (-1, (1, 0)), (5, (2, 0)), (1, (-1, -2))]:
    both(f"rotated {turns} in {axes}", "rotated", [uniform((2, 3, 4))], lambda x, t=turns, a=axes: x.rot90(t, a), turns=turns,
         axes=list(axes))
for shape, count, axis in [((3,), 2, 0), ((2, 3), 3, -1), ((2, 3), 0, 0), ((0, 2), 2, 1), ((2, 3, 2), 2, 1)]:
    both(f"repeatInterleaved {text(shape)} {count} along {axis}", "repeatInterleaved", [uniform(shape)],
         lambda x, c=count, a=axis: x.repeat_interleave(c, a), count=count, axis=axis)
for counts, axis in [([1, 0, 3], 1), ([2, 1], 0), ([0, 0], -3)]:
    both(f"repeatInterleaved {counts} along {axis}", "repeatInterleaved counts", [uniform((2, 3, 2))],
         lambda x, c=counts, a=axis: x.repeat_interleave(torch.tensor(c), a), counts=counts, axis=axis)
for axis in [0, 1, -1]:
    both(f"unstacked along {axis}", "unstacked", [uniform((2, 3, 2))], lambda x, a=axis: x.unbind(a), axis=axis)
for size, axis in [(2, 1), (3, 1), (7, 1), (5, 0)]:
    both(f"split by {size} along {axis}", "split size", [uniform((2, 7))], lambda x, s=size, a=axis: x.split(s, a), size=size, axis=axis)
for count, axis in [(3, 1), (1, 1), (9, 1), (2, -2)]:
    both(f"split into {count} along {axis}", "split count", [uniform((2, 7))], lambda x, c=count, a=axis: x.tensor_split(c, a),
         count=count, axis=axis)
for sources, targets in [([0, 1], [2, 0]), ([-1], [0]), ([0, 3, 1], [-1, 0, 2]), ([], [])]:
    both(f"movingAxes {sources} to {targets}", "movingAxes", [uniform((2, 3, 4, 2))],
         lambda x, s=sources, t=targets: x.movedim(s, t) if s else x, sources=sources, targets=targets)
for axis, extents in [(1, [2, 3]), (-1, [2, -1]), (0, [1, 1, 2])]:
    shape = (2, 6)
    both(f"unflattened {axis} into {extents}", "unflattened", [uniform(shape)], lambda x, a=axis, e=extents: x.unflatten(a, e),
         axis=axis, extents=extents)
both("broadcast", "broadcast", [uniform((3, 1)), uniform((4,), key=1), uniform((), key=2)], torch.broadcast_tensors)
for indexing in ["ij", "xy"]:
    for shapes in [((2,), (3,)), ((2,), (3,), (4,)), ((3,),), ((2,), (0,))]:
        both(f"meshgrid {indexing} {shapes}", "meshgrid", [uniform(s, key=i) for i, s in enumerate(shapes)],
             lambda *v, i=indexing: torch.meshgrid(*v, indexing=i), indexing=indexing)
both("cartesianProduct", "cartesianProduct", [uniform((2,)), uniform((3,), key=1), uniform((2,), key=2)], torch.cartesian_prod)
for count, replacement in [(2, False), (3, True), (1, False), (5, False)]:
    both(f"combinations {count} {replacement}", "combinations", [uniform((4,))],
         lambda x, n=count, r=replacement: torch.combinations(x, n, r), count=count, withReplacement=replacement)
both("channelShuffle", "channelShuffle", [uniform((2, 6, 2, 2))], lambda x: F.channel_shuffle(x, 3), groups=3)
for factor, shape in [(2, (1, 8, 2, 3)), (3, (9, 2, 1)), (1, (1, 2, 2, 2)), (2, (2, 2, 4, 1, 2))]:
    both(f"pixelShuffle {text(shape)} by {factor}", "pixelShuffle", [uniform(shape)], lambda x, f=factor: F.pixel_shuffle(x, f),
         factor=factor)
for factor, shape in [(2, (1, 2, 4, 6)), (3, (2, 3, 3)), (2, (2, 1, 1, 2, 4))]:
    both(f"pixelUnshuffle {text(shape)} by {factor}", "pixelUnshuffle", [uniform(shape)],
         lambda x, f=factor: F.pixel_unshuffle(x, f), factor=factor)

for start, end, step in [(0.0, 1.0, 0.3), (2.0, -1.0, -0.5), (1.0, 1.0, 0.1), (0.0, -1.0, 0.5)]:
    case(f"range {start} {end} {step}", "range", [], lambda a=(start, end, step): torch.tensor(np.arange(*a), dtype=torch.float32), start=start, end=end,
         step=step)
for start, end, count, base in [(0.0, 3.0, 4, 10.0), (-1.0, 1.0, 5, 2.0), (0.0, 1.0, 1, 10.0), (0.0, 1.0, 0, 10.0)]:
    case(f"logspace {start} {end} {count} {base}", "logspace", [], lambda a=(start, end, count, base): torch.logspace(*a), start=start, end=end,
         count=count, base=base)
case("full", "full", [integers((2, 3), dtype="int32")], lambda x: torch.full_like(x, 7), value=7)

# ---- Diagonals

for shape, offset, axes in [((3, 3), 0, (0, 1)), ((3, 4), 1, (0, 1)), ((4, 3), -2, (0, 1)), ((2, 3, 4), 0, (-2, -1)),
                            ((2, 3, 4), 1, (0, 2)), ((3, 3), 3, (0, 1)), ((2, 3, 4), -1, (2, 1)), ((0, 3), 0, (0, 1))]:
    both(f"diagonal {offset} of {text(shape)} in {axes}", "diagonal", [uniform(shape)],
         lambda x, o=offset, a=axes: x.diagonal(o, *a), offset=offset, axes=list(axes))
    both(f"trace {offset} of {text(shape)} in {axes}", "trace", [uniform(shape)],
         lambda x, o=offset, a=axes: x.diagonal(o, *a).sum(-1), offset=offset, axes=list(axes))
for shape, offset, axes in [((3,), 0, (-2, -1)), ((2, 3), 1, (-2, -1)), ((3,), -2, (-2, -1)), ((2, 3), 0, (0, 2)), ((0,), 1, (-2, -1)),
                            ((2, 2), -1, (1, 0))]:
    both(f"diagonalEmbedded {text(shape)} {offset} {axes}", "diagonalEmbedded", [uniform(shape)],
         lambda x, o=offset, a=axes: x.diag_embed(o, *a), offset=offset, axes=list(axes))
for shape, offset in [((3, 3), 0), ((3, 5), 1), ((5, 3), -2), ((2, 3, 3), -1), ((0, 3), 0), ((3, 3), 9), ((3, 3), -9)]:
    for name, function in {"lowerTriangle": torch.tril, "upperTriangle": torch.triu}.items():
        both(f"{name} {offset} of {text(shape)}", name, [uniform(shape)], lambda x, f=function, o=offset: f(x, o), offset=offset)
for dtype in ["int64", "bool"]:
    case(f"lowerTriangle {dtype}", "lowerTriangle", [integers((3, 3), 0, 2, dtype)], torch.tril, offset=0)
for rows, columns, offset in [(3, 4, 0), (4, 2, 1), (3, 3, -2), (3, 3, -5), (2, 3, 5), (0, 2, 0)]:
    for name, function in {"lowerTriangleIndices": torch.tril_indices, "upperTriangleIndices": torch.triu_indices}.items():
        case(f"{name} {rows} {columns} {offset}", name, [], lambda f=function, a=(rows, columns, offset): f(*a), rows=rows, columns=columns,
             offset=offset)

# ---- Padding

NUMPY_MODES = {"reflect": "reflect", "symmetric": "symmetric", "replicate": "edge", "circular": "wrap"}
for shape, widths in [((4,), [(2, 3)]), ((3, 4), [(1, 2), (0, 3)]), ((2, 3, 2), [(1, 1), (2, 0), (0, 1)]), ((3,), [(0, 0)])]:
    for mode, numpy_mode in NUMPY_MODES.items():
        def padded(x, w=widths, m=numpy_mode):
            places = np.pad(np.arange(x.numel()).reshape(x.shape), w, mode=m)
            return x.reshape(-1)[torch.tensor(places)]
        both(f"padded {mode} {text(shape)} {widths}", "padded mode", [uniform(shape)], padded, mode=mode, widths=[list(w) for w in widths])
for widths in [[(-1, 2), (0, -2)], [(-2, -1), (1, 1)], [(0, 0), (-1, 0)]]:
    both(f"padded {widths}", "padded", [uniform((4, 5))],
         lambda x, w=widths: F.pad(x, [n for pair in reversed(w) for n in pair], value=1.5), value=1.5, widths=[list(w) for w in widths])

# ---- Unfolding

for shape, kernel, stride, padding, dilation in [
    ((1, 2, 4, 5), (2, 3), 1, 0, 1), ((2, 1, 5, 5), (3, 3), 2, 1, 1), ((1, 2, 6, 5), (2, 2), (2, 1), (0, 1), (2, 1)), ((1, 1, 2, 2), (2, 2), 2, 0, 1),
]:
    geometry = dict(kernel=list(kernel), stride=listed(stride, 2), padding=listed(padding, 2), dilation=listed(dilation, 2))
    arguments = dict(kernel_size=kernel, stride=stride, padding=padding, dilation=dilation)
    both(f"unfold {text(shape)} {geometry}", "unfold", [uniform(shape)], lambda x, a=arguments: F.unfold(x, **a), **geometry)
    columns = F.unfold(uniform(shape), **arguments)
    both(f"fold to {text(shape)} {geometry}", "fold", [uniform(tuple(columns.shape))],
         lambda x, a=arguments, s=shape: F.fold(x, s[2:], **a), size=list(shape[2:]), **geometry)
for shape, axis, size, step in [((7,), 0, 3, 2), ((2, 5, 3), 1, 2, 1), ((4, 3), -2, 4, 1), ((3,), 0, 1, 1)]:
    both(f"windows of {text(shape)} along {axis} {size} {step}", "windows", [uniform(shape)],
         lambda x, a=axis, s=size, t=step: x.unfold(a, s, t), axis=axis, size=size, step=step)

# ---- Elementwise

PAIRS = [((3, 4), (3, 4)), ((3, 1), (1, 4)), ((), (2, 3)), ((0, 3), (1, 3)), ((), ())]
table = torch.tensor(SPECIAL)
for name, function, low, high in [
    ("hypot", torch.hypot, 0.2, 3), ("copySign", torch.copysign, -3, 3), ("logAddExp", torch.logaddexp, -3, 3),
    ("logAddExp2", torch.logaddexp2, -3, 3), ("maximumIgnoringNaN", torch.fmax, -3, 3), ("minimumIgnoringNaN", torch.fmin, -3, 3),
    ("xlogy", torch.xlogy, 0.2, 3), ("xlog1py", torch.special.xlog1py, 0.2, 3), ("truncatedRemainder", torch.fmod, 0.3, 2.9),
]:
    for a, b in PAIRS:
        both(f"{name} {text(a)} with {text(b)}", name, [uniform(a, low, high, key="a"), uniform(b, low, high, key="b")], function,
             tolerance=1e-5)
    if name not in ("truncatedRemainder", "logAddExp2"):
        case(f"{name} special values", name, [table[:, None], table], function, gradients=False)
for name, function in {"truncatedRemainder": torch.fmod,
                       "truncatedDivide": lambda a, b: torch.div(a, b, rounding_mode="trunc")}.items():
    a, b = torch.tensor([-7, -6, -1, 0, 5, 6, 7]), torch.tensor([-3, -2, 1, 2, 4])
    for dtype in [torch.int32, torch.int64, torch.float32, torch.float64]:
        case(f"{name} {dtype}", name, [a.to(dtype)[:, None], b.to(dtype)], function, False)
both("truncatedRemainder gradient", "truncatedRemainder", [torch.tensor([-7.3, 5.2, -3.3, 4.4]), torch.tensor([2.0, -3.0, -0.7, 1.5])],
     torch.fmod, tolerance=2e-6)
case("signBit", "signBit", [table], torch.signbit, False)
case("signBit int64", "signBit", [integers((6,))], torch.signbit, False)
both("exp2", "exp2", [uniform((3, 4), -5, 5)], torch.exp2, tolerance=1e-5)
both("ldexp", "ldexp", [uniform((4,)), torch.tensor([-3, 0, 2, 10])], torch.ldexp)
both("lerp", "lerp", [uniform((3, 4)), uniform((4,), key=1), uniform((3, 1), key=2)], torch.lerp)
both("lerp by a number", "lerp number", [uniform((3, 4)), uniform((4,), key=1)], lambda a, b: torch.lerp(a, b, 0.3), weight=0.3)
case("heaviside", "heaviside", [table, torch.tensor(0.25)], lambda x, z: torch.tensor(np.heaviside(x.numpy(), z.numpy())), False)
for dtype in ["int32", "int64", "uint8"]:
    low, high = (0, 255) if dtype == "uint8" else (-1000, 1000)
    pair = [integers((5, 1), low, high, dtype), integers((6,), low, high, dtype, key=1)]
    case(f"greatestCommonDivisor {dtype}", "greatestCommonDivisor", pair, torch.gcd)
    if dtype != "uint8":
        case(f"leastCommonMultiple {dtype}", "leastCommonMultiple", pair, torch.lcm)
fibonacci = [0, 1]
while fibonacci[-1] + fibonacci[-2] < 2**63:
    fibonacci.append(fibonacci[-1] + fibonacci[-2])
case("greatestCommonDivisor of neighbours of Fibonacci's sequence", "greatestCommonDivisor", [torch.tensor(fibonacci[:-1]), torch.tensor(fibonacci[1:])],
     torch.gcd)
both("degreesToRadians", "degreesToRadians", [uniform((5,), -400, 400)], torch.deg2rad)
both("radiansToDegrees", "radiansToDegrees", [uniform((5,), -7, 7)], torch.rad2deg)
both("fraction", "fraction", [torch.tensor([-2.7, -0.3, 0.4, 5.9])], torch.frac, tolerance=1e-6)
case("replacingNaN", "replacingNaN", [table], torch.nan_to_num, False)
case("replacingNaN float64", "replacingNaN", [table.double()], torch.nan_to_num, False)
case("replacingNaN numbers", "replacingNaN numbers", [table], lambda x: torch.nan_to_num(x, 1.5, 7.0, -8.0), nan=1.5, positive=7.0, negative=-8.0)
near = torch.tensor([1.0, 1.00001, 1.1, 0.0, 1e-9, math.inf, -math.inf, math.nan])
for equal in [False, True]:
    case(f"isClose {equal}", "isClose", [near[:, None], near], lambda a, b, e=equal: torch.isclose(a, b, equal_nan=e), False, equalNaN=equal)
    case(f"allClose {equal}", "allClose", [near, near + 1e-9], lambda a, b, e=equal: torch.tensor(torch.allclose(a, b, equal_nan=e)), False,
         equalNaN=equal)
for a, b in [([1, 2], [1, 2]), ([1, 2], [1, 3]), ([1, 2], [1])]:
    case(f"isEqual {a} {b}", "isEqual", [torch.tensor(a), torch.tensor(b)], lambda a, b: torch.tensor(torch.equal(a, b)))
both("clamped tensors", "clamped", [uniform((3, 4)), uniform((4,), -1, 0, key=1), uniform((3, 1), 0, 1, key=2)], torch.clamp)
case("clamped with nan", "clamped", [torch.tensor([1.0, math.nan, 3.0]), torch.tensor([0.0, 0.0, math.nan]), torch.tensor(2.0)], torch.clamp, False)

# ---- Special functions

wide = torch.tensor([-1e5, -7.5, -2.1, -0.4, 1e-3, 0.3, 1.0, 1.4616, 2.0, 5.5, 8.0, 33.0, 1e6])
for name, function, reference, low, high in [
    ("logGamma", torch.lgamma, scipy.special.gammaln, 0.2, 9), ("digamma", torch.digamma, scipy.special.psi, 0.2, 9),
    ("erfc", torch.erfc, scipy.special.erfc, -3, 3), ("scaledErfc", torch.special.erfcx, scipy.special.erfcx, -2, 4),
    ("normalCDF", torch.special.ndtr, scipy.special.ndtr, -3, 3), ("logNormalCDF", torch.special.log_ndtr, scipy.special.log_ndtr, -4, 3),
    ("normalQuantile", torch.special.ndtri, scipy.special.ndtri, 0.05, 0.95), ("sinc", torch.sinc, np.sinc, -3, 3),
    ("entropyTerm", torch.special.entr, scipy.special.entr, 0.1, 3),
]:
    # PyTorch's trigamma, the derivative of digamma, has nine digits.
    both(f"{name} 3x4", name, [uniform((3, 4), low, high)], function, tolerance=2e-5, tolerance64=1e-8 if name == "digamma" else None)
    case(f"{name} empty", name, [torch.zeros(0, 2)], function)
    case(f"{name} scalar", name, [torch.tensor(0.7)], function, tolerance=2e-5)
    if name != "normalQuantile":
        far = {"logGamma": wide, "digamma": wide}.get(name, torch.tensor([-8.0, -5.0, -1.0, 0.0, 0.5, 3.0, 9.0, 25.0]))
        exact = lambda x, r=reference: torch.tensor(r(x.double().numpy())).to(x.dtype)
        case(f"{name} far out", name, [far], exact, False, 2e-5)
        case(f"{name} far out float64", name, [far.double()], exact, False, 1e-10)
        if name not in ("sinc", "entropyTerm"):
            case(f"{name} limits", name, [torch.tensor([-math.inf, math.inf, math.nan])], function, False)
for n in [1, 2, 3, 5]:
    case(f"polygamma {n}", "polygamma", [torch.tensor([0.1, 0.7, 1.0, 3.3, 12.0, 900.0], dtype=torch.float64)],
         lambda x, n=n: torch.tensor(scipy.special.polygamma(n, x.numpy())), False, 1e-10 if n < 3 else 1e-7, n=n)
    both(f"polygamma {n} gradient", "polygamma", [uniform((4,), 0.6, 6)], lambda x, n=n: torch.polygamma(n, x), tolerance=1e-4, tolerance64=1e-6, n=n)
both("logGamma negative", "logGamma", [torch.tensor([-2.3, -0.6, -4.7])], torch.lgamma, tolerance=3e-5)
both("digamma negative", "digamma", [torch.tensor([-2.3, -0.6, -4.7])], torch.digamma, tolerance=3e-4)
case("logGamma at whole numbers", "logGamma", [torch.tensor([0.0, -1.0, -5.0, 1.0, 2.0])], torch.lgamma, False)
case("digamma at whole numbers", "digamma", [torch.tensor([0.0, -1.0, -5.0, 1.0])], torch.digamma, False)
case("sinc at zero", "sinc", [torch.tensor([0.0, 1e-4])], torch.sinc, tolerance=1e-3)
case("xlogy at zero", "xlogy", [torch.zeros(3), torch.tensor([2.0, 0.5, 1.0])], torch.xlogy)
case("entropyTerm limits", "entropyTerm", [torch.tensor([-1.0, 0.0, math.nan])], torch.special.entr, False)
both("logit", "logit", [uniform((3, 4), 0.1, 0.9)], torch.logit, tolerance=2e-5)
both("logit clamped", "logit", [torch.tensor([0.0, 0.2, 0.85, 1.0])], lambda x: torch.logit(x, 0.1), tolerance=2e-5, epsilon=0.1)

# ---- Order

for shape, values, right in [((5,), (2, 3), False), ((5,), (4,), True), ((2, 7), (2, 3), False), ((2, 7), (2, 0), True), ((0,), (3,), False),
                             ((8,), (), True), ((1,), (3,), False)]:
    sorted_values = torch.sort(integers(shape, -5, 6, "float32"), -1).values
    wanted = integers(values, -7, 8, "float32", key=1)
    side = "right" if right else "left"
    case(f"searchSorted {text(values)} in {text(shape)} {side}", "searchSorted", [sorted_values, wanted],
         lambda s, v, r=right: torch.searchsorted(s, v, right=r), False, side=side)
    if len(shape) == 1:
        case(f"bucketize {text(values)} in {text(shape)} {side}", "bucketize", [wanted, sorted_values],
             lambda v, s, r=right: torch.bucketize(v, s, right=r), False, right=right)
case("searchSorted nan", "searchSorted", [torch.tensor([1.0, 2.0, math.nan]), torch.tensor([math.nan, math.inf, 0.0])],
     lambda s, v: torch.tensor(np.searchsorted(s.numpy()[:2], [2.5, math.inf, 0.0])), False, side="left")
for shape in [(3, 4), (0,), ()]:
    case(f"isIn {text(shape)}", "isIn", [integers(shape, 0, 6), torch.tensor([4, 1, 1])], torch.isin)
case("isIn nothing", "isIn", [integers((3,)), torch.zeros(0, dtype=torch.int64)], torch.isin)
case("isIn nan", "isIn", [torch.tensor([1.0, math.nan, 2.0]), torch.tensor([math.nan, 2.0])], torch.isin, False)
for k, axis, keeping in [(1, 0, False), (3, -1, True), (2, 1, False)]:
    both(f"kthValue {k} along {axis}", "kthValue", [distinct((3, 4, 5))],
         lambda x, k=k, a=axis, d=keeping: tuple(torch.kthvalue(x, k, a, d)), k=k, axis=axis, keepingAxes=keeping)
for shape, axis, keeping in [((3, 4, 5), 0, False), ((3, 4, 5), 1, True), ((7,), -1, False), ((1,), 0, False)]:
    both(f"median {text(shape)} along {axis}", "median", [distinct(shape)],
         lambda x, a=axis, d=keeping: tuple(torch.median(x, a, d)), axis=axis, keepingAxes=keeping)
case("median with nan", "median", [torch.tensor([[1.0, math.nan, 0.0, math.nan], [4.0, 2.0, 3.0, 1.0]])],
     lambda x: tuple(torch.median(x, 1)), False, axis=1, keepingAxes=False)
case("median int64", "median", [distinct((3, 5)).mul(10).long()], lambda x: tuple(torch.median(x, 1)), axis=1, keepingAxes=False)
case("mode", "mode", [torch.tensor([[3, 1, 3, 2, 1], [5, 4, 5, 5, 4], [9, 8, 7, 6, 5]])], lambda x: tuple(torch.mode(x, 1)), axis=1,
     keepingAxes=False)
case("mode float32", "mode", [integers((4, 6), 0, 3, "float32")], lambda x: torch.mode(x, 0).values, axis=0, keepingAxes=False,
     valuesOnly=True)
for q in [0.0, 0.3, 0.5, 1.0]:
    for mode in ["linear", "lower", "higher", "nearest", "midpoint"]:
        both(f"quantile {q} {mode}", "quantile", [distinct((3, 4, 5))],
             lambda x, q=q, m=mode: torch.quantile(x, q, dim=1, interpolation=m), q=q, axis=1, interpolation=mode, keepingAxes=False)
both("quantile of several", "quantile several", [distinct((3, 4))],
     lambda x: torch.quantile(x, torch.tensor([0.1, 0.5, 0.9], dtype=x.dtype), dim=0), tolerance64=1e-6, fractions=[0.1, 0.5, 0.9], axis=0)
case("quantile with nan", "quantile", [torch.tensor([[1.0, math.nan, 2.0], [1.0, 2.0, 3.0]])], lambda x: torch.quantile(x, 0.5, dim=1), False,
     q=0.5, axis=1, interpolation="linear", keepingAxes=False)
case("quantile infinite", "quantile", [torch.tensor([math.inf, math.inf, 1.0])], lambda x: torch.tensor(np.float32(math.inf)), False, q=0.5, axis=0,
     interpolation="linear", keepingAxes=False)

# ---- Sets and counts

for shape in [(3, 4), (2, 0), (), (5,)]:
    case(f"nonzero {text(shape)}", "nonzero", [integers(shape, 0, 2)], torch.nonzero)
    case(f"selected {text(shape)}", "selected", [uniform(shape), integers(shape, 0, 2, "bool")], torch.masked_select)
both("selected broadcast", "selected", [uniform((3, 1)), torch.tensor([True, False, True])], torch.masked_select)
both("compressed", "compressed", [uniform((2, 3, 2)), torch.tensor([True, False, True])], lambda x, m: x[:, m], axis=1)
for shape in [(12,), (3, 4), (0,), ()]:
    def unique(x):
        values, first, inverse, counts = np.unique(x.numpy(), return_index=True, return_inverse=True, return_counts=True)
        return tuple(torch.tensor(a) for a in (values, first, inverse.reshape(x.shape), counts))
    case(f"unique {text(shape)}", "unique", [integers(shape, -2, 3)], unique)
    case(f"unique float32 {text(shape)}", "unique", [integers(shape, -2, 3, "float32")], unique, False)
for shape, axis in [((6, 2), 0), ((2, 7), 1), ((5, 1, 2), 0), ((4, 0), 0)]:
    def unique_slices(x, a=axis):
        if x.numel() == 0:
            return x[:1], torch.tensor([0]), torch.zeros(4, dtype=torch.int64), torch.tensor([4])
        values, first, inverse, counts = np.unique(x.numpy(), return_index=True, return_inverse=True, return_counts=True, axis=a)
        return tuple(torch.tensor(v) for v in (values, first, inverse.reshape(-1), counts))
    case(f"unique slices {text(shape)} along {axis}", "unique axis", [integers(shape, 0, 2)], unique_slices, axis=axis)
for axes in [(0,), (1, 2), ()]:
    case(f"countNonzero {axes}", "countNonzero", [integers((2, 3, 4), 0, 2)],
         lambda x, a=axes: torch.count_nonzero(x, a if a else None), axes=list(axes))
case("binCounts", "binCounts", [integers((20,), 0, 6)], torch.bincount)
case("binCounts weighted", "binCounts", [integers((20,), 0, 6), uniform((20,), dtype="float64")], torch.bincount, False)
case("binCounts empty", "binCounts", [torch.zeros(0, dtype=torch.int64)], torch.bincount)
case("binCounts count", "binCounts", [integers((9,), 0, 4)], lambda x: torch.bincount(x, minlength=8), count=8)
for bins, low, high in [(4, -1.0, 1.0), (3, -2.0, 2.0), (1, 0.0, 5.0)]:
    case(f"histogram {bins} {low} {high}", "histogram", [uniform((3, 7))],
         lambda x, b=bins, l=low, h=high: tuple(torch.tensor(v) for v in (lambda c, e: (c.astype(np.int64), e.astype(np.float32)))(
             *np.histogram(x.numpy(), b, (l, h)))), False, bins=bins, low=low, high=high)
case("histogram over its own range", "histogram", [torch.tensor([1.0, 2.0, 2.5, 3.0, 3.0])],
     lambda x: (torch.tensor([1, 0, 1, 3]), torch.linspace(1, 3, 5)), False, bins=4)
edges = torch.tensor([-2.0, -0.5, 0.0, 1.0])
case("histogram edges", "histogram edges", [uniform((30,)), edges], lambda x, e: torch.tensor(np.histogram(x, e)[0]), False)
case("histogram edges weighted", "histogram edges", [uniform((30,), dtype="float64"), edges.double(), uniform((30,), dtype="float64", key=1)],
     lambda x, e, w: torch.tensor(np.histogram(x, e, weights=w)[0]), False)

# ---- Scatter


def scatter_reduced(x, index, updates, axis, reduction, includes_self):
    if reduction != "prod":
        return x.scatter_reduce(axis, index, updates, reduction, include_self=includes_self)
    # PyTorch has no gradient where self is left out.
    hits = F.one_hot(index.movedim(axis, -1), x.shape[axis]).bool()
    values = updates.movedim(axis, -1)[..., None]
    product = torch.where(hits, values, torch.ones((), dtype=x.dtype)).prod(-2).movedim(-1, axis)
    return x * product if includes_self else torch.where(hits.any(-2).movedim(-1, axis), product, x)


both("scattered fewer", "scattered", [uniform((3, 4)), torch.tensor([[0, 3, 1], [2, 2, 0]]), uniform((2, 3), key=1)],
     lambda x, i, u: x.scatter_reduce(1, i, u, "sum"), axis=1, reduction="sum", includesSelf=True)
both("scattered fewer amax", "scattered", [uniform((3, 4)), torch.tensor([[0, 3, 1], [2, 2, 0]]), uniform((2, 3), key=1)],
     lambda x, i, u: x.scatter_reduce(1, i, u, "amax"), axis=1, reduction="maximum", includesSelf=True)
both("scattered elements fewer", "scattered elements", [uniform((3, 4)), torch.tensor([[0, 3, 1], [2, 1, 0]]), uniform((2, 3), key=1)],
     lambda x, i, u: x.scatter(1, i, u), axis=1)
for reduction, torch_name in {"sum": "sum", "product": "prod", "mean": "mean", "maximum": "amax", "minimum": "amin"}.items():
    for shape, count, axis in [((5,), 8, 0), ((2, 4), 7, 1), ((3, 2), 5, 0), ((3,), 0, 0), ((2, 1, 3), 4, 1)]:
        updates = list(shape)
        updates[axis] = count
        index = integers(updates, 0, shape[axis], key=axis)
        for includes in [True, False]:
            both(f"scattered {reduction} {text(shape)} along {axis} {includes}", "scattered",
                 [distinct(shape), index, distinct(updates, key=2) + 0.013],
                 lambda x, i, u, a=axis, r=torch_name, s=includes: scatter_reduced(x, i, u, a, r, s),
                 axis=axis, reduction=reduction, includesSelf=includes)
    case(f"scattered {reduction} int64", "scattered", [integers((4,)), torch.tensor([1, 1, 3]), integers((3,), key=1)],
         lambda x, i, u, r=torch_name: x.scatter_reduce(0, i, u, r), axis=0, reduction=reduction, includesSelf=True)
both("scattered maximum of ties", "scattered", [torch.tensor([1.0, 5.0, 2.0]), torch.tensor([0, 0, 1, 1]), torch.tensor([3.0, 3.0, 5.0, 5.0])],
     lambda x, i, u: x.scatter_reduce(0, i, u, "amax"), axis=0, reduction="maximum", includesSelf=True)
both("scattered product of zeros", "scattered", [torch.tensor([2.0, 3.0]), torch.tensor([0, 0, 0, 1]), torch.tensor([0.0, 2.0, 5.0, 0.0])],
     lambda x, i, u: x.scatter_reduce(0, i, u, "prod"), axis=0, reduction="product", includesSelf=True)
for axis in [0, 1, -1]:
    shape, updates = (3, 4, 5), [2 if a == axis % 3 else n for a, n in enumerate((3, 4, 5))]
    both(f"replacing along {axis}", "replacing", [uniform(shape), torch.tensor([2, 0]), uniform(updates, key=1)],
         lambda x, i, u, a=axis: x.index_copy(a, i, u), axis=axis)
    both(f"filling along {axis}", "filling", [uniform(shape), torch.tensor([2, 0, 2])],
         lambda x, i, a=axis: x.index_fill(a, i, 1.5), axis=axis, value=1.5)
both("taken", "taken", [uniform((3, 4)), torch.tensor([[11, 0], [5, 5]])], torch.take)
for mode in ["replace", "add"]:
    both(f"putting {mode}", "putting", [uniform((3, 4)), torch.tensor([11, 0, 5]), uniform((3,), key=1)],
         lambda x, i, v, m=mode: torch.put(x, i, v, accumulate=m == "add"), mode=mode)
both("scattered where", "scattered where", [uniform((3, 4)), integers((3, 4), 0, 2, "bool"), uniform((12,), key=1)],
     lambda x, m, v: x.masked_scatter(m, v))
both("gathered smaller", "gathered", [uniform((3, 4)), torch.tensor([[0, 3, 1], [2, 2, 0]])], lambda x, i: x.gather(1, i), axis=1)

# ---- Scans

for shape, axis in [((5,), 0), ((2, 6), 1), ((3, 2), -2), ((2, 0), 1), ((1,), 0)]:
    both(f"cumulativeLogSumExp {text(shape)} along {axis}", "cumulativeLogSumExp", [uniform(shape, -5, 5)],
         lambda x, a=axis: torch.logcumsumexp(x, a), axis=axis)
    case(f"cumulativeArgMax {text(shape)} along {axis}", "cumulativeArgMax", [integers(shape, 0, 3, "float32")],
         lambda x, a=axis: torch.cummax(x, a).indices, False, axis=axis)
    case(f"cumulativeArgMin {text(shape)} along {axis}", "cumulativeArgMin", [integers(shape, 0, 3, "float32")],
         lambda x, a=axis: torch.cummin(x, a).indices, False, axis=axis)
for reverse in [False, True]:
    def initial(x, f, value, r=reverse):
        x = x.flip(1) if r else x
        y = F.pad(f(x, dim=1), (1, 0), value=value)
        return y.flip(1) if r else y
    both(f"cumulativeSum from 0 {reverse}", "cumulativeSum", [uniform((2, 3))], lambda x, i=initial: i(x, torch.cumsum, 0), axis=-1, reverse=reverse)
    both(f"cumulativeProduct from 1 {reverse}", "cumulativeProduct", [uniform((2, 3))], lambda x, i=initial: i(x, torch.cumprod, 1), axis=1,
         reverse=reverse)
case("cumulativeLogSumExp far apart", "cumulativeLogSumExp", [torch.tensor([-1e4, 0.0, 1e4, -math.inf])], lambda x: torch.logcumsumexp(x, 0), False,
     axis=0)
case("cumulativeLogSumExp of nothing yet", "cumulativeLogSumExp", [torch.tensor([-math.inf, -math.inf, 1.0])],
     lambda x: torch.logcumsumexp(x, 0), False, axis=0)

# ---- Linear algebra

for a, b in [((4,), (4,)), ((2, 4), (4,)), ((3, 1, 4), (2, 4)), ((2, 0), (2, 0))]:
    both(f"vecdot {text(a)} {text(b)}", "vecdot", [uniform(a), uniform(b, key=1)], lambda a, b: torch.linalg.vecdot(a, b), axis=-1)
both("vecdot along -2", "vecdot", [uniform((3, 2)), uniform((3, 2), key=1)], lambda a, b: torch.linalg.vecdot(a, b, dim=-2), axis=-2)
for a, b in [((3,), (4,)), ((0,), (2,)), ((1,), (1,))]:
    both(f"outer {text(a)} {text(b)}", "outer", [uniform(a), uniform(b, key=1)], torch.outer)
    both(f"inner {text(a)}", "inner", [uniform(a), uniform(a, key=1)], torch.inner)
both("inner matrices", "inner", [uniform((2, 3, 4)), uniform((5, 4), key=1)], torch.inner)
both("inner scalar", "inner", [uniform(()), uniform((3,), key=1)], torch.inner)
for a, b, axes in [((2, 3, 4), (3, 4, 5), 2), ((2, 3), (3, 4), 1), ((2, 3), (2,), 0), ((3,), (3,), 1), ((2, 0), (0, 3), 1)]:
    both(f"tensordot {text(a)} {text(b)} {axes}", "tensordot", [uniform(a), uniform(b, key=1)],
         lambda a, b, n=axes: torch.tensordot(a, b, n), count=axes)
for a, b, axes in [((2, 3, 4), (4, 5, 2), ([0, 2], [2, 0])), ((3, 2), (4, 3), ([-2], [-1])), ((2,), (3,), ([], []))]:
    both(f"tensordot {text(a)} {text(b)} {axes}", "tensordot axes", [uniform(a), uniform(b, key=1)],
         lambda a, b, n=axes: torch.tensordot(a, b, n), axes=[list(axes[0]), list(axes[1])])
case("tensordot int64", "tensordot", [integers((2, 3)), integers((3, 4), key=1)], lambda a, b: torch.tensordot(a, b, 1), count=1)
for a, b, axis in [((3,), (3,), -1), ((2, 3), (3,), -1), ((3, 4), (3, 4), 0), ((2, 1, 3), (4, 3), 2)]:
    both(f"cross {text(a)} {text(b)}", "cross", [uniform(a), uniform(b, key=1)],
         lambda a, b, d=axis: torch.linalg.cross(*torch.broadcast_tensors(a, b), dim=d), axis=axis)
for a, b in [((2, 2), (2, 3)), ((3,), (2,)), ((2,), (2, 3)), ((), (2, 2)), ((2, 1, 2), (3,)), ((0, 2), (2, 2))]:
    both(f"kron {text(a)} {text(b)}", "kron", [uniform(a), uniform(b, key=1)], torch.kron)
both("blockDiagonal", "blockDiagonal", [uniform((2, 3)), uniform((2,), key=1), uniform((1, 1), key=2)], torch.block_diag)
for count, increasing in [(None, False), (4, True), (0, True), (1, False)]:
    both(f"vandermonde {count} {increasing}", "vandermonde", [uniform((3,))],
         lambda x, n=3 if count is None else count, i=increasing: x[:, None] ** torch.arange(n).flip(0 if not i else ()), **({} if count is None else {"count": count}), increasing=increasing)
for shapes in [((2, 3), (3, 4)), ((10, 2), (2, 30), (30, 3)), ((3,), (3, 4), (4, 2), (2,)), ((4,), (4, 5)), ((1, 6), (6, 2), (2, 7), (7, 3))]:
    both(f"matmul chain {shapes}", "matmul chain", [uniform(s, key=i) for i, s in enumerate(shapes)],
         lambda *m: torch.linalg.multi_dot(m))
for n in [0, 1, 2, 3, 7]:
    both(f"matrixPower {n}", "matrixPower", [uniform((2, 3, 3), -1, 1)], lambda x, n=n: torch.linalg.matrix_power(x, n), tolerance=3e-5, n=n)

for dtype in ["int32", "int64", "uint8"]:
    for a, b in [((2, 3), (3, 4)), ((3,), (3,)), ((2, 2, 3), (3, 2)), ((2, 0), (0, 2))]:
        low = 0 if dtype == "uint8" else -9
        case(f"matmul {dtype} {text(a)} {text(b)}", "matmul whole", [integers(a, low, 10, dtype), integers(b, low, 10, dtype, key=1)], torch.matmul)

EINSUM = [
    ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("bij,bjk->bik", (2, 2, 3), (2, 3, 4)), ("ij->ji", (2, 3)), ("ij->", (2, 3)),
    ("ij->j", (2, 3)), ("ii->i", (3, 3)), ("ii", (3, 3)), ("iij->j", (2, 2, 3)), ("i,j->ij", (2,), (3,)), ("i,i->", (3,), (3,)),
    ("ij,ij->", (2, 3), (2, 3)), ("ij,ij->ij", (2, 3), (2, 3)), ("...ij,...jk->...ik", (2, 1, 3, 4), (5, 4, 2)), ("...i->...", (2, 3, 4)),
    ("i...->...", (2, 3)), ("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)), ("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 2, 4)), ("ij,kl->", (2, 3), (2, 2)),
    ("ij,ik,il->jkl", (2, 3), (2, 2), (2, 4)), ("ab,b", (2, 3), (3,)), ("ba,b", (2, 3), (2,)), ("i,->i", (3,), ()), (",", (), ()), ("...,...", (2, 3), (3,)),
    ("ij,jk->ik", (2, 0), (0, 3)), ("i...j,j...->i...", (2, 3, 4), (4, 3)), ("aab,bc->ac", (2, 2, 3), (3, 2)), ("a,ab,abc->abc", (2,), (2, 3), (2, 3, 2)),
    ("ij,j->i", (2, 1), (3,)), ("Ab,bC->AC", (2, 3), (3, 2)), ("bi,bj,bk,bl->bijkl", (2, 2), (2, 2), (2, 2), (2, 2)), (" i j , j -> i ", (2, 3), (3,)),
]
for formula, *shapes in EINSUM:
    both(f"einsum {formula} {shapes}", "einsum", [uniform(s, key=i) for i, s in enumerate(shapes)],
         lambda *x, f=formula: torch.einsum(f, *x), formula=formula)
case("einsum int64", "einsum", [integers((2, 3)), integers((3, 2), key=1)], lambda a, b: torch.einsum("ij,jk->ik", a, b), formula="ij,jk->ik")

# ---- Norms

for p in [0.0, 1.0, 2.0, 3.0, 0.5, -1.0]:
    for axes in [[], [1], [0, -1]]:
        both(f"norm {p} over {axes}", "norm", [distinct((2, 3, 2))],
             lambda x, p=p, a=axes: torch.linalg.vector_norm(x, p, a if a else None), tolerance=3e-5, p=p, axes=axes)
for name, p in {"infinity": math.inf, "minus infinity": -math.inf}.items():
    both(f"norm {name}", "norm " + name, [distinct((2, 3))], lambda x, p=p: torch.linalg.vector_norm(x, p, 1), axes=[1])
for kind, order in {"frobenius": "fro", "one": 1, "infinity": math.inf, "minusOne": -1, "minusInfinity": -math.inf}.items():
    for keeping, axes in [(False, (-2, -1)), (True, (0, 2)), (False, (2, 0))]:
        both(f"matrixNorm {kind} {axes} {keeping}", "matrixNorm", [distinct((2, 3, 4))],
             lambda x, o=order, a=axes, k=keeping: torch.linalg.matrix_norm(x, o, a, k), kind=kind, axes=list(axes), keepingAxes=keeping)
for p in [1.0, 2.0, 3.0]:
    both(f"normalized {p}", "normalized", [uniform((3, 4))], lambda x, p=p: F.normalize(x, p, 1), p=p, axis=1)
    both(f"pairwiseDistance {p}", "pairwiseDistance", [uniform((3, 4)), uniform((4,), key=1)],
         lambda a, b, p=p: F.pairwise_distance(a, b, p), tolerance=1e-5, p=p)
for p in [0.0, 1.0, 2.0, 3.0, 0.5]:
    for a, b in [((3, 4), (2, 4)), ((2, 3, 2), (2, 5, 2)), ((0, 4), (2, 4)), ((1, 2, 3), (4, 2, 3))]:
        both(f"cdist {p} {text(a)} {text(b)}", "cdist", [uniform(a), uniform(b, key=1)], lambda a, b, p=p: torch.cdist(a, b, p), tolerance=3e-5, p=p)
same = uniform((3, 2))
case("cdist of itself", "cdist", [same, same], lambda a, b: torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist"), p=2.0)
for a, b, axis in [((3, 4), (3, 4), 1), ((2, 3, 4), (3, 1), 1), ((4,), (4,), 0)]:
    both(f"cosineSimilarity {text(a)} {text(b)}", "cosineSimilarity", [uniform(a), uniform(b, key=1)],
         lambda a, b, d=axis: F.cosine_similarity(a, b, d), axis=axis)

# ---- Statistics

for shape, order, axis in [((5,), 1, 0), ((3, 4), 2, 1), ((3, 4), 0, 0), ((2, 3), 5, 1), ((0, 2), 1, 0), ((3, 4), 1, -2)]:
    both(f"differences {order} of {text(shape)} along {axis}", "differences", [uniform(shape)],
         lambda x, n=order, a=axis: torch.diff(x, n, a), order=order, axis=axis)
case("differences bool", "differences", [torch.tensor([True, False, False, True])], torch.diff, order=1, axis=0)
case("differences int64", "differences", [integers((6,))], torch.diff, order=1, axis=0)
for shape, axis in [((5,), 0), ((3, 4), 1), ((2, 3), 0)]:
    both(f"slopes {text(shape)} along {axis}", "slopes", [uniform(shape)], lambda x, a=axis: torch.gradient(x, spacing=0.5, dim=a)[0], spacing=0.5,
         axis=axis)
for shape, axis in [((5,), 0), ((3, 4), 1), ((3, 4), 0), ((1, 3), 0)]:
    both(f"trapezoid {text(shape)} along {axis}", "trapezoid", [uniform(shape)], lambda x, a=axis: torch.trapezoid(x, dx=0.5, dim=a), spacing=0.5,
         axis=axis)
    both(f"cumulativeTrapezoid {text(shape)} along {axis}", "cumulativeTrapezoid", [uniform(shape)],
         lambda x, a=axis: torch.cumulative_trapezoid(x, dx=0.5, dim=a), spacing=0.5, axis=axis)
both("trapezoid at places", "trapezoid at", [uniform((3, 4)), uniform((4,), key=1)], lambda y, x: torch.trapezoid(y, x), axis=1)
both("trapezoid at places of each", "trapezoid at", [uniform((3, 4)), uniform((3, 4), key=1)], lambda y, x: torch.trapezoid(y, x), axis=-1)
for shape in [(3, 5), (1, 4), (6,)]:
    for correction in [0, 1]:
        both(f"covariance {text(shape)} {correction}", "covariance", [uniform(shape)], lambda x, c=correction: torch.cov(x, correction=c),
             correction=correction)
    both(f"correlation {text(shape)}", "correlation", [uniform(shape)], torch.corrcoef, tolerance=1e-5, gradients=len(shape) == 2 and shape[0] > 1)
holes = torch.tensor([[1.0, math.nan, 3.0], [math.nan, math.nan, math.nan]])
for axes in [[1], [0], []]:
    case(f"sumIgnoringNaN {axes}", "sumIgnoringNaN", [holes], lambda x, a=axes: torch.nansum(x, a if a else None), axes=axes)
    both(f"meanIgnoringNaN of some {axes}", "meanIgnoringNaN", [torch.tensor([[1.0, math.nan, 3.0], [0.5, math.nan, -1.0]])[:, ::2]],
         lambda x, a=axes: torch.nanmean(x, a if a else None), axes=axes)
    case(f"meanIgnoringNaN {axes}", "meanIgnoringNaN", [holes], lambda x, a=axes: torch.nanmean(x, a if a else None), False, axes=axes)

# ---- Resampling

NAMES = {("linear", 1): "linear", ("linear", 2): "bilinear", ("linear", 3): "trilinear", ("cubic", 2): "bicubic"}
SIZES = {1: [((5,), (8,)), ((7,), (3,)), ((4,), (1,)), ((1,), (3,))], 2: [((4, 5), (8, 10)), ((6, 5), (3, 7)), ((3, 3), (3, 3)), ((5, 4), (1, 9))],
         3: [((3, 2, 4), (5, 4, 2))]}
for rank, sizes in SIZES.items():
    for mode in ["nearest", "nearestExact", "linear", "cubic", "area"]:
        if mode == "cubic" and rank != 2:
            continue
        torch_mode = NAMES.get((mode, rank), {"nearestExact": "nearest-exact"}.get(mode, mode))
        for (input, output), corners in combinations(sizes, [False, True] if mode in ("linear", "cubic") else [False]):
            arguments = dict(align_corners=corners) if mode in ("linear", "cubic") else {}
            both(f"interpolate {mode} {input} to {output} {corners}", "interpolate", [uniform((1, 2) + input)],
                 lambda x, s=output, m=torch_mode, a=arguments: F.interpolate(x, size=s, mode=m, **a), tolerance=3e-5, size=list(output), mode=mode,
                 alignCorners=corners, antialias=False)
        for scale in [2.0, 0.6, 1.7]:
            if mode == "area":
                continue
            input = sizes[0][0]
            both(f"interpolate {mode} {input} by {scale}", "interpolate scale", [uniform((2, 1) + input)],
                 lambda x, s=scale, m=torch_mode: F.interpolate(x, scale_factor=s, mode=m), tolerance=3e-5, scale=[scale], mode=mode)
for mode in ["linear", "cubic"]:
    for input, output, corners in [((9, 8), (3, 5), False), ((4, 5), (8, 3), False), ((7, 7), (3, 2), True)]:
        both(f"interpolate antialias {mode} {input} to {output} {corners}", "interpolate", [uniform((1, 2) + input)],
             lambda x, s=output, m=NAMES[mode, 2], c=corners: F.interpolate(x, size=s, mode=m, align_corners=c, antialias=True), tolerance=3e-5,
             size=list(output), mode=mode, alignCorners=corners, antialias=True)
both("interpolate area to one of many", "interpolate", [uniform((1, 2, 12, 9))], lambda x: F.interpolate(x, size=(2, 1), mode="area"), size=[2, 1],
     mode="area", alignCorners=False, antialias=False)
case("interpolate uint8", "interpolate", [integers((1, 1, 2, 3), 0, 256, "uint8")], lambda x: F.interpolate(x, size=(5, 4)), size=[5, 4],
     mode="nearest", alignCorners=False, antialias=False)

# ---- Grids

MODES = {"linear": "bilinear", "nearest": "nearest", "cubic": "bicubic"}
for mode, padding, corners in combinations(MODES, ["zeros", "border", "reflection"], [False, True]):
    both(f"gridSample {mode} {padding} {corners}", "gridSample", [uniform((2, 2, 4, 5)), uniform((2, 3, 3, 2), -1.4, 1.4, key=mode)],
         lambda x, g, m=MODES[mode], p=padding, c=corners: F.grid_sample(x, g, m, p, c), tolerance=1e-4, mode=mode, padding=padding,
         alignCorners=corners)
    if mode != "cubic":
        both(f"gridSample volume {mode} {padding} {corners}", "gridSample", [uniform((1, 2, 3, 4, 2)), uniform((1, 2, 2, 2, 3), -1.3, 1.3)],
             lambda x, g, m=MODES[mode], p=padding, c=corners: F.grid_sample(x, g, m, p, c), tolerance=1e-4, mode=mode, padding=padding,
             alignCorners=corners)
both("gridSample nothing", "gridSample", [uniform((0, 2, 4, 5)), uniform((0, 3, 3, 2))], lambda x, g: torch.zeros(0, 2, 3, 3, dtype=x.dtype), gradients=False,
     mode="linear", padding="zeros", alignCorners=False)
for size, corners in combinations([[2, 3, 4, 5], [1, 1, 1, 3], [2, 1, 2, 3, 2]], [False, True]):
    n = len(size) - 2
    both(f"affineGrid {size} {corners}", "affineGrid", [uniform((size[0], n, n + 1))],
         lambda t, s=size, c=corners: F.affine_grid(t, s, c), tolerance=1e-5, size=size, alignCorners=corners)

# ---- Boxes

corners = uniform((12, 2), 0, 20, key="corners")
boxes = torch.cat([corners, corners + uniform((12, 2), 1, 15, key="sides")], 1)
case("boxArea", "boxArea", [boxes], torchvision.ops.box_area)
case("boxIoU", "boxIoU", [boxes[:5], boxes[5:]], torchvision.ops.box_iou)
scores = distinct((12,), key="scores")
for threshold in [0.05, 0.2, 0.5]:
    case(f"nonMaximumSuppression {threshold}", "nonMaximumSuppression", [boxes, scores], lambda b, s, t=threshold: torchvision.ops.nms(b, s, t), False,
         threshold=threshold)
    case(f"nonMaximumSuppression by class {threshold}", "nonMaximumSuppression", [boxes, scores, integers((12,), 0, 2)],
         lambda b, s, c, t=threshold: torchvision.ops.batched_nms(b, s, c, t), False, threshold=threshold)
case("nonMaximumSuppression of nothing", "nonMaximumSuppression", [torch.zeros(0, 4), torch.zeros(0)], lambda b, s: torchvision.ops.nms(b, s, 0.5), False,
     threshold=0.5)
regions = torch.tensor([[0.0, 0.0, 7.0, 5.0], [2.3, 1.2, 9.6, 11.4], [-3.0, -2.0, 4.0, 3.0], [6.0, 6.0, 6.2, 6.3], [8.0, 7.0, 30.0, 20.0]])
images = torch.tensor([0, 1, 0, 1, 0])
for samples, aligned, scale in combinations([2, None], [False, True], [1.0, 0.5]):
    attributes = dict(size=[3, 2], aligned=aligned, scale=scale) | ({"samples": samples} if samples else {})

    def aligned_regions(x, b, i, s=samples, a=aligned, c=scale):
        return torchvision.ops.roi_align(x, torch.cat([i[:, None].to(b.dtype), b], 1), (3, 2), c, s or -1, a)

    both(f"roiAlign {samples} {aligned} {scale}", "roiAlign", [uniform((2, 2, 9, 10)), regions, images],
         lambda x, b, i, f=aligned_regions: f(x, b.detach(), i), tolerance=2e-5, **attributes)

write("operations")
