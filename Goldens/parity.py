"""Draws cases of operations at random and records what PyTorch gives for them, forward and backward.

    python Goldens/parity.py FOLDER [--count 1200] [--seed 1]

writes FOLDER/parity.json and FOLDER/parity.bin, which `make parity` has compared. Every operation comes in float32 and bfloat16, and in integers
where it takes them; shapes are drawn, empty ones and scalars among them; operands are read backward, transposed or with steps; values include NaN, infinities
and integers that overflow. A bfloat16 or float32 result may be as far from PyTorch's as a rounding, or three times as far as PyTorch's own is from the result in
float64, whichever is more.
"""

import argparse
import math
import pathlib
import warnings

import numpy as np
import torch
import torch.nn.functional as F

import goldens
from goldens import DTYPES, cotangent

warnings.filterwarnings("ignore")
parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("folder", type=pathlib.Path)
parser.add_argument("--count", type=int, default=1200)
parser.add_argument("--seed", type=int, default=1)
options = parser.parse_args()

random = np.random.default_rng(options.seed)
FLOATS = ["float32", "bfloat16"]
WHOLE = ["int32", "int64", "uint8"]
ROUNDING = {torch.float32: 2e-5, torch.bfloat16: 3e-2}
families = []


def family(*names, weight=1):
    """Registers a function that draws a case of one of these operations."""
    def register(draw):
        families.extend((name, draw) for name in names for _ in range(weight))
        return draw
    return register


# ---- What is drawn

def choose(*values):
    return values[random.integers(len(values))]


def chance(p):
    return random.random() < p


def extents(rank=None, empty=True, low=0, high=4):
    rank = int(random.integers(low, high + 1)) if rank is None else rank
    if chance(0.04) and rank:
        return tuple([int(random.integers(30, 70))] * min(rank, 2) + [int(random.integers(2, 6))] * max(0, rank - 2))
    sizes = [1, 2, 3, 4, 5, 7, 9] + ([0] if empty and chance(0.3) else [])
    return tuple(int(choose(*sizes)) for _ in range(rank))


def axis_of(shape):
    return int(random.integers(-len(shape), len(shape)))


def axes_of(shape):
    """Some axes, at least one: none means all here."""
    return sorted(int(a) for a in random.permutation(len(shape))[:random.integers(1, len(shape) + 1)])


def floats(shape, dtype, low=-2.0, high=2.0):
    return torch.tensor(random.uniform(low, high, shape), dtype=torch.float64).to(DTYPES[dtype])


def distinct(shape, dtype):
    """No two equal; float32 where bfloat16 has not so many numbers."""
    count = math.prod(shape)
    if count > 250:
        dtype = "float32"
    values = (random.permutation(count) - count / 2 + 0.25) * (0.0625 if count < 100 else 0.5)
    return torch.tensor(values, dtype=torch.float64).to(DTYPES[dtype]).reshape(shape)


def whole(shape, dtype, low=-9, high=10):
    if dtype == "uint8":
        low = max(low, 0)
    return torch.tensor(random.integers(low, high, shape)).to(DTYPES[dtype])


def full_range(shape, dtype):
    """Integers that overflow when they are added or multiplied."""
    info = torch.iinfo(DTYPES[dtype])
    return torch.tensor(random.integers(info.min, info.max, shape, endpoint=True)).to(DTYPES[dtype])


def wild(x):
    """NaN, infinities and a negative zero among the values."""
    special = torch.tensor([math.nan, math.inf, -math.inf, -0.0], dtype=x.dtype)
    places = torch.tensor(random.random(tuple(x.shape)) < 0.3)
    return torch.where(places, special[torch.tensor(random.integers(0, 4, tuple(x.shape)))], x)


def broadcasting(shape):
    """A shape that broadcasts to this one."""
    return tuple(1 if chance(0.3) else n for n in shape)[random.integers(0, len(shape) + 1) if shape and chance(0.4) else 0:]


