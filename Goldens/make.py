"""Makes the goldens of ApusTensorTests: operations' values and gradients as PyTorch and NumPy compute them.

    python Goldens/make.py

writes Tests/ApusTensorTests/Goldens/{tensor.json,tensor.bin}. The same versions of the libraries write the same files. A case has a name, the
operation that the Swift side runs (GoldenOperations.swift), its attributes, inputs, outputs, and, where there is one, the gradient by
each input of Σ cotangent · outputs, where the cotangent is ((37 i + 11) mod 17) / 8 − 1 at element i.
"""

import itertools
import math

import numpy as np
import torch
import torch.nn.functional as F

from goldens import DTYPES, SPECIAL, case, distinct, cotangent, generator, integers, text, uniform, write

# ---- Pointwise

UNARY = {  # name: (function, low, high)
    "negate": (torch.neg, -3, 3), "abs": (torch.abs, -3, 3), "exp": (torch.exp, -3, 3),
    "expm1": (torch.expm1, -1, 1), "log": (torch.log, 0.1, 5), "log1p": (torch.log1p, -0.9, 3),
    "log2": (torch.log2, 0.1, 5), "log10": (torch.log10, 0.1, 5),
    "sqrt": (torch.sqrt, 0.1, 5), "rsqrt": (torch.rsqrt, 0.1, 5), "reciprocal": (torch.reciprocal, 0.2, 3),
    "square": (torch.square, -3, 3), "sin": (torch.sin, -7, 7), "cos": (torch.cos, -7, 7), "tan": (torch.tan, -1.3, 1.3),
    "asin": (torch.asin, -0.95, 0.95), "acos": (torch.acos, -0.95, 0.95), "atan": (torch.atan, -5, 5),
    "sinh": (torch.sinh, -3, 3), "cosh": (torch.cosh, -3, 3), "tanh": (torch.tanh, -3, 3),
    "asinh": (torch.asinh, -3, 3), "acosh": (torch.acosh, 1.1, 5), "atanh": (torch.atanh, -0.9, 0.9),
    "erf": (torch.erf, -2.5, 2.5), "erfinv": (torch.erfinv, -0.95, 0.95), "sigmoid": (torch.sigmoid, -5, 5),
}
for name, (function, low, high) in UNARY.items():
    case(f"{name} float32 3x5", name, [uniform((3, 5), low, high)], function)
    case(f"{name} float64 7", name, [uniform((7,), low, high, "float64", 1)], function)
    case(f"{name} special values", name, [torch.tensor(SPECIAL)], function, gradients=False)
    case(f"{name} empty", name, [torch.zeros(0, 3)], function)
for name, function in {
    "floor": torch.floor, "ceil": torch.ceil, "round": torch.round, "trunc": torch.trunc, "sign": torch.sign,
}.items():
    ties = torch.tensor([-2.5, -1.5, -0.5, -0.2, 0.0, 0.3, 0.5, 1.5, 2.5, 3.7, 1e9, -1e20])
    case(f"{name} ties", name, [ties], function, gradients=False)
    case(f"{name} float64", name, [ties.double()], function, gradients=False)
for name, function in {"isNaN": torch.isnan, "isInfinite": torch.isinf, "isFinite": torch.isfinite}.items():
    case(f"{name} special values", name, [torch.tensor(SPECIAL)], function, gradients=False)
    case(f"{name} float16", name, [torch.tensor(SPECIAL).half()], function, gradients=False)
for dtype in ["int32", "int64"]:
    case(f"abs {dtype}", "abs", [integers((8,), dtype=dtype)], torch.abs)
    case(f"negate {dtype}", "negate", [integers((8,), dtype=dtype)], torch.neg)
    case(f"sign {dtype}", "sign", [integers((8,), dtype=dtype)], torch.sign)
    case(f"not {dtype}", "not", [integers((8,), dtype=dtype)], torch.bitwise_not)
    case(f"exp {dtype}", "exp", [integers((8,), -3, 4, dtype)], torch.exp)
case("not uint8", "not", [integers((8,), 0, 256, "uint8")], torch.bitwise_not)
case("not bool", "not", [integers((8,), 0, 2, "bool")], torch.logical_not)
case("abs least int32", "abs", [torch.tensor([-(2**31)], dtype=torch.int32)], torch.abs)
case("negate uint8", "negate", [torch.tensor([0, 1, 255], dtype=torch.uint8)], torch.neg)

BINARY = {
    "add": (torch.add, -3, 3), "subtract": (torch.subtract, -3, 3), "multiply": (torch.multiply, -3, 3),
    "divide": (torch.divide, 0.3, 3), "power": (torch.pow, 0.3, 3), "maximum": (torch.maximum, -3, 3),
    "minimum": (torch.minimum, -3, 3), "atan2": (torch.atan2, 0.3, 3),
}
PAIRS = [((3, 4), (3, 4)), ((3, 1), (1, 4)), ((), (2, 3)), ((2, 1, 3), (4, 1)), ((5,), ()), ((0, 3), (1, 3)), ((), ())]
for name, (function, low, high) in BINARY.items():
    for a, b in PAIRS:
        pair = [uniform(a, low, high, key="a"), uniform(b, low, high, key="b")]
        case(f"{name} {text(a)} with {text(b)}", name, pair, function)
    pair = [uniform((3, 2), low, high, "float64", "a"), uniform((2,), low, high, "float64", "b")]
    case(f"{name} float64", name, pair, function)
    table = torch.tensor(SPECIAL)
    case(f"{name} special values", name, [table[:, None], table], function, gradients=False)
