"""MobileNetV2."""

import torch.nn as nn
import torch.nn.functional as F

from .classifiers import Classification


def pointwise(inputs, outputs):
    return [nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs)]


class InvertedResidual(nn.Module):
    def __init__(self, inputs, outputs, stride, expansion):
        super().__init__()
        hidden = expansion * inputs
        layers = pointwise(inputs, hidden) + [nn.ReLU6(inplace=True)] if expansion != 1 else []
        layers += [
            nn.Conv2d(hidden, hidden, 3, stride, 1, groups=hidden, bias=False),
            nn.BatchNorm2d(hidden),
            nn.ReLU6(inplace=True),
        ]
        self.layers = nn.Sequential(*layers, *pointwise(hidden, outputs))
        self.has_shortcut = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.layers(x) if self.has_shortcut else self.layers(x)


class MobileNetV2(nn.Module):
    """For images of 32×32: the first two reductions have stride 1."""

    def __init__(self, classes=10):
        super().__init__()
        stages = [
            (1, 16, 1, 1), (6, 24, 2, 1), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
        ]  # fmt: skip
        self.stem = nn.Sequential(
            nn.Conv2d(3, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU6(inplace=True)
        )
        blocks, inputs = [], 32
        for expansion, outputs, count, stride in stages:
            for index in range(count):
                blocks.append(InvertedResidual(inputs, outputs, stride if index == 0 else 1, expansion))
                inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.top = nn.Sequential(*pointwise(inputs, 1280), nn.ReLU6(inplace=True))
        self.classifier = nn.Linear(1280, classes)

    def forward(self, x):
        x = self.top(self.blocks(self.stem(x)))
        return self.classifier(F.adaptive_avg_pool2d(x, 1).flatten(1))


class TrainMobileNetV2(Classification):
    name = "mobilenetv2"
    shape = (64, 3, 32, 32)
    model = MobileNetV2


WORKLOADS = [TrainMobileNetV2]
