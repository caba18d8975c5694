"""ONNX Runtime, on what PyTorch exports."""

import pathlib
import tempfile

import numpy
import onnxruntime
import torch
from safetensors.numpy import save_file

from engines.torch_engine import find, load
from peer import Unsupported
from workloads.workload import Workload


class Call(torch.nn.Module):
    """A workload's forward pass as a module of its inputs in order."""

    def __init__(self, workload, model, names):
        super().__init__()
        self.workload, self.model, self.names = workload, model, names

    def forward(self, *inputs):
        return self.workload.forward(self.model, dict(zip(self.names, inputs)))


class Engine:
    def __init__(self, kind, threads):
        self.threads = threads
        self.version = f"onnxruntime {onnxruntime.__version__}"
        torch.set_num_threads(threads)

    def prepare(self, name, path):
        workload = find(name)
        has_graph = type(workload).forward is not Workload.forward
        if workload.mode != "inference" or workload.autocast or not has_graph:
            raise Unsupported("ONNX Runtime takes part in inference by one forward pass")
        model, inputs = load(workload, path)
        with tempfile.TemporaryDirectory() as folder:
            file = str(pathlib.Path(folder) / "model.onnx")
            call = Call(workload, model, list(inputs)).eval()
            torch.onnx.export(call, tuple(inputs.values()), file, input_names=list(inputs), dynamo=True, verbose=False)
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = self.threads
            session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        feed = {key: value.numpy() for key, value in inputs.items()}
        last = None

        def step():
            nonlocal last
            last = session.run(None, feed)[0]
            return 0.0

        return step, lambda path: save_file({"output": numpy.ascontiguousarray(last)}, path)
