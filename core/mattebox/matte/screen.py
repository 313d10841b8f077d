"""Finding the screen's colour in a shot, and the light that a clean plate throws.

Both look at samples of the whole shot, never of a chunk: that is what makes chunks agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import InputError

Pixels = NDArray[np.float32]

SCREEN_SHARE = 0.5
"""A pixel counts as screen when its excess is at least this share of the shot's strongest."""

LEAST_STAND_OUT = 0.02
"""Excess below this share of the picture's middle brightness is tint, not a screen."""

LEAST_SCREEN_AREA = 0.02
"""Part of the picture that must be screen for a screen to be found."""


@dataclass(frozen=True)
class FoundScreen:
    """A screen found in the shot.

    Attributes:
        colour: median colour of its pixels, linear Rec.709.
        area: part of the sampled pixels that are screen, 0..1.
    """

    colour: tuple[float, float, float]
    area: float


def find_screen(samples: Sequence[Pixels], key_channel: int | None) -> FoundScreen:
    """The screen's colour: the median of the pixels with the strongest excess in one channel.

    Args:
        samples: HxWx3 float32 linear Rec.709 pictures of the shot.
        key_channel: 0, 1 or 2; None takes green or blue, whichever stands out over more light.

    Raises:
        InputError: no channel stands out on enough of the picture.
    """
    pixels = np.concatenate([sample.reshape(-1, 3)[::4] for sample in samples])
    candidates = (1, 2) if key_channel is None else (key_channel,)
    excesses = {channel: _excess(pixels, channel) for channel in candidates}
    key = max(candidates, key=lambda channel: float(excesses[channel].clip(min=0.0).sum()))
    excess = excesses[key]
    strongest = float(np.percentile(excess, 99.0))
    is_screen = excess >= SCREEN_SHARE * strongest
    area = float(is_screen.mean())
    brightness = float(np.percentile(pixels.max(axis=1), 50.0))
    stands_out = strongest > LEAST_STAND_OUT * max(brightness, 1e-6)
    if not stands_out or area < LEAST_SCREEN_AREA:
        name = ("red", "green", "blue")[key]
        seen = f"it covers {100 * area:.1f} % of the picture" if stands_out else "none stands out"
        raise InputError(
            f"no {name} screen was found in the shot ({seen})",
            expected=f"a screen on at least {100 * LEAST_SCREEN_AREA:g} % of the picture",
            next_step="give the colour as --screen R,G,B, give --clean-plate FILE, or use "
            "--engine rvm for a natural background",
        )
    red, green, blue = (float(np.float32(v)) for v in np.median(pixels[is_screen], axis=0))
    return FoundScreen((red, green, blue), area)


def plate_colour(plates: Sequence[Pixels]) -> tuple[float, float, float]:
    """The light a clean plate throws: its mean colour, linear Rec.709 in, linear Rec.709 out."""
    mean = np.mean(
        [plate.reshape(-1, 3).mean(axis=0, dtype=np.float64) for plate in plates], axis=0
    )
    red, green, blue = (float(np.float32(v)) for v in mean)
    return (red, green, blue)


def _excess(pixels: Pixels, channel: int) -> Pixels:
    others = [c for c in range(3) if c != channel]
    excess: Pixels = pixels[:, channel] - np.maximum(pixels[:, others[0]], pixels[:, others[1]])
    return excess
