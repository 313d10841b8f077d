"""Hosts in their usual folders, on three systems, of all ages: what works and what to press."""

from __future__ import annotations

import os
import shutil
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import REPOSITORY
from tests.support.movies import needs_ffmpeg

from mattebox import __version__
from mattebox.doctor.hosts import BLENDERS, NUKES, find_hosts
from mattebox.doctor.machine import Machine
from mattebox.doctor.report import Host

needs_posix = pytest.mark.skipif(os.name == "nt", reason="a script is a program on POSIX systems")

Program = Callable[..., Path]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """An empty Linux machine."""
    environ = {"PATH": str(tmp_path / "bin")}
    return Machine("linux", tmp_path / "home/max", environ, tmp_path)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Put a program that prints one line into a folder of the machine."""

    def make(name: str, says: str = "", code: int = 0) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!{sys.executable} -S\nprint({says!r}); raise SystemExit({code})\n")
        path.chmod(0o755)
        return path

    return make


def found(machine: Machine, name: str) -> list[Host]:
    return [host for host in find_hosts(machine) if host.name == name]


def install_add_on(machine: Machine, version: str, blender: str = "4.5") -> None:
    folder = machine.blenders_folder() / blender / "extensions/user_default/mattebox"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(f'"""Doc."""\n__version__ = "{version}"\n')


@needs_posix
def test_a_blender_without_the_add_on_is_told_how_to_get_it(
    machine: Machine, program: Program
) -> None:
    place = program("opt/blender-4.5.15/blender", "Blender 4.5.15 LTS")
    (host,) = found(machine, "Blender")
    assert (host.version, host.where) == ("4.5.15", str(place))
    assert host.works == "the add-on can be installed"
    for words in ("Install from Disk", f"mattebox_blender-{__version__}.zip", sys.executable):
        assert words in host.press


@needs_posix
@pytest.mark.parametrize(
    ("says", "installed", "works", "press"),
    [
        ("Blender 4.5.1", __version__, f"the add-on, {__version__}", "Add > Mattebox, then Key"),
        ("Blender 4.5.1", "0.0.1", "is of Mattebox 0.0.1, and this is", "Install from Disk"),
        ("Blender 3.4.1", None, "nothing, the add-on needs 4.2 or newer", "install Blender 4.2 to"),
        ("Blender 5.3.0 Beta", None, "tested up to 5.2, not with this one", "Install from Disk"),
    ],
)
def test_what_works_with_a_blender_is_said_by_its_age_and_the_add_ons(
    says: str, installed: str | None, works: str, press: str, machine: Machine, program: Program
) -> None:
    program("bin/blender", says)
    if installed is not None:
        install_add_on(machine, installed)
    (host,) = found(machine, "Blender")
    assert works in host.works
    assert press in host.press


@needs_posix
@pytest.mark.parametrize(("says", "code"), [("Segmentation fault", 0), ("Blender 4.5.1", 1)])
def test_a_blender_that_does_not_start_is_told(
    says: str, code: int, machine: Machine, program: Program
) -> None:
    program("snap/bin/blender", says, code)
    (host,) = found(machine, "Blender")
    assert host.version is None
    assert host.works == "it did not say its version"


@needs_posix
def test_one_program_under_two_names_is_one_host(machine: Machine, program: Program) -> None:
    place = program("opt/blender/blender", "Blender 4.2.0")
    (machine.root / "bin").mkdir()
    (machine.root / "bin/blender").symlink_to(place)
    assert len(found(machine, "Blender")) == 1


@pytest.mark.parametrize(
    ("system", "place", "environ", "version"),
    [
        ("linux", "usr/local/Nuke15.1v3/Nuke15.1", {}, "15.1v3"),
        ("linux", "opt/Nuke16.0v1/Nuke16.0", {}, "16.0v1"),
        ("darwin", "Applications/Nuke14.1v2/Nuke14.1v2.app/Contents/MacOS/Nuke14.1", {}, "14.1v2"),
        ("win32", "Programs/Nuke17.0v1/Nuke17.0.exe", {"ProgramFiles": "Programs"}, "17.0v1"),
    ],
)  # fmt: skip
def test_nuke_is_found_by_its_folder_and_never_started(
    system: str, place: str, environ: dict[str, str], version: str, tmp_path: Path
) -> None:
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).write_text("not even a program")
    (tmp_path / place).with_name("Nuke_readme.exe").write_text("no program either")
    places = {name: str(tmp_path / folder) for name, folder in environ.items()}
    machine = Machine(system, tmp_path / "home", {"PATH": "", **places}, tmp_path)
    (host,) = found(machine, "Nuke")
    assert host.version == version
    assert "can be installed" in host.works
    assert "in no real Nuke yet" in host.works
    assert f"mattebox_nuke-{__version__}.zip" in host.press


@needs_posix
@pytest.mark.parametrize(
    ("package", "works", "press"),
    [
        (__version__, f"the node, {__version__}", "Tab, Mattebox"),
        ("0.0.1", "is of Mattebox 0.0.1", "unpack mattebox_nuke-"),
        (None, "without its package", "unpack mattebox_nuke-"),
    ],
)
def test_the_node_is_found_in_nuke_path(
    package: str | None, works: str, press: str, tmp_path: Path
) -> None:
    nuke = tmp_path / "usr/local/Nuke15.1v3/Nuke15.1"
    nuke.parent.mkdir(parents=True)
    nuke.touch()
    folder = tmp_path / "studio/mattebox_nuke"
    (folder / "mattebox_plugin").mkdir(parents=True)
    (folder / "Mattebox.gizmo").touch()
    if package is not None:
        (folder / "mattebox_plugin/__init__.py").write_text(f'__version__ = "{package}"\n')
    environ = {"PATH": "", "NUKE_PATH": f"/elsewhere:{folder}"}
    (host,) = found(Machine("linux", tmp_path / "home", environ, tmp_path), "Nuke")
    assert works in host.works
    assert press in host.press


def test_a_nuke_that_the_node_was_not_checked_with_says_so(tmp_path: Path) -> None:
    nuke = tmp_path / "opt/Nuke13.2v9/Nuke13.2"
    nuke.parent.mkdir(parents=True)
    nuke.touch()
    (host,) = found(Machine("linux", tmp_path, {"PATH": ""}, tmp_path), "Nuke")
    assert host.works == "the node was checked with 14 to 17 alone"


@needs_posix
def test_what_may_not_be_looked_at_is_not_there(machine: Machine, program: Program) -> None:
    if os.getuid() == 0:
        pytest.skip("root may look anywhere; others run it")
    program("opt/Nuke15.1v3/Nuke15.1")
    locked = machine.root / "locked"
    locked.mkdir(mode=0)
    named = Machine("linux", locked, {"PATH": "", "NUKE_PATH": str(locked)}, machine.root)
    assert "can be installed" in found(named, "Nuke")[0].works


def test_an_empty_machine_has_no_blender_and_no_nuke(machine: Machine) -> None:
    assert found(machine, "Blender") == found(machine, "Nuke") == []


def test_the_openjd_of_this_environment_runs_bundles(machine: Machine) -> None:
    if not Path(sys.executable).with_name("openjd").is_file():
        pytest.skip("openjd-cli is not installed; this runs where the dev group is")
    (host,) = found(machine, "Open Job Description")
    assert host.works == "job bundles"
    assert "mattebox farm openjd" in host.press


@needs_ffmpeg
def test_ffmpeg_says_which_movies_it_writes(machine: Machine) -> None:
    (host,) = found(machine, "ffmpeg")
    assert host.where == shutil.which("ffmpeg")
    assert "reads movies, writes" in host.works


def test_the_spans_are_those_of_the_plug_ins() -> None:
    plugin = REPOSITORY / "plugin/mattebox_plugin"
    manifest = tomllib.loads((plugin / "blender_manifest.toml").read_text("utf-8"))
    assert manifest["blender_version_min"] == f"{BLENDERS[0][0]}.{BLENDERS[0][1]}.0"
    troubleshoot = (plugin / "nuke_host/troubleshoot.py").read_text("utf-8")
    assert f"OLDEST, NEWEST = {NUKES[0]}, {NUKES[1]}\n" in troubleshoot


@needs_posix
def test_the_real_blender_of_this_machine_says_its_version() -> None:
    if shutil.which("blender") is None:
        pytest.skip("there is no blender on the PATH; this runs where one is")
    assert found(Machine(), "Blender")[0].version is not None
