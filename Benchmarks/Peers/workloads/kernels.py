"""Single operations."""

import torch
import torch.nn.functional as F

from .workload import Workload


class Kernel(Workload):
    mode = "kernel"

    def forward(self, model, inputs):
        return type(self).function(**inputs)


def kernel(name, function, compiles=True, **inputs):
    """A workload of a function; an input is a shape of normal numbers, or a function of the generator."""

    def make(self, generator):
        return None, {
            key: value(generator) if callable(value) else torch.randn(value, generator=generator)
            for key, value in inputs.items()
        }

    return type("Kernel", (Kernel,), {"name": name, "make": make, "compiles": compiles, "function": staticmethod(function)})


def contraction(name, function, **inputs):
    """A kernel for which torch.compile calls what eager PyTorch calls."""
    return kernel(name, function, compiles=False, **inputs)


def half(*shape):
    return lambda generator: torch.randn(shape, generator=generator).bfloat16()


def indices(count, bound):
    return lambda generator: torch.randint(0, bound, (count,), generator=generator)


def products():
    for side in (64, 128, 256, 512, 1024, 2048, 4096):
        yield contraction(f"matmul-{side}-f32", lambda a, b: a @ b, a=(side, side), b=(side, side))
        yield contraction(f"matmul-{side}-bf16", lambda a, b: a @ b, a=half(side, side), b=half(side, side))


#: ResNet-50's distinct convolutions: channels in and out, kernel, stride, input's side
RESNET50 = [
    (3, 64, 7, 2, 224), (64, 64, 1, 1, 56), (64, 64, 3, 1, 56), (64, 256, 1, 1, 56), (256, 64, 1, 1, 56),
    (256, 128, 1, 1, 56), (128, 128, 3, 2, 56), (256, 512, 1, 2, 56), (128, 512, 1, 1, 28), (512, 128, 1, 1, 28),
    (128, 128, 3, 1, 28), (512, 256, 1, 1, 28), (256, 256, 3, 2, 28), (512, 1024, 1, 2, 28), (256, 1024, 1, 1, 14),
    (1024, 256, 1, 1, 14), (256, 256, 3, 1, 14), (1024, 512, 1, 1, 14), (512, 512, 3, 2, 14),
    (1024, 2048, 1, 2, 14), (512, 2048, 1, 1, 7), (2048, 512, 1, 1, 7), (512, 512, 3, 1, 7),
]


def convolutions():
    for inputs, outputs, size, stride, side in RESNET50:
        suffix = "" if stride == 1 else f"s{stride}"

        def convolve(x, weight, stride=stride, padding=size // 2):
            return F.conv2d(x, weight, stride=stride, padding=padding)

        yield contraction(
            f"conv{size}x{size}{suffix}-{inputs}-{outputs}-{side}", convolve,
            x=(8, inputs, side, side), weight=(outputs, inputs, size, size))


def attentions():
    for shape in ((8, 6, 256, 64), (1, 12, 1024, 64)):
        yield kernel(
            "attention-" + "x".join(map(str, shape)), lambda q, k, v: F.scaled_dot_product_attention(q, k, v),
            q=shape, k=shape, v=shape)


def chain(x, y):
    return torch.tanh(x * y + 1) * torch.sigmoid(x) - torch.relu(y) * 0.5 + x.abs().sqrt()


def scatter_add(updates, indices):
    return torch.zeros(8192, updates.shape[1]).index_add_(0, indices, updates)


WORKLOADS = [
    *products(),
    *convolutions(),
    *attentions(),
    kernel("softmax-2048x1024", lambda x: x.softmax(-1), x=(2048, 1024)),
    kernel("softmax-512x50257", lambda x: x.softmax(-1), x=(512, 50257)),
    kernel("logsoftmax-2048x1024", lambda x: x.log_softmax(-1), x=(2048, 1024)),
    kernel(
        "layernorm-2048x768", lambda x, weight, bias: F.layer_norm(x, (768,), weight, bias),
        x=(2048, 768), weight=(768,), bias=(768,)),
    kernel("sum-4096x4096", lambda x: x.sum(), x=(4096, 4096)),
    kernel("sum-rows-4096x4096", lambda x: x.sum(1), x=(4096, 4096)),
    kernel("sum-columns-4096x4096", lambda x: x.sum(0), x=(4096, 4096)),
    kernel("max-rows-4096x4096", lambda x: x.amax(1), x=(4096, 4096)),
    kernel("variance-rows-4096x4096", lambda x: x.var(1), x=(4096, 4096)),
    kernel("add-4096x1024", lambda x, y: x + y, x=(4096, 1024), y=(4096, 1024)),
    kernel("gelu-4096x1024", lambda x: F.gelu(x), x=(4096, 1024)),
    kernel("chain-4096x1024", chain, x=(4096, 1024), y=(4096, 1024)),
    kernel("gather-50257x768", lambda table, indices: table[indices], table=(50257, 768), indices=indices(4096, 50257)),
    kernel(
        "scatter-add-8192x768", scatter_add, updates=(4096, 768), indices=indices(4096, 8192)),
]