for name, function in {"floorDivide": torch.floor_divide, "remainder": torch.remainder}.items():
    a = torch.tensor([-7.0, -6.5, -3.0, 0.0, 2.0, 6.5, 7.0, 9.0])
    b = torch.tensor([2.0, -2.0, 0.5, -3.0])
    case(f"{name} float32", name, [a[:, None], b], function, gradients=False)
    case(f"{name} float64", name, [a[:, None].double(), b.double()], function, gradients=False)
    for dtype in ["int32", "int64"]:
        case(f"{name} {dtype}", name, [torch.tensor([-7, -6, -1, 0, 5, 6, 7]).to(DTYPES[dtype])[:, None],
             torch.tensor([-3, -2, 1, 2, 4]).to(DTYPES[dtype])], function)
    case(f"{name} uint8", name, [torch.tensor([0, 5, 255], dtype=torch.uint8)[:, None],
         torch.tensor([1, 2, 200], dtype=torch.uint8)], function)
case("remainder gradient", "remainder", [uniform((6,), 3.1, 3.9), torch.tensor([1.0, 2.0, -1.0, -2.0, 0.7, 5.0])],
     torch.remainder)
case("maximum gradient of ties", "maximum", [torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 3.0, 3.0])], torch.maximum)
case("minimum gradient of ties", "minimum", [torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 3.0, 3.0])], torch.minimum)
case("power negative base", "power", [torch.tensor([-2.0, -1.5, 0.0, 0.0]), torch.tensor([2.0, 3.0, 2.0, 0.0])], torch.pow,
     gradients=False)
for exponent in [0.0, 1.0, 2.0, 3.0, -1.0, 0.5, -0.5, 2.5, 4.0]:
    case(f"power constant {exponent}", "power constant", [uniform((5,), 0.4, 3)], lambda x, e=exponent: x**e, exponent=exponent)
for name, function in {
    "add": torch.add, "subtract": torch.subtract, "multiply": torch.multiply, "maximum": torch.maximum,
    "minimum": torch.minimum, "and": torch.bitwise_and, "or": torch.bitwise_or, "xor": torch.bitwise_xor,
    "shiftLeft": torch.bitwise_left_shift, "shiftRight": torch.bitwise_right_shift,
}.items():
    for dtype in ["int32", "int64", "uint8"]:
        low = 0 if dtype == "uint8" else -100
        other = (0, 8) if name.startswith("shift") else (low, 100)
        pair = [integers((9,), low, 100, dtype, "a"), integers((9,), *other, dtype, "b")]
        case(f"{name} {dtype}", name, pair, function)
for dtype, top in {"int32": 2**31 - 1, "int64": 2**63 - 1, "uint8": 255}.items():
    wide = [torch.tensor([top, top, top - 1, 3], dtype=DTYPES[dtype]), torch.tensor([1, top, 2, top], dtype=DTYPES[dtype])]
    for name, function in {"add": torch.add, "subtract": torch.subtract, "multiply": torch.multiply}.items():
        case(f"{name} {dtype} wraps", name, wide, function)
for name, function in {"and": torch.logical_and, "or": torch.logical_or, "xor": torch.logical_xor,
                       "add": torch.add, "multiply": torch.multiply}.items():
    pair = [torch.tensor([False, False, True, True]), torch.tensor([False, True, False, True])]
    case(f"{name} bool", name, pair, function)
case("divide int64", "divide", [integers((6,)), integers((6,), 1, 9, key=1)], torch.divide)

for name, function in {"equal": torch.eq, "notEqual": torch.ne, "less": torch.lt, "lessEqual": torch.le,
                       "greater": torch.gt, "greaterEqual": torch.ge}.items():
    table = torch.tensor(SPECIAL)
    case(f"{name} special values", name, [table[:, None], table], function, gradients=False)
    case(f"{name} int64", name, [integers((4, 1), -2, 3), integers((5,), -2, 3, key=1)], function)
    case(f"{name} bool", name, [torch.tensor([[False], [True]]), torch.tensor([False, True])], function)
    case(f"{name} int32 with float32", name, [integers((4,), -2, 3, "int32"), uniform((4,))], function, gradients=False)

small = [1, 0, 3, 2]
for a, b in itertools.product(DTYPES, DTYPES):
    pair = [torch.tensor(small).to(DTYPES[a]), torch.tensor(small[::-1]).to(DTYPES[b])]
    case(f"promote {a} with {b}", "add", pair, torch.add, gradients=False)
for a, b in itertools.product(DTYPES, DTYPES):
    values = [0.0, 1.0, 2.75, 100.3, 0.1] + ([-1.5, -3.0] if "uint8" not in (a, b) else [])
    case(f"cast {a} to {b}", "cast", [torch.tensor(values, dtype=torch.float64).to(DTYPES[a])],
         lambda x, b=b: x.to(DTYPES[b]), gradients=a in ("float32", "float64") and b in ("float32", "float64"), dtype=b)
for b in ["bfloat16", "float16", "float64"]:
    hard = torch.tensor(SPECIAL + [65504.0, 65520.0, 70000.0, 1e-7, 6e-8, 3e-8, 1.00390625, 1.01171875, 3.3895e38, 1e-40])
    case(f"cast hard float32 to {b}", "cast", [hard], lambda x, b=b: x.to(DTYPES[b]), gradients=False, dtype=b)
case("cast int64 wraps to int32", "cast", [torch.tensor([2**31, 2**32 + 5, -(2**31) - 1])], lambda x: x.to(torch.int32), dtype="int32")
case("cast int64 wraps to uint8", "cast", [torch.tensor([256, -1, 511])], lambda x: x.to(torch.uint8), dtype="uint8")
case("cast nan to bool", "cast", [torch.tensor([math.nan, 0.0, -0.0, 1e-30])], lambda x: x.bool(), False, dtype="bool")

for shapes in [((3, 4), (3, 4), (3, 4)), ((3, 1), (4,), ()), ((2, 1, 1), (3, 1), (1, 4)), ((0,), (1,), (1,))]:
    condition = integers(shapes[0], 0, 2, "bool")
    case("where " + " ".join(map(text, shapes)), "where", [condition, uniform(shapes[1], key=1), uniform(shapes[2], key=2)],
         torch.where)
