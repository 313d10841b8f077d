"""Picture sizes and ratios that a network can be exported for."""

from __future__ import annotations

import math

from mattebox.engines.networks.bgmv2 import BackgroundMatting
from mattebox.engines.networks.bgmv2_cells import CELL
from mattebox.engines.networks.rvm import RobustVideoMatting
from mattebox.errors import UsageError

DEFAULT_SCALE = 0.25
"""BGMv2's coarse picture, as the release advises for HD (4K: 0.125)."""

LARGEST_SCALE = 0.5
"""BGMv2's refiner works at half size; the coarse picture may not be larger."""

COARSE_SIDE = 40
"""Of the picture an exporter records with: its maps (20, 10, 5, 3) all differ in size, so that no
resize is recorded as having nothing to do."""

DEFAULT_TRACED_RATIO = 0.5


def checked_ratio(network: RobustVideoMatting | BackgroundMatting, ratio: float) -> None:
    """Raises UsageError for a ratio that the network cannot work at."""
    most = LARGEST_SCALE if isinstance(network, BackgroundMatting) else 1.0
    if not 0.0 < ratio <= most:
        raise UsageError(
            f"the ratio {ratio} is out of range", expected=f"a number in (0, {most:g}]"
        )


def checked_size(
    network: RobustVideoMatting | BackgroundMatting, size: tuple[int, int], ratio: float | None
) -> None:
    """Raises UsageError for a picture size that the network does not take."""
    height, width = size
    if min(size) < 1:
        raise UsageError(f"the size {width}x{height} holds no pixels")
    if isinstance(network, BackgroundMatting) and (height % CELL or width % CELL):
        raise UsageError(
            f"the size {width}x{height} does not suit BGMv2",
            expected="sides divisible by 4",
            next_step=f"use {width + -width % CELL}x{height + -height % CELL} and repeat the last "
            "row and column of a picture to fill it",
        )
    if math.floor(min(size) * (DEFAULT_SCALE if ratio is None else ratio)) == 0:
        raise UsageError(
            f"the ratio {ratio} leaves nothing of a {width}x{height} picture",
            next_step="use a larger --ratio",
        )


def traced_size(ratio: float | None) -> tuple[int, int]:
    """Height and width of a picture to record with, where any size is to be taken."""
    side = math.ceil(COARSE_SIDE / (ratio or DEFAULT_TRACED_RATIO))
    height = side + -side % CELL
    return height, height + 2 * CELL
