"""Writes metrics.safetensors and penalty.safetensors: what SciPy's and PyTorch's formulas give on fixed numbers.

    python make.py    (numpy, scipy, torch, safetensors)
"""
import numpy as np
import scipy.linalg
import torch
from safetensors.numpy import save_file


def frechet(mu1, sigma1, mu2, sigma2):
    """pytorch-fid's calculate_frechet_distance."""
    root = scipy.linalg.sqrtm(sigma1.dot(sigma2)).real
    diff = mu1 - mu2
    return diff.dot(diff) + np.trace(sigma1) + np.trace(sigma2) - 2 * np.trace(root)


def distances(a, b):
    return np.sqrt(((a[:, None] - b[None]) ** 2).sum(-1))


def overlap(real, made, k=3):
    """Kynkäänniemi et al. 2019, algorithm 1."""

    def covered(points, centres):
        radii = np.partition(distances(centres, centres), k, axis=1)[:, k]
        return (distances(points, centres) <= radii[None]).any(1).mean()

    return covered(made, real), covered(real, made)


def metrics():
    rng = np.random.default_rng(1)
    mixing = rng.normal(size=(6, 6))
    real = rng.normal(size=(80, 6)) @ mixing
    made = rng.normal(size=(50, 6)) @ mixing * 0.7 + 0.4
    flat = made.copy()
    flat[:, 2:] = 0.5  # a covariance without full rank
    out = {"real": real, "made": made, "flat": flat}
    moments = lambda x: (x.mean(0), np.cov(x, rowvar=False))
    for name, x in [("made", made), ("flat", flat)]:
        out[f"frechet.{name}"] = np.array(frechet(*moments(real), *moments(x)))
        out[f"overlap.{name}"] = np.array(overlap(real, x))
    save_file(out, "metrics.safetensors")


def penalty():
    torch.manual_seed(2)
    critic = torch.nn.Sequential(
        torch.nn.Conv2d(2, 6, 4, 2, 1), torch.nn.LeakyReLU(0.2), torch.nn.Conv2d(6, 8, 4, 2, 1),
        torch.nn.GroupNorm(1, 8), torch.nn.LeakyReLU(0.2), torch.nn.Conv2d(8, 1, 2))
    real, made, mix = torch.randn(5, 2, 8, 8), torch.randn(5, 2, 8, 8), torch.rand(5)
    between = (mix[:, None, None, None] * real + (1 - mix[:, None, None, None]) * made).requires_grad_()
    slopes, = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    loss = 10 * ((slopes.flatten(1).norm(dim=1) - 1) ** 2).mean()
    loss.backward()
    out = {"real": real, "made": made, "mix": mix, "loss": loss.detach()}
    for name, parameter in critic.named_parameters():
        out["weight." + name] = parameter.detach()
        # A bias behind the last nonlinearity changes no slope.
        out["gradient." + name] = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
    save_file({k: v.numpy() for k, v in out.items()}, "penalty.safetensors")


metrics()
penalty()
