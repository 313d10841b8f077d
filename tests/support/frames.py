"""Frames of random or given pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.images import Frame, Window

RGB = ("R", "G", "B")


def frame_of(pixels: NDArray[Any], channels: tuple[str, ...] = RGB, **how: Any) -> Frame:
    window = Window(0, 0, pixels.shape[1], pixels.shape[0])
    how = {"data_window": window, "display_window": window} | how
    return Frame(pixels, channels, **how)


def noise(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(3).normal(0.5, 2, shape).astype(np.float32)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
