"""Makes the goldens of linear algebra and Fourier transforms as PyTorch computes them.

    python Goldens/linalg.py

writes Tests/ApusTensorTests/Goldens/{linalg.json,linalg.bin}. Vectors whose sign is a matter of taste are squared on both sides; a symmetric
matrix is made of the input on both sides, so that its gradient is that of a function of all elements.
"""

import itertools

import numpy as np
import torch

from goldens import case, text, uniform, write


def both(name, operation, inputs, function, tolerance=2e-4, gradients=True, tolerance64=1e-9, **attributes):
    """One case in float32 and one in float64."""
    case(f"{name} float32", operation, inputs, function, gradients, tolerance, **attributes)
    case(f"{name} float64", operation, [x.double() if x.dtype == torch.float32 else x for x in inputs], function, gradients,
         tolerance64, **attributes)


def regular(shape, key=0):
    """Matrices with a large diagonal, in an order that makes pivoting swap rows."""
    x = uniform(shape, -1, 1, key=key)
    rows = shape[-2]
    order = torch.tensor([(i + 1) % rows for i in range(rows)], dtype=torch.int64)
    return (x + 2.5 * torch.eye(*shape[-2:]))[..., order, :]


def positive(x):
    return x @ x.mT + torch.eye(x.shape[-1], dtype=x.dtype)


def symmetric(x):
    return x + x.mT + torch.diag(torch.arange(x.shape[-1], dtype=x.dtype))


SQUARE = [(1, 1), (3, 3), (2, 4, 4), (0, 0), (0, 3, 3), (2, 1, 3, 3), (6, 6)]
ANY = SQUARE + [(2, 3), (5, 3), (3, 5), (2, 4, 2), (2, 1, 3), (3, 0), (0, 2)]

# ---- Factorizations

for shape in SQUARE:
    for upper in [False, True]:
        both(f"cholesky {text(shape)} {upper}", "cholesky", [uniform(shape, -1, 1)],
             lambda x, u=upper: torch.linalg.cholesky(positive(x), upper=u), upper=upper)
    for triangle in ["L", "U"]:
        both(f"eigh {text(shape)} {triangle}", "eigh", [uniform(shape, -1, 1)],
             lambda x, t=triangle: (lambda y: (y[0], y[1] ** 2))(torch.linalg.eigh(symmetric(x), t)), upper=triangle == "U")
    both(f"eigvalsh {text(shape)}", "eigvalsh", [uniform(shape, -1, 1)], lambda x: torch.linalg.eigvalsh(symmetric(x)))
both("cholesky not positive", "cholesky plain", [torch.stack([torch.eye(2), -torch.eye(2)])],
     lambda x: torch.stack([torch.eye(2, dtype=x.dtype), torch.full((2, 2), torch.nan, dtype=x.dtype)]), gradients=False)
for shape in ANY:
    both(f"lu {text(shape)}", "lu", [regular(shape)], torch.linalg.lu)
    both(f"qr {text(shape)}", "qr", [regular(shape)], torch.linalg.qr, mode="reduced")
    both(f"qr complete {text(shape)}", "qr", [regular(shape)], lambda x: torch.linalg.qr(x, mode="complete"),
         gradients=shape[-2] <= shape[-1], mode="complete")
    both(f"svd {text(shape)}", "svd", [regular(shape)],
         lambda x: (lambda y: (y[0] ** 2, y[1], y[2] ** 2))(torch.linalg.svd(x, full_matrices=False)))
    both(f"svd full {text(shape)}", "svd full", [regular(shape)],
         lambda x: (lambda y: (y[0] @ y[0].mT, y[1], y[2].mT @ y[2]))(torch.linalg.svd(x)), gradients=False, tolerance64=1e-8)
    both(f"singularValues {text(shape)}", "singularValues", [regular(shape)], torch.linalg.svdvals)
