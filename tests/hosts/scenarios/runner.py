"""Runs one scenario in Blender's Python.

``python -m tests.hosts.scenarios.runner NAME add-on|plain JSON``

The add-on is taken off again whatever happens, and the process ends by ``os._exit``: bpy 4.2
crashes and 4.5 hangs where Python classes are left at the interpreter's own end.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback

import bpy  # noqa: F401 - before all else: it sets up what the scenarios import
from tests.hosts.scenarios.stage import disable, enable

ANSWER = "mattebox scenario: "


def main(name: str, add_on: str, arguments: str) -> int:
    """Run it, print its answer; the exit code."""
    module, _, function = name.rpartition(".")
    try:
        if add_on == "add-on":
            enable()
        scenario = getattr(importlib.import_module(f"tests.hosts.scenarios.{module}"), function)
        answer = scenario(**json.loads(arguments))
        print(f"\n{ANSWER}{json.dumps(answer)}", flush=True)
    except BaseException:  # noqa: BLE001 - the process must not end by itself
        traceback.print_exc()
        return 1
    finally:
        disable()
    return 0


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
