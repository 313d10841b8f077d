"""git of the PATH in a folder, as somebody without settings of their own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

needs_git = pytest.mark.skipif(
    shutil.which("git") is None, reason="git is not installed; this runs where it is"
)


def git(folder: Path, *words: str) -> str:
    """What it says on standard output."""
    who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
    who += ["-c", "commit.gpgSign=false"]
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *words], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
