"""Finding the screen's colour in a shot, and the light that a clean plate throws.

A screen is one connected, smooth area of one saturated colour. Size alone does not tell it: skies
and walls are larger. Both functions look at samples of the whole shot, never of a chunk: that is
what makes chunks agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import InputError, named
from mattebox.screen_key import ScreenKey

Pixels = NDArray[np.float32]
Mask = NDArray[np.bool_]

LOOKED_AT = 60_000
"""Pixels of a sample, after averaging, in which areas are looked for."""

LEAST_SATURATION = 0.3
"""Excess, as a share of the brightest channel, of a pixel that may be screen. Screens in public
pictures have 0.5 to 0.99 in the median, tinted walls 0.4, skies 0.1 to 0.5."""

LEAST_STRENGTH = 0.15
"""Excess, as a share of the sample's strongest: an unlit corner still counts."""

DARKEST = 0.01
"""Of the sample's bright light: below, colour is noise."""

LEAST_AREA = 0.005
"""Part of the picture that one connected area must cover; a phone in a hand has 0.04."""

SMOOTH = 0.05
"""Change of log light from pixel to pixel in the median: screens have 0.001 to 0.02, faces, hair,
brick and grass 0.04 to 0.15."""

SURE_AREA, SURE_SATURATION, SURE_SMOOTH = 0.15, 0.5, 0.03
"""What a screen of an unusual hue must have to be found unasked."""

CORE = 0.5
"""The screen's colour is the median of pixels with this share of its strongest excess."""

RIVAL = 0.2
"""A second candidate this strong beside the first is worth naming."""

HUES = {
    "green": ScreenKey(1),
    "blue": ScreenKey(2),
    "red": ScreenKey(0),
    "cyan": ScreenKey(0, -1),
    "magenta": ScreenKey(1, -1),
    "yellow": ScreenKey(2, -1),
}
USUAL = ("green", "blue")


@dataclass(frozen=True)
class FoundScreen:
    """A screen found in the shot.

    Attributes:
        colour: median colour of its pixels, linear Rec.709.
        area: part of the sampled pixels that are screen, 0..1.
        hue: a name of ``HUES``.
        rivals: other hues that could be a screen as well, strongest first.
    """

    colour: tuple[float, float, float]
    area: float
    hue: str
    rivals: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Candidate:
    """What one hue has to show. ``area``, ``saturation``, ``roughness`` are means over samples."""

    hue: str
    area: float
    saturation: float
    roughness: float
    colours: Pixels

    @property
    def score(self) -> float:
        return self.area * self.saturation**2

    @property
    def is_usual(self) -> bool:
        return self.hue in USUAL and self.area >= LEAST_AREA and self.roughness < SMOOTH

    @property
    def is_sure(self) -> bool:
        return (
            self.area >= SURE_AREA
            and self.saturation >= SURE_SATURATION
            and self.roughness < SURE_SMOOTH
        )


def find_screen(
    samples: Sequence[Pixels], hue: str | None, excluded: Sequence[Mask | None] | None = None
) -> FoundScreen:
    """The screen: the largest connected, smooth, saturated area of the samples.

    Args:
        samples: HxWx3 float32 linear Rec.709 pictures of the shot.
        hue: a name of ``HUES``; None looks for green and blue, and for another hue only where
            neither is there and the other is unmistakable.
        excluded: for each sample HxW bool, True where a matte says that it is no screen.

    Raises:
        InputError: there is none.
    """
    smaller = [
        _smaller(sample, None if excluded is None else excluded[index])
        for index, sample in enumerate(samples)
    ]
    names = (hue,) if hue is not None else tuple(HUES)
    found = [_candidate(smaller, name) for name in names]
    usual = [one for one in found if one is not None and (hue is not None or one.is_usual)]
    known = usual or [one for one in found if one is not None and one.is_sure]
    if not known:
        raise InputError(
            f"no {'' if hue is None else hue + ' '}screen was found in the shot",
            expected="one connected area of one saturated colour, on at least "
            f"{100 * LEAST_AREA:g} % of the picture",
            next_step=f"give the colour as {named('screen')} R,G,B, give {named('clean_plate')} "
            f"FILE, or use {named('engine')} rvm for a natural background",
        )
    best, *others = sorted(known, key=lambda one: one.score, reverse=True)
    red, green, blue = (float(np.float32(v)) for v in np.median(best.colours, axis=0))
    rivals = tuple(one.hue for one in others if one.score > RIVAL * best.score)
    return FoundScreen((red, green, blue), best.area, best.hue, rivals)


