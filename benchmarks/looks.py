"""Keyed real pictures for the eye: over grey, red and white, one keyer under the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.real import Compared
from mattebox.bench.light import srgb_encoded
from mattebox.bench.pictures import GAP, matte_tile, side_by_side
from mattebox.errors import WriteError
from mattebox.frames import write_png
from mattebox.measure.metrics import GREY, RED, over

BACKGROUNDS = (GREY, RED, (1.0, 1.0, 1.0))
"""Linear Rec.709: grey shows holes, red green edges, white dark ones and haze."""


def write_looks(folder: Path, compared: Compared) -> list[Path]:
    """Write a sheet per frame: a row per keyer of the source, its alpha, and over each background.

    Keyers that did not key have no row; with none of them there is no sheet.

    Raises:
        WriteError: the folder cannot be made or a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(f"{folder} cannot be made: {error.strerror}", path=folder) from error
    written = []
    for frame in compared.codes:
        rows = list(_rows(compared, frame))
        if rows:
            gap = np.full_like(rows[0][:GAP], 0)
            parts = [part for row in rows for part in (row, gap)][:-1]
            path = folder / f"{compared.crop.name}.{frame:04d}.png"
            write_png(path, np.concatenate(parts))
            written.append(path)
    return written


def _rows(compared: Compared, frame: int) -> Iterator[NDArray[np.uint8]]:
    for keyed in compared.keyed:
        picture = keyed.pictures.get(frame)
        if picture is not None:
            comps = (srgb_encoded(over(picture, np.asarray(colour))) for colour in BACKGROUNDS)
            yield side_by_side([compared.codes[frame], matte_tile(picture[..., 3]), *comps])