# ---- Recording

def strided(x):
    """What is stored, and the way from it to `x`: read backward, transposed, or every second of it."""
    kind = choose("plain", "plain", "reversed", "transposed", "stepped")
    if kind == "reversed" and x.dim():
        axes = axes_of(x.shape)
        return x.flip(axes), {"reversed": axes}, lambda t: t.flip(axes)
    if kind == "transposed" and x.dim() > 1:
        return x.mT.contiguous(), {"transposed": True}, lambda t: t.mT
    if kind == "stepped" and x.dim():
        base = torch.zeros((*x.shape[:-1], 2 * x.shape[-1]), dtype=x.dtype)
        base[..., ::2] = x
        return base, {"stepped": True}, lambda t: t[..., ::2]
    return x, {}, lambda t: t


def record(name, inputs, function, gradients=True, moves=True, **attributes):
    stored = [strided(x) if moves else (x, {}, lambda t: t) for x in inputs]

    def through_movements(*bases):
        return function(*(move(base) for (_, _, move), base in zip(stored, bases)))

    bases = [base for base, _, _ in stored]
    try:
        tolerance = tolerance_of(bases, through_movements, gradients)
    except RuntimeError as error:  # PyTorch has no kernel for this dtype
        if "not implemented for" in str(error):
            return False
        raise
    dtype = next((goldens.NAMES[x.dtype] for x in inputs), "float32")
    shapes = " ".join(goldens.text(tuple(x.shape)) for x in inputs)
    goldens.case(f"{name} {dtype} {shapes} {attributes or ''}".strip(), name, bases, through_movements, gradients, tolerance,
                 views=[view for _, view, _ in stored], **attributes)
    return True


def results(inputs, function, gradients):
    leaves = [x.clone().requires_grad_(gradients and x.dtype.is_floating_point) for x in inputs]
    outputs = function(*leaves)
    outputs = list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]
    found = [y.detach() for y in outputs]
    wanted, given = [x for x in leaves if x.requires_grad], [y for y in outputs if y.requires_grad]
    if wanted and given:
        seeds = [cotangent(y) for y in given]
        found += [g for g in torch.autograd.grad(given, wanted, seeds, allow_unused=True) if g is not None]
    return found


def tolerance_of(inputs, function, gradients):
    """What is a rounding, or three times PyTorch's own distance from the result in float64."""
    kind = next((x.dtype for x in inputs if x.dtype in ROUNDING), None)
    own = results(inputs, function, gradients)
    if kind is None:
        return None
    exact = results([x.double() if x.dtype == kind else x for x in inputs], function, gradients)
    off = [((a.double() - b).abs() / (1 + b.abs())).nan_to_num(0, 0, 0).max().item()
           for a, b in zip(own, exact) if a.dtype == kind and b.dtype == torch.float64 and a.numel()]
    return max([ROUNDING[kind], *(3 * o for o in off)])


# ---- Elementwise

