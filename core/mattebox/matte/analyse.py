"""The once-per-shot analysis: grain, key channel, the subject's materials, soft transmission.

It reads samples of the whole shot, so that every chunk is solved with the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
import torch.nn.functional as F

from mattebox.colour_difference import is_keyable_screen, key_channel, raw_colour_difference
from mattebox.matte.materials import explain_all
from mattebox.matte.noise import estimate_noise
from mattebox.matte.soft import material_light
from mattebox.matte.statistics import Material, NoiseModel, ShotStatistics, Triple
from mattebox.matte.transmission import (
    DETAIL_RADIUS,
    detail_products,
    fit_transmission,
    local_transmission,
    seen_screen,
)
from mattebox.matte.windows import box_mean, eroded

SAMPLES = 20_000  # pixels that decide a colour or a median: good to 1 %
MIN_PIXELS = 500  # fewer say nothing about a shot
# An opaque interior on a screen: the white level of the plain key, over a square of side 7, so that
# no strand and no defocused edge gets in.
OPAQUE = 0.97
CORE_EROSION = 3
# Cloth, leaves and props with a little of the screen's hue read less than they are. Over such a
# square, smoothed against grain, this much is no strand and no blur: it counts as opaque when
# colours are collected, lest its colour be taken for hair with screen showing through.
NEARLY_OPAQUE = 0.75
NEARLY_RADIUS = 2
# ... on any other plate: at most a tenth of the plate's detail shows, known to a tenth.
OPAQUE_BY_DETAIL = 0.9
DETAIL_DOUBT = 0.1
BACKGROUND = 0.1  # a first alpha below this, over a square of side 7, is background
COLOURS = 8  # a person, clothes and props in light and shade; more split the same material
NEARLY_COLOURS = 3  # a cloth or two, a prop, dense smoke; few, so that a small one counts
ROUNDS = 20  # of k-means; labels stop changing before
MIN_WEIGHT = 0.005  # a lighter cluster is a highlight or a leak, not a material
# The median of a chi-square of 3 degrees of freedom, divided by 3.
MEDIAN_CHI_SQUARE = 0.789
MAX_PLATE_NOISE = 8.0  # a plate further off than this is wrong, not noisy
# Mean chi-square per channel above which a pixel of unknown colour is subject, not background.
SOFT_MISFIT = 4.0
EVIDENCE_RADIUS = 2  # over which soft material is told from known colours
LARGEST_SIDE = (
    960  # pixels; smoke is as well told from hair at this size, in a fraction of the time
)
SURELY_SOFT = 0.1  # colour difference from which a soft material's brightness can be told
# What is known of the exponent before looking: colour difference is right for anything without the
# screen's light in it (1.0), and reads down to half on what scatters it.
PRIOR_EXPONENT_ERROR = 0.7
EXPONENT_RANGE = (1.0, 2.5)


def analyse_shot(
    sources: Sequence[torch.Tensor],
    plates: Sequence[torch.Tensor],
    first_alphas: Sequence[torch.Tensor],
    *,
    noise: NoiseModel | None = None,
    sure_inside: bool = False,
    own_plate: bool = False,
) -> ShotStatistics:
    """Statistics of a shot from samples of all of it (never of one chunk alone).

    Args:
        sources: pieces [N,3,H,W] float32, linear Rec.709: N consecutive frames each (two, for the
            grain); 3 to 6 pieces spread over the shot are enough.
        plates: per piece [N,3,H,W] or [1,3,H,W], same light. One static plate is given to all
            pieces as [1,3,H,W]; only then the soft exponent can be measured.
        first_alphas: per piece [N,1,H,W], 0..1.
        noise: the grain where it is known; None measures it.
        sure_inside: whether the engine knows its subject without the plate (a network, a matte
            drawn by hand), so that its solid interior is opaque on any plate.
        own_plate: whether the plate was made from these frames, and so shares their grain.
    """
    if not len(sources) == len(plates) == len(first_alphas) or not sources:
        counts = (len(sources), len(plates), len(first_alphas))
        raise ValueError(f"sources, plates and first alphas must be as many, got {counts}")
    noise = noise if noise is not None else estimate_noise(sources)
    means = torch.stack([plate.mean(dim=(0, 2, 3)) for plate in plates])
    mean_plate = means.mean(0).view(1, 3, 1, 1)
    screen = all(is_keyable_screen(plate) for plate in plates)
    statistics = ShotStatistics(
        noise=noise,
        plate_noise=_plate_noise(sources, plates, first_alphas, noise),
        key=key_channel(mean_plate),
        screen=screen,
        sure_inside=sure_inside,
        materials=(),
        brightness=max(float(mean_plate.max()), 1e-6),
    )
    strict = [
        eroded(_opaque(source, plate, alpha, statistics), CORE_EROSION)
        for source, plate, alpha in zip(sources, plates, first_alphas, strict=True)
    ]
    nearly: list[torch.Tensor] = []
    if statistics.screen:
        nearly = [
            _nearly_opaque(source, plate, statistics.key) & ~inside
            for inside, source, plate in zip(strict, sources, plates, strict=True)
        ]
    static = all(plate.shape[0] == 1 and torch.equal(plate, plates[0]) for plate in plates)
    if statistics.screen and static:
        # Dense smoke is nearly opaque, and is still the material that the exponent is asked of.
        known = replace(statistics, materials=_materials(sources, strict))
        statistics = _with_soft_exponent(
            sources, plates[0], first_alphas, known, own_plate=own_plate
        )
    return replace(statistics, materials=_materials(sources, strict, nearly))


def cluster(points: torch.Tensor, count: int) -> torch.Tensor:
    """Labels [P] in 0..count-1 of points [P,D]: k-means begun at far points, no random numbers."""
    centres = [points.mean(0)]
    for _ in range(count - 1):
        distance = torch.stack([((points - c) ** 2).sum(1) for c in centres]).amin(0)
        # not the very farthest point, which is an outlier
        order = distance.argsort(stable=True)
        centres.append(points[order[int(0.995 * (len(points) - 1))]])
    centre = torch.stack(centres)
    labels = torch.zeros(len(points), dtype=torch.long, device=points.device)
    for _ in range(ROUNDS):
        labels = ((points[:, None] - centre) ** 2).sum(2).argmin(1)
        for label in range(count):
            members = points[labels == label]
            if len(members) > 0:
                centre[label] = members.mean(0)
    return labels


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
        inside = misfit[eroded(alpha < BACKGROUND, CORE_EROSION)]
        if inside.numel() >= MIN_PIXELS:
            ratios.append(_thinned(inside))
    if not ratios:
        return 1.0  # as noisy as the source: a plate is shot with the same camera
    ratio = float(torch.cat(ratios).median()) / MEDIAN_CHI_SQUARE - 1.0
    return min(max(ratio, 0.0), MAX_PLATE_NOISE)


def _nearly_opaque(source: torch.Tensor, plate: torch.Tensor, key: int) -> torch.Tensor:
    """Bool [N,1,H,W]: inside solid things with a little of the screen's hue."""
    raw = raw_colour_difference(source, plate, key)
    return eroded(box_mean(raw, NEARLY_RADIUS) > NEARLY_OPAQUE, CORE_EROSION)


