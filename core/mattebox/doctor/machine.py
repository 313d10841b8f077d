"""Where programs lie on the three systems, and what they say of their version."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_SECONDS = 20.0
"""A program that has not said its version by then is told as silent."""


def home_folder() -> Path:
    """The user's folder; the root, where nothing of ours is, for a user without one."""
    try:
        return Path.home()
    except RuntimeError:  # a container's user whom nobody knows
        return Path(os.sep)


def is_there(file: Path) -> bool:
    """Whether a file is there for us: one that may not be looked at is not."""
    try:
        return file.is_file()
    except OSError:
        return False


@dataclass(frozen=True)
class Machine:
    """The machine as programs see it.

    Attributes:
        system: ``linux``, ``darwin`` or ``win32``.
        home: the user's folder.
        environ: the environment.
        root: what stands for ``/``; tests give a folder.
    """

    system: str = sys.platform
    home: Path = field(default_factory=home_folder)
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    root: Path = Path("/")

    def on_path(self, *names: str) -> list[Path]:
        """Programs of the PATH by these names, links followed."""
        path = self.environ.get("PATH", os.defpath)
        found = (shutil.which(name, path=path) for name in names)
        return [Path(place).resolve() for place in found if place is not None]

    def in_folders(self, linux: Iterable[str], mac: Iterable[str], windows: str) -> list[Path]:
        """Files that match, in the system's usual folders; patterns are of ``Path.glob``."""
        if self.system == "win32":
            program_files = self.environ.get("ProgramFiles")
            return [] if program_files is None else files_in(Path(program_files), windows)
        patterns = mac if self.system == "darwin" else linux
        return [file for pattern in patterns for file in files_in(self.root, pattern)]

    def blenders_folder(self) -> Path:
        """Where Blender keeps a user's files, a folder for each version in it."""
        if self.system == "win32":
            roaming = self.environ.get("APPDATA", str(self.home / "AppData/Roaming"))
            return Path(roaming, "Blender Foundation", "Blender")
        if self.system == "darwin":
            return self.home / "Library/Application Support/Blender"
        config = self.environ.get("XDG_CONFIG_HOME") or str(self.home / ".config")
        return Path(config, "blender")


def files_in(folder: Path, pattern: str) -> list[Path]:
    """Files of a folder that match a pattern, links followed."""
    try:
        return sorted(path.resolve() for path in folder.glob(pattern) if path.is_file())
    except OSError:  # a folder that may not be looked into holds nothing for us
        return []


def first_line_of(program: Path, *words: str) -> str | None:
    """The first line that a program prints; None where it prints none in time."""
    try:
        done = subprocess.run(  # noqa: S603 - a program of this machine, asked for its version
            [str(program), *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = done.stdout.strip().splitlines()
    return lines[0].strip() if lines and done.returncode == 0 else None
