"""A peer of Apus in the benchmark: runs a workload's steps when told to, and sleeps otherwise.

    peer.py torch|torch-compile|jax|onnxruntime --threads N

Requests come one JSON object a line on standard input, answers go the same way to standard output:

    {"action": "state", "workload": "mlp", "path": FILE}     writes the initial state dictionary and the inputs
    {"action": "prepare", "workload": "mlp", "path": FILE, "output": FILE}
                                                             reads them, runs the first steps, writes an inference's output
    {"action": "run", "steps": 20}                           runs steps; answers with their time and page faults
"""

import argparse
import importlib
import json
import os
import resource
import sys
import time

ENGINES = {"torch": "torch", "torch-compile": "torch", "jax": "jax", "onnxruntime": "onnxruntime"}


def peak_bytes():
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def reset_peak():
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


class Unsupported(Exception):
    """This engine does not take part in a workload, which is no mistake."""


class Peer:
    def __init__(self, engine):
        self.engine = engine
        self.step = None

    def answer(self, request):
        action = request["action"]
        if action == "state":
            self.engine.write_state(request["workload"], request["path"])
            return {}
        if action == "prepare":
            return self.prepare(request["workload"], request["path"], request.get("output"))
        if action == "run":
            return self.run(request["steps"])
        raise ValueError(f"there is no action {action}")

    def prepare(self, workload, path, output):
        self.step = None
        reset_peak()
        start = time.perf_counter()
        self.step, write_output = self.engine.prepare(workload, path)
        losses = [self.step()]
        first = time.perf_counter() - start
        if output and write_output:
            write_output(output)
        losses += [self.step() for _ in range(2)]
        return {"losses": losses, "first_step": first, "peak_bytes": peak_bytes()}

    def run(self, steps):
        before, start = faults(), time.perf_counter()
        for _ in range(steps):
            self.step()
        seconds = time.perf_counter() - start
        return {"seconds": seconds, "faults": faults() - before, "peak_bytes": peak_bytes()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()

    # What libraries print belongs to standard error: standard output is the protocol's.
    protocol = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def send(message):
        protocol.write(json.dumps(message) + "\n")
        protocol.flush()

    try:
        module = importlib.import_module(f"engines.{ENGINES[options.engine]}_engine")
        peer = Peer(module.Engine(options.engine, options.threads))
    except ImportError as error:
        send({"error": f"{error}; Benchmarks/run installs what the peers need"})
        return
    send({"version": peer.engine.version})
    for line in sys.stdin:
        try:
            send(peer.answer(json.loads(line)))
        except Unsupported as reason:
            send({"unsupported": str(reason)})
        except Exception as error:
            send({"error": f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error) else ''}"})


if __name__ == "__main__":
    # The engines import this module by its name.
    sys.modules["peer"] = sys.modules["__main__"]
    main()
