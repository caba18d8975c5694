"""U-Net."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from .workload import Workload


class DoubleConvolution(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )

    def forward(self, x):
        return self.layers(x)


class UNet(nn.Module):
    def __init__(self, base):
        super().__init__()
        widths = [base << level for level in range(4)]
        self.down = nn.ModuleList(DoubleConvolution(a, b) for a, b in zip([1] + widths, widths))
        self.bottom = DoubleConvolution(8 * base, 16 * base)
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * width, width, 2, 2) for width in reversed(widths))
        self.merge = nn.ModuleList(DoubleConvolution(2 * width, width) for width in reversed(widths))
        self.head = nn.Conv2d(base, 1, 1)

    def forward(self, x):
        seen = []
        for layer in self.down:
            seen.append(layer(x))
            x = F.max_pool2d(seen[-1], 2)
        x = self.bottom(x)
        for up, merge in zip(self.up, self.merge):
            x = merge(torch.cat([seen.pop(), up(x)], dim=1))
        return self.head(x)


class TrainUNet(Workload):
    name = "unet"

    def make(self, generator):
        x = torch.randn(8, 1, 128, 128, generator=generator)
        return UNet(base=32), {"x": x, "y": torch.randint(0, 2, x.shape, generator=generator)}

    def loss(self, model, inputs):
        return F.binary_cross_entropy_with_logits(model(inputs["x"]), inputs["y"].float())


WORKLOADS = [TrainUNet]