for shape in [(40, 40), (3, 33, 20), (20, 33)]:
    both(f"singularValues {text(shape)}", "singularValues", [uniform(shape)], torch.linalg.svdvals, gradients=False)
    both(f"qr {text(shape)}", "qr", [uniform(shape)], torch.linalg.qr, gradients=False, tolerance=1e-3, mode="reduced")

# ---- Systems

for a, b in [((3, 3), (3, 2)), ((3, 3), (3,)), ((2, 3, 3), (2, 3)), ((2, 3, 3), (2, 3, 2)), ((2, 1, 3, 3), (4, 3, 2)), ((0, 0), (0, 2)),
             ((3, 3), (3, 0)), ((0, 3, 3), (0, 3, 1)), ((1, 1), (1, 4)), ((3, 3), (2, 3, 1))]:
    both(f"solve {text(a)} {text(b)}", "solve", [regular(a), uniform(b)], torch.linalg.solve)
    if len(b) < 2 or (len(a) == 3 and len(b) == 2):
        continue
    for upper, unit, right in itertools.product([False, True], repeat=3):
        side = (*b[:-2], b[-1], b[-2]) if right else b
        both(f"triangularSolve {text(a)} {text(side)} {upper} {unit} {right}", "triangularSolve",
             [uniform(a, -1, 1) + 2 * torch.eye(a[-1]), uniform(side)],
             lambda x, y, u=upper, t=unit, r=right: torch.linalg.solve_triangular(x, y, upper=u, left=not r, unitriangular=t), upper=upper,
             unit=unit, right=right)
    for upper in [False, True]:
        if len(a) == len(b):
            both(f"choleskySolve {text(a)} {text(b)} {upper}", "choleskySolve", [uniform(b), uniform(a, -1, 1)],
                 lambda y, x, u=upper: torch.cholesky_solve(y, torch.linalg.cholesky(positive(x), upper=u), upper=u), upper=upper)
for shape in SQUARE:
    both(f"inverse {text(shape)}", "inverse", [regular(shape)], torch.linalg.inv)
    both(f"determinant {text(shape)}", "determinant", [regular(shape)], torch.linalg.det)
    both(f"logDeterminant {text(shape)}", "logDeterminant", [regular(shape)], torch.linalg.slogdet)
    both(f"choleskyInverse {text(shape)}", "choleskyInverse", [uniform(shape, -1, 1)],
         lambda x: torch.linalg.inv(positive(x)))
    for n in [-1, -2, -3]:
        both(f"matrixPower {n} {text(shape)}", "matrixPower", [regular(shape)], lambda x, n=n: torch.linalg.matrix_power(x, n), n=n)
    for scale in [0.1, 1, 6]:
        both(f"matrixExponential {text(shape)} {scale}", "matrixExponential", [uniform(shape, -1, 1) * scale], torch.linalg.matrix_exp,
             tolerance=1e-3)
singular = torch.tensor([[1.0, 2, 3], [2, 4, 6], [1, 0, 1]])
both("determinant of a singular matrix", "determinant", [singular], lambda x: (torch.linalg.cross(x[0], x[1]) * x[2]).sum(), tolerance64=1e-7)
both("logDeterminant of a singular matrix", "logDeterminant", [torch.zeros(2, 2)], torch.linalg.slogdet, gradients=False)
both("logDeterminant of a large matrix", "logDeterminant", [uniform((50, 50)) * 1e3], torch.linalg.slogdet, gradients=False)
case("isSingular", "isSingular", [torch.stack([singular, torch.eye(3), torch.zeros(3, 3)])], lambda x: torch.tensor([True, False, True]))
case("isSingular empty", "isSingular", [torch.zeros(0, 0)], lambda x: torch.tensor(False))