case("where promotes", "where", [torch.tensor([True, False]), torch.tensor([1, 2]), torch.tensor([0.5, 0.5])], torch.where,
     gradients=False)
for low, high in [(-1.0, 1.0), (None, 0.5), (-0.5, None)]:
    case(f"clamp {low} {high}", "clamp", [uniform((4, 5))], lambda x, l=low, h=high: x.clamp(l, h), low=low, high=high)

ACTIVATIONS = {
    "relu": F.relu, "relu6": F.relu6, "logSigmoid": F.logsigmoid, "leakyReLU": F.leaky_relu, "elu": F.elu,
    "selu": F.selu, "celu": F.celu, "softplus": F.softplus, "softsign": F.softsign, "silu": F.silu, "mish": F.mish,
    "gelu": F.gelu, "gelu tanh": lambda x: F.gelu(x, approximate="tanh"), "hardSigmoid": F.hardsigmoid,
    "hardSwish": F.hardswish, "hardTanh": F.hardtanh,
}
for name, function in ACTIVATIONS.items():
    case(f"{name} float32", name, [uniform((4, 7), -7, 7)], function, tolerance=3e-5)
    # PyTorch's gradient of hardsigmoid multiplies by 1/6 in float32.
    tolerance = 1e-7 if name == "hardSigmoid" else 1e-9
    case(f"{name} float64", name, [uniform((9,), -4, 4, "float64", 1)], function, tolerance=tolerance)
    case(f"{name} far out", name, [torch.tensor([-1e4, -100.0, -20.0, 20.0, 100.0, 1e4])], function, gradients=False)
for name, function in {"softmax": F.softmax, "logSoftmax": F.log_softmax, "softmin": F.softmin}.items():
    for shape, axes in {(2, 3, 5): [0, 1, 2, -1], (7,): [0], (4, 1): [1], (2, 0, 3): [0, 2], (3, 33): [1]}.items():
        for axis in axes:
            case(f"{name} {text(shape)} along {axis}", name, [uniform(shape, -3, 3)],
                 lambda x, f=function, a=axis: f(x, dim=a), axis=axis)
    case(f"{name} large", name, [torch.tensor([[1e4, -1e4, 0.0], [88.0, 89.0, 90.0]])], lambda x, f=function: f(x, dim=1), axis=1)
    case(f"{name} float64", name, [uniform((3, 4), -3, 3, "float64")], lambda x, f=function: f(x, dim=0), axis=0)

# ---- Reductions

REDUCTIONS = {"sum": torch.sum, "mean": torch.mean, "max": torch.amax, "min": torch.amin, "logSumExp": torch.logsumexp}
SUBSETS = [axes for size in (1, 2, 3) for axes in itertools.combinations(range(3), size)]


def product(x, dim, keepdim=False):
    for axis in sorted(dim, reverse=True):
        x = x.prod(dim=axis, keepdim=keepdim)
    return x


for name, function in {**REDUCTIONS, "product": product}.items():
    for axes in SUBSETS:
        case(f"{name} over {axes}", name, [distinct((2, 3, 4))], lambda x, f=function, a=axes: f(x, dim=a), axes=list(axes),
             keepingAxes=False)
    case(f"{name} keeping", name, [distinct((2, 3, 4))], lambda x, f=function: f(x, dim=(-2,), keepdim=True), axes=[-2],
         keepingAxes=True)
    case(f"{name} float64", name, [distinct((3, 4), "float64")], lambda x, f=function: f(x, dim=(0,)), axes=[0], keepingAxes=False)
    case(f"{name} empty to empty", name, [torch.zeros(0, 3)], lambda x, f=function: f(x, dim=(1,)), axes=[1], keepingAxes=False)
for name, function in {"sum": torch.sum, "mean": torch.mean, "product": torch.prod}.items():
    case(f"{name} of nothing", name, [torch.zeros(0, 3)], lambda x, f=function: f(x, dim=0), axes=[0], keepingAxes=False,
         gradients=False)
    case(f"{name} of a scalar", name, [torch.tensor(2.5)], lambda x, f=function: f(x), axes=[], keepingAxes=False)
    for dtype in ["bfloat16", "float16"]:
        case(f"{name} {dtype}", name, [uniform((3, 40), 0.5, 1.5, dtype)], lambda x, f=function: f(x, dim=1), axes=[1],
             keepingAxes=False, gradients=False, tolerance=1e-2)
for dtype in ["int32", "int64", "uint8", "bool"]:
    low, high = {"uint8": (0, 256), "bool": (0, 2)}.get(dtype, (-5, 6))
    case(f"sum {dtype}", "sum", [integers((3, 40), low, high, dtype)], lambda x: x.sum(dim=1), axes=[1], keepingAxes=False)
    case(f"any {dtype}", "any", [integers((4, 3), 0, 2, dtype)], lambda x: x.bool().any(dim=1), axes=[1], keepingAxes=False)
    case(f"all {dtype}", "all", [integers((4, 2), 0, 2, dtype)], lambda x: x.bool().all(dim=1), axes=[1], keepingAxes=False)
case("any of nothing", "any", [torch.zeros(2, 0)], lambda x: x.bool().any(dim=1), False, axes=[1], keepingAxes=False)
case("all of nothing", "all", [torch.zeros(2, 0)], lambda x: x.bool().all(dim=1), False, axes=[1], keepingAxes=False)
case("product int32", "product", [integers((3, 5), -3, 4, "int32")], lambda x: x.prod(dim=1), axes=[1], keepingAxes=False)
case("product with zeros", "product", [torch.tensor([[0.0, 2.0, 3.0], [0.0, 0.0, 5.0], [1.0, 2.0, 3.0]])],
     lambda x: x.prod(dim=1), axes=[1], keepingAxes=False)
