"""Programs that Mattebox works in or with: which are here, what works, what to press.

Nothing of a host is loaded, and Nuke is not even started: that would take a licence.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from mattebox import __version__
from mattebox.doctor.machine import Machine, files_in, first_line_of, is_there
from mattebox.doctor.report import Host
from mattebox.errors import MatteboxError
from mattebox.ffmpeg import encoders, find_programs, version_of

BLENDER, NUKE, OPENJD, FFMPEG = "Blender", "Nuke", "Open Job Description", "ffmpeg"
NAMES = (BLENDER, NUKE, OPENJD, FFMPEG)

BLENDERS = ((4, 2), (5, 2))
"""Oldest and newest that the add-on is tested with; the oldest stands in its manifest, too."""

NUKES = (14, 17)
"""Major versions whose knobs the node was checked against; ``nuke_host.troubleshoot`` has them."""

UNPROVED = "run in no real Nuke yet"

OPENJDS = "0.8"
"""The ``openjd-cli`` that runs our bundles in tests."""

_NUKE = re.compile(r"Nuke\d+\.\d+(\.exe)?")
_PLUG_IN_VERSION = re.compile(r'^__version__ = "(.+)"$', re.MULTILINE)


def find_hosts(machine: Machine | None = None) -> list[Host]:
    """Every host that is found on the PATH or in the usual folders; runs some for their version."""
    here = Machine() if machine is None else machine
    return [*_blenders(here), *_nukes(here), *_openjds(here), *_ffmpegs()]


def _blenders(machine: Machine) -> Iterator[Host]:
    places = [
        *machine.on_path("blender"),
        *machine.in_folders(
            linux=("opt/blender*/blender", "usr/local/blender*/blender", "snap/bin/blender"),
            mac=("Applications/Blender*.app/Contents/MacOS/Blender",),
            windows="Blender Foundation/Blender */blender.exe",
        ),
    ]
    for program in dict.fromkeys(places):
        said = first_line_of(program, "--version") or ""
        found = re.match(r"Blender (\d+)\.(\d+)\S*", said)
        if found is None:
            works = "it did not say its version"
            yield Host(BLENDER, None, str(program), works, "start it by hand and read what it says")
            continue
        number = (int(found[1]), int(found[2]))
        works, press = _blender(machine, number)
        yield Host(BLENDER, found[0].removeprefix("Blender "), str(program), works, press)


def _blender(machine: Machine, number: tuple[int, int]) -> tuple[str, str]:
    """What works with a Blender, and what to press in it."""
    oldest, newest = (f"{major}.{minor}" for major, minor in BLENDERS)
    if number < BLENDERS[0]:
        works = f"nothing, the add-on needs {oldest} or newer"
        return works, f"install Blender {oldest} to {newest}"
    untested = "" if number <= BLENDERS[1] else f" (tested up to {newest}, not with this one)"
    install = (
        f"Preferences > Get Extensions > Install from Disk: mattebox_blender-{__version__}.zip"
    )
    extensions = machine.blenders_folder() / f"{number[0]}.{number[1]}" / "extensions"
    installed = files_in(extensions, "*/mattebox/__init__.py")
    if not installed:
        choose = f"choose {sys.executable} in the add-on's preferences and press Check Mattebox"
        return f"the add-on can be installed{untested}", f"{install}; then {choose}"
    theirs = _plug_in_version(installed[0])
    if theirs != __version__:
        return f"the add-on is of Mattebox {theirs}, and this is {__version__}", install
    press = "select the clip's node in the compositor, Add > Mattebox, then Key (N, tab Mattebox)"
    return f"the add-on, {theirs}{untested}", press


def _nukes(machine: Machine) -> Iterator[Host]:
    in_folders = machine.in_folders(
        linux=("usr/local/Nuke*/Nuke*", "opt/Nuke*/Nuke*"),
        mac=("Applications/Nuke*/Nuke*.app/Contents/MacOS/Nuke*",),
        windows="Nuke*/Nuke*.exe",
    )
    programs = [file for file in in_folders if _NUKE.fullmatch(file.name)]
    for program in dict.fromkeys([*machine.on_path("Nuke", "nuke"), *programs]):
        numbers = [re.search(r"(\d+)\.(\d+)v(\d+)", part) for part in reversed(program.parts)]
        found = next((one for one in numbers if one is not None), None)
        works, press = _nuke(machine, None if found is None else int(found[1]))
        yield Host(NUKE, None if found is None else found[0], str(program), works, press)


def _nuke(machine: Machine, major: int | None) -> tuple[str, str]:
    """What works with a Nuke, and what to press in it. Its own Troubleshoot says more."""
    if major is not None and not NUKES[0] <= major <= NUKES[1]:
        span = f"{NUKES[0]} to {NUKES[1]}"
        return f"the node was checked with {span} alone", f"use Nuke {span}"
    install = f"unpack mattebox_nuke-{__version__}.zip and name the folder in it in NUKE_PATH"
    separator = ";" if machine.system == "win32" else ":"
    named = machine.environ.get("NUKE_PATH", "").split(separator)
    folders = [*(Path(folder) for folder in named if folder), machine.home / ".nuke"]
    ours = next((folder for folder in folders if is_there(folder / "Mattebox.gizmo")), None)
    if ours is None:
        choose = f"set MATTEBOX_PYTHON={sys.executable}"
        return f"the node can be installed ({UNPROVED})", f"{install}; {choose}"
    packages = [place / "mattebox_plugin/__init__.py" for place in (ours, ours.parent)]
    package = next((file for file in packages if is_there(file)), None)
    if package is None:
        return f"nothing, {ours} has the node without its package mattebox_plugin", install
    theirs = _plug_in_version(package)
    if theirs != __version__:
        return f"the node in {ours} is of Mattebox {theirs}, and this is {__version__}", install
    press = "Tab, Mattebox; connect the plate, Key current frame; Troubleshoot (About) says more"
    return f"the node, {theirs} ({UNPROVED})", press


def _plug_in_version(package: Path) -> str:
    """The version that a plug-in's ``__init__.py`` sets."""
    try:
        found = _PLUG_IN_VERSION.search(package.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        found = None
    return "an unknown version" if found is None else found[1]


def _openjds(machine: Machine) -> Iterator[Host]:
    beside = Path(sys.executable).with_name("openjd")
    places = [*([beside] if beside.is_file() else []), *machine.on_path("openjd")]
    for program in places[:1]:
        found = re.search(r"\d+(\.\d+)+", first_line_of(program, "--version") or "")
        number = None if found is None else found[0]
        is_tested = number is not None and number.startswith(f"{OPENJDS}.")
        works = "job bundles" if is_tested else f"job bundles were run with {OPENJDS}, not with it"
        press = (
            "mattebox key ... --device cpu --write-job shot.json; mattebox farm openjd --job "
            "shot.json -o bundle/; openjd run bundle/template.yaml -p "
            "file://bundle/openjd_values.json"
        )
        yield Host(OPENJD, number, str(program), works, press)


def _ffmpegs() -> Iterator[Host]:
    if importlib.util.find_spec("OpenImageIO") is None:
        return  # told as a fault; nothing reads or writes pictures without it
    from mattebox.frames.movie_writing import ENCODERS

    try:
        programs = find_programs()
        if programs is None:
            return
        number, has = version_of(programs.ffmpeg), encoders(programs.ffmpeg)
    except MatteboxError:  # too old or broken: told as a fault, with its cure
        return
    written = [suffix for suffix, one in ENCODERS.items() if one.arguments[1] in has]
    missing = [suffix for suffix in ENCODERS if suffix not in written]
    without = f", but cannot write {', '.join(missing)}" if missing else ""
    yield Host(
        FFMPEG,
        number,
        str(programs.ffmpeg),
        f"reads movies, writes {', '.join(written) or 'none'} with alpha{without}",
        "mattebox key clip.mov -o keyed/"
        + (f" --movie-out key{written[0]}" if written else "; another build has the encoders"),
    )
