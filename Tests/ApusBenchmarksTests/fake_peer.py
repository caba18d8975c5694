"""A peer without a framework: it answers as the real ones do, and fails in the ways that the tests ask for."""

import json
import sys

print("this is no message of the protocol", file=sys.stderr)
print(json.dumps({"version": "fake 1.0"}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    if request["action"] == "run":
        print(json.dumps({"seconds": 0.5 * request["steps"], "faults": 3, "peak_bytes": 1000}), flush=True)
    elif request["workload"] == "refuses":
        print(json.dumps({"unsupported": "not this"}), flush=True)
    elif request["workload"] == "fails":
        print(json.dumps({"error": "ValueError: on purpose"}), flush=True)
    elif request["workload"] == "babbles":
        print("3 2 1", flush=True)
    elif request["workload"] == "dies":
        print("last words", file=sys.stderr)
        sys.exit(1)
    else:
        print(json.dumps({"losses": [2.5, 2.0, 1.5], "first_step": 0.25, "peak_bytes": 2000}), flush=True)
