"""Taking the screen's light out of the foreground, in linear Rec.709.

The light that a screen throws on a subject has the screen's hue. So the part removed is always a
multiple of the screen colour. How large a multiple the unmixing network says (learned); by rule it
is the smallest one after which the key channel no longer exceeds both others (max rule). Neutrals
come out exact, and colours without an excess in the key channel are not touched at all. Measured
beside the field's other rules in docs/colour.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from mattebox.matte.unmixing.spill import spill_strength
from mattebox.per_channel import per_channel
from mattebox.screen_key import ScreenKey, key_of
from mattebox.settings import SpillRule

REC709_LUMINANCE = (0.2126, 0.7152, 0.0722)
"""ITU-R BT.709."""

LEAST_EXCESS = 0.05
"""A colour whose key channel exceeds the others by less than this share of it is no screen."""


@dataclass(frozen=True)
class ScreenColour:
    """The colour of the screen's light: scene-linear Rec.709, any brightness above 0."""

    red: float
    green: float
    blue: float

    @property
    def rgb(self) -> tuple[float, float, float]:
        return (self.red, self.green, self.blue)

    @property
    def key(self) -> ScreenKey:
        """The channel that tells the light: the brightest; of cyan, magenta, yellow the darkest."""
        return key_of(self.rgb)

    @property
    def is_saturated(self) -> bool:
        """True where the key channel stands out enough for hue to tell screen from subject."""
        telling, *others = (self.rgb[channel] for channel in self.key.order)
        apart = min(abs(telling - other) for other in others)
        return max(self.rgb) > 0.0 and apart > LEAST_EXCESS * max(self.rgb)


@dataclass(frozen=True)
class SpillControls:
    """How despill works; the defaults are exact for neutrals.

    Attributes:
        rule: what is taken.
        amount: share of it, 0..1.
        bias: a colour (linear Rec.709, every channel above 0) that counts as free of spill, such as
            skin or hair; its brightness does not matter.
        restore: share of the luminance taken that is given back, 0..1.
        replace: colour of what is given back (linear Rec.709, luminance above 0).
    """

    rule: SpillRule = SpillRule.LEARNED
    amount: float = 1.0
    bias: tuple[float, float, float] = (1.0, 1.0, 1.0)
    restore: float = 0.0
    replace: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def __post_init__(self) -> None:
        if min(self.bias) <= 0.0:
            raise ValueError(f"a bias colour needs light in every channel, got {self.bias}")
        if _luminance_of(self.replace) <= 0.0:
            raise ValueError(f"a replacing colour needs light, got {self.replace}")


def screen_light(
    foreground: torch.Tensor,
    screen: ScreenColour,
    controls: SpillControls | None = None,
    protect: torch.Tensor | None = None,
    shares: torch.Tensor | None = None,
) -> torch.Tensor:
    """The screen's light in a foreground: what despill takes away.

    Args:
        foreground: [N,3,H,W] float32 linear Rec.709, premultiplied or straight (the rules scale
            with brightness), unbounded.
        screen: colour of the light; must be saturated.
        controls: how; None is the default rule.
        protect: [N,1,H,W] 0..1: 1 keeps the colour as it is (green props), or None.
        shares: [N,4,H,W] 0..1 of each rule, as the network says (``unmixing.spill``), for the
            learned rule; None makes that the max rule.

    Returns:
        [N,3,H,W] float32: exactly 0 where the rule finds nothing. Never pushes a channel below 0
        and leaves negative channels alone. What is given back counts negative.
    """
    controls = controls if controls is not None else SpillControls()
    mean_bias = sum(controls.bias) / 3.0
    neutral = per_channel([value / mean_bias for value in controls.bias], foreground)
    taken = _taken(foreground / neutral, screen, neutral, controls.rule, shares) * neutral
    taken = torch.minimum(taken * controls.amount, foreground.clamp_min(0.0))
    if protect is not None:
        taken = taken * (1.0 - protect)
    if controls.restore > 0.0:
        weights = per_channel(REC709_LUMINANCE, foreground)
        lost = (taken * weights).sum(dim=1, keepdim=True)
        colour = per_channel(controls.replace, foreground)
        taken = taken - controls.restore * lost * colour / _luminance_of(controls.replace)
    return taken


_RULES = (SpillRule.HUE, SpillRule.HUE_AVERAGE)
"""The rules that are one of the network's, each taken whole, in the order of ``spill_strength``."""


def _taken(
    colour: torch.Tensor,
    screen: ScreenColour,
    neutral: torch.Tensor,
    rule: SpillRule,
    shares: torch.Tensor | None,
) -> torch.Tensor:
    """[N,3,H,W]: the light that a rule takes out of a colour whose bias was divided out."""
    order = list(screen.key.order)
    if rule in (SpillRule.LIMIT, SpillRule.LIMIT_AVERAGE):
        return _limited(colour, screen.key, average=rule is SpillRule.LIMIT_AVERAGE)
    light = per_channel(screen.rgb, colour) / neutral
    light = light / light.amax(1, keepdim=True)
    if rule is not SpillRule.LEARNED or shares is None:
        whole = rule if rule in _RULES else SpillRule.HUE
        shares = per_channel([0.0, *(float(one is whole) for one in _RULES), 0.0], colour)
    return spill_strength(colour[:, order], light[:, order], shares) * light


def _limited(colour: torch.Tensor, key: ScreenKey, *, average: bool) -> torch.Tensor:
    """[N,3,H,W]: what the key channel, or the two bright ones of a secondary hue, has too much."""
    telling, *others = (colour[:, c : c + 1] for c in key.order)
    bright = torch.maximum(*others) if key.sign > 0 else torch.minimum(*others)
    other = (others[0] + others[1]) / 2.0 if average else bright
    excess = (key.sign * (telling - other)).clamp_min(0.0)
    taken = [excess if (c == key.channel) == (key.sign > 0) else 0.0 * excess for c in range(3)]
    return torch.cat(taken, 1)


def _luminance_of(colour: tuple[float, float, float]) -> float:
    return sum(w * value for w, value in zip(REC709_LUMINANCE, colour, strict=True))