UNARY = {
    "negate": (torch.neg, -3, 3), "abs": (torch.abs, -3, 3), "sign": (torch.sign, -3, 3), "exp": (torch.exp, -4, 4), "expm1": (torch.expm1, -3, 3),
    "log": (torch.log, 0.1, 9), "log1p": (torch.log1p, -0.7, 5), "log2": (torch.log2, 0.1, 9), "log10": (torch.log10, 0.1, 9),
    "sqrt": (torch.sqrt, 0.1, 9), "rsqrt": (torch.rsqrt, 0.1, 9), "reciprocal": (torch.reciprocal, 0.2, 5), "square": (torch.square, -3, 3),
    "sin": (torch.sin, -9, 9), "cos": (torch.cos, -9, 9), "tan": (torch.tan, -1.3, 1.3), "asin": (torch.asin, -0.9, 0.9),
    "acos": (torch.acos, -0.9, 0.9), "atan": (torch.atan, -5, 5), "sinh": (torch.sinh, -3, 3), "cosh": (torch.cosh, -3, 3),
    "tanh": (torch.tanh, -4, 4), "asinh": (torch.asinh, -5, 5), "acosh": (torch.acosh, 1.2, 5), "atanh": (torch.atanh, -0.9, 0.9),
    "erf": (torch.erf, -3, 3), "erfinv": (torch.erfinv, -0.9, 0.9), "sigmoid": (torch.sigmoid, -6, 6), "floor": (torch.floor, -5, 5),
    "ceil": (torch.ceil, -5, 5), "round": (torch.round, -5, 5), "trunc": (torch.trunc, -5, 5), "relu": (F.relu, -3, 3), "relu6": (F.relu6, -3, 9),
    "logSigmoid": (F.logsigmoid, -5, 5), "leakyReLU": (F.leaky_relu, -3, 3), "elu": (F.elu, -3, 3), "selu": (F.selu, -3, 3), "celu": (F.celu, -3, 3),
    "softplus": (F.softplus, -5, 5), "softsign": (F.softsign, -5, 5), "silu": (F.silu, -5, 5), "mish": (F.mish, -5, 5), "gelu": (F.gelu, -4, 4),
    "gelu tanh": (lambda x: F.gelu(x, approximate="tanh"), -4, 4), "hardSigmoid": (F.hardsigmoid, -5, 5), "hardSwish": (F.hardswish, -5, 5),
    "hardTanh": (F.hardtanh, -3, 3), "exp2": (torch.exp2, -4, 4), "erfc": (torch.erfc, -3, 3), "logGamma": (torch.lgamma, 0.3, 9),
    "digamma": (torch.digamma, 0.5, 9), "normalCDF": (torch.special.ndtr, -3, 3), "sinc": (torch.sinc, 0.3, 3), "degreesToRadians": (torch.deg2rad, -400, 400),
}


@family(*UNARY)
def unary(name):
    function, low, high = UNARY[name]
    dtype = choose(*FLOATS)
    x = floats(extents(), dtype, low, high)
    # The sign of NaN is NaN here, as in NumPy; PyTorch's is 0.
    if chance(0.2) and name not in ("digamma", "logGamma", "sinc", "normalCDF", "erfc", "sign"):
        return record(name, [wild(x)], function, False)
    return record(name, [x], function)


@family("isNaN", "isInfinite", "isFinite")
def tests_of_values(name):
    return record(name, [wild(floats(extents(), choose(*FLOATS)))], {"isNaN": torch.isnan, "isInfinite": torch.isinf, "isFinite": torch.isfinite}[name])


BINARY = {
    "add": torch.add, "subtract": torch.sub, "multiply": torch.mul, "divide": torch.div, "maximum": torch.maximum, "minimum": torch.minimum,
    "atan2": torch.atan2, "hypot": torch.hypot, "logAddExp": torch.logaddexp, "xlogy": torch.xlogy, "copySign": torch.copysign,
    "maximumIgnoringNaN": torch.fmax, "minimumIgnoringNaN": torch.fmin, "power": torch.pow, "remainder": torch.remainder,
}


@family(*BINARY, weight=2)
def binary(name):
    function, dtype = BINARY[name], choose(*FLOATS)
    low, high = (0.3, 3) if name in ("divide", "xlogy", "power", "hypot", "atan2", "remainder") else (-3, 3)
    shape = extents()
    a, b = floats(broadcasting(shape), dtype, low, high), floats(shape, dtype, low, high)
    if chance(0.2) and name not in ("xlogy", "logAddExp", "remainder", "power"):
        return record(name, [wild(a), wild(b)], function, False)
    return record(name, [a, b], function)


@family("add", "subtract", "multiply", "maximum", "minimum")
def whole_binary(name):
    dtype, shape = choose(*WHOLE), extents()
    return record(name, [full_range(shape, dtype), full_range(broadcasting(shape), dtype)], BINARY[name])


