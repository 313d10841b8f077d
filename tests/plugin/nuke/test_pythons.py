"""The plug-in in the Pythons of Nuke 14, 15 and 16: 3.9, 3.10 and 3.11."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import REPOSITORY

PLUGIN = REPOSITORY / "plugin"
PYTHONS = {"3.9": "Nuke 14", "3.10": "Nuke 15", "3.11": "Nuke 16"}


def python(version: str) -> str:
    """An interpreter of that version: named, on the path, or of pyenv. Else the test skips."""
    variable = f"MATTEBOX_PYTHON_{version.replace('.', '_')}"
    pyenv = sorted(Path("~/.pyenv/versions").expanduser().glob(f"{version}.*/bin/python"))
    for one in (os.environ.get(variable), shutil.which(f"python{version}"), *pyenv):
        says = [str(one), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        if one is not None and _output(says) == version:
            return str(one)
    pytest.skip(
        f"there is no Python {version}, which {PYTHONS[version]} has; it runs where {variable} "
        f"names one or python{version} is installed"
    )


def _output(words: list[str]) -> str:
    """What a command prints; nothing where it fails, as pyenv's stand-ins do."""
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()


@pytest.mark.parametrize("version", sorted(PYTHONS))
def test_every_file_compiles(version: str, tmp_path: Path) -> None:
    files = [*PLUGIN.glob("mattebox_plugin/*.py"), *PLUGIN.glob("mattebox_plugin/nuke_host/*.py")]
    files += [*PLUGIN.glob("nuke_path/*.py")]
    assert len(files) > 20
    check = (
        "import sys\n"
        "for name in sys.argv[1:]: compile(open(name, encoding='utf-8').read(), name, 'exec')"
    )
    words = [python(version), "-W", "error", "-c", check, *map(str, files)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_in_nuke_14s_python_a_frame_is_keyed_and_its_neighbour_refused(
    project: Path, plate: str, tmp_path: Path
) -> None:
    """3.11 is what all other tests run in, and what runs in 3.9 and 3.11 runs in 3.10."""
    interpreter = python("3.9")
    has_tcl = [interpreter, "-c", "import tkinter"]
    if subprocess.run(has_tcl, capture_output=True, check=False).returncode != 0:
        pytest.skip(f"{interpreter} has no tkinter; the stand-in for Nuke reads the gizmo with it")
    driver = REPOSITORY / "tests/plugin/nuke/in_a_nuke_python.py"
    words = [interpreter, str(driver), str(REPOSITORY), str(project), plate, sys.executable]
    clean = {n: v for n, v in os.environ.items() if not n.startswith("PYTHON")}
    done = subprocess.run(
        words,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**clean, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"},
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "frame 3 cannot be rendered: missing: " + done.stdout.splitlines()[0].rpartition(": ")[2],
        "1 of 3 frames current (1-3); missing 1,3",
    ]
