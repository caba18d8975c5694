"""Bytes that PyTorch takes on the disk: its own package, and that with what it needs."""

import importlib.metadata
import json
import re


def size(name):
    distribution = importlib.metadata.distribution(name)
    paths = (distribution.locate_file(file) for file in distribution.files or ())
    return sum(path.stat().st_size for path in paths if path.exists())


def needed(name, found):
    """The distributions that a distribution needs, itself included."""
    if name in found:
        return
    try:
        requirements = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return
    found.add(name)
    for requirement in requirements:
        if "extra ==" not in requirement:
            needed(re.match(r"[\w.-]+", requirement)[0], found)


packages = set()
needed("torch", packages)
print(json.dumps({"torch": size("torch"), "all": sum(map(size, packages))}))
