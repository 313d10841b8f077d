"""Mattes from elsewhere that are none, and keys that cannot be carried."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.end_to_end.bad_input.case import Cases, key
from tests.support.pictures import HEIGHT, WIDTH, write_exr, write_shot

CASES = Cases()
case = CASES.add


def hint_of(folder: Path, value: float) -> list[object]:
    """A key with a hint that is 0 left and ``value`` right; one of 1 is 1 everywhere."""
    matte = np.zeros((HEIGHT, WIDTH, 1), np.float32)
    matte[:, WIDTH // 2 if value != 1.0 else 0 :] = value
    write_exr(folder / "matte.exr", matte, names="A", pixel_type="float")
    shot = write_shot(folder / "in", range(1001, 1002))
    return ["key", shot, "-o", folder / "out", "--hint", folder / "matte.exr"]


@case("a hint that is opaque everywhere")
def _(folder: Path) -> list[object]:
    return hint_of(folder, 1.0)


@case("a hint that is a map of labels")
def _(folder: Path) -> list[object]:
    return hint_of(folder, 1.0 / 255.0)


@case("a hint of 0 to 255")
def _(folder: Path) -> list[object]:
    return hint_of(folder, 255.0)


@case("a hint channel that does not exist")
def _(folder: Path) -> list[object]:
    return key(folder, "--hint", f"{folder / 'in/clean.exr'}:matte")


def with_keys(folder: Path, *more: object, numbers: tuple[int, ...] = (1001, 1004)) -> list[object]:
    """A call that would work, with a hint drawn at some frames."""
    (folder / "keys").mkdir()
    half = np.zeros((HEIGHT, WIDTH, 1), np.float32)
    half[:, : WIDTH // 2] = 1.0
    for number in numbers:
        write_exr(folder / f"keys/roto.{number}.exr", half, "A")
    return key(folder, "--hint-keys", folder / "keys/roto.####.exr", *more)


@case("keys where the plate has no frame")
def _(folder: Path) -> list[object]:
    return with_keys(folder, numbers=(1001, 1100))


@case("keys that do not exist")
def _(folder: Path) -> list[object]:
    return with_keys(folder, numbers=())


@case("a scene without a key")
def _(folder: Path) -> list[object]:
    return with_keys(folder, "--cuts", "1003", numbers=(1001,))


@case("one key alone")
def _(folder: Path) -> list[object]:
    return with_keys(folder, numbers=(1002,))


@case("keys of another size")
def _(folder: Path) -> list[object]:
    arguments = with_keys(folder, numbers=(1001,))
    write_exr(folder / "keys/roto.1001.exr", np.zeros((20, 30, 1), np.float32), "A")
    return arguments


@case("keys of 0 to 255")
def _(folder: Path) -> list[object]:
    arguments = with_keys(folder, numbers=(1001,))
    write_exr(folder / "keys/roto.1001.exr", np.full((HEIGHT, WIDTH, 1), 255.0, np.float32), "A")
    return arguments


@case("keys beside a hint")
def _(folder: Path) -> list[object]:
    return with_keys(folder, "--hint", folder / "in/clean.exr")


@case("keys beside a tool's hint")
def _(folder: Path) -> list[object]:
    return with_keys(folder, "--hint-tool", "rvm")


@case("keys without OpenCV", environment={"PYTHONPATH": "bare"})
def _(folder: Path) -> list[object]:
    (folder / "bare").mkdir()
    (folder / "bare/cv2.py").write_text("raise ImportError(\"No module named 'cv2'\")\n")
    return with_keys(folder)
