"""The identity every output frame states: its parts sum up to the source.

``rgba.RGB + spill.RGB + (1 - A) * plate == source``, within one half-float step of the largest
of these terms at that pixel and channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from mattebox.matte.strips import in_strips

_LARGEST_HALF = 65504.0
_HALF_EXPONENT_BITS = 10
_FLOAT_EXPONENT_BITS, _FLOAT_BIAS = 23, 127
_SMALLEST_HALF = 24
"""A half's least step is 2 to the power of minus this; it doubles from its exponent 2 on."""


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

    @classmethod
    def of(cls, numbers: list[float], height: int, width: int) -> IdentityReport:
        """What ``identity_numbers`` found in a frame of that size."""
        if not height * width:
            return cls(0.0, None, 0.0)
        steps, place, mean = numbers
        channel, pixel = divmod(int(place), height * width)
        return cls(steps, WorstValue(pixel % width, pixel // width, channel), mean)

    @property
    def holds(self) -> bool:
        """Whether the error is within one step everywhere."""
        return self.max_steps <= 1.0


def identity_numbers(
    rgb: torch.Tensor,
    alpha: torch.Tensor,
    spill: torch.Tensor,
    background: torch.Tensor,
    source: torch.Tensor,
) -> torch.Tensor:
    """The error of ``rgb + spill + (1 - alpha) * background - source``, left on the device.

    Args:
        rgb: [1,3,H,W], premultiplied, linear; stored values, that is, already rounded to half.
        alpha: [1,1,H,W], stored values.
        spill: [1,3,H,W], premultiplied, linear; stored values.
        background: [1,3,H,W], linear, as it was used.
        source: [1,3,H,W], linear, in the same primaries.

    All values any finite number; sums are formed in float64, exact for half inputs.

    Returns:
        [3] float64: the largest error in half steps, its place (channel, row, column in that
        order), and the mean absolute error. ``IdentityReport.of`` takes them.
    """
    height, width = source.shape[-2:]
    if not source.numel():
        return source.new_zeros(3, dtype=torch.float64)

    def numbers(rows: slice) -> torch.Tensor:
        colour, bounce, shown = (picture[..., rows, :] for picture in (rgb, spill, source))
        behind = (1.0 - alpha[..., rows, :].double()) * background[..., rows, :]
        error = (behind + colour).add_(bounce).sub_(shown).abs_()
        largest = torch.maximum(torch.maximum(shown.abs(), colour.abs()), bounce.abs())
        largest = torch.maximum(largest, behind.abs_())
        # What is not finite makes the error no number or infinite, and the largest of all.
        most, at = (error / half_step(largest)).flatten().max(0)
        tall = error.shape[-2]
        channel, row = at // (tall * width), at // width % tall
        place = (channel * height + rows.start + row) * width + at % width
        return torch.stack([most.nan_to_num(nan=torch.inf), place.double(), error.sum()])

    found = torch.stack(in_strips(numbers, source))
    worst = found[found[:, 0].argmax()]
    return torch.cat([worst[:2], found[:, 2:].sum(0) / source.numel()])


def identity_error(
    rgba: NDArray[np.floating[Any]],
    spill: NDArray[np.floating[Any]],
    plate: NDArray[np.floating[Any]],
    source: NDArray[np.floating[Any]],
) -> IdentityReport:
    """The same of layers in memory: rgba HxWx4, the others HxWx3; see ``identity_numbers``."""
    height, width = rgba.shape[:2]
    for name, array, channels in (
        ("rgba", rgba, 4),
        ("spill", spill, 3),
        ("plate", plate, 3),
        ("source", source, 3),
    ):
        if array.shape != (height, width, channels):
            raise ValueError(f"{name} is {array.shape}, expected {(height, width, channels)}")
    layers = (
        torch.from_numpy(np.ascontiguousarray(array)).permute(2, 0, 1)[None]
        for array in (rgba[..., :3], rgba[..., 3:], spill, plate, source)
    )
    return IdentityReport.of(identity_numbers(*layers).tolist(), height, width)


def half_step(values: torch.Tensor) -> torch.Tensor:
    """Spacing of half floats at the given magnitudes (>= 0, any shape), float32, which holds it.

    As ``np.spacing(values.astype(np.float16))``, and the last finite spacing, 32, beyond 65504.
    """
    halves = values.clamp_max(_LARGEST_HALF).half()
    exponent = (halves.view(torch.int16) >> _HALF_EXPONENT_BITS).clamp_min(1)
    power = exponent.int() - (1 + _SMALLEST_HALF) + _FLOAT_BIAS
    return (power << _FLOAT_EXPONENT_BITS).view(torch.float32)
