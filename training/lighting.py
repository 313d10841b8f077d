"""How the lamps and the screen light what is drawn and rendered.

A drawing says how much of the screen's light its subject would throw, a renderer what a white wall
gives; how much it is in a scene is drawn here, by kind.
"""

from __future__ import annotations

import torch

from mattebox.matte.windows import box_mean
from training.pool import EVERY_KIND
from training.rendering import RENDERED
from training.screens import Dice, constant

MUTED_SHARE, MUTED = 0.6, (0.2, 0.8)
"""Of subjects, and how much nearer to grey they are than drawn: what is filmed is mostly skin,
hair, cloth and wood. How near scenes come to shots is what ``training.likeness`` prints."""
BACKLIT_SHARE = 0.15
RIM_SHARE = 0.1
LAMPS_SPREAD = 0.4
"""Deviation of the logarithm of how bright the lamps are beside the screen."""
# Logarithm and its deviation of the factor on the drawn share of the screen's light. For a screen
# that fills the half of the space behind them a renderer gives: hair, grass and cloth 2 to 8 %,
# glass a third, smoke 0.3 to 0.5.
GLOW = {
    "smoke": (0.6, 0.35),
    "steam": (0.3, 0.3),
    **dict.fromkeys(("glass", "plastic"), (0.3, 0.35)),
    **dict.fromkeys(("veil", "bounced", "layered"), (-0.2, 0.5)),
    "lights": (-1.4, 0.8),
    "thin": (-0.3, 0.9),
    "plants": (-0.5, 0.9),
    **dict.fromkeys(("sparse_hair", "dense_hair", "fur"), (-1.5, 0.8)),
    # Rendered before walls that fill a tenth to a half of the space.
    **dict.fromkeys(RENDERED, (0.0, 0.8)),
    "rendered_hair": (-1.2, 0.7),
    "rendered_thin": (0.5, 0.8),
    "rendered_smoke": (1.2, 0.5),
    "rendered_glass": (0.4, 0.5),
}
BRIGHTER = {"rendered_smoke": (1.1, 0.5)}
"""The same of the lamps' light: smoke is lit for itself, and as bright as white cloth."""
PLAIN_GLOW = (-1.4, 0.8)
REFLECTED, REFLECTED_SPREAD = 0.13, 0.75
"""Of the screen's light by what has the lamps' whole light, where ``GLOW`` does not say it: the
median over scenes, and the deviation of its logarithm. In rendered shots hair has 0.2, grass 0.15,
a table before it 1."""
MOST_GLOW = 0.5
"""What is matt throws back no more than this of the screen, which does not surround it."""
SEEN_THROUGH = ("glass", "plastic", "rendered_glass", "smoke", "steam", "rendered_smoke")
"""Kinds that may throw back all of it, or let it through from all around."""


def relit(dice: Dice, layers: torch.Tensor, kinds: torch.Tensor) -> torch.Tensor:
    """The layers [M,7,S,S] with more or less light on them, as their kinds have.

    What was drawn of the screen's light is scaled, and what is no smoke or glass reflects some more
    of it in its own colour: no surface before a screen has none of its light.
    """
    lit = _muted(dice, layers[:, :3] * _factor(dice, BRIGHTER, (0.0, 0.0), kinds))
    glow = layers[:, 4:] * _factor(dice, GLOW, PLAIN_GLOW, kinds)
    share = _of_kinds(dice, dict.fromkeys(GLOW, 0.0), REFLECTED, kinds)
    share = share * dice.normal(len(layers), REFLECTED_SPREAD).exp()
    alpha = layers[:, 3:4]
    most = alpha * _of_kinds(dice, dict.fromkeys(SEEN_THROUGH, 1.0), MOST_GLOW, kinds)
    glow = torch.minimum(glow + share * torch.minimum(layers[:, :3], alpha), most)
    return torch.cat([lit, alpha, glow], 1).to(layers.dtype)


def _muted(dice: Dice, lit: torch.Tensor) -> torch.Tensor:
    """The light [M,3,S,S] of some subjects nearer to grey."""
    grey = dice.chance(len(lit), MUTED_SHARE) * dice.uniform(len(lit), *MUTED)
    return torch.lerp(lit, lit.mean(1, keepdim=True).expand_as(lit), grey.to(lit.dtype))


def _factor(
    dice: Dice,
    logarithms: dict[str, tuple[float, float]],
    otherwise: tuple[float, float],
    kinds: torch.Tensor,
) -> torch.Tensor:
    """[M,1,1,1]: drawn by each one's mean and deviation of its logarithm."""
    middle, spread = (
        _of_kinds(dice, {name: pair[k] for name, pair in logarithms.items()}, otherwise[k], kinds)
        for k in (0, 1)
    )
    factor: torch.Tensor = (middle + spread * dice.normal(len(kinds), 1.0)).exp()
    return factor


def _of_kinds(
    dice: Dice, values: dict[str, float], otherwise: float, kinds: torch.Tensor
) -> torch.Tensor:
    """[M,1,1,1]: each one's value by its kind."""
    known = tuple(values.get(name, otherwise) for name in EVERY_KIND)
    return constant(known, dice.device)[kinds].view(-1, 1, 1, 1)


def lamplight(
    dice: Dice, subject: torch.Tensor, alpha: torch.Tensor, level: torch.Tensor
) -> torch.Tensor:
    """[N,3,H,W] premultiplied light of the lamps on subjects before a screen.

    Args:
        dice: decides the lamps: how bright, of what colour, and those behind the subject.
        subject: [N,3,H,W] premultiplied light of white lamps.
        alpha: [N,1,H,W] 0..1.
        level: [N,1,1,1] brightness of the screen's telling light.
    """
    count = len(subject)
    tint = (dice.chance(count, 0.3) * dice.normal(count, 0.15, 3)).exp()
    lamps = level / 0.42 * dice.normal(count, LAMPS_SPREAD).exp() * tint
    behind = _behind(dice, alpha)
    lit = subject * lamps * (1.0 + _backlight(dice, count) * behind)
    return lit + alpha * level * _rim(dice, count) * behind


def _behind(dice: Dice, alpha: torch.Tensor) -> torch.Tensor:
    """[N,1,H,W] how much of a lamp behind the subject reaches its loose strands and rims, 0..1."""
    count, _, size, _ = alpha.shape
    reached = dice.smooth(count, 1, size, 2).clamp(0.0, 1.0)
    return reached * (1.0 - box_mean(box_mean(alpha, 6), 6)).clamp_min(0.0) ** 2


def _backlight(dice: Dice, count: int) -> torch.Tensor:
    """[N,1,1,1] how much brighter that lamp makes them, in their own colour."""
    return dice.chance(count, BACKLIT_SHARE) * dice.log_uniform(count, 0.5, 15.0)


def _rim(dice: Dice, count: int) -> torch.Tensor:
    """[N,3,1,1] what they mirror of it in its own colour, in units of the screen's light."""
    bright = dice.chance(count, RIM_SHARE) * dice.log_uniform(count, 0.3, 20.0)
    return bright * dice.normal(count, 0.15, 3).exp()
