"""Real Blenders: their bpy modules, the add-on installed from its zip, a process per scenario."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
MAKE_ZIP = REPOSITORY / "plugin/make_zip.py"

VERSIONS = ("4.2", "4.5", "5.0", "5.2")
NEWEST_FIRST = ("5.2", "5.0", "4.5", "4.2")

ANSWER = "mattebox scenario: "
"""What the line that carries a scenario's answer begins with."""

SECONDS = 240
"""A Blender that has not ended by then hangs."""


class Ran(NamedTuple):
    """A scenario that came to its end.

    Attributes:
        code: exit code of its process.
        answer: what it gave back; None where it ended before.
        text: standard output and error.
    """

    code: int
    answer: Any
    text: str


@dataclass(frozen=True)
class Blender:
    """One version of Blender, with a user folder of its own.

    Attributes:
        version: ``4.2``.
        python: interpreter that has bpy.
        resources: the user folder; the add-on is installed there.
        package: the zip that was installed.
    """

    version: str
    python: Path
    resources: Path
    package: Path

    def environment(self, **more: str) -> dict[str, str]:
        """What its processes see: nothing of this one's but where programs are.

        A process that ends itself leaves Blender's temporary folder behind: in ours.
        """
        scratch = self.resources / "tmp"
        scratch.mkdir(exist_ok=True)
        return {
            "TMPDIR": str(scratch),
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.resources),
            "XDG_DATA_HOME": str(self.resources / "data"),
            "BLENDER_USER_RESOURCES": str(self.resources),
            "MATTEBOX_PYTHON": sys.executable,
            # Which kernels linear algebra takes: others differ in the last digits.
            **{name: os.environ[name] for name in os.environ if name.startswith("OPENBLAS_")},
            **more,
        }

    def try_run(
        self,
        scenario: str,
        *,
        has_add_on: bool = True,
        environ: Mapping[str, str] | None = None,
        **arguments: object,
    ) -> Ran:
        """Run ``module.function`` of the scenarios, which may end the process as it likes."""
        words = [scenario, "add-on" if has_add_on else "plain", json.dumps(arguments, default=str)]
        done = subprocess.run(
            [str(self.python), "-m", "tests.hosts.scenarios.runner", *words],
            cwd=REPOSITORY,
            env=self.environment(**(environ or {})),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        said = [one for one in done.stdout.splitlines() if one.startswith(ANSWER)]
        answer = json.loads(said[-1].removeprefix(ANSWER)) if said else None
        return Ran(done.returncode, answer, done.stdout + done.stderr)

    def run(self, scenario: str, **arguments: Any) -> Any:
        """The answer of a scenario that has to end well."""
        ran = self.try_run(scenario, **arguments)
        assert ran.code == 0, ran.text
        return ran.answer


def python_of(version: str) -> Path:
    """The interpreter that has this bpy, or a skip."""
    variable = f"MATTEBOX_BPY_{version.replace('.', '_')}"
    named = os.environ.get(variable)
    python = Path(named) if named else REPOSITORY / ".bpy" / version / "bin/python"
    if not python.is_file():
        pytest.skip(
            f"bpy {version} is not installed: `make blender-environments` gets it, or {variable} "
            "names a Python that has it; continuous integration has 4.2, 4.5 and 5.0"
        )
    return python


def build_package(folder: Path) -> Path:
    """The zip that Blender installs, built by its own script."""
    done = subprocess.run(
        [sys.executable, str(MAKE_ZIP), "blender", str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    return Path(done.stdout.strip())


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The add-on's zip."""
    return build_package(tmp_path_factory.mktemp("package"))


def install(version: str, package: Path, folder: Path) -> Blender:
    """A Blender with the add-on in a user folder of its own."""
    blender = Blender(version, python_of(version), folder, package)
    blender.run("packaging.install", has_add_on=False, package=package)
    return blender


@pytest.fixture(scope="session", params=VERSIONS)
def blender(
    request: pytest.FixtureRequest, package: Path, tmp_path_factory: pytest.TempPathFactory
) -> Blender:
    """Every Blender that is here, with the add-on installed."""
    python_of(request.param)  # skips before anything is made
    return install(request.param, package, tmp_path_factory.mktemp(f"blender_{request.param}"))


@pytest.fixture(scope="session")
def newest_blender(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Blender:
    """The newest Blender that is here, for what does not differ between them."""
    for version in NEWEST_FIRST[:-1]:
        try:
            python_of(version)
        except pytest.skip.Exception:
            continue
        return install(version, package, tmp_path_factory.mktemp("newest_blender"))
    python_of(NEWEST_FIRST[-1])
    return install(NEWEST_FIRST[-1], package, tmp_path_factory.mktemp("newest_blender"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this folder starts Blender."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.blender)
