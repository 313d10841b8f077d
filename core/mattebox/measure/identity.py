"""The identity every output frame states: its parts sum up to the source.

``rgba.RGB + spill.RGB + (1 - A) * plate == source``, within one half-float step of the largest
of these terms at that pixel and channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_LARGEST_HALF = 65504.0
_VALUES_PER_BAND = 1 << 15  # rows are taken in bands that stay in the processor's cache
# Spacing of half floats by their exponent bits: 2^-24 for subnormals, doubling from exponent 2 on.
# Exponent 31 (beyond the largest half) does not occur, values are clamped before.
_HALF_STEPS = np.ldexp(1.0, np.maximum(np.arange(32), 1) - 25)


class WorstValue(NamedTuple):
    """Where the error is largest: pixel from the top left of the arrays, channel 0 = R .. 2 = B."""

    x: int
    y: int
    channel: int


@dataclass(frozen=True)
class IdentityReport:
    """How far a frame is from its identity.

    Attributes:
        max_steps: largest error, in half-float steps of the largest term there; infinite where a
            value is not finite.
        worst: where that is; None for a frame without pixels.
        mean_abs: mean absolute error, in linear light.
    """

    max_steps: float
    worst: WorstValue | None
    mean_abs: float

    @property
    def holds(self) -> bool:
        """Whether the error is within one step everywhere."""
        return self.max_steps <= 1.0


def identity_error(
    rgba: NDArray[np.floating[Any]],
    spill: NDArray[np.floating[Any]],
    plate: NDArray[np.floating[Any]],
    source: NDArray[np.floating[Any]],
) -> IdentityReport:
    """The error of ``rgba.RGB + spill + (1 - A) * plate - source``.

    Args:
        rgba: HxWx4, premultiplied, linear; stored values, that is, already rounded to half.
        spill: HxWx3, premultiplied, linear; stored values.
        plate: HxWx3, linear, as it was used.
        source: HxWx3, linear, in the same primaries.

    All values any finite number; sums are formed in float64, exact for half inputs.
    """
    height, width = rgba.shape[:2]
    for name, array, channels in (
        ("rgba", rgba, 4),
        ("spill", spill, 3),
        ("plate", plate, 3),
        ("source", source, 3),
    ):
        if array.shape != (height, width, channels):
            raise ValueError(f"{name} is {array.shape}, expected {(height, width, channels)}")
    if rgba.size == 0:
        return IdentityReport(0.0, None, 0.0)

    rows = max(1, _VALUES_PER_BAND // width)
    worst_steps, worst, total = -1.0, WorstValue(0, 0, 0), 0.0
    for top in range(0, height, rows):
        band = slice(top, top + rows)
        behind = 1.0 - rgba[band, :, 3].astype(np.float64)
        for channel in range(3):
            with np.errstate(invalid="ignore"):  # infinity times 0 is not finite: found below
                hidden = behind * plate[band, :, channel]
            error, steps = _band_error(
                rgba[band, :, channel], spill[band, :, channel], hidden, source[band, :, channel]
            )
            total += float(error.sum())
            index = int(steps.argmax())
            if steps.flat[index] > worst_steps:
                worst_steps = float(steps.flat[index])
                y, x = (int(i) for i in np.unravel_index(index, steps.shape))
                worst = WorstValue(x, top + y, channel)
    return IdentityReport(worst_steps, worst, total / source.size)


def half_step(values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Spacing of half floats at the given magnitudes (>= 0, any shape), float64.

    As ``np.spacing(values.astype(np.float16))``, and the last finite spacing, 32, beyond 65504.
    """
    halves = np.minimum(values, _LARGEST_HALF).astype(np.float16)
    return np.asarray(_HALF_STEPS[(halves.view(np.uint16) >> 10) & 31])


def _band_error(
    colour: NDArray[np.floating[Any]],
    spill: NDArray[np.floating[Any]],
    behind: NDArray[np.float64],
    source: NDArray[np.floating[Any]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Absolute error, and the same in half steps of the largest term, of one channel."""
    with np.errstate(invalid="ignore"):  # infinity less infinity is answered below
        error = np.abs(behind + colour + spill - source)
    largest = np.abs(source).astype(np.float64)
    for term in (colour, spill, behind):
        np.maximum(largest, np.abs(term), out=largest)
    finite = np.isfinite(error) & np.isfinite(largest)
    steps = error / half_step(np.where(finite, largest, 0.0))
    steps[~finite] = np.inf
    return error, steps