for name, function in {"max": torch.amax, "min": torch.amin}.items():
    ties = torch.tensor([[1.0, 3.0, 3.0, 1.0], [2.0, 2.0, 2.0, 2.0]])
    case(f"{name} shares ties", name, [ties], lambda x, f=function: f(x, dim=1), axes=[1], keepingAxes=False)
    case(f"{name} with nan", name, [torch.tensor([[1.0, math.nan], [math.inf, -math.inf]])], lambda x, f=function: f(x, dim=1),
         False, axes=[1], keepingAxes=False)
    for dtype in ["int32", "int64", "uint8"]:
        case(f"{name} {dtype}", name, [integers((3, 4), 0, 50, dtype)], lambda x, f=function: f(x, dim=0), axes=[0],
             keepingAxes=False)
for correction in [0, 1]:
    for axes in [(0,), (1, 2), (0, 1, 2)]:
        for name, function in {"variance": torch.var, "standardDeviation": torch.std}.items():
            case(f"{name} over {axes} correction {correction}", name, [uniform((2, 3, 4))],
                 lambda x, f=function, a=axes, c=correction: f(x, dim=a, correction=c), axes=list(axes), keepingAxes=False,
                 correction=correction)
case("norm over (1,)", "norm", [uniform((3, 4))], lambda x: torch.linalg.vector_norm(x, dim=1), axes=[1], keepingAxes=False)
case("norm over all", "norm", [uniform((3, 4))], lambda x: torch.linalg.vector_norm(x), axes=[], keepingAxes=False)
case("logSumExp infinite", "logSumExp", [torch.tensor([[-math.inf, -math.inf], [math.inf, 0.0], [1e4, 1e4]])],
     lambda x: x.logsumexp(dim=1), False, axes=[1], keepingAxes=False)
for name, function in {"argMax": torch.argmax, "argMin": torch.argmin}.items():
    for axis in [0, 1, -1]:
        case(f"{name} along {axis}", name, [distinct((3, 4, 2))], lambda x, f=function, a=axis: f(x, dim=a), False, axis=axis)
    case(f"{name} with nan", name, [torch.tensor([[1.0, math.nan, 9.0], [0.0, 2.0, -1.0]])], lambda x, f=function: f(x, dim=1),
         False, axis=1)
    case(f"{name} int32", name, [distinct((3, 4)).mul(10).to(torch.int32)], lambda x, f=function: f(x, dim=1), axis=1)
for name, function in {
    "cumulativeSum": torch.cumsum, "cumulativeProduct": torch.cumprod,
    "cumulativeMax": lambda x, dim: torch.cummax(x, dim).values, "cumulativeMin": lambda x, dim: torch.cummin(x, dim).values,
}.items():
    for axis in [0, 1, -1]:
        case(f"{name} along {axis}", name, [distinct((3, 4, 2))], lambda x, f=function, a=axis: f(x, dim=a), axis=axis,
             reverse=False)
    case(f"{name} reverse", name, [distinct((3, 5))], lambda x, f=function: f(x.flip(1), dim=1).flip(1), axis=1, reverse=True)
    case(f"{name} int64", name, [integers((3, 5), -3, 4)], lambda x, f=function: f(x, dim=1), axis=1, reverse=False)
    case(f"{name} empty", name, [torch.zeros(2, 0)], lambda x, f=function: f(x, dim=1), axis=1, reverse=False)
    case(f"{name} with nan", name, [torch.tensor([1.0, math.nan, 3.0])], lambda x, f=function: f(x, dim=0), False, axis=0,
         reverse=False)
case("cumulativeProduct with zeros", "cumulativeProduct", [torch.tensor([[2.0, 0.0, 3.0, 0.0, 1.0], [1.0, 2.0, 3.0, 0.0, 5.0]])],
     lambda x: x.cumprod(dim=1), axis=1, reverse=False)

# ---- Order

for descending in [False, True]:
    for axis in [0, 1, -1]:
        case(f"sort along {axis} descending {descending}", "sort", [distinct((4, 3, 2))],
             lambda x, a=axis, d=descending: torch.sort(x, dim=a, descending=d).values, axis=axis, descending=descending)
    ties = integers((2, 40), 0, 5, key="ties")
    for dtype in ["int64", "int32", "uint8", "float32"]:
        case(f"argSort stable {dtype} descending {descending}", "argSort", [ties.to(DTYPES[dtype])],
             lambda x, d=descending: torch.sort(x, dim=1, descending=d, stable=True).indices, False, axis=1, descending=descending)
    case(f"sort empty descending {descending}", "sort", [torch.zeros(3, 0)], lambda x: x, False, axis=1, descending=descending)
    nans = torch.tensor([math.nan, 2.0, -math.inf, math.nan, math.inf, -1.0])
    numbers = sorted([2.0, -math.inf, math.inf, -1.0], reverse=descending) + [math.nan, math.nan]
    case(f"sort nan last descending {descending}", "sort", [nans], lambda x, n=numbers: torch.tensor(n), False, axis=0,
         descending=descending)
for k, axis in [(1, 0), (2, 1), (3, -1), (0, 0)]:
    case(f"topK {k} along {axis}", "topK", [distinct((3, 4, 5))], lambda x, k=k, a=axis: tuple(torch.topk(x, k, dim=a)), k=k,
         axis=axis)

# ---- Gather and scatter

for axis, indices in [(0, (2, 0, 2)), (1, (3, 3)), (2, (0,)), (-1, (1, 0, 1, 1))]:
    index = torch.tensor(indices)
    case(f"gather along {axis}", "gather", [uniform((3, 4, 2)), index], lambda x, i, a=axis: x.index_select(a, i), axis=axis)
    updates = uniform([len(indices) if a == axis % 3 else n for a, n in enumerate((3, 4, 2))], key=3)
    case(f"scatter add along {axis}", "scatter", [uniform((3, 4, 2)), index, updates],
         lambda x, i, u, a=axis: x.index_add(a, i, u), axis=axis, mode="add")
