"""PyTorch, eager or through torch.compile."""

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from workloads import WORKLOADS


def find(name):
    if name not in WORKLOADS:
        raise ValueError(f"the peers have no workload {name}")
    return WORKLOADS[name]()


def make(workload):
    torch.manual_seed(0)
    return workload.make(torch.Generator().manual_seed(0))


def read_state(path):
    """The tensors under `model.NAME`, and those under `input.NAME`."""
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    parts = [{name.removeprefix(part): tensors[name] for name in tensors if name.startswith(part)} for part in ("model.", "input.")]
    return parts


def load(workload, path):
    """The workload's model and inputs, as the file has them."""
    model, inputs = make(workload)
    if path:
        state, inputs = read_state(path)
        if model is not None:
            model.load_state_dict(state)
    if model is not None:
        model.train(workload.mode == "training")
    return model, inputs


class Engine:
    def __init__(self, kind, threads):
        self.compiles = kind == "torch-compile"
        self.version = f"torch {torch.__version__}"
        torch.set_num_threads(threads)

    def write_state(self, name, path):
        model, inputs = make(find(name))
        tensors = {f"input.{key}": value.contiguous() for key, value in inputs.items()}
        if model is not None:
            # A tied weight is there under each of its names: safetensors shares no memory.
            tensors |= {f"model.{key}": value.clone().contiguous() for key, value in model.state_dict().items()}
        save_file(tensors, path)

    def prepare(self, name, path):
        workload = find(name)
        model, inputs = load(workload, path)
        if workload.mode == "training":
            return self.training_step(workload, model, inputs), None
        return self.inference_step(workload, model, inputs)

    def maybe_compiled(self, workload, function):
        if not self.compiles:
            return function
        if not workload.compiles:
            from peer import Unsupported

            raise Unsupported("torch.compile is not for this")
        torch._dynamo.reset()
        return torch.compile(function)

    def training_step(self, workload, model, inputs):
        def make_optimizer(parameters):
            # torch.compile comes with the optimizer in one kernel: PyTorch at its best.
            return torch.optim.Adam(parameters, lr=1e-3, fused=self.compiles or None)

        return workload.make_step(model, inputs, make_optimizer, lambda f: self.maybe_compiled(workload, f))

    def inference_step(self, workload, model, inputs):
        forward = workload.make_forward(model, inputs, lambda f: self.maybe_compiled(workload, f))
        last = None

        def step():
            nonlocal last
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=workload.autocast):
                last = forward()
            return 0.0

        def write_output(path):
            save_file({"output": last.clone().contiguous()}, path)

        return step, write_output
