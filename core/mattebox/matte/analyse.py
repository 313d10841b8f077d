"""The once-per-shot analysis: grain, the background's own error, and what kind of background it is.

It reads samples of the whole shot, so that every chunk is solved with the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from mattebox.colour_difference import is_keyable_screen, screen_key
from mattebox.matte.chroma import is_subsampled
from mattebox.matte.noise import estimate_noise
from mattebox.matte.statistics import NoiseModel, ShotStatistics, Triple
from mattebox.matte.windows import eroded

SAMPLES = 20_000  # pixels that decide a median: good to 1 %
MIN_PIXELS = 500  # fewer say nothing about a shot
BACKGROUND = 0.1  # a first alpha below this, over a square of side 7, is background
BACKGROUND_EROSION = 3
# The median of a chi-square of 3 degrees of freedom, divided by 3.
MEDIAN_CHI_SQUARE = 0.789
MEDIAN_CHI_SQUARE_OF_ONE = 0.4549  # of 1 degree of freedom
MAX_PLATE_NOISE = 8.0  # a background further off than this is wrong, not noisy
# Codecs freeze grain: frames of a video hardly differ where nothing moves, and yet the grain of
# every still is another. So grain is no less than makes a plate's error ``MAX_PLATE_NOISE`` of it,
# up to this share of the brightness.
MAX_FROZEN_GRAIN = 0.01


def analyse_shot(
    sources: Sequence[torch.Tensor],
    backgrounds: Sequence[torch.Tensor],
    first_alphas: Sequence[torch.Tensor],
    *,
    noise: NoiseModel | None = None,
    sure_inside: bool = False,
) -> ShotStatistics:
    """Statistics of a shot from samples of all of it (never of one chunk alone).

    Args:
        sources: pieces [N,3,H,W] float32, linear Rec.709: N consecutive frames each (two, for the
            grain); 3 to 6 pieces spread over the shot are enough.
        backgrounds: per piece [N,3,H,W] or [1,3,H,W], same light.
        first_alphas: per piece [N,1,H,W], 0..1.
        noise: the grain where it is known; None measures it.
        sure_inside: whether the engine knows its subject without the background (a network, a matte
            drawn by hand).
    """
    if not len(sources) == len(backgrounds) == len(first_alphas) or not sources:
        counts = (len(sources), len(backgrounds), len(first_alphas))
        raise ValueError(f"sources, backgrounds and first alphas must be as many, got {counts}")
    if noise is None:
        noise = estimate_noise(
            [_before_one(*piece) for piece in zip(sources, backgrounds, strict=True)]
        )
    means = torch.stack([background.mean(dim=(0, 2, 3)) for background in backgrounds])
    mean_background = means.mean(0).view(1, 3, 1, 1)
    brightness = max(float(mean_background.max()), 1e-6)
    misfit = _misfit(sources, backgrounds, first_alphas, noise)
    if misfit is not None:
        frozen = _frozen_grain(misfit, noise, brightness)
        noise, misfit = noise.scaled(frozen), misfit / misfit.new_tensor(frozen)
    return ShotStatistics(
        noise=noise,
        plate_noise=_background_noise(misfit),
        key=screen_key(mean_background),
        screen=all(is_keyable_screen(background) for background in backgrounds),
        sure_inside=sure_inside,
        brightness=brightness,
        subsampled=is_subsampled([source[:1] for source in sources]),
    )


def _before_one(source: torch.Tensor, background: torch.Tensor) -> torch.Tensor:
    """A piece's frames as they would be before the background of its first: [N,3,H,W].

    Grain is what differs between frames. Where each has a background of its own (a camera that
    moves, light that flickers) the background differs too.
    """
    if background.shape[0] == 1:
        return source
    return source - background + background[:1]


def _frozen_grain(misfit: torch.Tensor, noise: NoiseModel, brightness: float) -> Triple:
    """How many times the variance of ``noise`` the grain has with what stands still of it, as a
    codec leaves it; 1 and up. See ``MAX_FROZEN_GRAIN``; ``misfit`` as ``_misfit`` gives it."""
    level = torch.full((1, 3, 1, 1), brightness)
    most = (MAX_FROZEN_GRAIN * brightness) ** 2 / noise.variance(level).flatten()
    medians = misfit.median(0).values.cpu() / MEDIAN_CHI_SQUARE_OF_ONE
    scale = (medians / (1.0 + MAX_PLATE_NOISE)).minimum(most).clamp_min(1.0).tolist()
    return (scale[0], scale[1], scale[2])


def _misfit(
    sources: Sequence[torch.Tensor],
    backgrounds: Sequence[torch.Tensor],
    alphas: Sequence[torch.Tensor],
    noise: NoiseModel,
) -> torch.Tensor | None:
    """[n,3]: squares of what source and background differ by where there is background, over the
    grain's variance; None where too little is seen."""
    found = []
    for source, background, alpha in zip(sources, backgrounds, alphas, strict=True):
        inside = eroded(alpha < BACKGROUND, BACKGROUND_EROSION)
        count = int(inside.sum())
        if count >= MIN_PIXELS:
            misfit = (source - background) ** 2 / noise.variance(background)
            misfit = misfit.permute(0, 2, 3, 1)[inside[:, 0]]
            found.append(misfit[:: -(-count // SAMPLES)])
    return torch.cat(found) if found else None


def _background_noise(misfit: torch.Tensor | None) -> float:
    """How much more source and background differ in the background than the source's grain says."""
    if misfit is None:
        return 1.0  # as noisy as the source: a background is shot with the same camera
    ratio = float(misfit.mean(1).median()) / MEDIAN_CHI_SQUARE - 1.0
    return min(max(ratio, 0.0), MAX_PLATE_NOISE)
