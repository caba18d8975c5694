"""What `apus predict image-classification` does, in PyTorch: from the shell to a class's name.

    cold_start.py RUN PICTURE
"""

import json
import pathlib
import sys

import numpy
import torch
from PIL import Image
from safetensors.torch import load_file

from workloads.classifiers import LeNet

run = pathlib.Path(sys.argv[1])
settings = json.loads((run / "config.json").read_text())["configuration"]
model = LeNet()
model.load_state_dict(load_file(run / "model.safetensors"))
model.eval()
pixels = numpy.asarray(Image.open(sys.argv[2]).convert("L").resize((28, 28)), dtype=numpy.float32) / 255
normalization = settings["preparation"]["normalization"]
x = (torch.from_numpy(pixels)[None, None] - normalization["mean"][0]) / normalization["standardDeviation"][0]
with torch.inference_mode():
    probabilities = model(x).softmax(-1)[0]
best = int(probabilities.argmax())
print(settings["classNames"][best], float(probabilities[best]))
