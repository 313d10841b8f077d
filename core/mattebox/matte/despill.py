"""Taking the screen's light out of the foreground, in linear Rec.709.

The light that a screen throws on a subject has the screen's hue. So the part removed is always a
multiple of the screen colour: the smallest one after which the key channel no longer exceeds
both others (max rule). Neutrals come out exact, and colours without an excess in the key
channel are not touched at all. Measured beside the field's other rules in docs/colour.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

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


def screen_light(
    foreground: torch.Tensor, screen: ScreenColour, amount: float = 1.0
) -> torch.Tensor:
    """The screen's light in a foreground: what despill takes away.

    Args:
        foreground: [N,3,H,W] float32 linear Rec.709, premultiplied or straight (the rule scales
            with brightness), unbounded.
        screen: colour of the light; must be saturated.
        amount: share of the light that is taken, 0..1.

    Returns:
        [N,3,H,W] float32: exactly 0 where the key channel does not exceed both others. Never
        pushes a channel below 0 and leaves negative channels alone.
    """
    key = screen.key_channel
    others = [channel for channel in range(3) if channel != key]
    light = foreground.new_tensor(screen.rgb).view(1, 3, 1, 1) / max(screen.rgb)
    excess = [
        (foreground[:, key : key + 1] - foreground[:, channel : channel + 1])
        / (light[:, key : key + 1] - light[:, channel : channel + 1])
        for channel in others
    ]
    # The smaller excess is where the first of the other channels is met: the max rule.
    strength = torch.minimum(excess[0], excess[1]).clamp_min(0.0) * amount
    return torch.minimum(strength * light, foreground.clamp_min(0.0))