def background_colour(backgrounds: Sequence[Pixels]) -> tuple[float, float, float]:
    """The light a clean plate throws: its mean colour, linear Rec.709 in, linear Rec.709 out."""
    mean = np.mean(
        [background.reshape(-1, 3).mean(axis=0, dtype=np.float64) for background in backgrounds],
        axis=0,
    )
    red, green, blue = (float(np.float32(v)) for v in mean)
    return (red, green, blue)


def _smaller(sample: Pixels, excluded: Mask | None) -> tuple[Pixels, Mask]:
    """The sample averaged over squares, and where it may be screen."""
    from scipy import ndimage

    height, width = sample.shape[:2]
    side = max(1, round((height * width / LOOKED_AT) ** 0.5))
    averaged = np.empty(sample.shape, np.float32)
    ndimage.uniform_filter(sample.astype(np.float32), side, axes=(0, 1), output=averaged)
    shown = averaged[::side, ::side]
    allowed = np.ones(shown.shape[:2], bool)
    if excluded is not None:
        allowed &= ~excluded[::side, ::side]
    return shown, allowed


def _candidate(samples: Sequence[tuple[Pixels, Mask]], hue: str) -> _Candidate | None:
    """The largest area of a hue in each sample; None where it is in none of them."""
    from scipy import ndimage

    areas, saturations, roughnesses, colours = [], [], [], []
    for picture, allowed in samples:
        excess = _excess(picture, HUES[hue])
        brightest = picture.max(axis=2)
        saturation = excess / np.maximum(brightest, 1e-6)
        strongest = float(np.percentile(excess[allowed], 99.0)) if allowed.any() else 0.0
        bright = float(np.percentile(brightest, 95.0))
        area = _largest_area(
            allowed
            & (saturation > LEAST_SATURATION)
            & (excess > LEAST_STRENGTH * strongest)
            & (brightest > max(DARKEST * bright, 1e-6))
        )
        areas.append(float(area.mean()))
        if not area.any():
            continue
        core = area & (excess >= CORE * float(np.percentile(excess[area], 95.0)))
        saturations.append(float(np.median(saturation[core])))
        colours.append(picture[core])
        inner = ndimage.binary_erosion(area)
        if inner.any():
            down, across = np.gradient(np.log(np.maximum(brightest, 1e-6)))
            roughnesses.append(float(np.median(np.hypot(down, across)[inner])))
    if not colours:
        return None
    roughness = float(np.mean(roughnesses)) if roughnesses else np.inf
    return _Candidate(
        hue,
        float(np.mean(areas)),
        float(np.mean(saturations)),
        roughness,
        np.concatenate(colours),
    )


def _largest_area(mask: Mask) -> Mask:
    """The connected area of ``mask`` with the most pixels; all False where there is none."""
    from scipy import ndimage

    labels = np.zeros(mask.shape, np.int32)
    if ndimage.label(mask, output=labels) == 0:
        return mask
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    largest: Mask = labels == int(sizes.argmax())
    return largest


def _excess(picture: Pixels, key: ScreenKey) -> Pixels:
    """By how much the telling channel stands out, HxW; as ``colour_difference.key_excess``."""
    telling, first, second = (picture[..., channel] for channel in key.order)
    if key.sign > 0:
        return np.asarray(telling - np.maximum(first, second), np.float32)
    return np.asarray(np.minimum(first, second) - telling, np.float32)