@family("floorDivide", "remainder")
def whole_division(name):
    dtype, shape = choose("int32", "int64"), extents()
    divisor = whole(broadcasting(shape), dtype)
    divisor[divisor == 0] = 3
    return record(name, [full_range(shape, dtype), divisor], torch.floor_divide if name == "floorDivide" else torch.remainder)


@family("and", "or", "xor")
def bits(name):
    dtype, shape = choose("bool", *WHOLE), extents()
    function = {"and": torch.bitwise_and, "or": torch.bitwise_or, "xor": torch.bitwise_xor}[name]
    draw = (lambda s: whole(s, "bool", 0, 2)) if dtype == "bool" else (lambda s: full_range(s, dtype))
    return record(name, [draw(shape), draw(broadcasting(shape))], function)


@family("equal", "notEqual", "less", "lessEqual", "greater", "greaterEqual")
def comparison(name):
    function = {"equal": torch.eq, "notEqual": torch.ne, "less": torch.lt, "lessEqual": torch.le, "greater": torch.gt, "greaterEqual": torch.ge}[name]
    shape, dtype = extents(), choose(*FLOATS, *WHOLE)
    if dtype in FLOATS:
        return record(name, [wild(whole(shape, dtype, -2, 3)), wild(whole(broadcasting(shape), dtype, -2, 3))], function)
    return record(name, [whole(shape, dtype, -2, 3), whole(broadcasting(shape), dtype, -2, 3)], function)


@family("where", "lerp")
def three(name):
    shape, dtype = extents(), choose(*FLOATS)
    a, b = floats(shape, dtype), floats(broadcasting(shape), dtype)
    if name == "where":
        return record(name, [whole(broadcasting(shape), "bool", 0, 2), a, b], torch.where)
    return record(name, [a, b, floats(broadcasting(shape), dtype)], torch.lerp)


@family("cast")
def cast(name):
    source, target = choose(*FLOATS, *WHOLE), choose("float32", "float64", "int32", "int64", "bool", "bfloat16")
    x = whole(extents(), source, 0, 90)
    return record(name, [x], lambda x: x.to(DTYPES[target]), False, dtype=target)


# ---- Reductions, scans and order

REDUCTIONS = {
    "sum": torch.sum, "mean": torch.mean, "max": torch.amax, "min": torch.amin, "logSumExp": torch.logsumexp,
}


@family(*REDUCTIONS, "norm", "product", "variance", "standardDeviation", weight=2)
def reduction(name):
    dtype, shape = choose(*FLOATS), extents(low=1, empty=name == "sum")
    axes, keeping = axes_of(shape), bool(chance(0.5))
    x = distinct(shape, dtype) if name in ("max", "min") else floats(shape, dtype, 0.2, 1.5)
    if name == "product":
        axes = axes[:1]
        return record(name, [x], lambda x: x.prod(axes[0], keeping), axes=axes, keepingAxes=keeping)
    if name == "norm":
        return record(name, [x], lambda x: torch.linalg.vector_norm(x, 2, axes, keeping), axes=axes, keepingAxes=keeping)
    if name in ("variance", "standardDeviation"):
        correction = int(math.prod(shape[a] for a in axes) > 1)
        function = torch.var if name == "variance" else torch.std
        return record(name, [x], lambda x: function(x, axes, correction=correction), correction == 1 or name == "variance", axes=axes, correction=correction)
    if chance(0.15):
        return record(name, [wild(x)], lambda x: REDUCTIONS[name](x, axes, keeping), False, axes=axes, keepingAxes=keeping)
    return record(name, [x], lambda x: REDUCTIONS[name](x, axes, keeping), axes=axes, keepingAxes=keeping)


@family("any", "all")
def boolean_reduction(name):
    shape = extents(low=1)
    axis, keeping = axis_of(shape), bool(chance(0.5))
    return record(name, [whole(shape, "bool", 0, 2)], lambda x: getattr(x, name)(axis, keeping), axes=[axis], keepingAxes=keeping)


