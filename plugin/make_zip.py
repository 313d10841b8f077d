"""Build the zip that Blender installs: `make blender-zip` writes dist/mattebox_blender-VERSION.zip.

Equal sources give equal bytes.
"""

from __future__ import annotations

import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

PLUGIN = Path(__file__).resolve().parent
PACKAGE = PLUGIN / "mattebox_plugin"
REPOSITORY = PLUGIN.parent

OLDEST = (1980, 1, 1, 0, 0, 0)
"""The first moment a zip can hold: the same for every build."""


def contents() -> Iterator[tuple[str, Path]]:
    """Names in the zip and their files: the package less what is Nuke's, manifest and licence."""
    yield "blender_manifest.toml", PACKAGE / "blender_manifest.toml"
    yield "LICENSE", REPOSITORY / "LICENSE"
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE)
        if not name.parts[0].startswith("nuke_"):
            yield name.as_posix(), path


def build(folder: Path) -> Path:
    """Write the zip into a folder; its path."""
    manifest = tomllib.loads((PACKAGE / "blender_manifest.toml").read_text(encoding="utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"mattebox_blender-{manifest['version']}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in contents():
            entry = zipfile.ZipInfo(name, OLDEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    return target


if __name__ == "__main__":
    print(build(Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / "dist"))
