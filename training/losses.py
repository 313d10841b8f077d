"""What training minimises: errors of alpha, of the keyed colour, and of the expected error."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from mattebox.matte.unmixing.answer import Answer
from mattebox.matte.unmixing.features import Scene
from mattebox.matte.unmixing.spill import spill_strength
from training.compose import Truth

SURE_WEIGHT = 0.5
"""Extra weight of pixels wholly subject or wholly screen: holes and haze are seen first."""
SURE_OPAQUE, SURE_EMPTY = 0.995, 0.004
KNOWN_ERROR = 0.005
"""A scene counts by 1 / (its mean error + this): what matters is the share of the error that goes,
and half of an impossible scene's error is more than all of a clean one's."""
COARSE_WEIGHT = 0.5
BRIGHTEST = 2.0
"""Of the background's light: comps are compared clipped, as people look at them."""


@dataclass(frozen=True)
class Losses:
    """``total`` is minimised; the others, plain numbers per scene [N], are shown."""

    total: torch.Tensor
    alpha: torch.Tensor
    comp: torch.Tensor


def losses(
    scene: Scene, truth: Truth, said: Answer, coarse: torch.Tensor, backdrop: torch.Tensor
) -> Losses:
    """All parts of the loss.

    Args:
        scene, truth: the batch.
        said: the network's answer.
        coarse: [N,1,H/4,W/4] its coarse alpha.
        backdrop: [N,3,1,1] colour of the new background in units of the background's brightness.
    """
    alpha = said.alpha.clamp(0.0, 1.0)
    error = (alpha - truth.alpha).abs()
    sure = (truth.alpha > SURE_OPAQUE) | (truth.alpha < SURE_EMPTY)
    weighted = error * (1.0 + SURE_WEIGHT * sure)
    outside = (said.alpha - alpha).abs().clamp_max(1.0)
    comp, kept = _colour_errors(scene, truth, said, alpha, backdrop)
    likelihood = (error.detach() + 0.002) * (-said.log_error).exp() + said.log_error
    per_scene = (
        _mean(weighted)
        + 0.1 * _mean(outside)
        + 0.3 * _edges(alpha, truth.alpha)
        + 0.5 * _edges(F.avg_pool2d(alpha, 4), F.avg_pool2d(truth.alpha, 4))
        + 0.5 * _mean(comp)
        + 0.5 * _mean(kept)
        + COARSE_WEIGHT * _coarse_errors(coarse, truth.alpha)
    )
    weight = 1.0 / (_mean(error).detach() + KNOWN_ERROR)
    total = (weight * per_scene).mean() / weight.mean() + 0.02 * likelihood.mean()
    return Losses(total, _mean(error).detach(), _mean(comp).detach())


def _coarse_errors(coarse: torch.Tensor, alpha: torch.Tensor) -> torch.Tensor:
    """[N]: of every pixel, and of means: a colour that is collected is off where the coarse alpha
    is off over its whole window, not where it is noisy."""
    apart = coarse - F.avg_pool2d(alpha, 4)
    return _mean(apart.abs()) + _mean(F.avg_pool2d(apart, 4).abs())


def _colour_errors(
    scene: Scene, truth: Truth, said: Answer, alpha: torch.Tensor, backdrop: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Absolute errors of the comp and of the premultiplied foreground, [N,3,H,W]."""
    premultiplied = scene.source - (1.0 - alpha) * scene.background
    premultiplied = torch.maximum(premultiplied, scene.source.clamp_max(0.0))
    strength = spill_strength(premultiplied, truth.hue, said.spill) * truth.spilled
    taken = torch.minimum(strength * truth.hue, premultiplied.clamp_min(0.0))
    kept = (premultiplied - taken) / truth.unit
    wanted = truth.light / truth.unit
    behind = (1.0 - alpha) * backdrop
    wanted_behind = (1.0 - truth.alpha) * backdrop

    def seen(picture: torch.Tensor) -> torch.Tensor:
        return picture.clamp(-0.5, BRIGHTEST)

    comp = (seen(kept + behind) - seen(wanted + wanted_behind)).abs()
    return comp, (seen(kept) - seen(wanted)).abs()


def _mean(picture: torch.Tensor) -> torch.Tensor:
    """[N] over everything but the scenes."""
    return picture.mean((1, 2, 3))


def _edges(one: torch.Tensor, two: torch.Tensor) -> torch.Tensor:
    """[N] mean absolute difference of the gradients."""
    apart = one - two
    return _mean((apart[..., 1:] - apart[..., :-1]).abs()) + _mean(
        (apart[..., 1:, :] - apart[..., :-1, :]).abs()
    )
