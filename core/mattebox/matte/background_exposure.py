"""How much brighter or dimmer a clean plate is than the shot, once per shot and frame by frame.

The background and the shot are compared where nothing stands in front: mean light of small tiles,
one ratio per tile and channel, and the median of the ratios. A tile's mean hardly knows grain, and
a median does not care for the tiles in which the subject, its shadow or its spill lie.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F

from mattebox.matte.statistics import BackgroundGain, Triple
from mattebox.per_channel import per_channel

IDENTITY: Triple = (1.0, 1.0, 1.0)

TILE = 8
"""Side of a tile in pixels: 64 pixels make grain of 5 % a ratio good to 0.6 %."""

SOFT_EDGE = 0.2
"""Alpha over which a pixel's weight as background falls from 1 to 0."""

HIGHEST_BACKGROUND = 0.4
"""A first alpha is never taken as background from here on. A background 1.5 times too bright makes
a colour difference key read 0.33 on the empty screen, and that must still be found."""

LEAST_TILES = 24
"""With fewer tiles of background the median is not worth calling one."""

LARGEST_GAIN = 4.0
"""Two stops: a larger difference is another lighting, not another exposure."""

LARGEST_SPREAD = 0.25
"""Robust deviation of the tiles' ratios, as a share: above it the pictures do not show the same.
A rendered screen rolled by 2 % of its width spreads by 0.04, two unrelated rooms by 1.4. Two
screens of one colour differ by less than this and are not told apart."""

SHOT_DEADBAND = 0.002
"""A gain this near to 1 changes a colour difference alpha by no more than 0.002."""

FRAME_DEADBAND = 0.004
"""The same for one frame alone. Over rendered shots in steady light the key channel's ratio stays
within 0.0011 of 1, that of a channel with a fifth of its light within 0.0061 (bounce, smoke)."""

WEAKEST_CHANNEL = 5.0
"""The deadband of a dark channel is at most this many times as wide."""

SAMPLES = 100_000
"""Of pixels or tiles that decide a quantile, good to 0.2 %: sorting all pixels of a frame took as
long as everything else here."""

STANDARD_ERRORS = 4.0
"""A gain counts when it lies this many standard errors from 1."""


def fit_exposure(
    sources: Sequence[torch.Tensor], background: torch.Tensor, subject: Sequence[torch.Tensor]
) -> BackgroundGain:
    """The one gain per channel that brings a clean plate to the shot's exposure and white.

    Args:
        sources: frames of the shot, each [N,3,H,W] float32, linear Rec.709, unbounded.
        background: [1,3,H,W] float32, same light, already moved into place.
        subject: per entry of ``sources`` [N,1,H,W] float32 0..1: a first alpha, rough at will.

    Returns:
        The gain, exactly 1 in a channel that differs by less than its error or the deadband.
    """
    tiles = [
        _tiles(frame, background, alpha)
        for source, alphas in zip(sources, subject, strict=True)
        for frame, alpha in zip(torch.split(source, 1), torch.split(alphas, 1), strict=True)
    ]
    if not tiles:
        return BackgroundGain(
            IDENTITY, IDENTITY, accepted=False, reason="no frames to compare with"
        )
    frames, bands = len(tiles), _deadbands(_light(background).cpu(), SHOT_DEADBAND)
    summary = _summary(torch.cat(tiles, 1).cpu(), repeats=frames)
    if isinstance(summary, str):
        return BackgroundGain(IDENTITY, IDENTITY, accepted=False, reason=summary)
    gains, errors = summary
    kept = [
        gain if abs(gain - 1.0) > max(band, STANDARD_ERRORS * error) else 1.0
        for gain, error, band in zip(gains, errors, bands, strict=True)
    ]
    accepted = kept != [1.0, 1.0, 1.0]
    words = ", ".join(f"{gain:.4f}" for gain in gains)
    reason = f"measured {words} on {frames} frames" + ("" if accepted else ": 1 within its error")
    return BackgroundGain(_triple(kept), _triple(errors), accepted=accepted, reason=reason)


def frame_gain(source: torch.Tensor, background: torch.Tensor, subject: torch.Tensor) -> Triple:
    """The gain of one frame against the shot's background, for light that flickers.

    Reads this frame alone, so that any chunk of a shot finds the same. Within a deadband it is
    exactly 1, and it leaves the deadband without a step: e becomes e - band^2 / e.

    Args:
        source: [1,3,H,W] float32, linear Rec.709, unbounded.
        background: [1,3,H,W] float32, same light, at the shot's exposure.
        subject: [1,1,H,W] float32 0..1, first alpha.
    """
    light = F.pad(_light(background), (0, 1))[:, None]
    # Together, so that a GPU is waited for once.
    found = torch.cat([light, _tiles(source, background, subject)], 1).cpu()
    summary = _summary(found[:, 1:], repeats=1)
    if isinstance(summary, str):
        return IDENTITY
    bands = _deadbands(found[:3, 0], FRAME_DEADBAND)
    return _triple([_outside(band, gain) for gain, band in zip(summary[0], bands, strict=True)])


