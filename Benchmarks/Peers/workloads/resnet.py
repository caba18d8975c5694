"""Residual networks."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from .classifiers import Classification
from .workload import Workload


def shortcut(inputs, outputs, stride):
    if stride == 1 and inputs == outputs:
        return None
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


class BasicBlock(nn.Module):
    expansion = 1

    def __init__(self, inputs, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = shortcut(inputs, width, stride)

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)), inplace=True)))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)), inplace=True)


class Bottleneck(nn.Module):
    expansion = 4

    def __init__(self, inputs, width, stride):
        super().__init__()
        outputs = self.expansion * width
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = shortcut(inputs, outputs, stride)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = F.relu(self.bn2(self.conv2(y)), inplace=True)
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)), inplace=True)


class ResNet(nn.Module):
    """Stages of blocks, each but the first at half of the resolution before it."""

    def __init__(self, stem, stages, block, classes, maxpool=nn.Identity()):
        super().__init__()
        self.conv1 = stem
        inputs = stem.out_channels
        self.bn1 = nn.BatchNorm2d(inputs)
        self.maxpool = maxpool
        self.stages = nn.ModuleList()
        for number, (width, count) in enumerate(stages):
            blocks = []
            for index in range(count):
                blocks.append(block(inputs, width, 2 if number > 0 and index == 0 else 1))
                inputs = width * block.expansion
            self.stages.append(nn.Sequential(*blocks))
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x):
        x = self.maxpool(F.relu(self.bn1(self.conv1(x)), inplace=True))
        for stage in self.stages:
            x = stage(x)
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


def small_resnet():
    """The network that the image-classification system trains by default."""
    return ResNet(nn.Conv2d(1, 16, 5, 2, 2, bias=False), [(16, 1), (32, 1), (64, 1)], BasicBlock, classes=10)


def resnet18():
    """For images of 32×32: a 3×3 stem and no pooling."""
    stem = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    return ResNet(stem, [(64, 2), (128, 2), (256, 2), (512, 2)], BasicBlock, classes=10)


def resnet50():
    stem = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
    stages = [(64, 3), (128, 4), (256, 6), (512, 3)]
    return ResNet(stem, stages, Bottleneck, classes=1000, maxpool=nn.MaxPool2d(3, 2, 1))


class TrainSmallResNet(Classification):
    name = "resnet-default"
    shape = (128, 1, 28, 28)
    model = staticmethod(small_resnet)


class TrainResNet18(Classification):
    name = "resnet18-f32"
    shape = (32, 3, 32, 32)
    model = staticmethod(resnet18)


class TrainResNet18BFloat16(TrainResNet18):
    name = "resnet18-bf16"
    autocast = True


class TrainResNet50(Classification):
    name = "resnet50"
    shape = (8, 3, 224, 224)
    classes = 1000
    model = staticmethod(resnet50)


class PredictResNet50(Workload):
    name = "resnet50-b1"
    mode = "inference"
    batch = 1

    def make(self, generator):
        return resnet50(), {"x": torch.randn(self.batch, 3, 224, 224, generator=generator)}

    def forward(self, model, inputs):
        return model(inputs["x"])


class PredictResNet50Batch16(PredictResNet50):
    name = "resnet50-b16"
    batch = 16


WORKLOADS = [
    TrainSmallResNet, TrainResNet18, TrainResNet18BFloat16, TrainResNet50, PredictResNet50, PredictResNet50Batch16,
]  # fmt: skip
