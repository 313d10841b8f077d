"""What a display-trained network is shown: linear light as a picture of codes 0..1, and back.

    linear Rec.709 -> exposure (one gain per shot) -> shoulder -> sRGB curve -> codes 0..1

sRGB with a soft shoulder is what such networks keep best over exposure: RVM's intersection over
union stays within 0.02 from -4 to +1 stop, and falls to 0.65 at +3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from mattebox_ocio.op import power

KNEE = 0.5
"""Light below this is left alone: skin and cloth keep the codes a network has learnt."""

BRIGHTEST = 16.0
"""The light that becomes code 1: more than 6 stops above grey, where log cameras clip."""

SHOULDER = 0.09877272972581581
"""Width s of the shoulder k + s * log(1 + (x - k) / s), with slope 1 at the knee k; the s for which
light of 16 becomes exactly 1."""

MIDDLE_GREY = 0.18
REC709_LUMINANCE = (0.2126, 0.7152, 0.0722)
"""ITU-R BT.709-6."""

BRIGHT_MIDDLE = 2.0 * MIDDLE_GREY
DARK_MIDDLE = MIDDLE_GREY / 16.0
BRIGHT_HIGHLIGHT = 4.0
DARK_HIGHLIGHT = 1.0
LARGEST_STOPS = 6.0
HAS_LIGHT = 2.0**-12
SAMPLES_PER_FRAME = 250_000


@dataclass(frozen=True)
class ModelSpace:
    """Light to codes and back.

    Attributes:
        exposure: gain of linear light, one per shot; 1 leaves it as it is.
    """

    exposure: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.exposure) and self.exposure > 0.0):
            raise ValueError(f"exposure is a gain above 0, got {self.exposure}")

    def encode(self, linear: torch.Tensor) -> torch.Tensor:
        """Linear Rec.709 of any shape and range, float32, to codes 0..1.

        Negative light becomes 0; light above 16 / exposure becomes 1. NaN stays NaN.
        """
        return srgb_encode(_compressed((linear * self.exposure).clamp(0.0, BRIGHTEST)))

    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        """Codes of any shape, float32, to linear Rec.709 at the plate's own exposure.

        The inverse of ``encode`` for light from 0 to 16 / exposure; codes outside 0..1 are held.
        """
        return _expanded(srgb_decode(codes.clamp(0.0, 1.0))) / self.exposure


def srgb_encode(linear: torch.Tensor) -> torch.Tensor:
    """Linear light, any shape, to sRGB codes (IEC 61966-2-1); below 0 a line, above 1 a power."""
    curve = 1.055 * power(linear.clamp_min(0.0031308), 1.0 / 2.4) - 0.055
    return torch.where(linear <= 0.0031308, 12.92 * linear, curve)


def srgb_decode(codes: torch.Tensor) -> torch.Tensor:
    """sRGB codes, any shape, to linear light."""
    curve = power((codes.clamp_min(0.04045) + 0.055) / 1.055, 2.4)
    return torch.where(codes <= 0.04045, codes / 12.92, curve)


def exposure_for(samples: Sequence[NDArray[np.float32]]) -> float:
    """One gain for a whole shot, 1 for all that is normally exposed.

    A network bears a picture 4 stops too dark and fails at 3 too bright, so the gain only leaves
    1 where it must: down, until the middle of the picture is at most one stop above grey and its
    highlights at most 4 (code 238); up, when the middle is more than 4 stops below grey, until it
    is not or the highlights reach 1. The middle is the median luminance of pixels with light, the
    highlight the 99th percentile, and of all frames their median. In steps of a tenth of a stop.

    Args:
        samples: linear Rec.709 frames over the whole shot, [H, W, 3] float32 each, any range;
            non-finite pixels do not count.
    """
    middles, highlights = [], []
    for sample in samples:
        light = _luminances(sample)
        if light.size:
            middle, highlight = np.quantile(light, (0.5, 0.99))
            middles.append(middle)
            highlights.append(highlight)
    if not middles:
        return 1.0
    middle, highlight = float(np.median(middles)), float(np.median(highlights))
    gain = 1.0
    if middle > BRIGHT_MIDDLE or highlight > BRIGHT_HIGHLIGHT:
        gain = min(BRIGHT_MIDDLE / middle, BRIGHT_HIGHLIGHT / highlight)
    elif middle < DARK_MIDDLE:
        gain = max(1.0, min(DARK_MIDDLE / middle, DARK_HIGHLIGHT / highlight))
    stops = min(max(math.log2(gain), -LARGEST_STOPS), LARGEST_STOPS)
    return math.pow(2.0, round(stops * 10.0) / 10.0)


def _luminances(sample: NDArray[np.float32]) -> NDArray[np.float64]:
    pixels = np.asarray(sample, np.float64).reshape(-1, 3)
    pixels = pixels[:: max(1, len(pixels) // SAMPLES_PER_FRAME)]
    with np.errstate(invalid="ignore", over="ignore"):
        luminance: NDArray[np.float64] = pixels @ np.array(REC709_LUMINANCE)
    lit: NDArray[np.float64] = luminance[np.isfinite(luminance) & (luminance > HAS_LIGHT)]
    return lit


def _compressed(x: torch.Tensor) -> torch.Tensor:
    above = (x - KNEE).clamp_min(0.0)
    return torch.where(x <= KNEE, x, KNEE + SHOULDER * torch.log1p(above / SHOULDER))


def _expanded(y: torch.Tensor) -> torch.Tensor:
    above = (y - KNEE).clamp_min(0.0)
    return torch.where(y <= KNEE, y, KNEE + SHOULDER * torch.expm1(above / SHOULDER))
