"""``python -m release``: every artifact of a release, in dist/, from a clean clone."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

from release.archives import build_archives
from release.installed import bill_of_materials, install, licences
from release.source import ReleaseError, Source, checked_source

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / "build/release"
"""The wheel's empty environment. It stays, for whoever wants to try what was built."""

CHECKSUMS = "SHA256SUMS"


def main() -> None:
    """Build all, or say in one sentence why not."""
    try:
        source = checked_source(ROOT)
        folder = make(source)
    except ReleaseError as error:
        sys.exit(f"release: {error}")
    if ".dev" in source.version:
        print(f"{source.version} is on the way to a release and is none itself")
    print((folder / CHECKSUMS).read_text(encoding="utf-8"), end="")
    print(f"{folder}: commit {source.commit}")


def make(source: Source) -> Path:
    """Make every artifact; the folder they lie in, which holds nothing else."""
    target = source.root / "dist" / source.name
    target.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".release_") as scratch:
        folder = Path(scratch, source.name)
        folder.mkdir()
        build_archives(source.root, folder)
        (wheel,) = folder.glob("*.whl")
        environment = install(wheel, source, ENVIRONMENT)
        for name, text in {
            f"{source.name}.cdx.json": bill_of_materials(environment, source),
            f"{source.name}-licences.txt": licences(environment, source),
        }.items():
            (folder / name).write_bytes(text.encode())
        (folder / CHECKSUMS).write_bytes(checksums(folder).encode())
        shutil.rmtree(target, ignore_errors=True)
        folder.replace(target)
    return target


def checksums(folder: Path) -> str:
    """Every file of a folder as ``sha256sum --check`` reads it."""
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(folder.iterdir())
    )


if __name__ == "__main__":
    main()
