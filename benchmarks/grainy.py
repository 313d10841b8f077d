"""Plates for timing: a person who walks before a green screen, drawn afresh and with grain of its
own in every frame, since how fast a file is packed depends on what is in it."""

from __future__ import annotations

from collections.abc import Iterator
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


def grainy_frames(size: Canvas, frames: int) -> Iterator[Pixels]:
    """HxWx3 float32, linear Rec.709, frame by frame; equal arguments give equal pictures."""
    # A cloth is smooth: drawn small and enlarged it looks the same, and takes seconds at 2160p.
    cloth = background(Background.GREEN, size.height // _SMALLER, size.width // _SMALLER)
    screen = cv2.resize(cloth, (size.width, size.height), interpolation=cv2.INTER_CUBIC)
    drawn = person()
    for frame in range(frames):
        subject = drawn(size, float(frame))
        light = subject[..., :3] + (1.0 - subject[..., 3:4]) * screen
        yield with_grain(light, _SEED + frame)


def write_plates(folder: Path, size: Canvas, frames: int) -> dict[str, Path]:
    """The frames as half EXR in each of ``SPACES``; the sequences by the spaces' short names.

    Raises:
        WriteError: a file cannot be written.
    """
    config = ocio.Config.CreateFromBuiltinConfig(PINNED_BUILTIN)
    for name in SPACES:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number, light in enumerate(grainy_frames(size, frames), start=1):
        for name, space in SPACES.items():
            held = light.copy()
            config.getProcessor(LINEAR, space).getDefaultCPUProcessor().applyRGB(held)
            write_frame(folder / name / f"{name}.{number:04d}.exr", _picture(held, space))
    return {name: folder / name / f"{name}.####.exr" for name in SPACES}


def _picture(pixels: NDArray[Any], space: str) -> Frame:
    window = Window(0, 0, pixels.shape[1], pixels.shape[0])
    attributes = {"colorInteropID": SPACE} if space == LINEAR else {}
    return Frame(
        pixels, ("R", "G", "B"), data_window=window, display_window=window, attributes=attributes
    )
