"""Backgrounds that do not fit the shot, and shots without one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.end_to_end.bad_input.case import Cases, key
from tests.end_to_end.bad_input.pictures import begins_elsewhere, of_layers, screen, windowed
from tests.support.pictures import HEIGHT, WIDTH, plate_pixels, write_exr, write_shot

CASES = Cases()
case = CASES.add

CASES.add_options(
    {
        "a screen colour written wrongly": ("--screen", "grean"),
    }
)


def grey_shot(folder: Path) -> Path:
    """One frame of nothing but grey; its pattern."""
    (folder / "in").mkdir()
    write_exr(folder / "in/shot.1001.exr", np.full((HEIGHT, WIDTH, 3), 0.3, np.float32))
    return folder / "in/shot.####.exr"


@case("no screen in the shot")
def _(folder: Path) -> list[object]:
    return ["key", grey_shot(folder), "-o", folder / "out", "--screen", "auto"]


@case("a shot without a screen and no engine named")
def _(folder: Path) -> list[object]:
    return ["key", grey_shot(folder), "-o", folder / "out"]


@case("a colour that is not finite")
def _(folder: Path) -> list[object]:
    return [*key(folder)[:4], "--clean-plate", "nan,0,0"]


@case("a clean plate of several pictures")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    of_layers(folder / "in/clean.exr", *(f"{layer}.{c}" for layer in ("one", "two") for c in "RGB"))
    return arguments


@case("a clean plate of another size")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    write_exr(folder / "in/clean.exr", np.zeros((20, 30, 3), np.float32))
    return arguments


@case("a clean plate whose format begins elsewhere")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    begins_elsewhere(folder / "in/clean.exr")
    return arguments


@case("a clean plate whose data window leaves a part out")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    windowed(folder / "in/clean.exr", screen(24, 42), (8, 6))
    return arguments


@case("a clean plate with nothing inside the format")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    windowed(folder / "in/clean.exr", screen(), (100, 0))
    return arguments


@case("a clean plate of another pixel aspect")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    windowed(folder / "in/clean.exr", screen(), (0, 0), aspect=2.0)
    return arguments


@case("a clean plate sequence with a hole")
def _(folder: Path) -> list[object]:
    shot = write_shot(folder / "in")
    for frame in (1001, 1002, 1004):
        write_exr(folder / f"in/plate.{frame}.exr", plate_pixels(-30))
    plate = folder / "in/plate.####.exr"
    return ["key", shot, "-o", folder / "out", "--clean-plate", plate]


@case("a clean plate of another place")
def _(folder: Path) -> list[object]:
    bricks = np.random.default_rng(5).uniform(0.5, 1.0, (HEIGHT, WIDTH, 1)).astype(np.float32)
    shot = write_shot(folder / "in")
    write_exr(folder / "in/clean.exr", np.repeat(bricks, 3, axis=2))
    return ["key", shot, "-o", folder / "out", "--clean-plate", folder / "in/clean.exr"]


@case("two backgrounds that are not given")
def _(folder: Path) -> list[object]:
    return [*key(folder)[:4], "--engine", "triangulate"]
