"""Networks of growing sizes."""

import torch.nn as nn
import torch.nn.functional as F

from .classifiers import Classification
from .language import LanguageModel
from .transformers import GPT


class DeepMLP(nn.Module):
    def __init__(self, inputs, width, depth):
        super().__init__()
        self.hidden = nn.ModuleList(nn.Linear(inputs if index == 0 else width, width) for index in range(depth))
        self.output = nn.Linear(width, 10)

    def forward(self, x):
        for layer in self.hidden:
            x = F.relu(layer(x))
        return self.output(x)


def mlp(name, batch=64, width=256, depth=4):
    class MLP(Classification):
        shape = (batch, 784)

        def model(self):
            return DeepMLP(784, width, depth)

    MLP.name = name
    return MLP


def gpt(name, batch=4, width=384, sequence=128, depth=4):
    class Transformer(LanguageModel):
        shape = (batch, sequence)
        vocabulary = 65

        def model(self):
            return GPT(depth, width // 64, width, sequence, self.vocabulary, bias=False)

    Transformer.name = name
    return Transformer


SWEEPS = {
    (mlp, "batch"): (16, 64, 256, 1024),
    (mlp, "width"): (64, 256, 1024, 2048),
    (mlp, "depth"): (2, 4, 8, 16),
    (gpt, "batch"): (1, 2, 4, 8),
    (gpt, "width"): (192, 384, 768),
    (gpt, "sequence"): (64, 128, 256, 512),
    (gpt, "depth"): (2, 4, 8),
}

WORKLOADS = [
    make(f"scaling-{make.__name__}-{size}-{value}", **{size: value})
    for (make, size), values in SWEEPS.items()
    for value in values
]