@family("argMax", "argMin")
def extreme_places(name):
    dtype, shape = choose(*FLOATS, "int32", "int64"), extents(low=1, empty=False)
    axis = axis_of(shape)
    x = distinct(shape, dtype) if dtype in FLOATS else full_range(shape, dtype)
    return record(name, [x], lambda x: (x.argmax if name == "argMax" else x.argmin)(axis), axis=axis)


@family("softmax", "logSoftmax", "softmin", weight=2)
def normalized(name):
    dtype, shape = choose(*FLOATS), extents(low=1)
    axis = axis_of(shape)
    return record(name, [floats(shape, dtype, -4, 4)], lambda x: {"softmax": F.softmax, "logSoftmax": F.log_softmax, "softmin": F.softmin}[name](x, axis),
                  axis=axis)


@family("cumulativeLogSumExp", "differences", "sort", "argSort", weight=2)
def along(name):
    dtype, shape = choose(*FLOATS), extents(low=1)
    axis = axis_of(shape)
    if name == "cumulativeLogSumExp":
        return record(name, [floats(shape, dtype)], lambda x: torch.logcumsumexp(x, axis), axis=axis)
    if name == "differences":
        return record(name, [floats(shape, dtype)], lambda x: torch.diff(x, 1, axis), order=1, axis=axis)
    descending = bool(chance(0.5))
    x = whole(shape, choose("int32", "int64"), -5, 5) if chance(0.3) else distinct(shape, dtype)
    found = 1 if name == "argSort" else 0
    return record(name, [x], lambda x: torch.sort(x, dim=axis, descending=descending, stable=True)[found], axis=axis, descending=descending)


@family("topK", "kthValue", "median")
def ranked(name):
    dtype, shape = choose(*FLOATS), extents(low=1, empty=False)
    axis, x = axis_of(shape), distinct(shape, dtype)
    k = int(random.integers(1, shape[axis] + 1))
    if name == "topK":
        return record(name, [x], lambda x: tuple(torch.topk(x, k, axis)), k=k, axis=axis)
    keeping = bool(chance(0.5))
    if name == "kthValue":
        return record(name, [x], lambda x: tuple(torch.kthvalue(x, k, axis, keeping)), k=k, axis=axis, keepingAxes=keeping)
    return record(name, [x], lambda x: tuple(torch.median(x, axis, keeping)), axis=axis, keepingAxes=keeping)


@family("searchSorted", "isIn", "countNonzero", "nonzero", "unique")
def sets(name):
    dtype = choose("float32", "int64")
    if name == "searchSorted":
        return record(name, [whole(extents(1), dtype).sort().values, whole(extents(), dtype)], torch.searchsorted, False, moves=False, side="left")
    if name == "isIn":
        return record(name, [whole(extents(), dtype, 0, 6), whole(extents(1), dtype, 0, 6)], torch.isin, False)
    x = whole(extents(), dtype, 0, 3)
    if name == "countNonzero":
        return record(name, [x], torch.count_nonzero, False, axes=[])
    if name == "nonzero":
        return record(name, [x], torch.nonzero, False)

    def unique(x):
        values, first, inverse, counts = np.unique(x.numpy(), return_index=True, return_inverse=True, return_counts=True)
        return tuple(torch.tensor(a) for a in (values, first, inverse.reshape(x.shape), counts))
    return record(name, [x], unique, False)


# ---- Indexing and movement

def places(shape, count):
    return torch.tensor(random.integers(0, count, shape))


