"""Makes the fixtures of ApusIOTests with the formats' reference implementations.

    python3 make-fixtures.py        needs numpy, safetensors, torch

Element i of every array is i mod 7 − 3 for signed types, i mod 7 for unsigned ones, and i mod 2 for bool.
"""

import gzip
import pathlib

import numpy as np
import torch
from safetensors.torch import save_file

folder = pathlib.Path(__file__).parent / "Fixtures"
folder.mkdir(exist_ok=True)


def values(dtype, shape):
    dtype = np.dtype(dtype)
    index = np.arange(int(np.prod(shape))).reshape(shape)
    if dtype.kind == "b":
        return (index % 2).astype(dtype)
    return (index % 7 - (0 if dtype.kind == "u" else 3)).astype(dtype)


def tensor(dtype, shape):
    return torch.tensor(values("i8" if dtype != torch.bool else "b1", shape)).to(dtype)


def unsigned(dtype, shape):
    return torch.tensor(values("u1", shape).astype("i8")).to(dtype)


# safetensors: what is read as it is, what is widened, what is not read.
save_file(
    {
        "a.weight": tensor(torch.float32, (3, 4)),
        "b.weight": tensor(torch.float64, (5,)),
        "c": tensor(torch.float16, (2, 3)),
        "d": tensor(torch.bfloat16, (2, 3)),
        "e": tensor(torch.int32, (2, 2)),
        "f": tensor(torch.int64, (2, 2)),
        "g": unsigned(torch.uint8, (7,)),
        "h": tensor(torch.bool, (3,)),
        "scalar": tensor(torch.float32, ()),
        "empty": tensor(torch.float32, (0, 4)),
        "ünï \"quoted\"\n": tensor(torch.float32, (1,)),
    },
    folder / "native.safetensors",
    metadata={"note": "tab\tand ünï"},
)
save_file(
    {
        "i8": tensor(torch.int8, (2, 4)),
        "i16": tensor(torch.int16, (2, 4)),
        "u16": unsigned(torch.uint16, (2, 4)),
        "u32": unsigned(torch.uint32, (2, 4)),
        "u64": unsigned(torch.uint64, (2, 4)),
        "large": torch.tensor([2**63], dtype=torch.uint64),
    },
    folder / "widened.safetensors",
)
save_file(
    {"f8": tensor(torch.float8_e4m3fn, (4,)), "c64": tensor(torch.complex64, (2,)), "f4": tensor(torch.float32, (2,))},
    folder / "unreadable.safetensors",
)

# npy: every dtype, both byte orders, both element orders.
for code in ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"]:
    for mark, order_name in (("<", "little"), (">", "big")):
        for order in "CF":
            array = np.asarray(values(mark + code, (2, 3, 4)), order=order)
            np.save(folder / f"{code}-{order_name}-{order}.npy", array)
for version in [(1, 0), (2, 0), (3, 0)]:
    with open(folder / f"version-{version[0]}.npy", "wb") as file:
        np.lib.format.write_array(file, values("f4", (2, 3)), version=version)
np.save(folder / "scalar.npy", values("f8", ()))
np.save(folder / "vector.npy", values("f4", (10,)))
np.save(folder / "empty.npy", values("f4", (3, 0, 2)))
np.save(folder / "large-u8.npy", np.array([2**63], dtype="u8"))
np.save(folder / "complex.npy", np.zeros(2, "c8"))
np.save(folder / "object.npy", np.array([None, {}], dtype=object), allow_pickle=True)
np.save(folder / "record.npy", np.zeros(2, [("x", "f4"), ("y", "i4")]))

arrays = {"images": values("u1", (3, 4, 4)), "labels": values("i8", (3,)), "nested/name": values("f4", (2, 2))}
np.savez(folder / "stored.npz", **arrays)
np.savez_compressed(folder / "deflated.npz", **arrays)
np.savez(folder / "none.npz")

# gzip: one member, two members, none at all.
text = b"the common swift sleeps on the wing\n" * 200
with open(folder / "text.gz", "wb") as file:
    file.write(gzip.compress(text, mtime=0))
with open(folder / "members.gz", "wb") as file:
    file.write(gzip.compress(text[:100], mtime=0) + gzip.compress(text[100:], mtime=0) + bytes(16))
with open(folder / "empty.gz", "wb") as file:
    file.write(gzip.compress(b"", mtime=0))
