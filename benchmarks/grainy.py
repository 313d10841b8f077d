"""Plates for timing: a person who walks before a green screen, drawn afresh and with grain of its
own in every frame, since how fast a file is packed depends on what is in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.composites import Background, background
from benchmarks.shapes import Canvas
from benchmarks.subjects import person
from mattebox.bench.grain import with_grain
from mattebox.bench.shots import SPACE
from mattebox.devices import usable_cores
from mattebox.frames import write_frame
from mattebox.images import Frame, Window
from mattebox_ocio import PINNED_BUILTIN
from mattebox_ocio.seam import ocio

LINEAR = "Linear Rec.709 (sRGB)"
SPACES = {"linear": LINEAR, "acescg": "ACEScg", "logc4": "ARRI LogC4"}
"""What a plate is stored in, by its short name; the names are those of OCIO's studio config."""

_SEED = 5000
_SMALLER = 4

Pixels = NDArray[np.float32]


def grainy_frame(size: Canvas, number: int) -> Pixels:
    """HxWx3 float32, linear Rec.709; equal arguments give equal pictures."""
    subject = person()(size, float(number))
    light = subject[..., :3] + (1.0 - subject[..., 3:4]) * _screen(size)
    return with_grain(light, _SEED + number)


def write_plates(
    folder: Path, size: Canvas, frames: int, spaces: Iterable[str] = SPACES
) -> dict[str, Path]:
    """The frames as half EXR in each of the spaces; the sequences by the spaces' short names.

    They are drawn by as many processes as there are cores.

    Raises:
        WriteError: a file cannot be written.
    """
    names = tuple(spaces)
    for name in names:
        (folder / name).mkdir(parents=True, exist_ok=True)
    write = partial(_write_frame, folder, size, names)
    with ProcessPoolExecutor(usable_cores(), get_context("spawn")) as drawing:
        list(drawing.map(write, range(frames)))
    return {name: folder / name / f"{name}.####.exr" for name in names}


def write_clean_plate(path: Path, size: Canvas, space: str) -> None:
    """The screen without the person, with grain of its own, as half EXR in a colour space.

    Raises WriteError.
    """
    write_frame(path, _picture(_in_space(with_grain(_screen(size), _SEED - 1), space), space))


def _write_frame(folder: Path, size: Canvas, spaces: Sequence[str], index: int) -> None:
    cv2.setNumThreads(1)  # there is a process for every core
    light = grainy_frame(size, index)
    for name in spaces:
        picture = _picture(_in_space(light, SPACES[name]), SPACES[name])
        write_frame(folder / name / f"{name}.{index + 1:04d}.exr", picture)


def _in_space(light: Pixels, space: str) -> Pixels:
    """Linear Rec.709 in another colour space."""
    held = np.array(light, np.float32)
    _processor(space).applyRGB(held)
    return held


@cache
def _processor(space: str) -> Any:
    config = ocio.Config.CreateFromBuiltinConfig(PINNED_BUILTIN)
    return config.getProcessor(LINEAR, space).getDefaultCPUProcessor()


@cache
def _screen(size: Canvas) -> Pixels:
    # A cloth is smooth: drawn small and enlarged it looks the same, and takes seconds at 2160p.
    cloth = background(Background.GREEN, size.height // _SMALLER, size.width // _SMALLER)
    wide = cv2.resize(cloth, (size.width, size.height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(wide, np.float32)


def _picture(pixels: NDArray[Any], space: str) -> Frame:
    window = Window(0, 0, pixels.shape[1], pixels.shape[0])
    attributes = {"colorInteropID": SPACE} if space == LINEAR else {}
    return Frame(
        pixels, ("R", "G", "B"), data_window=window, display_window=window, attributes=attributes
    )
