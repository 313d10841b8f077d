"""Write the core's version into the plug-in, which has to know it where no core is installed.

Run with `make plugin`. A test holds both files fresh.
"""

from __future__ import annotations

import re
from pathlib import Path

from mattebox import __version__

PLUGIN = Path(__file__).resolve().parent / "mattebox_plugin"

_PYTHON = re.compile(r"(\d+\.\d+\.\d+)(?:\.dev(\d+))?")


def semantic(version: str) -> str:
    """A version of Python as Blender wants it: 0.2.0.dev0 is 0.2.0-dev.0."""
    found = _PYTHON.fullmatch(version)
    if found is None:
        raise ValueError(f"{version} is neither a release (0.2.0) nor before one (0.2.0.dev0)")
    release, development = found.groups()
    return release if development is None else f"{release}-dev.{development}"


def files(version: str = __version__) -> dict[Path, str]:
    """Both files that hold the version, and what they should hold."""
    lines = {
        PLUGIN / "__init__.py": f'__version__ = "{version}"',
        PLUGIN / "blender_manifest.toml": f'version = "{semantic(version)}"',
    }
    return {path: _with_line(path.read_text(encoding="utf-8"), new) for path, new in lines.items()}


def _with_line(text: str, new: str) -> str:
    """A file with one line said anew: the one that sets the same name."""
    name = new.partition(" ")[0]
    fresh, count = re.subn(rf"^{name} = .*$", new, text, flags=re.MULTILINE)
    if count != 1:
        raise ValueError(f"{name} is set {count} times, expected once")
    return fresh


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(PLUGIN.parent.parent))