def gained_background(background: torch.Tensor, gain: Triple) -> torch.Tensor:
    """[N,3,H,W] ``background`` times ``gain``; the same tensor where the gain is exactly 1."""
    if gain == IDENTITY:
        return background
    return background * per_channel(gain, background)


def background_weight(subject: torch.Tensor) -> torch.Tensor:
    """How surely each pixel shows the background: [N,1,H,W] 0..1 from a first alpha of that shape.

    A background too bright or out of place lifts the first alpha of the whole background. So what a
    quarter of the frame lies below counts as 0, as long as that is low enough to be background.
    """
    weights = []
    for alpha in torch.split(subject, 1):
        lowest = torch.quantile(_thinned(alpha.flatten()), 0.25)
        lowest = torch.where(lowest < HIGHEST_BACKGROUND, lowest, 0.0)
        weights.append((1.0 - (alpha - lowest) / SOFT_EDGE).clamp(0.0, 1.0))
    return torch.cat(weights)


def _tiles(source: torch.Tensor, background: torch.Tensor, subject: torch.Tensor) -> torch.Tensor:
    """[4,T] float64, per tile of one frame: source / background, and 1 where it may be used."""
    weight = background_weight(subject)
    tile = max(1, min(TILE, *source.shape[-2:]))
    share = F.avg_pool2d(weight, tile)
    light = F.avg_pool2d(source * weight, tile)
    expected = F.avg_pool2d(background * weight, tile)
    # a channel with hardly any light has no ratio; the tile is then left out altogether
    floor = 0.02 * expected.amax(1, keepdim=True).clamp_min(1e-8)
    ratio = light / torch.maximum(expected, floor)
    lit = (expected > floor).all(1) & (light > 0.0).all(1)
    # a tile half covered by the subject has the subject's soft edge in its other half
    usable = lit & (share[:, 0] > 0.5) & torch.isfinite(ratio).all(1)
    return torch.cat([ratio[0], usable.to(ratio.dtype)]).flatten(1).double()


def _summary(tiles: torch.Tensor, *, repeats: int) -> tuple[list[float], list[float]] | str:
    """Gains and their standard errors per channel, or why there are none. ``tiles`` in memory.

    Tiles of one place in several frames share their background's error, so they count as one.
    """
    usable = tiles[3] > 0.0
    if int(usable.sum()) < LEAST_TILES:
        return "too little background is seen"
    logs = tiles[:3, usable].log()
    middle = torch.quantile(_thinned(logs), 0.5, dim=1)
    spread = 1.4826 * torch.quantile(_thinned((logs - middle[:, None]).abs()), 0.5, dim=1)
    if float(spread.max()) > LARGEST_SPREAD:
        return f"background and shot differ from place to place (by {float(spread.max()):.0%})"
    gains = middle.exp()
    if float(middle.abs().max()) > math.log(LARGEST_GAIN):
        return f"a gain of {float(gains.max()):.3g} is no change of exposure"
    # of a median: sqrt(pi / 2) sigma / sqrt(n)
    errors = 1.2533 * spread / (logs.shape[1] / repeats) ** 0.5
    return gains.tolist(), errors.tolist()


def _outside(band: float, gain: float) -> float:
    away = gain - 1.0
    return 1.0 if abs(away) <= band else gain - band * band / away


def _light(background: torch.Tensor) -> torch.Tensor:
    """[3] float64: the mean of a background [1,3,H,W]."""
    return background.mean((0, 2, 3), dtype=torch.float64)


def _deadbands(light: torch.Tensor, band: float) -> list[float]:
    """The deadband of each channel: ``band`` is meant as a share of the strongest channel's light.

    A screen is dark in two channels, and there the subject's bounce weighs most: 0.5 % of the red
    of a green screen is 0.1 % of its light, and no reason to turn the background's colour.
    """
    light = light.clamp_min(1e-8)
    return (band * (light.max() / light).clamp_max(WEAKEST_CHANNEL)).tolist()


def _thinned(values: torch.Tensor) -> torch.Tensor:
    """At most ``SAMPLES`` of the last dimension's values, evenly picked."""
    return values[..., :: max(1, -(-values.shape[-1] // SAMPLES))]


def _triple(values: Sequence[float]) -> Triple:
    return (values[0], values[1], values[2])
