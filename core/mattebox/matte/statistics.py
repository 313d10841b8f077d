"""What the solver knows of a shot as a whole: plain numbers that a job file can hold.

Found once per shot by ``matte.analyse``. Loads no torch, so that jobs are read without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from mattebox.per_channel import per_channel
from mattebox.screen_key import ScreenKey

if TYPE_CHECKING:
    import torch

Triple: TypeAlias = tuple[float, float, float]
Matrix: TypeAlias = tuple[float, float, float, float, float, float, float, float, float]
Model: TypeAlias = Literal["none", "shift", "affine", "homography"]

# Nothing is less noisy than a half float's rounding: step 2^-11 relative, uniform -> /sqrt(12).
HALF_ROUNDING = (2.0**-11) ** 2 / 12.0


@dataclass(frozen=True)
class NoiseModel:
    """Variance of the grain per channel R, G, B: gain * max(x, 0) + floor, in linear light."""

    gain: Triple
    floor: Triple

    def variance(self, picture: torch.Tensor) -> torch.Tensor:
        """Variance of every sample of ``picture`` [N,3,H,W] (linear Rec.709), > 0, same shape."""
        gain, floor = per_channel(self.gain, picture), per_channel(self.floor, picture)
        rounding = HALF_ROUNDING * picture * picture
        return gain * picture.clamp_min(0.0) + floor + rounding

    def scaled(self, shares: Triple) -> NoiseModel:
        """The grain of so many times the variance in R, G and B; rounding is as it is."""
        red, green, blue = shares
        return NoiseModel(
            (self.gain[0] * red, self.gain[1] * green, self.gain[2] * blue),
            (self.floor[0] * red, self.floor[1] * green, self.floor[2] * blue),
        )


@dataclass(frozen=True)
class ShotStatistics:
    """Everything the solver knows of a shot beyond the frame in hand.

    Attributes:
        noise: grain of the source.
        plate_noise: variance of the background's own error (grain, estimate) as a share of the
            source's grain at the same brightness, >= 0.
        key: the screen's key channel, and whether the screen is brightest or darkest in it.
        screen: True where the background is a saturated colour, so that colour difference holds.
        sure_inside: True where the engine knows its subject without the background (a network, a
            matte drawn by hand); False where the first alpha only compares source and background.
        brightness: a typical level of the background, linear, > 0.
        subsampled: True where the shot is video with fewer samples of chroma than of luma
            (``chroma.py``).
    """

    noise: NoiseModel
    plate_noise: float
    key: ScreenKey
    screen: bool
    sure_inside: bool
    brightness: float
    subsampled: bool = False


@dataclass(frozen=True)
class Registration:
    """Where the clean plate belongs.

    Attributes:
        model: the simplest model that fits.
        matrix: 9 numbers by rows, pixel coordinates (x to the right, y down, 0 at the centre of the
            first pixel): from a pixel of the shot to the place in the background that it shows.
        misfit_before: root of the mean truncated squared difference of the band-passed pictures on
            held-out tiles, linear light, the background's gain taken out; 0 where nothing was
            measured.
        misfit_after: the same with the background moved.
        error: standard error of the displacement in pixels where it is largest; 0 without a move.
        reason: why this model and no other, for people.
    """

    model: Model
    matrix: Matrix
    misfit_before: float
    misfit_after: float
    error: float
    reason: str


@dataclass(frozen=True)
class BackgroundGain:
    """What the background has to be multiplied by.

    Attributes:
        gain: per channel R, G, B, linear light; exactly 1 where nothing is to be done.
        error: standard error of the gain found, per channel, >= 0.
        accepted: whether ``gain`` changes anything.
        reason: why, for people.
    """

    gain: Triple
    error: Triple
    accepted: bool
    reason: str
