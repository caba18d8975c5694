"""Makes what the tests of pictures and transforms compare with: small files written by Pillow, and the values that Pillow and
torchvision give. Needs pillow, numpy, torch and torchvision. Run: python make_goldens.py"""

import json
import pathlib

import numpy as np
import torch
import torchvision.transforms.v2.functional as F
from PIL import Image

here = pathlib.Path(__file__).parent


def picture(height, width, channels):
    """Smooth colours with an edge, so that resampling has something to do. The same formula is in the tests."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    values = (x * 7 + y * 13 + c * 50 + (x * y) % 11 * 9 + (x > width // 2) * 60) % 256
    return values.astype(np.uint8)


rgb = Image.fromarray(picture(11, 13, 3))
gray = Image.fromarray(picture(11, 13, 1)[:, :, 0])

# Files
rgb.save(here / "rgb.png")
gray.save(here / "gray.png")
Image.fromarray(picture(11, 13, 4)).save(here / "rgba.png")
gray.convert("LA").save(here / "gray_alpha.png")
rgb.quantize(16).save(here / "palette.png")
Image.fromarray(picture(11, 13, 1)[:, :, 0].astype(np.uint16) * 257).save(here / "gray16.png")
gray.convert("1").save(here / "bilevel.png")
rgb.save(here / "rgb.jpg", quality=92)
gray.save(here / "gray.jpg", quality=92)
rgb.save(here / "progressive.jpg", quality=92, progressive=True)
rgb.convert("CMYK").save(here / "cmyk.jpg", quality=95)
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    rgb.save(here / f"orientation{orientation}.jpg", quality=95, subsampling=0, exif=exif)

goldens = {}


def record(name, array):
    array = np.asarray(array, dtype=np.float32)
    goldens[name] = {"shape": list(array.shape), "values": [round(float(v), 6) for v in array.reshape(-1)]}


# Decoded pixels, (height, width, channels)
palette = Image.open(here / "palette.png").convert("RGB")
record("palette", palette)
record("bilevel", np.asarray(gray.convert("1"), dtype=np.float32)[:, :, None] * 255)
record("rgb.jpg", Image.open(here / "rgb.jpg"))
record("cmyk.jpg", Image.open(here / "cmyk.jpg").convert("RGB"))

# Resampling of one channel of floats: Pillow's mode F doesn't round.
plane = Image.fromarray(picture(11, 13, 1)[:, :, 0].astype(np.float32) / 255)
sizes = [(5, 4), (22, 30), (11, 7), (3, 13), (1, 1), (16, 5)]
methods = {"nearest": Image.NEAREST, "bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}
for method, code in methods.items():
    for height, width in sizes:
        record(f"resize.{method}.{height}x{width}", plane.resize((width, height), code))

# Colour, (channels, height, width)
image = torch.from_numpy(picture(6, 7, 3)).permute(2, 0, 1).float() / 255
for factor in [0.4, 1.7]:
    record(f"brightness.{factor}", F.adjust_brightness(image, factor))
    record(f"contrast.{factor}", F.adjust_contrast(image, factor))
    record(f"saturation.{factor}", F.adjust_saturation(image, factor))
for shift in [-0.4, 0.1, 0.5]:
    record(f"hue.{shift}", F.adjust_hue(image, shift))
record("normalize", F.normalize(image, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
for angle in [30, -75]:
    record(f"rotate.{angle}", F.rotate(image, angle, interpolation=F.InterpolationMode.BILINEAR))
record("center_crop.4x4", F.center_crop(image, [4, 4]))
record("center_crop.9x4", F.center_crop(image, [9, 4]))
record("pad.reflect", F.pad(image, [2, 2, 2, 2], padding_mode="reflect"))
record("pad.edge", F.pad(image, [2, 2, 2, 2], padding_mode="edge"))

(here / "goldens.json").write_text(json.dumps(goldens, separators=(",", ":")))