@family("gather", "gather elements", "scatter", "scattered", "one hot", "selected", "taken", weight=2)
def indexing(name):
    dtype, shape = choose(*FLOATS, "int64"), extents(low=1, empty=False)
    x = floats(shape, dtype) if dtype in FLOATS else whole(shape, dtype)
    axis = axis_of(shape)
    if name == "gather":
        index = places(extents(high=2), shape[axis])
        expected = lambda x, i: torch.index_select(x, axis, i.flatten()).reshape(
            x.shape[:axis % x.dim()] + i.shape + x.shape[axis % x.dim() + 1:])
        return record(name, [x, index], expected, axis=axis)
    if name == "one hot":
        return record(name, [places(extents(), 5)], lambda i: F.one_hot(i, 5).float(), count=5)
    if name == "selected":
        return record(name, [x, whole(shape, "bool", 0, 2)], torch.masked_select)
    if name == "taken":
        return record(name, [x, places(extents(), x.numel())], torch.take)
    if name == "scatter":
        index = places((int(random.integers(0, 6)),), shape[axis])
        changed = list(shape)
        changed[axis] = len(index)
        updates = floats(changed, dtype) if dtype in FLOATS else whole(changed, dtype)
        return record(name, [x, index, updates], lambda x, i, u: x.index_add(axis, i, u), axis=axis, mode="add")
    changed = list(shape)
    changed[axis] = int(random.integers(0, 6))
    index = places(changed, shape[axis])
    if name == "gather elements":
        return record(name, [x, index], lambda x, i: torch.gather(x, axis, i), axis=axis)
    if dtype not in FLOATS:
        return False
    return record(name, [x, index, floats(changed, dtype)], lambda x, i, u: x.scatter_reduce(axis, i, u, "sum"), axis=axis, reduction="sum", includesSelf=True)


@family("reshape", "transpose", "broadcast", "reverse", "tile", "flatten", "rolled", "lowerTriangle", "upperTriangle", "diagonal", "diagonalEmbedded",
        "repeatInterleaved", "pad", "concatenate", "stack", "split", "chunk", "move axis")
def movement(name):
    dtype = choose(*FLOATS, "int64", "bool")
    shape = extents(low=2 if name in ("lowerTriangle", "upperTriangle", "diagonal") else 1)
    draw = (lambda s: floats(s, dtype)) if dtype in FLOATS else (lambda s: whole(s, dtype, 0, 2))
    x, axis = draw(shape), axis_of(shape)
    if name == "reshape":
        target = [shape[0], math.prod(shape[1:])] if chance(0.5) else [math.prod(shape)]
        return record(name, [x], lambda x: x.reshape(target), shape=target)
    if name == "transpose":
        order = [int(a) for a in random.permutation(len(shape))]
        return record(name, [x], lambda x: x.permute(order), axes=order)
    if name == "broadcast":
        return record(name, [draw(broadcasting(shape))], lambda x: x.broadcast_to(shape), shape=list(shape))
    if name == "reverse":
        axes = axes_of(shape)
        return record(name, [x], lambda x: x.flip(axes), axes=axes)
    if name == "tile":
        counts = [int(random.integers(1, 4)) for _ in shape]
        return record(name, [x], lambda x: x.tile(counts), counts=counts)
    if name == "flatten":
        start = int(random.integers(0, len(shape)))
        return record(name, [x], lambda x: x.flatten(start, -1), start=start, end=-1)
    if name == "rolled":
        by = int(random.integers(-9, 10))
        return record(name, [x], lambda x: x.roll(by, axis), by=by, axis=axis)
    if name in ("lowerTriangle", "upperTriangle"):
        offset = int(random.integers(-3, 4))
        return record(name, [x], lambda x: (torch.tril if name == "lowerTriangle" else torch.triu)(x, offset), offset=offset)
    if name == "diagonal":
        offset = int(random.integers(0, 2))
        return record(name, [x], lambda x: x.diagonal(offset, -2, -1), offset=offset, axes=[-2, -1])
    if name == "diagonalEmbedded":
        return record(name, [x], lambda x: x.diag_embed(1, -2, -1), offset=1, axes=[-2, -1])
    if name == "repeatInterleaved":
        return record(name, [x], lambda x: x.repeat_interleave(3, axis), count=3, axis=axis)
    if name == "pad":
        if dtype == "bool":
            return False
        widths = [[int(random.integers(0, 3)), int(random.integers(0, 3))] for _ in shape]
        return record(name, [x], lambda x: F.pad(x, [n for pair in reversed(widths) for n in pair], value=2), widths=widths, value=2)
    if name == "concatenate":
        other = list(shape)
        other[axis] = int(random.integers(0, 4))
        return record(name, [x, draw(other)], lambda *x: torch.cat(x, axis), axis=axis)
    if name == "stack":
        return record(name, [x, draw(shape)], lambda *x: torch.stack(x, axis), axis=axis)
    if name == "move axis":
        target = axis_of(shape)
        return record(name, [x], lambda x: x.movedim(axis, target), source=axis, target=target)
    if shape[axis] == 0:
        return False
    if name == "chunk":
        count = int(random.integers(1, 4))
        return record(name, [x], lambda x: x.chunk(count, axis), count=count, axis=axis)
    first = int(random.integers(0, shape[axis] + 1))
    lengths = [first, shape[axis] - first]
    return record(name, [x], lambda x: x.split(lengths, axis), lengths=lengths, axis=axis)


