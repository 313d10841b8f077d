"""A short shot of the drawn disc before its screen, and keys of it held to its truth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tests.support.keying import Keyed
from tests.support.pictures import (
    HEIGHT,
    SCREEN,
    WIDTH,
    Pixels,
    disc_alpha,
    plate_pixels,
    write_exr,
)

FRAMES = (1, 2, 3)


def clean_pixels() -> Pixels:
    return np.broadcast_to(SCREEN, (HEIGHT, WIDTH, 3)).astype(np.float32)


def drawn_shot(folder: Path, last: int) -> Path:
    """The drawn disc before its screen, frames 1 to ``last``, and its clean plate; the pattern."""
    folder.mkdir(parents=True, exist_ok=True)
    for frame in range(1, last + 1):
        path = folder / f"s.{frame:04d}.exr"
        write_exr(path, plate_pixels(frame), colorInteropID="lin_rec709_scene")
    write_exr(folder / "clean.exr", clean_pixels(), colorInteropID="lin_rec709_scene")
    return folder / "s.####.exr"


def mean_error(done: Keyed, name: str, truth: Pixels) -> float:
    """Mean absolute error of a frame's alpha."""
    return float(np.abs(done.frame(name)["A"] - truth).mean())


def is_keyed(done: Keyed, frames: Sequence[int] = FRAMES) -> bool:
    """Whether the frames of the drawn disc are all there and right."""
    assert done.error is None, done.error
    errors = [mean_error(done, f"s.{f:04d}.exr", disc_alpha(f)) for f in frames]
    return max(errors) < 0.012
