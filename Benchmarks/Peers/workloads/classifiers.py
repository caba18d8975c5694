"""Small classifiers."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from .workload import Workload


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(784, 256), nn.Linear(256, 128), nn.Linear(128, 10)

    def forward(self, x):
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = F.avg_pool2d(torch.sigmoid(self.conv1(x)), 2)
        x = F.avg_pool2d(torch.sigmoid(self.conv2(x)), 2).flatten(1)
        return self.fc3(torch.sigmoid(self.fc2(torch.sigmoid(self.fc1(x)))))


class Classification(Workload):
    """A classifier of noise: cross-entropy on one batch."""

    shape: tuple
    classes = 10

    def model(self):
        raise NotImplementedError

    def make(self, generator):
        x = torch.randn(self.shape, generator=generator)
        return self.model(), {"x": x, "y": torch.randint(0, self.classes, (self.shape[0],), generator=generator)}

    def loss(self, model, inputs):
        return F.cross_entropy(model(inputs["x"]), inputs["y"])


class TrainMLP(Classification):
    name = "mlp"
    shape = (64, 784)
    model = MLP


class PredictMLP(Workload):
    name = "mlp-b1"
    mode = "inference"

    def make(self, generator):
        return MLP(), {"x": torch.randn(1, 784, generator=generator)}

    def forward(self, model, inputs):
        return model(inputs["x"])


class TrainLeNet(Classification):
    name = "lenet"
    shape = (256, 1, 28, 28)
    model = LeNet


WORKLOADS = [TrainMLP, TrainLeNet, PredictMLP]
