"""The once-per-shot analysis: grain, the plate's own error, and what kind of plate it is.

It reads samples of the whole shot, so that every chunk is solved with the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from mattebox.colour_difference import is_keyable_screen, screen_key
from mattebox.matte.noise import estimate_noise
from mattebox.matte.statistics import NoiseModel, ShotStatistics
from mattebox.matte.windows import eroded

SAMPLES = 20_000  # pixels that decide a median: good to 1 %
MIN_PIXELS = 500  # fewer say nothing about a shot
BACKGROUND = 0.1  # a first alpha below this, over a square of side 7, is background
BACKGROUND_EROSION = 3
# The median of a chi-square of 3 degrees of freedom, divided by 3.
MEDIAN_CHI_SQUARE = 0.789
MAX_PLATE_NOISE = 8.0  # a plate further off than this is wrong, not noisy


def analyse_shot(
    sources: Sequence[torch.Tensor],
    plates: Sequence[torch.Tensor],
    first_alphas: Sequence[torch.Tensor],
    *,
    noise: NoiseModel | None = None,
    sure_inside: bool = False,
) -> ShotStatistics:
    """Statistics of a shot from samples of all of it (never of one chunk alone).

    Args:
        sources: pieces [N,3,H,W] float32, linear Rec.709: N consecutive frames each (two, for the
            grain); 3 to 6 pieces spread over the shot are enough.
        plates: per piece [N,3,H,W] or [1,3,H,W], same light.
        first_alphas: per piece [N,1,H,W], 0..1.
        noise: the grain where it is known; None measures it.
        sure_inside: whether the engine knows its subject without the plate (a network, a matte
            drawn by hand).
    """
    if not len(sources) == len(plates) == len(first_alphas) or not sources:
        counts = (len(sources), len(plates), len(first_alphas))
        raise ValueError(f"sources, plates and first alphas must be as many, got {counts}")
    noise = noise if noise is not None else estimate_noise(sources)
    means = torch.stack([plate.mean(dim=(0, 2, 3)) for plate in plates])
    mean_plate = means.mean(0).view(1, 3, 1, 1)
    return ShotStatistics(
        noise=noise,
        plate_noise=_plate_noise(sources, plates, first_alphas, noise),
        key=screen_key(mean_plate),
        screen=all(is_keyable_screen(plate) for plate in plates),
        sure_inside=sure_inside,
        brightness=max(float(mean_plate.max()), 1e-6),
    )


def _plate_noise(
    sources: Sequence[torch.Tensor],
    plates: Sequence[torch.Tensor],
    alphas: Sequence[torch.Tensor],
    noise: NoiseModel,
) -> float:
    """How much more source and plate differ in the background than the source's grain says."""
    ratios = []
    for source, plate, alpha in zip(sources, plates, alphas, strict=True):
        misfit = ((source - plate) ** 2 / noise.variance(plate)).mean(1, keepdim=True)
        inside = misfit[eroded(alpha < BACKGROUND, BACKGROUND_EROSION)]
        if inside.numel() >= MIN_PIXELS:
            ratios.append(inside[:: -(-inside.numel() // SAMPLES)])
    if not ratios:
        return 1.0  # as noisy as the source: a plate is shot with the same camera
    ratio = float(torch.cat(ratios).median()) / MEDIAN_CHI_SQUARE - 1.0
    return min(max(ratio, 0.0), MAX_PLATE_NOISE)