# ---- Products and windows

def size(low, high):
    return int(random.integers(low, high + 1))


@family("matmul", weight=12)
def matmul(name):
    dtype = choose(*FLOATS)
    m, k, n = (choose(0, 1, 3, 8, 17, 40) if chance(0.2) else size(1, 24) for _ in range(3))
    batch = extents(high=2, empty=False)
    left = () if chance(0.15) else broadcasting(batch) + (m,)
    right = () if chance(0.15) else broadcasting(batch) + (k,)
    a = floats(left + (k,), dtype)
    b = floats(right + (n,), dtype) if right else floats((k,), dtype)
    return record(name, [a, b], torch.matmul)


@family("einsum", "outer", "vecdot", "cdist", "cosineSimilarity", "tensordot", weight=3)
def products(name):
    dtype, n, m, k = choose(*FLOATS), size(1, 6), size(1, 6), size(1, 9)
    if name == "einsum":
        formula, shapes = choose(("bij,bjk->bik", [(2, n, k), (2, k, m)]), ("ij,kj->ki", [(n, k), (m, k)]), ("bhqd,bhkd->bhqk", [(2, 2, n, k), (2, 2, m, k)]),
                                 ("ii->i", [(n, n)]), ("ijk->kj", [(n, m, k)]), ("i,j,k->kij", [(n,), (m,), (k,)]), ("...d,d->...", [(n, m, k), (k,)]))
        return record(name, [floats(s, dtype) for s in shapes], lambda *x: torch.einsum(formula, *x), formula=formula)
    if name == "outer":
        return record(name, [floats((n,), dtype), floats((m,), dtype)], torch.outer)
    if name == "tensordot":
        return record(name, [floats((n, k, m), dtype), floats((k, m, 2), dtype)], lambda a, b: torch.tensordot(a, b, 2), count=2)
    if name == "cdist":
        return record(name, [floats((n, k), "float32"), floats((m, k), "float32")], lambda a, b: torch.cdist(a, b, 2.0), p=2.0)
    a, b = floats((n, k), dtype, 0.2, 2), floats((n, k), dtype, 0.2, 2)
    function = torch.linalg.vecdot if name == "vecdot" else F.cosine_similarity
    return record(name, [a, b], lambda a, b: function(a, b, dim=-1), axis=-1)


