"""Options, colour spaces and job files that say what cannot be."""

from __future__ import annotations

import json
from pathlib import Path

from tests.end_to_end.bad_input.case import Cases, key

CASES = Cases()
case = CASES.add

CASES.add_options(
    {
        "an option mistyped": ("--clean-plat", "x.exr"),
        "crossed clips": ("--clip-black", "0.8", "--clip-white", "0.2"),
        "a knob out of range": ("--gamma", "0"),
        "a pass that does not exist": ("--passes", "fg,depth"),
        "a colour space mistyped": ("--in-space", "ACEScgg"),
        "a result space that is not linear": ("--out-space", "ACEScct"),
    }
)


@case("an OCIO config that is not there")
def _(folder: Path) -> list[object]:
    return key(folder, "--ocio", folder / "none.ocio")


@case("a file that is not an OCIO config")
def _(folder: Path) -> list[object]:
    (folder / "bad.ocio").write_text("this is no config")
    return key(folder, "--ocio", folder / "bad.ocio")


@case("a job file with several faults")
def _(folder: Path) -> list[object]:
    values = {"plate": "a.exr", "threads": 0, "settings": {"gamma": -1}, "colour_space": "x"}
    (folder / "job.json").write_text(json.dumps(values))
    return ["key", "--job", folder / "job.json"]


@case("a job file nested beyond all measure")
def _(folder: Path) -> list[object]:
    (folder / "job.json").write_text('{"plate": ' * 20_000 + "1" + "}" * 20_000)
    return ["key", "--job", folder / "job.json"]


@case("a job file with a name that no file can have")
def _(folder: Path) -> list[object]:
    (folder / "job.json").write_text('{"plate": "a\\u0000.exr", "output": "out/"}')
    return ["key", "--job", folder / "job.json"]


@case("a job file beside other options")
def _(folder: Path) -> list[object]:
    (folder / "job.json").write_text(json.dumps({"plate": "a.exr", "output": "o"}))
    return ["key", "--job", folder / "job.json", "--gamma", "1.2"]


@case("a job file that is not there")
def _(folder: Path) -> list[object]:
    return ["key", "--job", folder / "job.json"]


@case("two reports of the doctor at once")
def _(folder: Path) -> list[object]:
    return ["doctor", "--json", "--report"]
