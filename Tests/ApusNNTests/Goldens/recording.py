"""What the scripts of these goldens share: recording a case, and writing all of them to a file.

Every case has a number. Its tensors are NUMBER/state.NAME (before the call), NUMBER/in.I, NUMBER/out.I, NUMBER/inGradient.I,
NUMBER/gradient.NAME and NUMBER/after.NAME (buffers after the call). Gradients are those of Σ cotangent · output.
The list of cases is JSON in the file's metadata.
"""

import json
import pathlib

import torch
from safetensors.torch import save_file

tensors, cases = {}, []


def cotangent(y):
    i = torch.arange(y.numel())
    return (((i * 37 + 11) % 17) / 8 - 1).to(y.dtype).reshape(y.shape)


def store(key, value):
    tensors[f"{len(cases)}/{key}"] = value.detach().clone().contiguous()


def flatten(outputs):
    if torch.is_tensor(outputs):
        return [outputs]
    return [t for part in outputs for t in flatten(part)]


def record(kind, name, arguments, inputs, call, module=None, training=True):
    """Runs a case forward and backward and keeps all of it."""
    if module is not None:
        for key, value in module.state_dict().items():
            store("state." + key, value)
        module.train(training)
        module.zero_grad()
    for index, value in enumerate(inputs):
        store(f"in.{index}", value)
    variables = [x.clone().requires_grad_() if x.is_floating_point() else x for x in inputs]
    outputs = flatten(call(*variables))
    for index, value in enumerate(outputs):
        store(f"out.{index}", value)
    total = sum((cotangent(y) * y).sum() for y in outputs)
    if total.requires_grad:
        total.backward()
    for index, x in enumerate(variables):
        if x.is_floating_point() and x.grad is not None:
            store(f"inGradient.{index}", x.grad)
    if module is not None:
        for key, parameter in module.named_parameters():
            if parameter.grad is not None:
                store("gradient." + key, parameter.grad)
        for key, value in module.named_buffers():
            store("after." + key, value)
    cases.append(dict(kind=kind, name=name, arguments=arguments, inputCount=len(inputs), training=training))


def layer(name, arguments, module, *inputs, training=True, call=None):
    with torch.no_grad():  # affine parameters that are all ones would hide mistakes
        for parameter in module.parameters():
            if parameter.dim() == 1:
                parameter.uniform_(-1, 1)
    record("layer", name, arguments, inputs, call or module, module, training)


def loss(name, arguments, call, *inputs):
    record("loss", name, arguments, inputs, call)


x = torch.randn


def optimizer(name, arguments, make_step, steps=5):
    """Some steps with given gradients. `make_step` gives the function that takes one, for a list of parameters."""
    parameters = [torch.nn.Parameter(x(3, 4)), torch.nn.Parameter(x(4))]
    for index, parameter in enumerate(parameters):
        store(f"in.{index}", parameter)
    step = make_step(parameters)
    for t in range(steps):
        for index, parameter in enumerate(parameters):
            parameter.grad = x(*parameter.shape)
            store(f"given.{t}.{index}", parameter.grad)
        step()
        for index, parameter in enumerate(parameters):
            store(f"out.{t}.{index}", parameter)
    cases.append(dict(kind="optimizer", name=name, arguments=arguments, inputCount=2, training=True))


def schedule(name, arguments, make):
    """The rates of 40 steps. `make` gives the scheduler of an optimizer."""
    rule = torch.optim.SGD([torch.nn.Parameter(x(1))], lr=0.5)
    scheduler = make(rule)
    metrics = (x(40) * 0.3 + torch.linspace(3, 1, 40)).double()
    rates = []
    for t in range(40):
        rates.append(rule.param_groups[0]["lr"])
        rule.step()
        scheduler.step(*([metrics[t].item()] if name == "ReduceLROnPlateau" else []))
    store("in.0", metrics)
    store("out.0", torch.tensor(rates, dtype=torch.float64))
    cases.append(dict(kind="schedule", name=name, arguments=arguments, inputCount=1, training=True))


def write(name, folder=pathlib.Path(__file__).parent):
    path = folder / (name + ".safetensors")
    save_file(tensors, path, metadata={"cases": json.dumps(cases)})
    print(f"{name}: {len(cases)} cases, {len(tensors)} tensors, {path.stat().st_size // 1024} KiB")