case("gather matrix of indices", "gather", [uniform((5, 3)), torch.tensor([[0, 4], [1, 1]])], lambda x, i: x[i], axis=0)
case("gather none", "gather", [uniform((5, 3)), torch.zeros(0, dtype=torch.int64)], lambda x, i: x[i], axis=0)
case("gather int32", "gather", [integers((5,), dtype="int32"), torch.tensor([4, 0])], lambda x, i: x[i], axis=0)
case("scatter replace", "scatter", [uniform((4, 3)), torch.tensor([2, 0]), uniform((2, 3), key=1)],
     lambda x, i, u: x.index_copy(0, i, u), axis=0, mode="replace")
for axis in [0, 1, -1]:
    index = integers((2, 3, 4), 0, 2, key=("elements", axis))
    case(f"gather elements along {axis}", "gather elements", [uniform((2, 3, 4)), index],
         lambda x, i, a=axis: torch.take_along_dim(x, i, a), axis=axis)
    case(f"scatter elements add along {axis}", "scatter elements", [uniform((2, 3, 4)), index, uniform((2, 3, 4), key=2)],
         lambda x, i, u, a=axis: x.scatter_add(a, i, u), axis=axis, mode="add")
case("scatter elements replace", "scatter elements",
     [uniform((2, 4)), torch.tensor([[3, 1], [0, 2]]), uniform((2, 2), key=2)], lambda x, i, u: x.scatter(1, i, u), axis=1,
     mode="replace")
case("one hot", "one hot", [torch.tensor([[0, 2], [1, 3]])], lambda x: F.one_hot(x, 4).float(), False, count=4)

# ---- Movement

x = uniform((2, 3, 4))
for shape in [(6, 4), (24,), (-1, 2), (1, 2, 3, 4, 1)]:
    case(f"reshape to {shape}", "reshape", [x], lambda x, s=shape: x.reshape(s), shape=list(shape))
for axes in itertools.permutations(range(3)):
    case(f"transpose {axes}", "transpose", [x], lambda x, a=axes: x.permute(a), axes=list(axes))
for source, target in [(0, 2), (2, 0), (-1, 1)]:
    case(f"move axis {source} to {target}", "move axis", [x], lambda x, s=source, t=target: x.movedim(s, t), source=source,
         target=target)
for start, end in [(0, -1), (1, 2), (0, 1)]:
    case(f"flatten {start} {end}", "flatten", [x], lambda x, s=start, e=end: x.flatten(s, e), start=start, end=end)
for shape, target in [((3, 1), (3, 4)), ((), (2, 2)), ((4,), (0, 4)), ((1, 3, 1), (2, 3, 5))]:
    case(f"broadcast {text(shape)} to {text(target)}", "broadcast", [uniform(shape)],
         lambda x, t=target: x.broadcast_to(t), shape=list(target))
for axes in [(0,), (1, 2), (0, 1, 2)]:
    case(f"reverse {axes}", "reverse", [x], lambda x, a=axes: x.flip(a), axes=list(axes))
for widths, value in [([(1, 2), (0, 0), (0, 1)], 0.0), ([(0, 0), (2, 0), (1, 1)], -1.5)]:
    flat = [n for pair in reversed(widths) for n in pair]
    case(f"pad {widths} with {value}", "pad", [x], lambda x, f=flat, v=value: F.pad(x, f, value=v),
         widths=[list(w) for w in widths], value=value)
for axis in [0, 1, -1]:
    parts = [uniform([n if a == axis % 3 else m for a, m in enumerate((2, 3, 4))], key=n) for n in (1, 0, 3)]
    case(f"concatenate along {axis}", "concatenate", parts, lambda *p, a=axis: torch.cat(p, a), axis=axis)
case("concatenate promotes", "concatenate", [torch.tensor([1, 2]), torch.tensor([0.5])], lambda *p: torch.cat(p), False, axis=0)
for axis in [0, 1, -1]:
    case(f"stack along {axis}", "stack", [uniform((2, 3), key=1), uniform((2, 3), key=2)], lambda *p, a=axis: torch.stack(p, a),
         axis=axis)
for counts in [(2,), (2, 1, 3), (1, 2, 1, 2)]:
    case(f"tile {counts}", "tile", [x], lambda x, c=counts: x.tile(c), counts=list(counts))
case("split", "split", [uniform((2, 6))], lambda x: x.split([1, 3, 2], dim=1), axis=1, lengths=[1, 3, 2])
case("chunk", "chunk", [uniform((2, 6))], lambda x: x.chunk(3, dim=1), axis=1, count=3)
case("linspace", "linspace", [], lambda: torch.linspace(-1, 2, 7), start=-1.0, end=2.0, count=7)
case("range", "range", [], lambda: torch.arange(7, -3, -3), start=7, end=-3, step=-3)
case("identity", "identity", [], lambda: torch.eye(3, 4), n=3, m=4)

# ---- Contractions

for a, b in [((3, 4), (4, 5)), ((4,), (4,)), ((4,), (4, 3)), ((2, 4), (4,)), ((2, 3, 4), (2, 4, 5)), ((2, 3, 4), (4, 5)),
             ((2, 1, 3, 4), (5, 4, 2)), ((3, 4), (2, 4, 1)), ((2, 0), (0, 3)), ((0, 4), (4, 3)), ((3, 4), (4, 0)), ((1, 1), (1, 1)),
             ((17, 33), (33, 19)), ((2, 3, 4), (4,)), ((4,), (2, 4, 3)), ((0, 2, 3), (0, 3, 2))]:
    case(f"matmul {text(a)} by {text(b)}", "matmul", [uniform(a, key="a"), uniform(b, key="b")], torch.matmul)
