"""Draws cases of layers and losses at random and records what PyTorch gives for them, forward and backward.

    python Tests/ApusNNTests/Goldens/parity.py FOLDER [--count 400] [--seed 1]

writes FOLDER/parity.safetensors, which `make parity` has compared; recording.py explains the file.
"""

import argparse
import pathlib
import warnings

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from recording import layer, loss, write, x

warnings.filterwarnings("ignore")
parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("folder", type=pathlib.Path)
parser.add_argument("--count", type=int, default=400)
parser.add_argument("--seed", type=int, default=1)
options = parser.parse_args()
random = np.random.default_rng(options.seed)
torch.manual_seed(options.seed)


def size(low, high):
    return int(random.integers(low, high + 1))


def choose(*values):
    return values[random.integers(len(values))]


def extents(low=0, high=3):
    return [size(1, 6) for _ in range(size(low, high))]


def linear():
    inputs, outputs, bias = size(1, 40), size(1, 40), bool(size(0, 1))
    layer("Linear", dict(sizes=[inputs, outputs], bias=bias), nn.Linear(inputs, outputs, bias=bias), x(*extents(0, 3), inputs))


def convolution():
    rank, groups = size(1, 3), choose(1, 1, 2, 3)
    kernel = [size(1, 3) for _ in range(rank)]
    arguments = dict(channels=[groups * size(1, 4), groups * size(1, 4)], kernel=kernel, stride=[size(1, 2) for _ in kernel],
                     padding=[size(0, 1) for _ in kernel], dilation=[size(1, 2) for _ in kernel], groups=groups, bias=bool(size(0, 1)))
    module = getattr(nn, f"Conv{rank}d")(*arguments["channels"], kernel, **{k: v for k, v in arguments.items() if k not in ("channels", "kernel")})
    layer(f"Conv{rank}d", arguments, module, x(size(1, 3), arguments["channels"][0], *(5 + size(0, 6) for _ in kernel)))


def transposed_convolution():
    rank, groups = size(1, 3), choose(1, 1, 2)
    kernel = [size(2, 3) for _ in range(rank)]
    stride = [size(1, 2) for _ in kernel]
    arguments = dict(channels=[groups * size(1, 3), groups * size(1, 3)], kernel=kernel, stride=stride, padding=[size(0, 1) for _ in kernel],
                     output_padding=[size(0, s - 1) for s in stride], groups=groups)
    module = getattr(nn, f"ConvTranspose{rank}d")(*arguments["channels"], kernel, **{k: v for k, v in arguments.items() if k not in ("channels", "kernel")})
    layer(f"ConvTranspose{rank}d", arguments, module, x(size(1, 2), arguments["channels"][0], *(size(2, 5) for _ in kernel)))


