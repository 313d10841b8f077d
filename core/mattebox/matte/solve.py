"""Alpha for linear light, from a source, its plate and a first alpha."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from mattebox.matte.colour_difference import key_excess
from mattebox.matte.materials import ShotStatistics, explain_all
from mattebox.matte.transmission import local_transmission
from mattebox.matte.windows import box_mean, eroded

REACH = 8
EVIDENCE_RADIUS = 1
SMOOTH_RADIUS = 2


@dataclass(frozen=True)
class Solution:
    """alpha, confidence: [N,1,H,W] float32, 0..1."""

    alpha: torch.Tensor
    confidence: torch.Tensor


def solve_alpha(
    source: torch.Tensor,
    plate: torch.Tensor,
    first_alpha: torch.Tensor,
    statistics: ShotStatistics,
) -> Solution:
    plate = plate.expand_as(source)
    variance = statistics.noise.variance(source)
    plate_variance = statistics.noise.variance(plate) * statistics.plate_noise
    mixture = explain_all(source, plate, first_alpha, statistics, EVIDENCE_RADIUS)
    alphas, variances = mixture.alphas.clone(), mixture.variances.clone()
    if statistics.screen:
        alphas[-1], variances[-1] = _unknown_colour(source, plate, first_alpha, statistics)
    else:
        variances[-1] = 0.3**2
    weights = mixture.weights
    if not statistics.screen:
        seen = local_transmission(source, plate, variance, plate_variance)
        gap = (alphas - seen.alpha.clamp(0.0, 1.0)) ** 2 / (variances + seen.variance + 0.05**2)
        weights = torch.softmax(weights.clamp_min(1e-12).log() - 0.5 * box_mean(gap.flatten(0, 1), 1).view_as(gap), 0)
        trust = variances / (variances + seen.variance + 0.03**2)
        alphas = (alphas + trust * (seen.alpha - alphas)).clamp(0.0, 1.0)
    alpha = (weights * alphas).sum(0)
    grain = (weights * variances).sum(0)
    spread = (weights * (alphas - alpha) ** 2).sum(0)
    alpha = alpha + weights[-1] * (_wiener(alpha, variances[-1]) - alpha)
    misfit = ((source - plate) ** 2 / (variance + plate_variance)).sum(1, keepdim=True)
    alpha = alpha * torch.sigmoid((box_mean(misfit, 1) - 6.0) * 2.0)
    if statistics.screen:
        core = eroded(first_alpha > 0.97, 2)
        alpha = torch.where(core, 1.0, alpha)
    alpha = torch.where(alpha < 0.004, 0.0, alpha)
    total = grain + spread
    return Solution(alpha, 1.0 - (2.0 * total.sqrt()).clamp(0.0, 1.0))


def _unknown_colour(source: torch.Tensor, plate: torch.Tensor, first_alpha: torch.Tensor, statistics: ShotStatistics) -> tuple[torch.Tensor, torch.Tensor]:
    """Alpha and its variance where no known colour explains the pixel."""
    if not statistics.screen:
        return first_alpha, torch.full_like(first_alpha, 0.2**2)
    key = statistics.key
    excess = key_excess(plate, key).clamp_min(1e-6)
    raw = 1.0 - key_excess(source, key) / excess
    variance = statistics.noise.variance(source) + statistics.plate_noise * statistics.noise.variance(plate)
    first, second = (channel for channel in range(3) if channel != key)
    grain = (variance[:, key : key + 1] + torch.maximum(variance[:, first : first + 1], variance[:, second : second + 1])) / (excess * excess)
    factor = statistics.soft_factor
    return (factor * raw).clamp(0.0, 1.0), factor * factor * grain


def _wiener(alpha: torch.Tensor, grain: torch.Tensor) -> torch.Tensor:
    """Grain taken out of alpha where its scatter over a small window is no more than grain."""
    mean = box_mean(alpha, SMOOTH_RADIUS)
    scatter = (box_mean(alpha * alpha, SMOOTH_RADIUS) - mean * mean).clamp_min(0.0)
    expected = box_mean(grain, SMOOTH_RADIUS)
    keep = ((scatter - expected) / scatter.clamp_min(1e-8)).clamp(0.0, 1.0)
    return mean + keep * (alpha - mean)
