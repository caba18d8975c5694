"""Losses of the training workloads that have a JAX twin, as functions of (state dictionary, inputs)."""

import jax
import jax.numpy as jnp


def linear(p, name, x):
    y = x @ p[f"{name}.weight"].T
    return y + p[f"{name}.bias"] if f"{name}.bias" in p else y


def cross_entropy(logits, labels):
    logits = logits.reshape(-1, logits.shape[-1])
    picked = jnp.take_along_axis(jax.nn.log_softmax(logits), labels.reshape(-1, 1), axis=-1)
    return -picked.mean()


def mlp(p, inputs):
    x = jax.nn.relu(linear(p, "fc1", inputs["x"]))
    return cross_entropy(linear(p, "fc3", jax.nn.relu(linear(p, "fc2", x))), inputs["y"])


def lstm(p, inputs):
    """An LSTM language model; tokens are (T, B)."""
    x = p["embedding.weight"][inputs["tokens"]]
    projected = x @ p["lstm.weight_ih_l0"].T + p["lstm.bias_ih_l0"] + p["lstm.bias_hh_l0"]
    recurrent = p["lstm.weight_hh_l0"].T

    def cell(carry, step):
        hidden, memory = carry
        i, f, g, o = jnp.split(step + hidden @ recurrent, 4, axis=-1)
        memory = jax.nn.sigmoid(f) * memory + jax.nn.sigmoid(i) * jnp.tanh(g)
        hidden = jax.nn.sigmoid(o) * jnp.tanh(memory)
        return (hidden, memory), hidden

    zeros = jnp.zeros((x.shape[1], recurrent.shape[0]))
    _, outputs = jax.lax.scan(cell, (zeros, zeros), projected)
    return cross_entropy(linear(p, "decoder", outputs), inputs["targets"])


def layer_norm(p, name, x, epsilon=1e-5):
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    y = (x - mean) * jax.lax.rsqrt(variance + epsilon) * p[f"{name}.weight"]
    return y + p[f"{name}.bias"] if f"{name}.bias" in p else y


def attention(p, name, x, heads):
    batch, length, width = x.shape
    parts = jnp.split(linear(p, f"{name}.qkv", x), 3, axis=-1)
    q, k, v = (part.reshape(batch, length, heads, width // heads) for part in parts)
    y = jax.nn.dot_product_attention(q, k, v, is_causal=True)
    return linear(p, f"{name}.projection", y.reshape(batch, length, width))


def gpt(p, inputs, heads=6, layers=6):
    tokens = inputs["tokens"]
    x = p["tokens.weight"][tokens] + p["positions.weight"][: tokens.shape[1]]
    for index in range(layers):
        block = f"blocks.{index}"
        x = x + attention(p, f"{block}.attention", layer_norm(p, f"{block}.norm1", x), heads)
        hidden = jax.nn.gelu(linear(p, f"{block}.mlp.fc1", layer_norm(p, f"{block}.norm2", x)), approximate=False)
        x = x + linear(p, f"{block}.mlp.fc2", hidden)
    return cross_entropy(layer_norm(p, "norm", x) @ p["tokens.weight"].T, inputs["targets"])


LOSSES = {"mlp": mlp, "lstm": lstm, "gpt-f32": gpt}
