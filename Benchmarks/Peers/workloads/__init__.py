"""The benchmark's workloads in PyTorch, by the names that Apus knows them under.

A module here lists its classes in WORKLOADS. Each is a `Workload` (see `workload.py`).
"""

import importlib
import pkgutil

WORKLOADS = {}

for _module in pkgutil.iter_modules(__path__):
    for _class in getattr(importlib.import_module(f"{__name__}.{_module.name}"), "WORKLOADS", []):
        WORKLOADS[_class.name] = _class
