"""Prints what AdClickModelTests.swift expects: the models of clicks in PyTorch, on weights and batches that both sides make by formula.

    python3 Tests/ApusGalleryTests/ad_click_goldens.py
"""

import numpy as np
import torch
import torch.nn.functional as F

B, K, NUMBERS, BUCKETS = 5, 4, 3, 7
CAPACITIES = [1, 1, 3, 3]  # values of each field
FIELDS, SLOTS = len(CAPACITIES), sum(CAPACITIES)

numbers = torch.tensor([[np.sin(3 * b + j) for j in range(NUMBERS)] for b in range(B)], dtype=torch.float64)
labels = torch.tensor([b % 2 for b in range(B)], dtype=torch.float64)
field_of = [f for f, c in enumerate(CAPACITIES) for _ in range(c)]
rows = torch.tensor([[field_of[s] * BUCKETS + (5 * b + 3 * s) % BUCKETS for s in range(SLOTS)] for b in range(B)])


def weight(b, s):
    """Bag f of impression b has 1 + (b + f) % 3 values."""
    f = field_of[s]
    if CAPACITIES[f] == 1:
        return 1.0
    count, place = 1 + (b + f) % 3, s - field_of.index(f)
    return 1.0 / count if place < count else 0.0


weights = torch.tensor([[weight(b, s) for s in range(SLOTS)] for b in range(B)], dtype=torch.float64)


def parameter(name, *shape):
    i = torch.arange(int(np.prod(shape)), dtype=torch.float64)
    value = 0.3 * torch.sin(1 + 0.7 * i + sum(name.encode()))
    if name.endswith("bias"):
        value = value.abs() + 0.2  # so that no ReLU is off for the whole batch
    return value.reshape(shape).requires_grad_()


def embed(p):
    vectors = p["embedding.weight"][rows] * weights.unsqueeze(-1)
    return torch.stack([vectors[:, [s for s in range(SLOTS) if field_of[s] == f]].sum(1) for f in range(FIELDS)], 1)


def wide(p):
    values = p["wide.weight"][rows].squeeze(-1) * weights
    return values.sum(1) + F.linear(numbers, p["wide.numbers"], p["wide.bias"]).squeeze(-1)


def perceptron(p, name, x, count, last):
    for i in range(count):
        x = F.linear(x, p[f"{name}.layers.{i}.weight"], p[f"{name}.layers.{i}.bias"])
        if i < count - 1 or last:
            x = F.relu(x)
    return x


def widths(name, sizes):
    shapes = {}
    for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
        shapes[f"{name}.layers.{i}.weight"], shapes[f"{name}.layers.{i}.bias"] = (b, a), (b,)
    return shapes


WIDE = {"wide.weight": (FIELDS * BUCKETS, 1), "wide.numbers": (1, NUMBERS), "wide.bias": (1,)}
TABLE = {"embedding.weight": (FIELDS * BUCKETS, K)}
DEEP = widths("deep", [FIELDS * K + NUMBERS, 6, 5, 1])
PAIRS = (FIELDS + 1) * FIELDS // 2


def deep(p):
    return perceptron(p, "deep", torch.cat([embed(p).flatten(1), numbers], 1), 3, False).squeeze(-1)


def deepfm(p):
    v = embed(p)
    pairs = sum((v[:, i] * v[:, j]).sum(1) for i in range(FIELDS) for j in range(i))  # as defined, not as computed
    return wide(p) + pairs + deep(p)


def dlrm(p):
    x = perceptron(p, "bottom", numbers, 2, True)
    t = torch.cat([x.unsqueeze(1), embed(p)], 1)
    z = torch.bmm(t, t.transpose(1, 2))
    li = torch.tensor([i for i in range(t.shape[1]) for j in range(i)])
    lj = torch.tensor([j for i in range(t.shape[1]) for j in range(i)])
    return perceptron(p, "top", torch.cat([x, z[:, li, lj]], 1), 3, False).squeeze(-1)


MODELS = {
    "logistic-regression": (WIDE, wide),
    "wide-and-deep": (WIDE | TABLE | DEEP, lambda p: wide(p) + deep(p)),
    "deepfm": (WIDE | TABLE | DEEP, deepfm),
    "dlrm": (TABLE | widths("bottom", [NUMBERS, 6, K]) | widths("top", [K + PAIRS, 6, 5, 1]), dlrm),
}

for model, (shapes, forward) in MODELS.items():
    p = {name: parameter(name, *shape) for name, shape in shapes.items()}
    logits = forward(p)
    loss = F.binary_cross_entropy_with_logits(logits, labels)
    loss.backward()
    print(f'    "{model}": Golden(')
    print(f"        logits: [{', '.join(f'{v:.8f}' for v in logits.tolist())}], loss: {loss.item():.8f},")
    print("        gradients: [")
    for name in sorted(p):
        g = p[name].grad.flatten()
        # A projection that every element takes part in.
        i = torch.arange(len(g), dtype=torch.float64)
        print(f'            "{name}": {(g * torch.cos(0.1 * i)).sum().item():.8f},')
    print("        ]),")
