"""What the scripts of goldens share: cases with their inputs, outputs and gradients, and the two files they are written to."""

import json
import math
import pathlib
import zlib

import numpy as np
import torch

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests/ApusTensorTests/Goldens"
DTYPES = {
    "float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16, "float64": torch.float64,
    "int32": torch.int32, "int64": torch.int64, "uint8": torch.uint8, "bool": torch.bool,
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 1e30, -1e30, 1e-30, math.inf, -math.inf, math.nan]

blob = bytearray()
stored = {}
cases = []


def stored_tensor(tensor):
    """[dtype, shape, offset] of a tensor in the binary file; equal contents are stored once."""
    tensor = tensor.detach()
    data = tensor.flatten().clone(memory_format=torch.contiguous_format).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
    if data not in stored:
        while len(blob) % 8:
            blob.append(0)
        stored[data] = len(blob)
        blob.extend(data)
    return [NAMES[tensor.dtype], list(tensor.shape), stored[data]]


def cotangent(tensor):
    index = torch.arange(tensor.numel(), dtype=torch.int64)
    return (((index * 37 + 11) % 17).to(torch.float64) / 8 - 1).to(tensor.dtype).reshape(tensor.shape)


def case(name, operation, inputs, function, gradients=True, tolerance=None, **attributes):
    """Records one case. `function` takes the inputs as PyTorch tensors and gives one tensor or several."""
    leaves = [x.clone().requires_grad_(gradients and x.dtype.is_floating_point) for x in inputs]
    outputs = function(*leaves)
    outputs = list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]
    same = sum(other["name"].split(" #")[0] == name for other in cases)
    record = {"name": f"{name} #{same + 1}" if same else name, "operation": operation}
    if attributes:
        record["attributes"] = attributes
    if tolerance is not None:
        record["tolerance"] = tolerance
    record["inputs"] = [stored_tensor(x) for x in inputs]
    record["outputs"] = [stored_tensor(y) for y in outputs]
    wanted = [x for x in leaves if x.requires_grad]
    differentiable = [y for y in outputs if y.requires_grad]
    if wanted and differentiable:
        total = sum((y * cotangent(y)).sum() for y in differentiable)
        found = iter(torch.autograd.grad(total, wanted, allow_unused=True))
        record["gradients"] = [
            None if not x.requires_grad else stored_tensor(g if (g := next(found)) is not None else torch.zeros_like(x))
            for x in leaves
        ]
    cases.append(record)


def generator(*key):
    return np.random.default_rng(zlib.crc32(repr(key).encode()))


def uniform(shape, low=-2.0, high=2.0, dtype="float32", key=0):
    values = generator("uniform", shape, low, high, key).uniform(low, high, shape)
    return torch.tensor(values, dtype=torch.float64).to(DTYPES[dtype])


def integers(shape, low=-9, high=10, dtype="int64", key=0):
    values = generator("integers", shape, low, high, key).integers(low, high, shape)
    return torch.tensor(values).to(DTYPES[dtype])


def distinct(shape, dtype="float32", key=0):
    count = int(np.prod(shape, dtype=int))
    order = generator("distinct", shape, key).permutation(count)
    return torch.tensor((order - count / 2 + 0.25) * 0.1, dtype=DTYPES[dtype]).reshape(shape)


def text(shape):
    return "x".join(map(str, shape)) if len(shape) else "scalar"


def write(name, folder=FOLDER):
    """Writes the cases to NAME.json and NAME.bin."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(record, separators=(",", ":")) for record in cases)
    (folder / f"{name}.json").write_text("[\n" + lines + "\n]\n")
    (folder / f"{name}.bin").write_bytes(blob)
    print(f"{name}: {len(cases)} cases, {(folder / f'{name}.json').stat().st_size} + {len(blob)} bytes")
