"""Other people's tools that are not there, or fail."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.end_to_end.bad_input.case import Cases, key
from tests.support.hints import stand_in, write_any
from tests.support.pictures import write_shot

from mattebox.hints import remember_values
from mattebox.hints.recipe import settings_folder

CASES = Cases()
case = CASES.add


def hint_make(folder: Path, tool: str, *more: object) -> list[object]:
    shot = write_shot(folder / "in")
    return ["hint", "make", tool, shot, "-o", folder / "mattes", *more]


def any_tool(folder: Path, *options: object) -> list[object]:
    """A call of a stand-in that is set up."""
    write_any(settings_folder())
    return hint_make(folder, "any", *options)


CASES.add_options(
    {
        "a tool of an unknown name": ("matanyone3",),
        "a tool that is not set up": ("rvm",),
    },
    hint_make,
)
CASES.add_options(
    {
        "a tool whose licence was not accepted": (),
        "a tool that fails": ("--accept-licence", "--set", "fault=fails"),
        "a tool that runs out of memory": ("--accept-licence", "--set", "fault=memory"),
        "a tool that leaves out a frame": ("--accept-licence", "--set", "fault=fewer"),
        "a tool's matte that is cut short": ("--accept-licence", "--set", "fault=half"),
        "a tool that falls silent": ("--accept-licence", "--set", "fault=hangs", "--patience", "2"),
    },
    any_tool,
)


@case("a tool whose environment lacks its package")
def _(folder: Path) -> list[object]:
    places = {"program": sys.executable, "python": sys.executable}
    remember_values("rembg", places)
    return hint_make(folder, "rembg", "--accept-licence")


@case("a tool without the mask that it wants")
def _(folder: Path) -> list[object]:
    remember_values("matanyone2", stand_in("matanyone2", folder / "clone"))
    return hint_make(folder, "matanyone2", "--accept-licence")


@case("a tool's hint beside a hint")
def _(folder: Path) -> list[object]:
    return key(folder, "--hint", folder / "in/clean.exr", "--hint-tool", "rvm")


@case("a mask for no tool")
def _(folder: Path) -> list[object]:
    return key(folder, "--hint-mask", folder / "in/clean.exr")
