"""Taking the screen's light out of the foreground, in linear Rec.709.

The light that a screen throws on a subject has the screen's hue. So the part removed is always a
multiple of the screen colour: the smallest one after which the key channel no longer exceeds
both others (max rule). Neutrals come out exact, and colours without an excess in the key
channel are not touched at all. Measured beside the field's other rules in docs/colour.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

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
    def key_channel(self) -> int:
        """0, 1 or 2: the channel in which the screen is brightest."""
        return max(range(3), key=lambda channel: self.rgb[channel])

    @property
    def is_saturated(self) -> bool:
        """True where the key channel stands out enough for hue to tell screen from subject."""
        brightest = max(self.rgb)
        others = max(value for i, value in enumerate(self.rgb) if i != self.key_channel)
        return brightest > 0.0 and (brightest - others) > LEAST_EXCESS * brightest


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

    rule: SpillRule = SpillRule.HUE
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
) -> torch.Tensor:
    """The screen's light in a foreground: what despill takes away.

    Args:
        foreground: [N,3,H,W] float32 linear Rec.709, premultiplied or straight (the rules scale
            with brightness), unbounded.
        screen: colour of the light; must be saturated.
        controls: how; None is the default rule.
        protect: [N,1,H,W] 0..1: 1 keeps the colour as it is (green props), or None.

    Returns:
        [N,3,H,W] float32: exactly 0 where the rule finds nothing. Never pushes a channel below 0
        and leaves negative channels alone. What is given back counts negative.
    """
    controls = controls if controls is not None else SpillControls()
    mean_bias = sum(controls.bias) / 3.0
    neutral = foreground.new_tensor([value / mean_bias for value in controls.bias])
    neutral = neutral.view(1, 3, 1, 1)
    taken = _taken(foreground / neutral, screen, neutral, controls.rule) * neutral
    taken = torch.minimum(taken * controls.amount, foreground.clamp_min(0.0))
    if protect is not None:
        taken = taken * (1.0 - protect)
    if controls.restore > 0.0:
        weights = foreground.new_tensor(REC709_LUMINANCE).view(1, 3, 1, 1)
        lost = (taken * weights).sum(dim=1, keepdim=True)
        colour = foreground.new_tensor(controls.replace).view(1, 3, 1, 1)
        taken = taken - controls.restore * lost * colour / _luminance_of(controls.replace)
    return taken


def _taken(
    colour: torch.Tensor, screen: ScreenColour, neutral: torch.Tensor, rule: SpillRule
) -> torch.Tensor:
    """[N,3,H,W]: the light that a rule takes out of a colour whose bias was divided out."""
    key = screen.key_channel
    first, second = (channel for channel in range(3) if channel != key)
    light = colour.new_tensor(screen.rgb).view(1, 3, 1, 1) / neutral
    light = light / light[:, key : key + 1]
    average = rule in (SpillRule.HUE_AVERAGE, SpillRule.LIMIT_AVERAGE)

    def others(picture: torch.Tensor) -> torch.Tensor:
        one, two = picture[:, first : first + 1], picture[:, second : second + 1]
        return (one + two) / 2.0 if average else torch.maximum(one, two)

    excess = colour[:, key : key + 1] - others(colour)
    if rule in (SpillRule.LIMIT, SpillRule.LIMIT_AVERAGE):
        taken = torch.zeros_like(colour)
        taken[:, key : key + 1] = excess.clamp_min(0.0)
        return taken
    if average:
        strength = excess / (1.0 - others(light))
    else:
        # The smaller strength is where the first of the other channels is met: the max rule.
        strength = torch.minimum(
            *(
                (colour[:, key : key + 1] - colour[:, c : c + 1]) / (1.0 - light[:, c : c + 1])
                for c in (first, second)
            )
        )
    return strength.clamp_min(0.0) * light


def _luminance_of(colour: tuple[float, float, float]) -> float:
    return sum(w * value for w, value in zip(REC709_LUMINANCE, colour, strict=True))
