"""The benchmark's workloads in PyTorch eager.

Started once by the benchmark, then told line by line what to do: `WORKLOAD STEPS` runs that many training steps and
answers with the seconds that one took on average; `loss WORKLOAD` answers with the first step's loss on shared data.
"""

import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


class MLP(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = F.avg_pool2d(torch.sigmoid(self.conv1(x)), 2)
        x = F.avg_pool2d(torch.sigmoid(self.conv2(x)), 2).flatten(1)
        return self.fc3(torch.sigmoid(self.fc2(torch.sigmoid(self.fc1(x)))))


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


WORKLOADS = {
    "mlp": (MLP, (64, 784)),
    "lenet": (LeNet, (256, 1, 28, 28)),
    "resnet-default": (lambda: ResNet(1, [16, 32, 64], 1, stem=(5, 2)), (128, 1, 28, 28)),
    "resnet18": (lambda: ResNet(3, [64, 128, 256, 512], 2), (32, 3, 32, 32)),
}


class Runner:
    def __init__(self, name):
        make, shape = WORKLOADS[name]
        torch.manual_seed(0)
        self.model = make()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)
        self.x = torch.randn(shape)
        self.y = torch.randint(0, 10, (shape[0],))

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(self.model(self.x), self.y)
        loss.backward()
        self.optimizer.step()
        return loss.item()


def main():
    torch.set_num_threads(int(sys.argv[1]))
    runners = {}
    print(f"torch {torch.__version__}", flush=True)
    for line in sys.stdin:
        name, steps = line.split()
        if name not in runners:
            runners[name] = Runner(name)
            for _ in range(3):
                runners[name].step()
        runner = runners[name]
        start = time.perf_counter()
        for _ in range(int(steps)):
            runner.step()
        print((time.perf_counter() - start) / int(steps), flush=True)


main()
