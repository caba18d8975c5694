"""What language models have in common."""

import torch
import torch.nn.functional as F

from .workload import Workload


class LanguageModel(Workload):
    """The next token of noise: cross-entropy on one batch."""

    shape: tuple
    vocabulary: int

    def model(self):
        raise NotImplementedError

    def make(self, generator):
        tokens, targets = torch.randint(0, self.vocabulary, (2, *self.shape), generator=generator)
        return self.model(), {"tokens": tokens, "targets": targets}

    def loss(self, model, inputs):
        return F.cross_entropy(model(inputs["tokens"]).flatten(0, 1), inputs["targets"].flatten())
