"""Outputs that would replace what is not Mattebox's, or cannot be written."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.end_to_end.bad_input.case import Cases, key
from tests.support.pictures import plate_pixels, write_exr, write_shot

CASES = Cases()
case = CASES.add


@case("the output is the input")
def _(folder: Path) -> list[object]:
    write_shot(folder / "in")
    return ["key", folder / "in/shot.####.exr", "-o", folder / "in", "--screen", "auto"]


@case("a file in the output that Mattebox did not write")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    (folder / "out").mkdir()
    write_exr(folder / "out/shot.1003.exr", plate_pixels(1))
    return arguments


@case("a clean plate that would be written onto itself")
def _(folder: Path) -> list[object]:
    shot, clean = write_shot(folder / "in"), folder / "in/clean.exr"
    return ["plate", shot, "--clean-plate", clean, "-o", clean, "--overwrite"]


@case("a preview onto somebody's picture")
def _(folder: Path) -> list[object]:
    (folder / "look.png").write_bytes(b"somebody's")
    return [*key(folder), "--preview", folder / "look.png"]


@case("a named pipe in the place of a job file")
def _(folder: Path) -> list[object]:
    os.mkfifo(folder / "job.json")
    return [*key(folder), "--write-job", folder / "job.json"]


@case("a farm bundle into the shot's own folder")
def _(folder: Path) -> list[object]:
    values = {"plate": str(write_shot(folder / "in")), "output": str(folder / "out/")}
    (folder / "job.json").write_text(json.dumps(values | {"clean_plate": f"{folder}/in/clean.exr"}))
    job = folder / "job.json"
    return ["farm", "openjd", "--job", job, "--device", "cpu", "-o", folder / "in"]


@case("a file in the place of the output folder")
def _(folder: Path) -> list[object]:
    (folder / "out").write_text("")
    return [*key(folder)[:3], folder / "out/keyed/", "--screen", "auto"]


@case("the disk is full", largest_file=6000)
def _(folder: Path) -> list[object]:
    return key(folder)


@case("an output that is not EXR")
def _(folder: Path) -> list[object]:
    return ["key", write_shot(folder / "in"), "-o", folder / "out.mov", "--screen", "auto"]