case("matmul float64", "matmul", [uniform((3, 4), dtype="float64"), uniform((4, 2), dtype="float64", key=1)], torch.matmul)
for dtype in ["bfloat16", "float16"]:
    case(f"matmul {dtype}", "matmul", [uniform((3, 8), dtype=dtype), uniform((8, 4), dtype=dtype, key=1)], torch.matmul, False,
         tolerance=2e-2)
case("matmul of transposes", "matmul transposed", [uniform((4, 3)), uniform((5, 4), key=1)], lambda a, b: a.T @ b.T)

CONV = [  # input, weight, stride, padding, dilation, groups, bias
    ((2, 3, 9), (4, 3, 3), 1, 0, 1, 1, True), ((2, 4, 10), (6, 2, 3), 2, 1, 2, 2, False), ((1, 2, 5), (3, 2, 5), 1, 2, 1, 1, True),
    ((1, 1, 1), (1, 1, 1), 1, 0, 1, 1, True), ((2, 3, 7), (3, 1, 2), 3, 1, 1, 3, True), ((0, 3, 6), (2, 3, 3), 1, 0, 1, 1, False),
    ((2, 3, 6, 7), (4, 3, 3, 3), 1, 1, 1, 1, True), ((1, 4, 8, 8), (4, 1, 3, 3), 1, 1, 1, 4, False),
    ((2, 4, 7, 6), (6, 2, 3, 2), (2, 1), (1, 0), (1, 2), 2, True), ((1, 3, 5, 5), (2, 3, 1, 1), 1, 0, 1, 1, True),
    ((1, 3, 9, 9), (2, 3, 3, 3), 2, 0, 1, 1, False), ((1, 3, 7, 7), (2, 3, 1, 1), 2, 0, 1, 1, False),
    ((1, 2, 8, 8), (2, 2, 3, 3), 1, 2, 2, 1, False), ((1, 2, 3, 3), (2, 2, 3, 3), 1, 0, 1, 1, True),
    ((2, 16, 5, 5), (16, 16, 3, 3), 1, 1, 1, 1, True), ((1, 8, 6, 6), (16, 1, 3, 3), 2, 1, 1, 8, True),
    ((1, 2, 4, 5, 4), (3, 2, 2, 3, 2), 1, 0, 1, 1, True), ((1, 4, 5, 5, 5), (4, 2, 3, 3, 3), 2, 1, 1, 2, False),
    ((1, 1, 4, 4, 6), (2, 1, 2, 2, 2), (1, 2, 1), (0, 1, 0), (1, 1, 2), 1, True),
]
CONVOLVE = {3: F.conv1d, 4: F.conv2d, 5: F.conv3d}
TRANSPOSED = {3: F.conv_transpose1d, 4: F.conv_transpose2d, 5: F.conv_transpose3d}


def listed(value, rank):
    return list(value) if isinstance(value, tuple) else [value] * rank


for x, w, stride, padding, dilation, groups, bias in CONV:
    rank = len(x) - 2
    inputs = [uniform(x), uniform(w, -1, 1, key=1)] + ([uniform((w[0],), key=2)] if bias else [])
    case(f"convolution {text(x)} by {text(w)} stride {stride} padding {padding} dilation {dilation} groups {groups}", "convolution",
         inputs, lambda x, w, b=None, n=len(x), s=stride, p=padding, d=dilation, g=groups: CONVOLVE[n](x, w, b, s, p, d, g),
         stride=listed(stride, rank), padding=listed(padding, rank), dilation=listed(dilation, rank), groups=groups)
case("convolution float64", "convolution", [uniform((1, 2, 5, 5), dtype="float64"), uniform((3, 2, 3, 3), dtype="float64", key=1)],
     F.conv2d, stride=[1, 1], padding=[0, 0], dilation=[1, 1], groups=1)
for x, w, stride, padding, extra, dilation, groups, bias in [
    ((2, 3, 5), (3, 4, 3), 1, 0, 0, 1, 1, True), ((2, 4, 5), (4, 3, 3), 2, 1, 1, 1, 2, True), ((1, 2, 4), (2, 2, 2), 3, 0, 2, 2, 1, False),
    ((2, 3, 4, 4), (3, 2, 3, 3), 1, 1, 0, 1, 1, True), ((1, 4, 3, 4), (4, 2, 4, 4), 2, 1, 0, 1, 1, True),
    ((1, 4, 3, 3), (4, 1, 3, 3), 2, 1, 1, 1, 4, False), ((1, 2, 3, 3), (2, 3, 2, 3), (2, 1), (0, 1), (1, 0), (1, 2), 1, True),
    ((1, 2, 3, 3), (2, 3, 1, 1), 2, 0, 1, 1, 1, False), ((1, 2, 2, 3, 2), (2, 2, 2, 2, 2), 2, 0, 0, 1, 1, True),
    ((1, 2, 3, 3, 3), (2, 1, 3, 3, 3), 1, 1, 0, 1, 2, False),
]:
    rank = len(x) - 2
    inputs = [uniform(x), uniform(w, -1, 1, key=1)] + ([uniform((w[1] * groups,), key=2)] if bias else [])
    case(f"transposed convolution {text(x)} by {text(w)} stride {stride} padding {padding} output {extra} dilation {dilation} groups {groups}",
         "transposed convolution", inputs,
         lambda x, w, b=None, n=len(x), s=stride, p=padding, e=extra, d=dilation, g=groups: TRANSPOSED[n](x, w, b, s, p, e, g, d),
         stride=listed(stride, rank), padding=listed(padding, rank), outputPadding=listed(extra, rank),
         dilation=listed(dilation, rank), groups=groups)

