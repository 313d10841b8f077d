"""Other people's programs that read what the farm package writes: found, or the test skips."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def openjd_command() -> Path:
    """The ``openjd`` command of this environment."""
    command = Path(sys.executable).with_name("openjd")
    if not command.is_file():
        pytest.skip("openjd-cli is not installed; it is part of the development group")
    return command


def python_with(module: str, variable: str, package: str) -> str:
    """A Python that has ``module``: this one, or the one that an environment variable names."""
    if importlib.util.find_spec(module) is not None:
        return sys.executable
    named = os.environ.get(variable)
    if not named:
        pytest.skip(
            f"{package} is not installed and no part of the development group; this runs where "
            f"{variable} names a Python of an environment that has it"
        )
    return named


def node_command() -> str:
    """A JavaScript interpreter."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("there is no node on the path; it runs where Node.js is installed")
    return found


def ask(*command: object, text: str = "") -> str:
    """Standard output of a command that has to end well."""
    done = subprocess.run(
        [str(word) for word in command],
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
