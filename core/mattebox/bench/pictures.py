"""The worst frame of each row as a picture: what a number is the sum of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.bench.light import srgb_encoded
from mattebox.bench.quality import WorstFrame
from mattebox.errors import WriteError
from mattebox.frames import write_png
from mattebox.measure.metrics import GREY, over

FloatArray = NDArray[np.floating[Any]]

TILE_WIDTH = 640  # pixels; larger frames are shown by every nth pixel
GAP = 4
ERROR_GAIN = 4.0
"""Errors of alpha are shown times this: a quarter of full alpha is white."""


def write_worst(folder: Path, worst: WorstFrame, *, overwrite: bool = False) -> Path:
    """Write plate, true alpha, result's alpha, |error| x 4 and the result over grey, side by side.

    Returns the file's path: shot, method, plate and frame number.

    Raises:
        WriteError: the folder cannot be made or the file cannot be written.
        UsageError: another's file lies there, and it is not to be overwritten.
    """
    row = worst.row
    name = re.sub(r"\W+", "_", f"{row.shot}_{row.method}_{row.plate}")
    path = folder / f"{name}.{row.worst_frame:04d}.png"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(f"{folder} cannot be made: {error.strerror}", path=folder) from error
    write_png(path, sheet(worst), overwrite=overwrite)
    return path


def sheet(worst: WorstFrame) -> NDArray[np.uint8]:
    """The five tiles, HxWx3 uint8. Mattes are shown as they are, pictures as sRGB."""
    true, result = worst.truth[..., 3], worst.result[..., 3]
    return side_by_side(
        [
            srgb_encoded(worst.source),
            matte_tile(true),
            matte_tile(result),
            matte_tile(np.abs(result.astype(np.float64) - true) * ERROR_GAIN),
            srgb_encoded(over(worst.result, np.asarray(GREY))),
        ]
    )


def side_by_side(tiles: Sequence[FloatArray]) -> NDArray[np.uint8]:
    """Pictures HxWx3, display codes 0..1, all of one size, in a row with gaps: HxWx3 uint8."""
    height, width = tiles[0].shape[:2]
    step = -(-width // TILE_WIDTH)
    gap = np.full((-(-height // step), GAP, 3), 0.15)
    parts = [part for tile in tiles for part in (tile[::step, ::step], gap)][:-1]
    return np.rint(np.concatenate(parts, axis=1) * 255.0).astype(np.uint8)


def matte_tile(matte: FloatArray) -> NDArray[np.float64]:
    """A matte HxW as it is, clipped to 0..1: HxWx3."""
    return np.repeat(np.clip(matte.astype(np.float64), 0.0, 1.0)[..., None], 3, axis=2)
