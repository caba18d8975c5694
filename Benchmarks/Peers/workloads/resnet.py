"""Residual nets for small pictures."""

import torch.nn as nn
import torch.nn.functional as F

from .classifiers import Classification


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """A residual net of basic blocks, without the first pooling, as for CIFAR."""

    def __init__(self, channels, widths, blocks, stem=(3, 1)):
        super().__init__()
        kernel, stride = stem
        self.conv1 = nn.Conv2d(channels, widths[0], kernel, stride, kernel // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        stages, inputs = [], widths[0]
        for stage, width in enumerate(widths):
            for index in range(blocks):
                stages.append(Block(inputs, width, 2 if stage > 0 and index == 0 else 1))
                inputs = width
        self.layers = nn.Sequential(*stages)
        self.fc = nn.Linear(inputs, 10)

    def forward(self, x):
        x = self.layers(F.relu(self.bn1(self.conv1(x))))
        return self.fc(x.mean((2, 3)))


class TrainResNetDefault(Classification):
    """The network that the image-classification system trains by default."""

    name = "resnet-default"
    shape = (128, 1, 28, 28)

    def model(self):
        return ResNet(1, [16, 32, 64], 1, stem=(5, 2))


class TrainResNet18(Classification):
    name = "resnet18-f32"
    shape = (32, 3, 32, 32)

    def model(self):
        return ResNet(3, [64, 128, 256, 512], 2)


class TrainResNet18BFloat16(TrainResNet18):
    name = "resnet18-bf16"
    autocast = True


WORKLOADS = [TrainResNetDefault, TrainResNet18, TrainResNet18BFloat16]
