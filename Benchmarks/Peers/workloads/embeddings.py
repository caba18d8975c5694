"""Models that are mostly tables of vectors: skip-gram with negative sampling, DLRM."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from .workload import Workload


class SparseWorkload(Workload):
    """Tables have sparse gradients and SparseAdam, several times as fast as dense ones; torch.compile has neither."""

    compiles = False

    def optimizers(self, model, make_optimizer):
        tables = [module.weight for module in model.modules() if isinstance(module, nn.Embedding)]
        names = {id(table) for table in tables}
        others = [parameter for parameter in model.parameters() if id(parameter) not in names]
        sparse = torch.optim.SparseAdam(tables, lr=1e-3)
        return [sparse, make_optimizer(others)] if others else [sparse]


class SkipGram(nn.Module):
    def __init__(self, vocabulary, width):
        super().__init__()
        self.centers = nn.Embedding(vocabulary, width, sparse=True)
        self.contexts = nn.Embedding(vocabulary, width, sparse=True)
        for table in (self.centers, self.contexts):
            nn.init.uniform_(table.weight, -0.5 / width, 0.5 / width)

    def loss(self, center, context, negatives):
        v = self.centers(center)
        positive = (self.contexts(context) * v).sum(-1)
        negative = torch.bmm(self.contexts(negatives), v.unsqueeze(-1)).squeeze(-1)
        return -(F.logsigmoid(positive) + F.logsigmoid(-negative).sum(-1)).mean()


def multilayer_perceptron(widths, ends_with_relu):
    layers = []
    for index in range(len(widths) - 1):
        layers.append(nn.Linear(widths[index], widths[index + 1]))
        if ends_with_relu or index < len(widths) - 2:
            layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)


class DLRM(nn.Module):
    def __init__(self, tables, rows, width, numbers):
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(rows, width, sparse=True) for _ in range(tables))
        self.bottom = multilayer_perceptron([numbers, 512, 256, 64, width], True)
        self.top = multilayer_perceptron([width + (tables + 1) * tables // 2, 512, 256, 1], False)
        self.rows, self.columns = torch.tril_indices(tables + 1, tables + 1, offset=-1)

    def forward(self, numbers, categories):
        dense = self.bottom(numbers)
        features = torch.stack([dense] + [table(row) for table, row in zip(self.tables, categories)], dim=1)
        products = torch.bmm(features, features.transpose(1, 2))
        interactions = products[:, self.rows, self.columns]
        return self.top(torch.cat([dense, interactions], dim=1)).squeeze(1)


class TrainWord2Vec(SparseWorkload):
    name = "word2vec"

    def make(self, generator):
        def words(*shape):
            return torch.randint(0, 30_000, shape, generator=generator)

        inputs = {"center": words(1024), "context": words(1024), "negatives": words(1024, 5)}
        return SkipGram(30_000, 100), inputs

    def loss(self, model, inputs):
        return model.loss(**inputs)


class TrainDLRM(SparseWorkload):
    name = "dlrm"

    def make(self, generator):
        inputs = {
            "numbers": torch.randn(512, 13, generator=generator),
            "categories": torch.randint(0, 100_000, (8, 512), generator=generator),
            "clicks": torch.randint(0, 2, (512,), generator=generator),
        }
        return DLRM(tables=8, rows=100_000, width=16, numbers=13), inputs

    def loss(self, model, inputs):
        logits = model(inputs["numbers"], inputs["categories"])
        return F.binary_cross_entropy_with_logits(logits, inputs["clicks"].float())


WORKLOADS = [TrainWord2Vec, TrainDLRM]
