"""What people install: source archive, wheel, and a zip for each host. Equal commits, equal bytes.

The wheel is built from the source archive, so that whoever builds one has the same.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from release.source import ReleaseError

HOSTS = ("blender", "nuke")


def build_archives(root: Path, folder: Path) -> None:
    """Build all archives of a repository into a folder. Raises ReleaseError."""
    call([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder)], root)
    for host in HOSTS:
        call([sys.executable, "plugin/make_zip.py", host, str(folder)], root)


def call(command: Sequence[str], root: Path) -> str:
    """Run a program in a repository's folder; what it printed. Raises ReleaseError."""
    # Without the variable every file has the build's own constant time: whoever builds from the
    # source archive would have to know ours.
    clean = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    done = subprocess.run(  # noqa: S603 - programs of this environment
        command, cwd=root, env=clean, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip() or f"it ended with {done.returncode}"
        raise ReleaseError(f"{' '.join(command[:4])} failed: {said}")
    return done.stdout
