"""DCGAN: a step of the discriminator, then a step of the generator."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from .workload import Workload


class Generator64(nn.Module):
    def __init__(self, noise=100, width=64):
        super().__init__()
        layers = [nn.ConvTranspose2d(noise, 8 * width, 4, bias=False), nn.BatchNorm2d(8 * width), nn.ReLU(inplace=True)]
        for multiple in [4, 2, 1]:
            outputs = multiple * width
            layers += [
                nn.ConvTranspose2d(2 * outputs, outputs, 4, 2, 1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU(inplace=True),
            ]
        self.layers = nn.Sequential(*layers, nn.ConvTranspose2d(width, 3, 4, 2, 1, bias=False), nn.Tanh())

    def forward(self, z):
        return self.layers(z)


class Discriminator64(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        layers = [nn.Conv2d(3, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
        for multiple in [1, 2, 4]:
            inputs = multiple * width
            layers += [
                nn.Conv2d(inputs, 2 * inputs, 4, 2, 1, bias=False),
                nn.BatchNorm2d(2 * inputs),
                nn.LeakyReLU(0.2, inplace=True),
            ]
        self.layers = nn.Sequential(*layers, nn.Conv2d(8 * width, 1, 4, bias=False))

    def forward(self, x):
        return self.layers(x).flatten()


class DCGAN(nn.Module):
    def __init__(self):
        super().__init__()
        self.generator = Generator64()
        self.discriminator = Discriminator64()
        self.apply(self.initialize)

    @staticmethod
    def initialize(module):
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(module.weight, std=0.02)


class TrainDCGAN(Workload):
    name = "dcgan"

    def make(self, generator):
        real = torch.randn(64, 3, 64, 64, generator=generator)
        return DCGAN(), {"real": real, "noise": torch.randn(64, 100, 1, 1, generator=generator)}

    def make_step(self, model, inputs, make_optimizer, compiled):
        generator, discriminator = compiled(model.generator), compiled(model.discriminator)
        of_generator = make_optimizer(model.generator.parameters())
        of_discriminator = make_optimizer(model.discriminator.parameters())
        yes, no = torch.ones(64), torch.zeros(64)

        def step():
            of_discriminator.zero_grad(set_to_none=True)
            real = F.binary_cross_entropy_with_logits(discriminator(inputs["real"]), yes)
            fake = generator(inputs["noise"])
            made = F.binary_cross_entropy_with_logits(discriminator(fake.detach()), no)
            loss = real + made
            loss.backward()
            of_discriminator.step()

            of_generator.zero_grad(set_to_none=True)
            fooled = F.binary_cross_entropy_with_logits(discriminator(fake), yes)
            # The discriminator's weights need no gradient here.
            fooled.backward(inputs=list(model.generator.parameters()))
            of_generator.step()
            return loss.item() + fooled.item()

        return step


WORKLOADS = [TrainDCGAN]
