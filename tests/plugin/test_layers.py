"""What the plugin loads: the standard library, its own modules, and one host's where it must."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import REPOSITORY

from mattebox_plugin.parameters import PARAMETERS

PACKAGE = REPOSITORY / "plugin" / "mattebox_plugin"

HOSTS = {
    "nuke": ("nuke_host", {"nuke", "nukescripts"}),
    "blender": ("blender_host", {"bpy", "blf"}),
}
"""The modules that a host has, and the name of what may import them."""

HOST_FREE = (
    "keyed_frames", "mattebox_command", "nuke_node", "nuke_script", "parameter", "parameters",
    "patterns", "request", "run", "warm"
)  # fmt: skip

SOURCES = sorted(PACKAGE.rglob("*.py"))


def allowed_hosts(path: Path) -> set[str]:
    inside = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return next((modules for name, modules in HOSTS.values() if inside == name), set())


def foreign_imports(path: Path) -> list[str]:
    """What a module imports that is neither of the standard library nor of this package."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.append(node.module or "")
    return [name for name in found if name.partition(".")[0] not in sys.stdlib_module_names]


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_module_imports_the_standard_library_its_own_package_and_its_host(path: Path) -> None:
    foreign = {name.partition(".")[0] for name in foreign_imports(path)}
    assert foreign <= allowed_hosts(path)


def test_every_host_free_module_is_looked_at() -> None:
    assert {f"{name}.py" for name in HOST_FREE} <= {name_of(path) for path in SOURCES}


def test_the_host_free_modules_load_no_host_and_nothing_that_is_installed() -> None:
    modules = ", ".join(f"mattebox_plugin.{name}" for name in HOST_FREE)
    # Less site: its .pth files load what is installed before anything is imported.
    words = (
        f"import sys; own = set(sys.modules); import {modules}\n"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - own})"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", words],
        env={"PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert "mattebox_plugin" in loaded
    assert loaded - {"mattebox_plugin"} <= sys.stdlib_module_names


def python39() -> str:
    """An interpreter of the oldest host. Skips where none is installed."""
    installed = Path.home().glob(".pyenv/versions/3.9.*/bin/python3.9")
    for candidate in (shutil.which("python3.9"), *map(str, sorted(installed))):
        if candidate is None:
            continue
        asked = subprocess.run([candidate, "-c", ""], capture_output=True, check=False)
        if asked.returncode == 0:
            return candidate
    pytest.skip("no python3.9 on the PATH or with pyenv; it runs where one is installed")


def test_every_module_compiles_under_the_oldest_host() -> None:
    compiled = (
        "import sys\nfor name in sys.argv[1:]: compile(open(name, 'rb').read(), name, 'exec')"
    )
    done = subprocess.run(
        [python39(), "-W", "error", "-c", compiled, *map(str, SOURCES)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_host_free_modules_work_under_the_oldest_host(tmp_path: Path) -> None:
    modules = ", ".join(f"mattebox_plugin.{name}" for name in HOST_FREE)
    words = (
        f"import {modules}\n"
        "from mattebox_plugin.request import Request, settings_of\n"
        "defaults = {p.name: p.default for p in mattebox_plugin.parameters.PARAMETERS}\n"
        "settings = settings_of({**defaults, 'gamma': 1.5})\n"
        f"request = Request(name='a', root={str(tmp_path)!r}, plate='/in/a.####.exr',"
        " pictures={'hint': '/in/h.exr:A'}, settings=settings)\n"
        "print(len(defaults), request.digest, request.write().name)\n"
        "found = mattebox_plugin.keyed_frames.frame_status(1, request.frame_path(1), None)\n"
        "print(found.status.value)\n"
        "print(mattebox_plugin.run.Progress().line)\n"
    )
    done = subprocess.run(
        [python39(), "-W", "error", "-B", "-c", words],
        env={"PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    from mattebox_plugin.request import Request

    here = Request(
        name="b", root=str(tmp_path), plate="/in/a.####.exr", pictures={"hint": "/in/h.exr:A"},
        settings={"gamma": 1.5},
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        f"{len(PARAMETERS)} {here.digest} request.json",
        "missing",
        "Mattebox: starting",
    ]