def _opaque(
    source: torch.Tensor, plate: torch.Tensor, alpha: torch.Tensor, statistics: ShotStatistics
) -> torch.Tensor:
    """Bool [N,1,H,W]: where the subject is opaque beyond doubt."""
    if statistics.screen or statistics.sure_inside:
        return alpha > OPAQUE
    plate = plate.expand_as(source)
    plate_variance = statistics.plate_noise * statistics.noise.variance(plate)
    seen = local_transmission(source, plate, statistics.noise.variance(source), plate_variance)
    return (seen.alpha > OPAQUE_BY_DETAIL) & (seen.variance < DETAIL_DOUBT**2)


def _materials(
    sources: Sequence[torch.Tensor],
    inside: Sequence[torch.Tensor],
    nearly: Sequence[torch.Tensor] = (),
) -> tuple[Material, ...]:
    """Colours of the opaque interior and, in clusters of their own, of what is nearly opaque.

    Masks are bool [N,1,H,W] per piece. K-means on cube roots, nearly even in perceived steps.
    """
    groups = [_picked(sources, inside), _picked(sources, nearly)]
    total = sum(group.shape[0] for group in groups)
    found = []
    for pixels, count in zip(groups, (COLOURS, NEARLY_COLOURS), strict=True):
        if pixels.shape[0] < MIN_PIXELS:
            continue
        samples = _thinned(pixels)
        labels = cluster(samples.clamp_min(0.0) ** (1.0 / 3.0), count)
        share = pixels.shape[0] / total / samples.shape[0]
        for label in range(count):
            members = samples[labels == label]
            if members.shape[0] * share >= MIN_WEIGHT:
                found.append(_material(members, members.shape[0] * share))
    return tuple(sorted(found, key=lambda material: -material.weight))


def _picked(sources: Sequence[torch.Tensor], masks: Sequence[torch.Tensor]) -> torch.Tensor:
    """Pixels [P,3] of the pieces where their masks are True."""
    picked = [
        source.permute(0, 2, 3, 1)[mask[:, 0]]
        for source, mask in zip(sources, masks, strict=False)  # no masks: no pixels
    ]
    return torch.cat(picked) if picked else sources[0].new_zeros(0, 3)


