"""The wheel in an empty environment, and what came with it: an SBOM, and everybody's licence."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from release.archives import call
from release.source import ReleaseError, Source

WEIGHTS = "mattebox/matte/unmixing/unmixing.safetensors"
LICENCE_FILES = ("licen", "copying", "notice", "copyright", "authors")
"""Beginnings of the names of files that say a distribution's terms."""


@dataclass(frozen=True)
class Environment:
    """An environment that holds the wheel and what it needs, and no pip."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def packages(self) -> Path:
        """Where distributions lie in it."""
        (found,) = self.folder.glob("Lib" if os.name == "nt" else "lib/python3*")
        return found / "site-packages"

    def distributions(self) -> list[Distribution]:
        """All that is installed, by name."""
        found = importlib.metadata.distributions(path=[str(self.packages)])
        return sorted(found, key=lambda one: one.name.casefold())


def install(wheel: Path, source: Source, folder: Path) -> Environment:
    """Install a wheel into a new environment, by the pins of the repository.

    Raises ReleaseError where it does not install, or is not of the source's commit.
    """
    shutil.rmtree(folder, ignore_errors=True)
    call([sys.executable, "-m", "venv", "--without-pip", str(folder)], source.root)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(folder)]
    call([*pip, "install", "--quiet", "-c", "constraints.txt", str(wheel)], source.root)
    environment = Environment(folder)
    said = call([str(environment.python), "-I", "-m", "mattebox", "--version"], folder)
    expected = [f"mattebox {source.version}", f"commit {source.commit[:12]}"]
    if said.splitlines()[:2] != expected:
        raise ReleaseError(f"{wheel.name} says of itself {said!r}, expected {expected}")
    return environment


def bill_of_materials(environment: Environment, source: Source) -> str:
    """What is installed, as CycloneDX 1.6 JSON: Mattebox, its weights, and every distribution."""
    written = call(
        [
            *(sys.executable, "-m", "cyclonedx_py", "environment", str(environment.folder)),
            *("--pyproject", "pyproject.toml", "--sv", "1.6", "--output-reproducible"),
            "--gather-license-texts",  # some distributions name none
        ],
        source.root,
    )
    bill: dict[str, Any] = json.loads(written)
    bill["metadata"]["component"] |= {  # which the project's file says not: they are derived
        "version": source.version,
        "properties": [{"name": "mattebox:commit", "value": source.commit}],
    }
    weights = (environment.packages / WEIGHTS).read_bytes()
    bill["components"].append(
        {
            "type": "machine-learning-model",
            "bom-ref": "unmixing-weights",
            "name": "unmixing",
            "version": source.version,
            "description": f"The solver's own network, {WEIGHTS} in the wheel",
            "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(weights).hexdigest()}],
            "licenses": [{"license": {"id": "Apache-2.0"}}],
        }
    )
    text = json.dumps(bill, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if fault is not None:
        raise ReleaseError(f"the SBOM is not as CycloneDX wants it: {fault}")
    return text


def licences(environment: Environment, source: Source) -> str:
    """Everybody's licence: a table, then each distribution's own files, whole."""
    others = [one for one in environment.distributions() if one.name != "mattebox"]
    rows = [(one.name, one.version, licence_of(one)) for one in others]
    widths = [max(len(row[column]) for row in rows) + 2 for column in (0, 1)]
    head = (
        f"What `pip install` of mattebox {source.version} installs beside it, and its licences in\n"
        f"the words of each distribution. Gathered on {platform.system()} {platform.machine()} "
        f"with Python {platform.python_version()}; wheels for\n"
        "other systems may bundle other libraries. Mattebox itself: Apache-2.0.\n"
    )
    table = [f"{name:{widths[0]}}{version:{widths[1]}}{licence}" for name, version, licence in rows]
    return "\n".join([head, *table, *(_whole(one) for one in others)]) + "\n"


def licence_of(distribution: Distribution) -> str:
    """A distribution's licence as its metadata names it, in one line."""
    said = distribution.metadata
    if "License-Expression" in said:
        return said["License-Expression"]
    classes = [
        value.rpartition(" :: ")[2]
        for value in said.get_all("Classifier") or []
        if value.startswith("License ::")
    ]
    written = said["License"].strip() if "License" in said else ""
    named = "" if "\n" in written else written  # some write all their terms there
    return ", ".join(classes) or named or "see its files below"


def _whole(distribution: Distribution) -> str:
    """A distribution's heading and all its files that say terms."""
    head = f"\n{'=' * 80}\n{distribution.name} {distribution.version}: {licence_of(distribution)}"
    texts = [f"--- {name}\n\n{text.strip()}\n" for name, text in _terms(distribution)]
    none = "(The distribution brings no file with its terms.)\n"
    return "\n".join([head, "=" * 80, *(texts or [none])])


def _terms(distribution: Distribution) -> Iterator[tuple[str, str]]:
    for file in sorted(distribution.files or [], key=str):
        in_metadata = file.parts[0].endswith(".dist-info")
        named = file.name.casefold().startswith(LICENCE_FILES)
        if file.suffix in (".py", ".pyc") or not (named or "licenses" in file.parts[:2]):
            continue
        if in_metadata or named:
            yield str(file), Path(str(file.locate())).read_text("utf-8", "replace")
