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

BACKLIT_SHARE = 0.22
RIM_SHARE = 0.2
# Logarithm and its deviation of the factor on the drawn share of the screen's light. For a screen
# that fills the half of the space behind them a renderer gives: hair, grass and cloth 2 to 8 %,
# glass a third, smoke 0.3 to 0.5.
GLOW = {
    **dict.fromkeys(("smoke", "steam"), (0.45, 0.25)),
    **dict.fromkeys(("glass", "plastic"), (0.3, 0.35)),
    **dict.fromkeys(("veil", "bounced", "layered"), (-0.2, 0.5)),
    "lights": (-1.4, 0.8),
    **dict.fromkeys(("sparse_hair", "dense_hair", "fur"), (-1.5, 0.8)),
    # Rendered before walls that fill a tenth to a half of the space.
    **dict.fromkeys(RENDERED, (-0.2, 0.5)),
    "rendered_hair": (-1.2, 0.7),
    "rendered_thin": (0.2, 0.6),
    "rendered_smoke": (0.9, 0.4),
    "rendered_glass": (0.4, 0.5),
}
BRIGHTER = {"rendered_smoke": (1.1, 0.5)}
"""The same of the lamps' light: smoke is lit for itself, and as bright as white cloth."""
PLAIN_GLOW = (-1.4, 0.8)
REFLECTED, BY_THREADS, REFLECTED_SPREAD = 0.13, 0.5, 0.75
"""Of the screen's light by what has the lamps' whole light: the median over scenes, that of cords
and wires, whose sides the screen sees, and the deviation of its logarithm. In rendered shots hair
has 0.2, grass 0.15, a table before it 1."""


def relit(dice: Dice, layers: torch.Tensor, kinds: torch.Tensor) -> torch.Tensor:
    """The layers [M,7,S,S] with more or less light on them, as their kinds have.

    What was drawn of the screen's light is scaled, and what is no smoke or glass reflects some more
    of it in its own colour: no surface before a screen has none of its light.
    """
    lit = layers[:, :3] * _factor(dice, BRIGHTER, (0.0, 0.0), kinds)
    glow = layers[:, 4:] * _factor(dice, GLOW, PLAIN_GLOW, kinds)
    threads = {"thin": BY_THREADS} | dict.fromkeys(GLOW, 0.0)
    matt = constant(tuple(threads.get(name, REFLECTED) for name in EVERY_KIND), dice.device)[kinds]
    share = matt.view(-1, 1, 1, 1) * dice.normal(len(layers), REFLECTED_SPREAD).exp()
    alpha = layers[:, 3:4]
    glow = torch.minimum(glow + share * torch.minimum(layers[:, :3], alpha), alpha)
    return torch.cat([lit, alpha, glow], 1).to(layers.dtype)


def _factor(
    dice: Dice,
    logarithms: dict[str, tuple[float, float]],
    otherwise: tuple[float, float],
    kinds: torch.Tensor,
) -> torch.Tensor:
    """[M,1,1,1]: drawn by each one's mean and deviation of its logarithm."""
    known = tuple(logarithms.get(name, otherwise)[k] for k in (0, 1) for name in EVERY_KIND)
    middle, spread = constant(known, dice.device).view(2, len(EVERY_KIND), 1, 1, 1)[:, kinds]
    factor: torch.Tensor = (middle + spread * dice.normal(len(kinds), 1.0)).exp()
    return factor


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
    lamps = level / 0.42 * dice.normal(count, 0.55).exp() * tint
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
