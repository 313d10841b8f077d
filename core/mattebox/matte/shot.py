"""The once-per-shot analysis: grain, key channel and the subject's materials."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch

from mattebox.matte.colour_difference import is_keyable_screen, key_channel, raw_colour_difference
from mattebox.matte.materials import Material, ShotStatistics, explain_all
from mattebox.matte.noise import NoiseModel, Triple, estimate_noise
from mattebox.matte.transmission import detail_products, fit_transmission, local_transmission, seen_screen
from mattebox.matte.windows import box_mean, eroded

SAMPLES = 20_000
OPAQUE = 0.97
CORE_EROSION = 3
COLOURS = 8
ROUNDS = 20
MIN_WEIGHT = 0.005
SOFT_MISFIT = 4.0
MIN_SOFT = 500
PRIOR_ERROR = 0.5
MAX_FACTOR = 2.5


def analyse_shot(
    sources: Sequence[torch.Tensor],
    plates: Sequence[torch.Tensor],
    first_alphas: Sequence[torch.Tensor],
    *,
    noise: NoiseModel | None = None,
) -> ShotStatistics:
    """Statistics of a shot from samples of all of it (never of one chunk alone).

    Args:
        sources: pieces [N,3,H,W] float32, linear Rec.709: N consecutive frames each; 3 to 6
            pieces of 2 frames spread over the shot are enough.
        plates: per piece [N,3,H,W] or [1,3,H,W], same light.
        first_alphas: per piece [N,1,H,W], 0..1.
        noise: the grain where it is known; None measures it.
    """
    if noise is None:
        noise = estimate_noise(sources)
    mean_plate = torch.stack([plate.mean(dim=(0, 2, 3)) for plate in plates]).mean(0).view(1, 3, 1, 1)
    key = key_channel(mean_plate)
    screen = all(is_keyable_screen(plate) for plate in plates)
    plate_noise = _plate_noise(sources, plates, first_alphas, noise)
    statistics = ShotStatistics(
        noise=noise,
        plate_noise=plate_noise,
        key=key,
        screen=screen,
        materials=(),
        brightness=max(float(mean_plate.max()), 1e-6),
    )
    cores = [
        _opaque(source, plate, alpha, statistics)
        for source, plate, alpha in zip(sources, plates, first_alphas, strict=True)
    ]
    statistics = replace(statistics, materials=_opaque_materials(sources, cores))
    if not screen or any(plate.shape[0] != 1 or not torch.equal(plate, plates[0]) for plate in plates):
        return statistics
    factor, error = _soft_factor(sources, plates[0], first_alphas, statistics)
    return replace(statistics, soft_factor=factor, soft_error=error)


def _soft_factor(
    sources: Sequence[torch.Tensor],
    plate: torch.Tensor,
    first_alphas: Sequence[torch.Tensor],
    statistics: ShotStatistics,
) -> tuple[float, float]:
    """Factor on the colour difference in material of unknown colour, and its standard error."""
    noise, key = statistics.noise, statistics.key
    seen = seen_screen(sources, plate, noise, statistics.plate_noise)
    variance = noise.variance(plate) * (1.0 + statistics.plate_noise)
    smooth_plate = box_mean(plate, 1)
    rows, pixels = [], 0
    for piece, alphas in zip(sources, first_alphas, strict=True):
        for frame, alpha in zip(piece.split(1), alphas.split(1), strict=True):
            mixture = explain_all(frame, plate, alpha, statistics, 2)
            misfit = box_mean(((frame - plate) ** 2 / variance).mean(1, keepdim=True), 2)
            soft = (mixture.weights[-1] > 0.5) & (misfit > SOFT_MISFIT)
            opacity = raw_colour_difference(box_mean(frame, 1), smooth_plate, key)
            rows.append(detail_products(frame, plate, seen, opacity, soft, noise, key))
            pixels += int(soft.sum())
    measured = fit_transmission(torch.cat(rows))
    if pixels < MIN_SOFT:
        return 1.0, PRIOR_ERROR
    # weak evidence leaves the colour difference as it is
    trust = PRIOR_ERROR**2 / (PRIOR_ERROR**2 + measured.error**2)
    factor = 1.0 + trust * (measured.factor - 1.0)
    return min(max(factor, 1.0), MAX_FACTOR), PRIOR_ERROR * (1.0 - trust) ** 0.5


def _plate_noise(sources: Sequence[torch.Tensor], plates: Sequence[torch.Tensor], alphas: Sequence[torch.Tensor], noise: NoiseModel) -> float:
    """How much more source and plate differ in the background than the source's grain says."""
    ratios = []
    for source, plate, alpha in zip(sources, plates, alphas, strict=True):
        misfit = (source - plate) ** 2 / noise.variance(plate)
        clear = eroded(alpha < 0.1, 3)
        inside = misfit.mean(1, keepdim=True)[clear]
        if inside.numel() > 400:
            ratios.append(inside[:: max(1, inside.numel() // SAMPLES)])
    if not ratios:
        return 1.0
    # the median of a chi-square of 3 degrees, divided by 3, is 0.789
    return min(max(float(torch.cat(ratios).median()) / 0.789 - 1.0, 0.0), 8.0)


def _opaque(source: torch.Tensor, plate: torch.Tensor, alpha: torch.Tensor, statistics: ShotStatistics) -> torch.Tensor:
    """Bool [N,1,H,W]: opaque beyond doubt."""
    if statistics.screen:
        return alpha > OPAQUE
    variance, plate_variance = statistics.noise.variance(source), statistics.plate_noise * statistics.noise.variance(plate)
    seen = local_transmission(source, plate.expand_as(source), variance, plate_variance.expand_as(source))
    return (seen.alpha > 0.9) & (seen.variance < 0.1**2)


def _opaque_materials(sources: Sequence[torch.Tensor], cores: Sequence[torch.Tensor]) -> tuple[Material, ...]:
    """Colours of the opaque interior, by k-means on cube roots (nearly even in perceived steps)."""
    picked = []
    for source, opaque in zip(sources, cores, strict=True):
        core = eroded(opaque, CORE_EROSION)[:, 0]
        picked.append(source.permute(0, 2, 3, 1)[core])
    pixels = torch.cat(picked)
    if pixels.shape[0] < 100:
        return ()
    pixels = pixels[:: max(1, pixels.shape[0] // SAMPLES)]
    labels = cluster(pixels.clamp_min(0.0) ** (1.0 / 3.0), COLOURS)
    found = []
    for label in range(COLOURS):
        members = pixels[labels == label]
        weight = members.shape[0] / pixels.shape[0]
        if weight < MIN_WEIGHT:
            continue
        found.append(_material(members, weight))
    return tuple(sorted(found, key=lambda material: -material.weight))


def _material(members: torch.Tensor, weight: float) -> Material:
    mean = members.mean(0)
    centred = members - mean
    values = torch.linalg.eigvalsh(centred.T @ centred / members.shape[0])
    spread = math.sqrt(max(float(values[:2].mean()), 0.0))
    return Material(triple(mean), spread, weight)


def triple(values: torch.Tensor) -> Triple:
    red, green, blue = (float(value) for value in values)
    return red, green, blue


def cluster(points: torch.Tensor, count: int) -> torch.Tensor:
    """Label 0..count-1 of each point [P,D]: k-means begun at far points; no random numbers."""
    centres = [points.mean(0)]
    for _ in range(count - 1):
        distance = torch.stack([((points - c) ** 2).sum(1) for c in centres]).amin(0)
        # not the farthest, which is an outlier
        centres.append(points[distance.argsort(stable=True)[int(0.995 * (len(points) - 1))]])
    centre = torch.stack(centres)
    labels = torch.zeros(len(points), dtype=torch.long, device=points.device)
    for _ in range(ROUNDS):
        labels = ((points[:, None] - centre) ** 2).sum(2).argmin(1)
        for j in range(count):
            members = points[labels == j]
            if len(members) > 0:
                centre[j] = members.mean(0)
    return labels
