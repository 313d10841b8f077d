"""Alpha for linear light, from a source, its plate and a first alpha.

Every pixel is I = a F + (1 - a) B + grain: three equations, four unknowns. What closes the gap:

1. *Materials* (materials.py): colours of the subject's opaque interior, as lit in this plate. Each
   gives one alpha per pixel and a likelihood; they are averaged by likelihood over a 3x3 square.
2. *No known colour fits* (smoke, highlights on glass, things with no opaque interior): on a screen
   the colour difference and the shot's exponent (soft.py); elsewhere the first alpha.
3. *The plate's detail* seen through the subject, on plates that are not a plain screen.
4. *Background*: where the source is the plate within the grain over a square, alpha is 0.
5. *Opaque interior*: on a screen, or where the engine knows its subject, alpha is 1 where the first
   alpha is 1 over a square.
6. *Time* (steady.py): grain averaged with neighbouring frames where nothing moves.

Shadows on the screen stay in alpha, as black of their density: light that the plate has and the
source lacks cannot be told from a dark transparent subject. Who does not want them asks for it
(shadows.py).

Everything reads at most REACH pixels around a pixel, and the frames it is given; what is known of
the shot as a whole comes in ``ShotStatistics``. Same code on CPU and GPU, no random numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from mattebox.matte.materials import explain_all
from mattebox.matte.soft import SOFT_REACH, SoftAlpha, soft_alpha
from mattebox.matte.statistics import ShotStatistics
from mattebox.matte.steady import STEADY_REACH, steady_mean
from mattebox.matte.transmission import LOCAL_RADII, local_transmission
from mattebox.matte.windows import box_mean, eroded

EVIDENCE_RADIUS = 1  # over which materials are told apart: a strand is 1 to 3 pixels wide
# An opaque pixel is one in an opaque square. On a screen a small one where the materials nearly
# agree (colour difference reads 1 on dense hair of alpha 0.85), else a large one; on another plate
# the smallest, from an engine that knows its subject.
SURE_RADIUS = 1
CORE_RADIUS = 2
DEEP_RADIUS = 6
NEARLY_OPAQUE = 0.85
# A first alpha from here on counts as opaque: the white level of the plain key.
OPAQUE = 0.97
# Mean chi-square of 3 channels over a 3x3 square: 3 expected in clear background, and grain
# correlated over a pixel takes it past 7 in about one square of a thousand.
CLEAR_MISFIT = 7.0
CLEAR_SLOPE = 2.0
# Below this share alpha is 0, so that the background's grain does not reach the picture: one
# step of an 8-bit matte.
LEAST_ALPHA = 0.004
# Standard deviations of what no statistic covers: a first alpha where the plate is no screen; any
# model at alpha 0.5; the plate's detail.
FIRST_ALPHA_ERROR = 0.2
MODEL_ERROR = 0.04
DETAIL_ERROR = 0.03
# Confidence is 1 where alpha is sure, and 0 from this standard deviation of alpha on.
WORST_ERROR = 0.25

# How far, in pixels, a change of the input can reach in the output. The longest chain: temporal
# matching, then either the plate's detail (two windows) and its evidence, or soft material.
REACH = STEADY_REACH + max(2 * max(LOCAL_RADII), EVIDENCE_RADIUS + SOFT_REACH) + EVIDENCE_RADIUS


@dataclass(frozen=True)
class Solution:
    """The solver's answer for one batch of frames.

    Attributes:
        alpha: [N,1,H,W] float32, 0..1, for linear light.
        confidence: [N,1,H,W] float32, 0..1: 1 - (expected error of alpha) / WORST_ERROR.
    """

    alpha: torch.Tensor
    confidence: torch.Tensor


def solve_alpha(
    source: torch.Tensor,
    plate: torch.Tensor,
    first_alpha: torch.Tensor,
    statistics: ShotStatistics,
    *,
    foreground: torch.Tensor | None = None,
    neighbours: Sequence[torch.Tensor] = (),
) -> Solution:
    """Alpha of the frames in linear light.

    Args:
        source: [N,3,H,W] float32, linear Rec.709, unbounded (HDR, negatives), finite.
        plate: [N,3,H,W] or [1,3,H,W], the registered clean plate in the same light.
        first_alpha: [N,1,H,W], 0..1: an engine's answer. With the ``screen`` engine the plain
            colour difference.
        statistics: of the whole shot (``analyse_shot``), never of a chunk.
        foreground: [N,3,H,W] or [1,3,1,1] straight colour, linear Rec.709, as lit in the plate,
            where a network or the user gives one; None else.
        neighbours: up to ``steady.WINDOW`` frames before and after, each like ``source``; empty
            leaves the temporal term out.
    """
    plate = plate.expand_as(source)
    frame, left = steady_mean(source, neighbours, statistics.noise)
    variance = statistics.noise.variance(frame) * left
    plate_variance = statistics.noise.variance(plate) * statistics.plate_noise
    mixture = explain_all(
        frame, plate, variance, plate_variance, first_alpha, statistics, EVIDENCE_RADIUS, foreground
    )
    alphas, variances, weights = mixture.alphas, mixture.variances, mixture.weights
    misfit = ((frame - plate) ** 2 / (variance + plate_variance)).sum(1, keepdim=True)
    subject = torch.sigmoid((box_mean(misfit, EVIDENCE_RADIUS) - CLEAR_MISFIT) * CLEAR_SLOPE)
    if statistics.screen:
        # the square's edge is not yet the subject's
        present = subject * torch.sigmoid((misfit - CLEAR_MISFIT) * CLEAR_SLOPE)
        soft = soft_alpha(frame, plate, variance, plate_variance, present, statistics)
    else:
        soft = SoftAlpha(first_alpha, torch.full_like(first_alpha, FIRST_ALPHA_ERROR**2))
    alphas = torch.cat([alphas[:-1], soft.alpha[None]])
    variances = torch.cat([variances[:-1], soft.variance[None]])
    if not statistics.screen:
        seen = local_transmission(frame, plate, variance, plate_variance)
        alphas, variances, weights = _with_detail(
            alphas, variances, weights, seen.alpha, seen.variance
        )
    alpha = (weights * alphas).sum(0)
    error = (weights * (variances + (alphas - alpha) ** 2)).sum(0)
    error = subject * error + subject * (1.0 - subject) * alpha * alpha
    alpha = subject * alpha
    if statistics.screen or statistics.sure_inside:
        opaque = first_alpha > OPAQUE
        if statistics.screen:
            agreed = eroded(opaque, CORE_RADIUS) & (alpha > NEARLY_OPAQUE)
            core = eroded(opaque, DEEP_RADIUS) | agreed
        else:
            core = eroded(opaque, SURE_RADIUS)
        alpha = torch.where(core, 1.0, alpha)
        error = torch.where(core, 0.0, error)
    alpha = torch.where(alpha < LEAST_ALPHA, 0.0, alpha)
    error = error + (MODEL_ERROR * 4.0 * alpha * (1.0 - alpha)) ** 2
    return Solution(alpha, (1.0 - error.sqrt() / WORST_ERROR).clamp(0.0, 1.0))


def _with_detail(
    alphas: torch.Tensor,
    variances: torch.Tensor,
    weights: torch.Tensor,
    seen: torch.Tensor,
    seen_variance: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Materials [K,N,1,H,W] judged and corrected by what shows of the plate's detail [N,1,H,W]."""
    doubt = seen_variance + DETAIL_ERROR**2
    gap = (alphas - seen.clamp(0.0, 1.0)) ** 2 / (variances + doubt)
    pooled = torch.stack([box_mean(one, EVIDENCE_RADIUS) for one in gap])
    judged = torch.softmax(weights.clamp_min(1e-12).log() - 0.5 * pooled, 0)
    trust = variances / (variances + doubt)
    return (alphas + trust * (seen - alphas)).clamp(0.0, 1.0), trust * doubt, judged
