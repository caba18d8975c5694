"""Models of other tools, run by Apus: torchvision's with random weights, exported by PyTorch; PP-OCRv4 and QLKNN as their packages
ship them. Prints how far Apus is from PyTorch or the package's reference values and from ONNX Runtime, both times on two threads, and how
many models are equal."""

import json
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy
import onnxruntime
import torch
import torchvision

APUS = ".build/release/apus"
PACKAGES = Path(".build/onnx-packages")
TOLERANCE = 1e-4
REPETITIONS = 41


def torchvision_model(make, size=224):
    """Writes a model with seeded weights, and gives an input and PyTorch's output for it."""

    def write(path):
        torch.manual_seed(0)
        model = make().eval()
        # Running statistics as after training: those of a fresh model do nothing.
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
        # A head of zeros would hide everything before it.
        for parameter in model.parameters():
            if parameter.dim() > 1 and not parameter.any():
                torch.nn.init.normal_(parameter, std=0.05)
        x = torch.randn(1, 3, size, size)
        torch.onnx.export(model, (x,), str(path), opset_version=18, input_names=["x"], dynamo=True, verbose=False)
        with torch.no_grad():
            output = model(x)
        return {"x": x.numpy()}, [(output["out"] if isinstance(output, dict) else output).numpy()]

    return write


def package_file(package, pattern):
    """A file of a package of Python's index, which is fetched but not installed."""
    PACKAGES.mkdir(parents=True, exist_ok=True)
    prefix = package.replace("-", "_")
    if not list(PACKAGES.glob(f"{prefix}*.whl")):
        command = ["download", "-q", "--no-deps", "--only-binary", ":all:", "-d", str(PACKAGES), package]
        subprocess.run([sys.executable, "-m", "pip", *command], check=True)
    with zipfile.ZipFile(next(PACKAGES.glob(f"{prefix}*.whl"))) as wheel:
        name = next(name for name in wheel.namelist() if name.endswith(pattern))
        return wheel.read(name)


def packaged_model(pattern, shape):
    def write(path):
        path.write_bytes(package_file("rapidocr-onnxruntime", pattern))
        x = numpy.random.default_rng(0).uniform(-1, 1, shape).astype(numpy.float32)
        return {"x": x}, None

    return write


def qlknn(path):
    """The 25 reference pairs: 10 numbers in, 8 out. The references are what the network predicts, leading fluxes and ratios to them; the model
    gives all fluxes, none of the leading ones below 0."""
    path.write_bytes(package_file("fusion-surrogates", "qlknn_7_11.onnx"))
    data_path = path.with_suffix(".npz")
    data_path.write_bytes(package_file("fusion-surrogates", "qlknn_7_11_test_data.npz"))
    data = numpy.load(data_path)
    itg, itg_qe, tem, tem_qi, tem_pf, etg, itg_pf, gamma = data["outputs"].T
    itg, tem, etg, gamma = (numpy.maximum(leading, 0) for leading in (itg, tem, etg, gamma))
    fluxes = [itg * itg_qe, itg, itg * itg_pf, tem, tem * tem_qi, tem * tem_pf, etg, gamma]
    return {"input": data["inputs"].astype(numpy.float32)}, [flux[:, None] for flux in fluxes]


MODELS = {
    "resnet18": torchvision_model(torchvision.models.resnet18),
    "mobilenet_v2": torchvision_model(torchvision.models.mobilenet_v2),
    "vit_b_16": torchvision_model(torchvision.models.vit_b_16),
    "deeplabv3_resnet50": torchvision_model(
        lambda: torchvision.models.segmentation.deeplabv3_resnet50(weights=None, weights_backbone=None)),
    "ppocr-v4-det": packaged_model("PP-OCRv4_det_infer.onnx", (1, 3, 640, 640)),
    "ppocr-v4-rec": packaged_model("PP-OCRv4_rec_infer.onnx", (1, 3, 48, 320)),
    "ppocr-v2-cls": packaged_model("v2.0_cls_infer.onnx", (1, 3, 48, 192)),
    "qlknn": qlknn,
}


def difference(actual, expected):
    """The largest difference, in units of the largest number expected where that is over 1; several outputs count together."""
    return max(float(numpy.abs(a - b).max() / max(1, numpy.abs(b).max())) for a, b in zip(actual, expected))


def run_apus(model, inputs, folder):
    command = [APUS, "run", model, "--output", folder / "results", "--repeat", str(REPETITIONS), "--threads", "2", "--json"]
    for name, value in inputs.items():
        numpy.save(folder / f"{name}.npy", value)
        command += ["--input", f"{name}={folder / name}.npy"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    events = [json.loads(line) for line in lines]
    outputs = [numpy.load(event["path"]) for event in events if event["event"] == "result"]
    return outputs, next(event["seconds"] for event in events if event["event"] == "time")


def run_runtime(model, inputs):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    outputs = session.run(None, inputs)
    times = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        session.run(None, inputs)
        times.append(time.perf_counter() - start)
    return outputs, sorted(times)[len(times) // 2]


def check(name, folder):
    model = folder / f"{name}.onnx"
    inputs, reference = MODELS[name](model)
    expected, theirs = run_runtime(model, inputs)
    outputs, ours = run_apus(model, inputs, folder)
    from_runtime = difference(outputs, expected)
    from_reference = difference(outputs, reference) if reference else 0.0
    # The references of packages are rounded; how far ONNX Runtime is from them is what can be asked for.
    allowed = max(TOLERANCE, 2 * difference(expected, reference)) if reference else TOLERANCE
    equal = from_runtime <= TOLERANCE and from_reference <= allowed
    source = f"from its source {from_reference:.1e}" if reference else ""
    print(
        f"{name:20} from ONNX Runtime {from_runtime:.1e}  {source:24} {ours * 1e3:8.2f} ms, ONNX Runtime {theirs * 1e3:8.2f} ms, "
        f"ratio {ours / theirs:.2f}{'' if equal else '  WRONG'}", flush=True)
    return equal


def main(names):
    onnxruntime.set_default_logger_severity(3)
    torch.set_num_threads(2)
    equal = 0
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            try:
                equal += check(name, Path(folder))
            except subprocess.CalledProcessError as error:
                print(f"{name:20} {error.stderr.strip().splitlines()[-1] if error.stderr else error}", flush=True)
            except Exception as error:
                print(f"{name:20} {str(error).splitlines()[0]}", flush=True)
    print(f"models: {equal} of {len(names)} equal")
    return equal == len(names)


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1:] or list(MODELS)))