MAX_POOL = {3: F.max_pool1d, 4: F.max_pool2d, 5: F.max_pool3d}
AVG_POOL = {3: F.avg_pool1d, 4: F.avg_pool2d, 5: F.avg_pool3d}
for shape, window, stride, padding in [
    ((2, 3, 8), 2, 2, 0), ((1, 2, 9), 3, 2, 1), ((1, 1, 5), 5, 1, 2), ((2, 3, 6, 6), 2, 2, 0), ((1, 2, 7, 5), (3, 2), (2, 1), (1, 0)),
    ((2, 2, 5, 5), 3, 1, 1), ((1, 2, 4, 4), 1, 1, 0), ((1, 2, 4, 6), (4, 6), 1, 0), ((0, 2, 4, 4), 2, 2, 0),
    ((1, 2, 4, 4, 6), 2, 2, 0), ((1, 1, 5, 4, 5), (3, 2, 3), (2, 2, 1), (1, 0, 1)),
]:
    rank = len(shape) - 2
    geometry = dict(window=listed(window, rank), stride=listed(stride, rank), padding=listed(padding, rank))
    label = f"{text(shape)} window {window} stride {stride} padding {padding}"
    case(f"max pool {label}", "max pool", [distinct(shape)],
         lambda x, n=len(shape), g=geometry: MAX_POOL[n](x, g["window"], g["stride"], g["padding"]), **geometry)
    case(f"average pool {label}", "average pool", [uniform(shape)],
         lambda x, n=len(shape), g=geometry: AVG_POOL[n](x, g["window"], g["stride"], g["padding"]), countsPadding=True, **geometry)
    if padding != 0:
        case(f"average pool without padding {label}", "average pool", [uniform(shape)],
             lambda x, n=len(shape), g=geometry: AVG_POOL[n](x, g["window"], g["stride"], g["padding"], count_include_pad=False),
             countsPadding=False, **geometry)
case("max pool takes the first of ties", "max pool", [torch.ones(1, 1, 4, 4)], lambda x: F.max_pool2d(x, 2), window=[2, 2],
     stride=[2, 2], padding=[0, 0])
case("max pool with nan", "max pool", [torch.tensor([[[1.0, math.nan, 2.0, 3.0]]])], lambda x: F.max_pool1d(x, 2), False, window=[2],
     stride=[2], padding=[0])

# ---- Gradients of gradients: the gradient by the input of Σ cotangent · (gradient of Σ cotangent · f)


def second(function):
    def gradient(x):
        (g,) = torch.autograd.grad((function(x) * cotangent(function(x))).sum(), x, create_graph=True)
        return g
    return gradient


for name in ["exp", "log", "tanh", "sigmoid", "erf", "rsqrt", "sin", "atan", "asinh"]:
    function, low, high = UNARY[name]
    case(f"gradient of {name}", "gradient", [uniform((2, 4), low, high, "float64")], second(function), of=name)
for name in ["gelu", "gelu tanh", "silu", "softplus", "mish"]:
    case(f"gradient of {name}", "gradient", [uniform((2, 4), -3, 3, "float64")], second(ACTIVATIONS[name]), of=name)
for name, function in {"softmax": F.softmax, "logSoftmax": F.log_softmax}.items():
    case(f"gradient of {name}", "gradient", [uniform((3, 4), dtype="float64")], second(lambda x, f=function: f(x, dim=1)), of=name,
         axis=1)
case("gradient of cumulativeProduct", "gradient", [uniform((2, 4), 0.5, 2, "float64")], second(lambda x: x.cumprod(1)),
     of="cumulativeProduct", axis=1, reverse=False)

# ---- NumPy's indexing. "index" reads, "assign" replaces by its last input.

E, N = "ellipsis", "newAxis"


def numpy_index(entries, tensors):
    result = []
    for entry in entries:
        if entry == E:
            result.append(Ellipsis)
        elif entry == N:
            result.append(None)
        elif isinstance(entry, int):
            result.append(entry)
        elif isinstance(entry, list):
            result.append(slice(*entry))
        else:
            result.append(tensors[entry["tensor"]])
    return tuple(result)


def named(entries):
    def word(entry):
        if isinstance(entry, list):
            return ":".join("" if n is None else str(n) for n in entry)
        return f"t{entry['tensor']}" if isinstance(entry, dict) else str(entry)
    return "[" + ", ".join(map(word, entries)) + "]"


def index_case(shape, entries, *tensors, label=""):
    tensors = [torch.tensor(t) if not isinstance(t, torch.Tensor) else t for t in tensors]
    index = numpy_index(entries, [t.numpy() for t in tensors])
    base = distinct(shape)
    picked = base.numpy()[index]
    places = torch.tensor(np.array(np.arange(base.numel()).reshape(shape)[index]))
    name = f"{text(shape)}{named(entries)}{label}"
    assert picked.shape == tuple(places.shape)
    case(f"index {name}", "index", [base] + tensors, lambda x, *t: x.reshape(-1)[places], index=entries)
    for kind, values in {"whole": uniform(picked.shape, key="v"), "scalar": torch.tensor(7.5)}.items():
        if places.numel() != places.unique().numel():
            continue  # PyTorch leaves open which of several values stays
        case(f"assign {kind} {name}", "assign", [base] + tensors + [values],
             lambda x, *t: x.reshape(-1).index_put((places,), t[-1]).reshape(shape), index=entries)


T, T1, T2 = {"tensor": 0}, {"tensor": 1}, {"tensor": 2}
for shape, entries in [
    ((4,), [0]), ((4,), [-1]), ((3, 4), [1]), ((3, 4), [1, -2]), ((3, 4), [[1, 3, 1]]), ((3, 4), [[1, None, None]]),
    ((3, 4), [E, 0]), ((3, 4), [0, E]), ((3, 4), [E]), ((3, 4), [N]), ((3, 4), [[None, None, None], N, 0]),
    ((5, 6), [[None, None, -1]]), ((5, 6), [[None, None, 2], [1, None, 3]]), ((5, 6), [[4, None, -2], [-1, 0, -2]]),
    ((5, 6), [[-3, -1, None]]), ((5, 6), [[2, 2, None]]), ((5, 6), [[-100, 100, None], [3, 1, None]]),
    ((2, 3, 4, 2), [1, E, 0]), ((2, 3, 4), [E, [None, None, -1]]), ((2, 3, 4), [N, E, N, 1]), ((0, 3), [[None, None, -1]]),
    ((), [E]), ((), [N]), ((1, 3), [0, [None, None, -2]]), ((7,), [[5, 1, -3]]), ((2, 3, 4), [[None, 1, None], 2, [None, None, 3]]),
]:
    index_case(shape, entries)
