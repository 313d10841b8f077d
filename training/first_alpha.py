"""The engine's first alpha beside a scene: the plain key, a difference matte, or a hint with the
faults that hints have."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from mattebox.matte.unmixing.features import excess
from mattebox.matte.windows import box_max, box_mean
from training.screens import Dice, Screens

HINTED_SCREEN_SHARE = 0.12
NAIVE_ROOM_SHARE = 0.35
DIFFERENCE_HINT_SHARE = 0.4
"""Of hints that only compare source and background, as a difference matte does."""
BLACK_LEVEL, WHITE_LEVEL = 0.03, 0.97  # of the plain key, as mattebox.colour_difference


def first_alpha(
    dice: Dice,
    source: torch.Tensor,
    background: torch.Tensor,
    alpha: torch.Tensor,
    backgrounds: Screens,
    is_room: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The engine's alpha [N,1,H,W] and 1 where it knows its subject."""
    count = len(alpha)
    plain = plain_key(source, background, backgrounds.sign)
    apart = (source - background).abs().amax(1, keepdim=True)
    full = dice.log_uniform(count, 0.1, 0.8) * background.mean((1, 2, 3), keepdim=True)
    apart = (apart / full.clamp_min(1e-6)).clamp(0.0, 1.0)
    naive = dice.chance(count, NAIVE_ROOM_SHARE) * is_room
    hinted = torch.where(is_room > 0.5, 1.0 - naive, dice.chance(count, HINTED_SCREEN_SHARE))
    hint = torch.where(dice.chance(count, DIFFERENCE_HINT_SHARE) > 0.5, apart, faulty(dice, alpha))
    unhinted = torch.where((is_room > 0.5) & (dice.chance(count, 0.4) > 0.5), apart, plain)
    return torch.where(hinted > 0.5, hint, unhinted), hinted


def plain_key(source: torch.Tensor, background: torch.Tensor, sign: torch.Tensor) -> torch.Tensor:
    """[N,1,H,W] the plain key, as ``mattebox.colour_difference``."""
    span = excess(background, sign).clamp_min(1e-6)
    plain = 1.0 - excess(source, sign) / span
    return ((plain - BLACK_LEVEL) / (WHITE_LEVEL - BLACK_LEVEL)).clamp(0.0, 1.0)


def faulty(dice: Dice, alpha: torch.Tensor) -> torch.Tensor:
    """A matte as a network or a hand gives it: grown, shrunk, soft, coarse, thin, with holes."""
    count, _, size, _ = alpha.shape
    given = alpha ** dice.log_uniform(count, 0.5, 1.8)
    grown, shrunk = box_max(given, 2), -box_max(-given, 2)
    turn = dice.uniform(count, -1.0, 1.0) * dice.chance(count, 0.5)
    given = given + turn.clamp_min(0.0) * (grown - given) - turn.clamp_max(0.0) * (shrunk - given)
    soft = box_mean(box_mean(given, 2), 2)
    given = given + dice.chance(count, 0.4) * dice.uniform(count, 0.0, 1.0) * (soft - given)
    coarse = F.interpolate(F.avg_pool2d(given, 8), scale_factor=8.0, mode="bilinear")
    given = torch.where(dice.chance(count, 0.15) > 0.5, coarse, given)
    edge = dice.uniform(count, 0.3, 0.7)
    hard = ((given - edge) * 12.0 + 0.5).clamp(0.0, 1.0)
    given = torch.where(dice.chance(count, 0.15) > 0.5, hard, given)
    blobs = (3.0 * (dice.smooth(count, 1, size, 4) - 1.2)).clamp(0.0, 1.0)
    given = given * (1.0 - dice.chance(count, 0.12) * dice.uniform(count, 0.3, 1.0) * blobs)
    leaks = (3.0 * (dice.smooth(count, 1, size, 4) - 1.4)).clamp(0.0, 1.0)
    leaks = leaks * dice.chance(count, 0.1) * dice.uniform(count, 0.2, 1.0)
    return torch.maximum(given, leaks).clamp(0.0, 1.0)
