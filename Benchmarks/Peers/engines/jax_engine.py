"""JAX: pure functions of PyTorch's state dictionaries, compiled whole with their gradient and Adam."""

import os

import jax
import jax.numpy as jnp
from safetensors.flax import load_file

from engines.jax_losses import LOSSES
from peer import Unsupported

LEARNING_RATE, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-8


def adam(parameters, gradients, state):
    """Kingma and Ba (2015), as torch.optim.Adam."""
    means, squares, count = state
    count += 1
    means = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, means, gradients)
    squares = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, squares, gradients)

    def update(p, m, v):
        denominator = jnp.sqrt(v) / jnp.sqrt(1 - BETA2**count) + EPSILON
        return p - LEARNING_RATE / (1 - BETA1**count) * m / denominator

    return jax.tree.map(update, parameters, means, squares), (means, squares, count)


class Engine:
    def __init__(self, kind, threads):
        # XLA has as many threads as it sees processors.
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, processors[:threads])
        jax.config.update("jax_platforms", "cpu")
        self.version = f"jax {jax.__version__}"

    def prepare(self, name, path):
        if name not in LOSSES:
            raise Unsupported("there is no JAX twin of this")
        loss_of = LOSSES[name]
        tensors = load_file(path)
        parameters = {key[6:]: value for key, value in tensors.items() if key.startswith("model.")}
        inputs = {key[6:]: value for key, value in tensors.items() if key.startswith("input.")}

        @jax.jit(donate_argnums=(0, 1))
        def train(parameters, state, inputs):
            loss, gradients = jax.value_and_grad(loss_of)(parameters, inputs)
            parameters, state = adam(parameters, gradients, state)
            return parameters, state, loss

        zeros = jax.tree.map(jnp.zeros_like, parameters)
        state = (zeros, jax.tree.map(jnp.copy, zeros), jnp.zeros((), jnp.float32))

        def step():
            nonlocal parameters, state
            parameters, state, loss = train(parameters, state, inputs)
            return float(loss)

        return step, None