for shape, entries, tensors in [
    ((5,), [T], [[4, 0, -1]]), ((5, 3), [T], [[[0, 1], [4, 2]]]), ((5, 3), [[None, None, None], T], [[2, 0]]),
    ((5, 3), [T, T1], [[0, 1, 4], [2, 0, 1]]), ((5, 3), [T, T1], [[[0], [-2]], [0, -1]]), ((2, 3, 4), [T, [None, None, None], T1], [[0, 1], [3, 2]]),
    ((2, 3, 4), [[None, None, None], T, T1], [[0, 2], [3, 1]]), ((2, 3, 4), [0, [None, None, None], T], [[3, 0, 2]]),
    ((2, 3, 4), [0, T], [[2, 0]]), ((2, 3, 4), [T, 0], [[1, 0]]), ((2, 3, 4), [[None, None, None], 1, T], [[3, 0]]),
    ((2, 3, 4), [T, E, 1], [[1, 0]]), ((2, 3, 4), [E, T], [[1, 3]]), ((2, 3, 4), [T, N, T1], [[1, 0], [2, 1]]),
    ((2, 3, 4), [N, T], [[1, 0]]), ((2, 3, 4), [[None, None, -1], T, [1, None, 2]], [[2, 0]]), ((2, 3, 4), [T], [1]),
    ((2, 3, 4), [T, T1, T2], [[0, 1], [1, 2], [3, 0]]), ((5, 3), [T], [np.zeros((0,), np.int64)]),
    ((2, 3, 4, 2), [[None, None, None], T, T1, 0], [[0, 2], [3, 1]]), ((2, 3, 4), [0, E, T], [[1, 2]]),
    ((2, 3, 4), [T, 1, T1], [[0, 1], [3, 0]]), ((5, 3), [T], [np.array([1, 3], np.int32)]),
    ((2, 3, 4, 2), [T, [0, 2, None], T1], [[[1], [0]], [[3, 0]]]),
]:
    index_case(shape, entries, *tensors)
mask = integers((4, 3), 0, 2, "bool", key="mask")
for shape, entries, masks in [
    ((4,), [T], [[True, False, True, True]]), ((4, 3), [T], [mask]), ((4, 3, 2), [T], [mask]), ((4, 3), [T], [[False, True, False, True]]),
    ((2, 4, 3), [[None, None, None], T], [mask]), ((2, 4), [1, T], [[True, False, False, True]]),
    ((4, 3), [T], [np.zeros((4, 3), bool)]), ((4, 3), [T, T1], [[True, False, True, False], [2, 0]]), ((4, 3), [[1, None, None], T], [[True, False, True]]),
    ((3,), [T], [True]), ((3,), [T], [False]), ((4, 3, 2), [T, 0], [mask]),
]:
    index_case(shape, entries, *masks, label=" masked")

# ---- Printing


def printed(name, array):
    tensor = torch.tensor(array) if isinstance(array, np.ndarray) else array
    string = str(tensor.numpy()).replace("True", "true").replace("False", "false")
    string = string if tensor.dim() else string.lower()
    case(f"print {name}", "print", [tensor], lambda x: [], False, text=string)


f32 = np.float32
for name, array in {
    "vector": np.array([1, 2.5, -3], f32), "matrix": np.array([[1, 2], [3.25, 4]], f32), "whole": np.array([1, 2, 3], f32),
    "small and large": np.array([1e-5, 1, 1000], f32), "large": np.array([1e8, 1], f32), "thirds": np.array([1 / 3, 2 / 3, 100 / 3], f32),
    "ratio": np.array([0.001, 2000], f32), "nan": np.array([1, np.nan, np.inf, -np.inf], f32), "only nan": np.array([np.nan, np.inf], f32),
    "zeros": np.zeros((2, 3), f32), "negative zero": np.array([-0.0, 1], f32), "cube": np.arange(24, dtype=f32).reshape(2, 3, 4),
    "empty": np.zeros((0, 3), f32), "long": np.arange(50, dtype=f32), "summary": np.arange(1200, dtype=f32),
    "summary matrix": np.arange(4000, dtype=f32).reshape(40, 100) / 8, "summary narrow": np.arange(2000, dtype=f32).reshape(1000, 2),
    "summary cube": np.arange(1200, dtype=f32).reshape(10, 12, 10), "float64": np.array([0.1, 1 / 3, 12345.678]),
    "float64 scientific": np.array([1.23456789012e-7, 5.0]), "float16": np.array([0.1, 1 / 3, 65504], np.float16),
    "float16 large": np.array([1000, 900], np.float16), "millions": np.array([2e6, 1.5e6], f32), "million": np.array([999999, 1.5e5], f32),
    "int64": np.array([[1, -20], [300, 4]]), "int32 long": np.arange(60, dtype=np.int32) * 37, "uint8": np.array([0, 255], np.uint8),
    "bool": np.array([[True, False], [False, False]]), "scalar": np.array(1.5, f32), "scalar int": np.array(7), "scalar bool": np.array(True),
    "one": np.array([[[5.0]]], f32), "denormal": np.array([1e-40, 0], f32), "exponents": np.array([1e-10, 1e10, 3.25], f32),
    "third scientific": np.array([1e9 / 3, 1 / 3], f32), "e100": np.array([1e100, 1.5]), "random": generator("print").normal(size=(4, 9)).astype(f32),
}.items():
    printed(name, array)

write("tensor")