for shape in ANY:
    both(f"pseudoInverse {text(shape)}", "pseudoInverse", [regular(shape)], torch.linalg.pinv)
    if 0 not in shape[-2:]:
        b = (*shape[:-1], 2)
        both(f"leastSquares {text(shape)}", "leastSquares", [regular(shape), uniform(b)],
             lambda x, y: (lambda z: (z.solution, z.rank))(torch.linalg.lstsq(x, y, driver="gelsd")))
        for kind, p in {"spectral": 2, "minusSpectral": -2, "one": 1, "infinity": np.inf, "frobenius": "fro", "nuclear": "nuc", "minusOne": -1,
                        "minusInfinity": -np.inf}.items():
            if p in (2, -2) or shape[-1] == shape[-2]:
                both(f"conditionNumber {kind} {text(shape)}", "conditionNumber", [regular(shape)],
                     lambda x, p=p: torch.linalg.cond(x, p) if p in (2, -2) else torch.linalg.norm(x, p, (-2, -1))
                     * torch.linalg.norm(torch.linalg.inv(x), p, (-2, -1)), tolerance=1e-3, kind=kind)
        for kind, p in {"spectral": 2, "minusSpectral": -2, "nuclear": "nuc"}.items():
            for keeping in [False, True]:
                both(f"matrixNorm {kind} {text(shape)} {keeping}", "matrixNorm", [regular(shape)],
                     lambda x, p=p, k=keeping: torch.linalg.matrix_norm(x, p, keepdim=k), kind=kind, axes=[-2, -1], keepingAxes=keeping)
low = (uniform((5, 2)) * 4).round() @ (uniform((2, 4), key=1) * 4).round()
both("pseudoInverse of rank 2", "pseudoInverse", [low], torch.linalg.pinv, gradients=False, tolerance=1e-3)
both("leastSquares of rank 2", "leastSquares", [low, uniform((5, 2), key=2)],
     lambda x, y: (lambda z: (z.solution, z.rank))(torch.linalg.lstsq(x, y, driver="gelsd")), gradients=False, tolerance=1e-3)
both("matrixRank", "matrixRank", [torch.stack([low, low * 0, uniform((5, 4), key=3)])], torch.linalg.matrix_rank)
both("conditionNumber of zeros", "conditionNumber", [torch.zeros(2, 2)], lambda x: torch.linalg.cond(x, 1), gradients=False, kind="one")

# ---- Fourier transforms. Complex inputs and outputs have a last axis of their parts.


def transform(name, operation, shape, function, complex_input=True, **attributes):
    def run(x):
        y = function(torch.complex(x[..., 0], x[..., 1]) if complex_input else x)
        return torch.view_as_real(y.resolve_conj().contiguous()) if y.is_complex() else y
    x = uniform((*shape, 2) if complex_input else shape)
    both(name, operation, [x], run, tolerance=2e-5, tolerance64=1e-10, **attributes)


NORMS = ["backward", "ortho", "forward"]
LINES = [((8,), None, -1), ((5,), None, 0), ((3, 7), None, -1), ((4, 3), None, 0), ((2, 3, 4), None, 1), ((1,), None, 0), ((6,), 4, 0),
         ((2, 5), 9, 1), ((0, 4), None, 1), ((37,), None, 0), ((12, 2), 5, -2)]
for (shape, length, axis), norm in itertools.product(LINES, NORMS):
    arguments = dict(n=length, dim=axis, norm=norm)
    attributes = dict(length=length, axis=axis, norm=norm)
    where = f"{text(shape)} {length} {axis} {norm}"
    for name in ["fft", "ifft"]:
        transform(f"{name} {where}", name, shape, lambda x, f=name, a=arguments: getattr(torch.fft, f)(x, **a), **attributes)
    for name in ["rfft", "ihfft"]:
        transform(f"{name} {where}", name, shape, lambda x, f=name, a=arguments: getattr(torch.fft, f)(x, **a), False, **attributes)
    if length is not None or shape[axis] > 1:
        for name in ["irfft", "hfft"]:
            transform(f"{name} {where}", name, shape, lambda x, f=name, a=arguments: getattr(torch.fft, f)(x, **a), **attributes)