def pool():
    rank, name = size(1, 3), choose("MaxPool", "AvgPool")
    kernel = [size(1, 3) for _ in range(rank)]
    arguments = dict(kernel=kernel, stride=[size(1, 3) for _ in kernel], padding=[size(0, k // 2) for k in kernel])
    plain = {k: v if rank > 1 else v[0] for k, v in arguments.items() if k != "kernel"}
    shape = (size(1, 2), size(1, 3), *(k + size(0, 6) for k in kernel))
    layer(f"{name}{rank}d", arguments, getattr(nn, f"{name}{rank}d")(kernel if rank > 1 else kernel[0], **plain), x(*shape))


def normalization():
    name, channels = choose("BatchNorm2d", "BatchNorm1d", "LayerNorm", "RMSNorm", "GroupNorm"), choose(2, 4, 6)
    if name.startswith("BatchNorm"):
        module, training = getattr(nn, name)(channels), bool(size(0, 1))
        module.running_mean.normal_()
        module.running_var.uniform_(0.5, 2)
        space = [size(1, 5), size(1, 5)] if name == "BatchNorm2d" else choose([], [size(2, 6)])
        return layer(name, dict(channels=channels), module, x(size(2, 6), channels, *space) * 2 + 1, training=training)
    if name == "GroupNorm":
        groups = choose(1, 2)
        return layer(name, dict(groups=groups, channels=channels), nn.GroupNorm(groups, channels), x(size(1, 3), channels, *extents(1, 2)) + 1)
    shape = [size(2, 9) for _ in range(size(1, 2))]
    layer(name, dict(shape=shape), getattr(nn, name)(shape), x(*extents(0, 2), *shape) * 2 + 1)


def activation():
    name, arguments = choose(("ReLU", {}), ("Sigmoid", {}), ("Tanh", {}), ("SiLU", {}), ("Mish", {}), ("Hardswish", {}), ("LeakyReLU", dict(negative_slope=0.2)),
                             ("ELU", dict(alpha=0.7)), ("Softplus", dict(beta=2.0)), ("GELU", {}), ("GELU", dict(approximate="tanh")), ("SELU", {}),
                             ("Softsign", {}), ("LogSigmoid", {}), ("Softmax", dict(dim=-1)), ("LogSoftmax", dict(dim=-1)), ("Softshrink", {}))
    layer(name, arguments, getattr(nn, name)(**arguments), x(*extents(1, 4)) * 3)


def embedding():
    count, features = size(1, 30), size(1, 12)
    layer("Embedding", dict(sizes=[count, features]), nn.Embedding(count, features), torch.randint(count, extents(0, 3)))


def recurrent():
    name = choose("RNN", "LSTM", "GRU")
    arguments = choose({}, dict(num_layers=2, bidirectional=True), dict(batch_first=True, bias=False))
    layer(name, arguments, getattr(nn, name)(3, 4, **arguments), x(size(1, 12), size(1, 9), 3))


def attention():
    module, queries, keys, batch = nn.MultiheadAttention(4, 2), size(1, 12), size(1, 12), size(1, 4)
    layer("MultiheadAttention", {}, module, x(queries, batch, 4), x(keys, batch, 4), x(keys, batch, 4), call=lambda q, k, v: module(q, k, v))


def transformer():
    arguments = choose({}, dict(norm_first=True, activation="gelu", batch_first=True), dict(bias=False))
    module = nn.TransformerEncoderLayer(4, 2, 6, dropout=0, **arguments)
    layer("TransformerEncoderLayer", arguments, module, x(size(1, 9), size(1, 4), 4))


def classification():
    classes, reduction = size(2, 12), choose("mean", "sum", "none")
    arguments = dict(reduction=reduction, label_smoothing=choose(0.0, 0.1))
    space = extents(0, 2)
    labels = torch.randint(classes, (batch := size(1, 9), *space))
    loss("crossEntropy", arguments, lambda a, b: F.cross_entropy(a, b, **arguments), x(batch, classes, *space) * 3, labels)


def regression():
    name, call = choose(("meanSquaredError", F.mse_loss), ("meanAbsoluteError", F.l1_loss), ("smoothL1", F.smooth_l1_loss), ("huber", F.huber_loss))
    shape, reduction = extents(1, 3), choose("mean", "sum", "none")
    loss(name, dict(reduction=reduction), lambda a, b: call(a, b, reduction=reduction), x(*shape), x(*shape))


def binary():
    shape, reduction = extents(1, 3), choose("mean", "sum", "none")
    answers = torch.randint(2, shape).float()
    loss("binaryCrossEntropyLogits", dict(reduction=reduction), lambda a, b: F.binary_cross_entropy_with_logits(a, b.detach(), reduction=reduction),
         x(*shape) * 4, answers)


def margin():
    shape = (size(1, 6), size(2, 8))
    arguments = choose({}, dict(margin=0.3, swap=True), dict(p=1.0, reduction="sum"))
    loss("tripletMargin", arguments, lambda a, b, c: F.triplet_margin_loss(a, b, c, **arguments), x(*shape), x(*shape), x(*shape))


def divergence():
    shape, reduction = (size(1, 6), size(2, 8)), choose("mean", "sum", "none", "batchmean")
    loss("klDivergence", dict(reduction=reduction, log_target=True), lambda a, b: F.kl_div(a, b, reduction=reduction, log_target=True), x(*shape).log_softmax(1),
         x(*shape).log_softmax(1))


DRAWS = [linear, convolution, convolution, transposed_convolution, pool, normalization, normalization, activation, activation, embedding, recurrent, attention,
         transformer, classification, regression, binary, margin, divergence]
for number in range(options.count):
    DRAWS[number % len(DRAWS)]()
write("parity", options.folder)
