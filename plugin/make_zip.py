"""Build what a host installs: `make blender-zip nuke-zip` writes dist/mattebox_HOST-VERSION.zip.

Blender takes its zip as it is. Nuke's is unpacked, and NUKE_PATH names the one folder in it. Equal
sources give equal bytes.
"""

from __future__ import annotations

import argparse
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

PLUGIN = Path(__file__).resolve().parent
PACKAGE = PLUGIN / "mattebox_plugin"
REPOSITORY = PLUGIN.parent

sys.path.insert(0, str(PLUGIN))

from mattebox_plugin import __version__

OLDEST = (1980, 1, 1, 0, 0, 0)
"""The first moment a zip can hold: the same for every build."""

NUKE_FOLDER = "mattebox_nuke"
"""What NUKE_PATH names, after the folder that the zip was unpacked in."""


def blender() -> Iterator[tuple[str, Path]]:
    """Names in Blender's zip and their files: manifest, licence and the package less Nuke's."""
    yield "blender_manifest.toml", PACKAGE / "blender_manifest.toml"
    yield "LICENSE", REPOSITORY / "LICENSE"
    yield from _package_without("nuke_")


def nuke() -> Iterator[tuple[str, Path]]:
    """Names in Nuke's zip and their files: one folder with the package less Blender's in it."""
    yield f"{NUKE_FOLDER}/LICENSE", REPOSITORY / "LICENSE"
    for path in sorted((PLUGIN / "nuke_path").iterdir()):
        if path.is_file():
            yield f"{NUKE_FOLDER}/{path.name}", path
    for name, path in _package_without("blender_"):
        yield f"{NUKE_FOLDER}/{PACKAGE.name}/{name}", path


HOSTS = {"blender": blender, "nuke": nuke}


def _package_without(other: str) -> Iterator[tuple[str, Path]]:
    """The package's code, less the other host's."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE)
        if not name.parts[0].startswith(other):
            yield name.as_posix(), path


def build(host: str, folder: Path) -> Path:
    """Write a host's zip into a folder; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"mattebox_{host}-{__version__}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in HOSTS[host]():
            entry = zipfile.ZipInfo(name, OLDEST)
            entry.create_system = 3  # Unix, on every system: else its permissions are not read
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    return target


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("host", choices=HOSTS)
    parser.add_argument("folder", nargs="?", type=Path, default=REPOSITORY / "dist")
    asked = parser.parse_args()
    print(build(asked.host, asked.folder))