transform("fft of reals", "fft real", (3, 5), lambda x: torch.fft.fft(x), False)
for shape, lengths, axes in [((3, 4), None, None), ((2, 3, 4), None, [0, 2]), ((2, 3, 4), [5, 2], None), ((2, 3, 5), [2, 4], [2, 0]), ((4, 3, 2), None, None)]:
    for norm in NORMS:
        arguments = dict(s=lengths, dim=axes, norm=norm)
        attributes = dict(lengths=lengths, axes=axes, norm=norm)
        where = f"{text(shape)} {lengths} {axes} {norm}"
        for name in ["fftn", "ifftn", "irfftn"]:
            transform(f"{name} {where}", name, shape, lambda x, f=name, a=arguments: getattr(torch.fft, f)(x, **a), **attributes)
        transform(f"rfftn {where}", "rfftn", shape, lambda x, a=arguments: torch.fft.rfftn(x, **a), False, **attributes)
for name in ["fft2", "ifft2", "irfft2"]:
    transform(f"{name}", name, (2, 3, 4), lambda x, f=name: getattr(torch.fft, f)(x))
transform("rfft2", "rfft2", (2, 3, 4), lambda x: torch.fft.rfft2(x), False)
for n in [1, 4, 5]:
    case(f"fftfreq {n}", "fftfreq", [], lambda n=n: torch.fft.fftfreq(n, 0.5), n=n, spacing=0.5)
    case(f"rfftfreq {n}", "rfftfreq", [], lambda n=n: torch.fft.rfftfreq(n, 0.5), n=n, spacing=0.5)
for shape, axes in [((5,), None), ((4, 3), None), ((4, 3), [1])]:
    for name in ["fftshift", "ifftshift"]:
        both(f"{name} {text(shape)} {axes}", name, [uniform(shape)], lambda x, f=name, a=axes: getattr(torch.fft, f)(x, a), axes=axes)
for shape, n, hop, window, centre, normalized, onesided in [
    ((40,), 8, 2, "hann", True, False, True), ((2, 33), 10, 3, "short", True, True, True), ((2, 40), 8, 4, None, False, False, True),
    ((40,), 8, 2, "hann", True, False, False), ((25,), 7, 2, "hann", False, True, False),
]:
    frame = {"hann": torch.hann_window(n) + 0.1, "short": torch.hann_window(n - 3) + 0.1, None: None}[window]

    def spectrum(x, w=None, arguments=(n, hop, centre, normalized, onesided)):
        n, hop, centre, normalized, onesided = arguments
        length = n if w is None else len(w)
        y = torch.stft(x, n, hop, length, w, centre, normalized=normalized, onesided=onesided, return_complex=True)
        return torch.view_as_real(y)

    def signal(y, w=None, arguments=(n, hop, centre, normalized, onesided), samples=None):
        n, hop, centre, normalized, onesided = arguments
        y = torch.complex(y[..., 0], y[..., 1])
        length = n if w is None else len(w)
        if onesided:
            return torch.istft(y, n, hop, length, w, centre, normalized, onesided, length=samples)
        return torch.istft(y, n, hop, length, w, centre, normalized, onesided, length=samples, return_complex=True).real

    attributes = dict(size=n, hop=hop, isCentered=centre, isNormalized=normalized, isOneSided=onesided)
    where = f"{text(shape)} {n} {hop} {window} {centre} {normalized} {onesided}"
    windows = [] if frame is None else [frame]
    x = uniform(shape)
    both(f"stft {where}", "stft", [x, *windows], spectrum, tolerance=5e-5, **attributes)
    both(f"istft {where}", "istft", [spectrum(x, *windows), *windows], signal, tolerance=5e-5, tolerance64=1e-9, **attributes)
    both(f"istft {where} of 20", "istft", [spectrum(x, *windows), *windows], lambda *a: signal(*a, samples=20), tolerance=5e-5, length=20,
         **attributes)

write("linalg")