@family("convolution", weight=12)
def convolution(name):
    dtype, rank, groups = choose(*FLOATS), size(1, 3), choose(1, 1, 1, 2, 4)
    kernel = [size(1, 3) for _ in range(rank)]
    stride, dilation, padding = ([size(1, 2) for _ in kernel], [size(1, 2) for _ in kernel], [size(0, 2) for _ in kernel])
    extent = [(k - 1) * d + 1 + size(0, 5) for k, d in zip(kernel, dilation)]
    inputs, outputs = groups * size(1, 4), groups * size(1, 4)
    tensors = [floats((size(1, 3), inputs, *extent), dtype), floats((outputs, inputs // groups, *kernel), dtype)]
    if chance(0.5):
        tensors.append(floats((outputs,), dtype))
    function = [F.conv1d, F.conv2d, F.conv3d][rank - 1]
    return record(name, tensors, lambda x, w, b=None: function(x, w, b, stride, padding, dilation, groups), stride=stride, padding=padding,
                  dilation=dilation, groups=groups)


@family("transposed convolution", weight=6)
def transposed_convolution(name):
    dtype, rank, groups = choose(*FLOATS), size(1, 3), choose(1, 1, 2)
    kernel = [size(2, 3) for _ in range(rank)]
    stride = [size(1, 2) for _ in kernel]
    padding, extra = [size(0, 1) for _ in kernel], [size(0, s - 1) for s in stride]
    inputs, outputs = groups * size(1, 3), size(1, 3)
    tensors = [floats((size(1, 2), inputs, *(size(2, 5) for _ in kernel)), dtype), floats((inputs, outputs, *kernel), dtype)]
    function = [F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d][rank - 1]
    return record(name, tensors, lambda x, w: function(x, w, None, stride, padding, extra, groups), stride=stride, padding=padding, outputPadding=extra,
                  dilation=[1] * rank, groups=groups)


@family("max pool", "average pool", weight=5)
def pool(name):
    dtype, rank = choose(*FLOATS), size(1, 3)
    window = [size(1, 3) for _ in range(rank)]
    stride, padding = [size(1, 3) for _ in window], [size(0, k // 2) for k in window]
    shape = (size(1, 2), size(1, 3), *(k + size(0, 5) for k in window))
    if name == "max pool":
        function = [F.max_pool1d, F.max_pool2d, F.max_pool3d][rank - 1]
        return record(name, [distinct(shape, dtype)], lambda x: function(x, window, stride, padding), window=window, stride=stride, padding=padding)
    counts = bool(chance(0.5))
    function = [F.avg_pool1d, F.avg_pool2d, F.avg_pool3d][rank - 1]
    return record(name, [floats(shape, dtype)], lambda x: function(x, window, stride, padding, count_include_pad=counts), window=window, stride=stride,
                  padding=padding, countsPadding=counts)


@family("interpolate", "unfold", weight=4)
def images(name):
    dtype = choose(*FLOATS)
    shape = (size(1, 2), size(1, 3), size(3, 7), size(3, 7))
    if name == "unfold":
        geometry = dict(kernel=[2, size(1, 3)], stride=[size(1, 2)] * 2, padding=[size(0, 1)] * 2, dilation=[1, size(1, 1)])
        return record(name, [floats(shape, dtype)], lambda x: F.unfold(x, geometry["kernel"], geometry["dilation"], geometry["padding"], geometry["stride"]),
                      **geometry)
    mode, torch_mode = choose(("nearest", "nearest"), ("linear", "bilinear"), ("cubic", "bicubic"), ("area", "area"), ("nearestExact", "nearest-exact"))
    target, corners = [size(1, 9), size(1, 9)], bool(chance(0.5)) and mode in ("linear", "cubic")
    arguments = dict(align_corners=corners) if mode in ("linear", "cubic") else {}
    return record(name, [floats(shape, dtype)], lambda x: F.interpolate(x, size=target, mode=torch_mode, **arguments), size=target, mode=mode,
                  alignCorners=corners, antialias=False)


# Every operation in its turn, until there are enough.
drawn = 0
while drawn < options.count:
    for name, draw in families:
        drawn += bool(draw(name))
        if drawn == options.count:
            break
goldens.write("parity", options.folder)