def _material(members: torch.Tensor, weight: float) -> Material:
    """Mean and spread of pixels [P,3]; the widest direction is light and shade, and left out."""
    mean = members.mean(0)
    centred = (members - mean).to(torch.float64).cpu()
    values = torch.linalg.eigvalsh(centred.T @ centred / members.shape[0])
    spread = math.sqrt(max(float(values[:2].mean()), 0.0))
    return Material(_triple(mean), spread, weight)


def _with_soft_exponent(
    sources: Sequence[torch.Tensor],
    plate: torch.Tensor,
    first_alphas: Sequence[torch.Tensor],
    statistics: ShotStatistics,
    *,
    own_plate: bool,
) -> ShotStatistics:
    """The exponent of transmission in material of unknown colour, its error, and its brightness."""
    noise, key = statistics.noise, statistics.key
    if own_plate:
        # Its grain is that of the frames; two halves of the shot have grains of their own.
        if len(sources) < 2:
            return replace(statistics, soft_error=PRIOR_EXPONENT_ERROR)
        seen, other = (
            seen_screen(sources[half::2], plate, noise, statistics.plate_noise) for half in (0, 1)
        )
        instrument = torch.where(other[1] > 0.0, other[0], plate)
        seen = (seen[0], torch.minimum(seen[1], other[1]))
    else:
        instrument, seen = plate, seen_screen(sources, plate, noise, statistics.plate_noise)
    variance = noise.variance(plate) * (1.0 + statistics.plate_noise)
    smooth_plate = box_mean(plate, DETAIL_RADIUS)
    rows, lights = [], []
    for piece, alphas in zip(sources, first_alphas, strict=True):
        for frame, alpha in zip(torch.split(piece, 1), torch.split(alphas, 1), strict=True):
            misfit = box_mean(((frame - plate) ** 2 / variance).mean(1, keepdim=True), 2)
            soft = _of_unknown_colour(frame, plate, alpha, statistics) & (misfit > SOFT_MISFIT)
            smooth = box_mean(frame, DETAIL_RADIUS)
            opacity = raw_colour_difference(smooth, smooth_plate, key)
            rows.append(detail_products(frame, instrument, seen, opacity, soft, noise, key))
            light = material_light(smooth, smooth_plate, opacity.clamp(0.0, 1.0), statistics)
            lights.append(light[soft & (opacity > SURELY_SOFT)])
    found = torch.cat(lights)
    if found.numel() < MIN_PIXELS:
        return replace(statistics, soft_error=PRIOR_EXPONENT_ERROR)
    measured = fit_transmission(torch.cat(rows))
    # weak evidence leaves the colour difference as it is
    trust = PRIOR_EXPONENT_ERROR**2 / (PRIOR_EXPONENT_ERROR**2 + measured.error**2)
    lowest, highest = EXPONENT_RANGE
    return replace(
        statistics,
        soft_exponent=1.0 + trust * (min(max(measured.exponent, lowest), highest) - 1.0),
        soft_error=PRIOR_EXPONENT_ERROR * (1.0 - trust) ** 0.5,
        soft_light=float(_thinned(found).median()),
    )


def _of_unknown_colour(
    frame: torch.Tensor, plate: torch.Tensor, alpha: torch.Tensor, statistics: ShotStatistics
) -> torch.Tensor:
    """Bool [1,1,H,W]: where no known material explains a frame; large ones are looked at small."""
    height, width = frame.shape[-2:]
    step = -(-max(height, width) // LARGEST_SIDE)
    small, screen, start = (
        F.avg_pool2d(picture, step, ceil_mode=True, count_include_pad=False)
        for picture in (frame, plate, alpha)
    )
    # grain is correlated between pixels: a mean over step^2 of them keeps about 1 / step of it
    variance = statistics.noise.variance(small) / step
    plate_variance = statistics.noise.variance(screen) * (statistics.plate_noise / step)
    mixture = explain_all(
        small, screen, variance, plate_variance, start, statistics, EVIDENCE_RADIUS
    )
    unknown = mixture.weights[-1]
    if step > 1:
        unknown = unknown.repeat_interleave(step, 2).repeat_interleave(step, 3)
    return unknown[..., :height, :width] > 0.5


def _thinned(samples: torch.Tensor) -> torch.Tensor:
    """At most SAMPLES of them, evenly picked along the first axis."""
    return samples[:: -(-samples.shape[0] // SAMPLES)]


def _triple(values: torch.Tensor) -> Triple:
    red, green, blue = (float(value) for value in values)
    return red, green, blue
