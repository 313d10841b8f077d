"""A strict stand-in for Nuke, the plug-in started in it, and a small shot on disk."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
import pytest
from tests.conftest import REPOSITORY
from tests.support.nuke.fake import PLUGIN, FakeNuke, ProgressTask
from tests.support.nuke.fake_nodes import Node

NUKE_PATH = REPOSITORY / "plugin" / "nuke_path"
LINEAR = "default (linear)"
"""What a Read's menu shows for linear EXR under Nuke's own colour management."""

FRAMES = (1, 2, 3)

Start = Callable[..., FakeNuke]


@pytest.fixture(autouse=True)
def core(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plug-in finds the core of this checkout."""
    monkeypatch.setenv("MATTEBOX_PYTHON", sys.executable)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project's folder, with what paths may hold."""
    folder = tmp_path / "Projekt Übung 1" / "sh 010"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def plate(project: Path, fixture_hair: Path) -> str:
    """Three frames of the shipped shot, as a Read's pattern."""
    return _plate(project / "plates", fixture_hair)


@pytest.fixture(scope="session")
def by_command(tmp_path_factory: pytest.TempPathFactory, fixture_hair: Path) -> dict[str, bytes]:
    """The frames of ``plate``, keyed by the command."""
    folder = tmp_path_factory.mktemp("by_command")
    return command_line(_plate(folder / "plates", fixture_hair), folder / "keyed")


def _plate(folder: Path, fixture_hair: Path) -> str:
    folder.mkdir()
    for frame in FRAMES:
        source = fixture_hair / f"green_spill_grain/fixture_hair_green_spill_grain.{frame:04d}.exr"
        shutil.copy(source, folder / f"hair_v001.{frame:04d}.exr")
    return f"{folder.as_posix()}/hair_v001.####.exr"


@pytest.fixture
def start(project: Path) -> Iterator[Start]:
    """Start a Nuke with the plug-in in its NUKE_PATH, and a saved script."""
    before = dict(sys.modules)
    ProgressTask.shown.clear()
    FakeNuke.cancel_when = None

    def begin(*, has_window: bool = True, folder: Path = NUKE_PATH) -> FakeNuke:
        host = FakeNuke(has_window=has_window)
        host.start(folder)
        host.working_names = ("linear", LINEAR)
        host.root_node["workingSpaceLUT"].setValue("linear")
        host.root_node["name"].setValue(f"{project.as_posix()}/comp_v001.nk")
        return host

    yield begin
    for name in [name for name in sys.modules if name == "nuke" or name.startswith(PLUGIN)]:
        del sys.modules[name]
    sys.modules.update({n: m for n, m in before.items() if n.startswith(PLUGIN)})


@pytest.fixture
def nuke(start: Start) -> FakeNuke:
    """A Nuke with a window."""
    return start()


@pytest.fixture
def terminal(start: Start) -> FakeNuke:
    """A Nuke without one: ``nuke -t``."""
    return start(has_window=False)


def keyer(host: FakeNuke, plate: str, *, last: int = FRAMES[-1]) -> Node:
    """A Mattebox node below a Read."""
    node = host.create("Mattebox")
    node.setInput(0, host.read(plate, 1, last, LINEAR))
    return node


def finished(host: FakeNuke) -> None:
    """Let the keys under way come to their end."""
    running = part("key").running
    host.wait(lambda: not running)


def part(name: str) -> Any:
    """A module of the plug-in, as the Nuke that started last has it."""
    return sys.modules[f"{PLUGIN}.{name}"]


def keyed_files(node: Node) -> dict[str, bytes]:
    """The keyed frames of a node by name."""
    folder = Path(str(node["result"].value())).parent
    return {path.name: path.read_bytes() for path in sorted(folder.glob("[!.]*.exr"))}


def keyed_by_hand(node: Node, *frames: int, fingerprint: str = "f" * 32) -> Any:
    """Frames as the core would leave them for a node, without its work; what the node asks for."""
    wanted = part("node_request").request_of(node)
    for frame in frames:
        path = wanted.request.frame_path(frame)
        path.parent.mkdir(parents=True, exist_ok=True)
        spec = oiio.ImageSpec(8, 8, 4, oiio.HALF)
        spec.attribute("compression", "zip")
        spec.attribute("mattebox/job", fingerprint)
        output = oiio.ImageOutput.create(str(path))
        assert output is not None
        assert output.open(str(path), spec), output.geterror()
        assert output.write_image(np.full((8, 8, 4), frame / 10.0, np.float32))
        output.close()
    return wanted


def command_line(plate: str, output: Path, *options: str) -> dict[str, bytes]:
    """What the command makes of a plate in the script's colour."""
    space = "Linear Rec.709 (sRGB)"
    config = "ocio://studio-config-v2.2.0_aces-v1.3_ocio-v2.4"
    words = [sys.executable, "-m", "mattebox", "key", plate, "-o", str(output), "--screen", "auto"]
    words += ["--in-space", space, "--out-space", space, "--ocio", config, *options]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_bytes() for path in sorted(output.glob("*.exr"))}
