"""One folder in NUKE_PATH: the node is in the menu, its package found, in every layout."""

from __future__ import annotations

import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import REPOSITORY
from tests.plugin.nuke.conftest import Start, keyer
from tests.support.nuke.fake import FakeNuke

import make_zip

PLUGIN = REPOSITORY / "plugin"


@pytest.fixture
def without_package(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An interpreter that has never heard of the package, as Nuke's."""
    kept = {n: m for n, m in sys.modules.items() if n.split(".")[0] == "mattebox_plugin"}
    for name in kept:
        del sys.modules[name]
    monkeypatch.setattr(sys, "path", [p for p in sys.path if Path(p).resolve() != PLUGIN])
    yield
    for name in [n for n in sys.modules if n.split(".")[0] == "mattebox_plugin"]:
        del sys.modules[name]
    sys.modules.update(kept)


def copied(folder: Path, *, package_inside: bool) -> Path:
    """The plug-in as an artist copies it."""
    shutil.copytree(PLUGIN / "nuke_path", folder / "nuke_path")
    place = folder / "nuke_path" if package_inside else folder
    ignored = shutil.ignore_patterns("__pycache__", "blender_host")
    shutil.copytree(PLUGIN / "mattebox_plugin", place / "mattebox_plugin", ignore=ignored)
    return folder / "nuke_path"


@pytest.mark.parametrize("package_inside", [True, False])
def test_the_package_is_found_inside_the_folder_or_beside_it(
    start: Start, tmp_path: Path, without_package: None, package_inside: bool
) -> None:
    folder = copied(tmp_path / "mit Leerzeichen é", package_inside=package_inside)
    host = start(folder=folder)
    assert host.plug_in is not None
    assert Path(host.plug_in.__file__).is_relative_to(tmp_path)
    assert host.create("Mattebox").name() == "Mattebox1"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip for Nuke."""
    return make_zip.build("nuke", tmp_path_factory.mktemp("package"))


def test_the_folder_of_the_zip_is_all_that_nuke_needs(
    start: Start, package: Path, tmp_path: Path, without_package: None
) -> None:
    with zipfile.ZipFile(package) as archive:
        archive.extractall(tmp_path / "mit Leerzeichen é")
    (folder,) = (tmp_path / "mit Leerzeichen é").iterdir()
    host = start(folder=folder)
    assert host.plug_in is not None
    assert Path(host.plug_in.__file__).is_relative_to(folder)
    assert host.create("Mattebox").name() == "Mattebox1"


def test_the_zip_holds_nukes_part_alone_in_one_folder(package: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        names = archive.namelist()
    assert {name.partition("/")[0] for name in names} == {"mattebox_nuke"}
    inside = {name.partition("/")[2] for name in names}
    assert {"init.py", "menu.py", "Mattebox.gizmo", "Mattebox.png", "LICENSE"} <= inside
    assert {"mattebox_plugin/run.py", "mattebox_plugin/nuke_host/guard.py"} <= inside
    assert [name for name in names if "blender" in name or "__pycache__" in name] == []
    assert make_zip.build("nuke", tmp_path).read_bytes() == package.read_bytes()


def test_a_folder_without_the_package_says_what_to_do_and_does_not_stop_nuke(
    start: Start, tmp_path: Path, without_package: None
) -> None:
    shutil.copytree(PLUGIN / "nuke_path", tmp_path / "alone")
    host = start(folder=tmp_path / "alone")
    assert host.plug_in is None
    (line,) = host.printed
    assert "mattebox_plugin is neither in" in line
    assert "Copy both folders" in line


def test_the_node_is_in_the_keyer_menu_with_its_icon(nuke: FakeNuke) -> None:
    assert nuke.commands == {
        "Nodes/Keyer/Mattebox": ("nuke.createNode('Mattebox')", "Mattebox.png")
    }
    for name in ("Mattebox.png", "Mattebox.gizmo", "init.py", "menu.py"):
        assert (PLUGIN / "nuke_path" / name).is_file()


def test_the_menu_makes_a_node_that_is_ready(nuke: FakeNuke, plate: str) -> None:
    ((command, _),) = nuke.commands.values()
    exec(command, {"nuke": nuke.module})
    node = nuke.module.toNode("Mattebox1")
    assert node["screen"].value() == "automatic"
    assert node["status"].value() == "nothing keyed yet"


def test_layers_have_nukes_names_before_any_frame_is_there(terminal: FakeNuke) -> None:
    assert terminal.layers == {
        "fg": ["fg.red", "fg.green", "fg.blue"],
        "spill": ["spill.red", "spill.green", "spill.blue"],
        "net": ["net.alpha"],
        "conf": ["conf.alpha"],
        "plate": ["plate.red", "plate.green", "plate.blue"],
    }


def test_a_farms_nuke_has_the_guard_and_no_menu(terminal: FakeNuke) -> None:
    assert sorted(terminal.callbacks) == ["beforeFrameRender", "beforeRender"]
    assert {node_class for calls in terminal.callbacks.values() for _, node_class in calls} == {
        "Write"
    }
    assert terminal.commands == {}


def test_a_group_made_from_the_gizmo_is_still_ours(nuke: FakeNuke, plate: str) -> None:
    node = keyer(nuke, plate)
    node.node_class = "Group"
    assert nuke.plug_in.guard.is_mattebox(node)
    assert not nuke.plug_in.guard.is_mattebox(nuke.create("Grade"))
