"""The benchmark's models, exported by Apus and run by ONNX Runtime. Prints a line for each and how many are equal."""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import onnx
import onnxruntime

APUS = ".build/release/apus"
MODELS = [
    "mlp", "lenet", "resnet-default", "resnet18-f32", "resnet50-b1", "mobilenetv2", "lstm", "gpt-f32", "vit-s16", "unet",
    "dcgan", "bert-base",
]
TOLERANCE = 1e-4


def difference(actual, expected):
    """The largest difference of two arrays, in units of the largest number expected where that is over 1."""
    return float(numpy.abs(actual - expected).max() / max(1, numpy.abs(expected).max()))


def check(name, folder):
    model = folder / "model.onnx"
    subprocess.run([APUS, "export", name, model, "--sample", folder], check=True, stdout=subprocess.DEVNULL)
    onnx.checker.check_model(str(model), full_check=True)
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    inputs = {value.name: numpy.load(folder / f"{value.name}.npy") for value in session.get_inputs()}
    (output,) = session.run(None, inputs)
    return difference(output, numpy.load(folder / "output.npy")), len(onnx.load(model, load_external_data=False).graph.node)


def main(names):
    equal = 0
    onnxruntime.set_default_logger_severity(3)
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            try:
                off, nodes = check(name, Path(folder))
                equal += off <= TOLERANCE
                print(f"{name:16} {nodes:5} nodes  difference {off:.1e}{'' if off <= TOLERANCE else '  WRONG'}", flush=True)
            except Exception as error:
                print(f"{name:16} {str(error).splitlines()[0]}", flush=True)
    print(f"export: {equal} of {len(names)} equal")
    return equal == len(names)


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1:] or MODELS))
