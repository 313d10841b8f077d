"""Colour is a leaf, and its configs and spaces are light."""

from __future__ import annotations

import subprocess
import sys

RESOLVE = """
import sys
from mattebox_ocio import load_config, plate_linear, resolve_plate_space
config = load_config()
found = resolve_plate_space(config, explicit="arri_logc4")
assert plate_linear(config, found.space).name == "Linear ARRI Wide Gamut 4"
print([name for name in ("torch", "mattebox", "OpenImageIO", "scipy") if name in sys.modules])
"""


def test_finding_a_plates_space_loads_no_torch_and_nothing_of_the_core() -> None:
    done = subprocess.run(
        [sys.executable, "-c", RESOLVE], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_running_colour_loads_nothing_of_the_core() -> None:
    code = (
        "import sys, mattebox_ocio.plate, mattebox_ocio.model_space\n"
        "print([name for name in ('mattebox', 'OpenImageIO') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
