"""Which channel tells a screen from the subject. Loads no torch: job files hold it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class ScreenKey:
    """The telling channel of a screen.

    Attributes:
        channel: 0, 1 or 2.
        sign: 1 where the screen is brightest in it (red, green, blue), -1 where it is darkest
            (cyan, magenta, yellow).
    """

    channel: int
    sign: Literal[1, -1] = 1

    @property
    def order(self) -> tuple[int, int, int]:
        """The channels with the telling one first."""
        first, second = (channel for channel in range(3) if channel != self.channel)
        return (self.channel, first, second)


# A background counts as a screen where its excess is more than this share of its brightest channel.
# Painted and fabric green screens reach 0.6 to 0.8 in linear Rec.709, foliage and sky 0.1 to 0.3.
SCREEN_SATURATION = 0.35


def key_of(colour: Sequence[float]) -> ScreenKey:
    """The channel in which a colour R, G, B (linear Rec.709) stands out most.

    Darker counts only where it stands out as a screen does: a dim blue in a skin is no yellow.
    """
    dark, middle, bright = sorted(range(3), key=lambda channel: colour[channel])
    darker, brighter = colour[middle] - colour[dark], colour[bright] - colour[middle]
    if darker > brighter and darker > SCREEN_SATURATION * colour[bright]:
        return ScreenKey(dark, -1)
    return ScreenKey(bright, 1)
