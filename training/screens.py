"""Screens and rooms as a camera sees them, drawn on the computing device.

All pictures are [N,3,H,W] float32, linear light, in key order (the screen's telling channel first).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import torch
import torch.nn.functional as F

SECONDARY_SHARE = 0.06
"""Of screens that are darkest in their telling channel: cyan, magenta, yellow."""


@cache
def constant(values: tuple[float, ...], device: torch.device) -> torch.Tensor:
    """A tensor made once: copying it anew to a GPU would not let its work be recorded."""
    return torch.tensor(values, device=device)


@dataclass(frozen=True)
class Dice:
    """Random numbers on one device; nothing waits for the device, so that work can be recorded."""

    generator: torch.Generator
    device: torch.device

    def uniform(self, count: int, low: float, high: float, channels: int = 1) -> torch.Tensor:
        """[count,channels,1,1] between low and high."""
        drawn = torch.rand(count, channels, 1, 1, generator=self.generator, device=self.device)
        return low + (high - low) * drawn

    def log_uniform(self, count: int, low: float, high: float, channels: int = 1) -> torch.Tensor:
        return self.uniform(count, math.log(low), math.log(high), channels).exp()

    def normal(self, count: int, deviation: float, channels: int = 1) -> torch.Tensor:
        drawn = torch.randn(count, channels, 1, 1, generator=self.generator, device=self.device)
        return deviation * drawn

    def chance(self, count: int, share: float) -> torch.Tensor:
        """[count,1,1,1] 1.0 in about ``share`` of the cases, else 0.0."""
        return (self.uniform(count, 0.0, 1.0) < share).float()

    def choice(self, count: int, shares: tuple[float, ...]) -> torch.Tensor:
        """[count] indices, drawn with these shares (sum 1)."""
        upper = constant(shares, self.device).cumsum(0)[:-1]
        return torch.searchsorted(upper, self.uniform(count, 0.0, 1.0).flatten())

    def order(self, count: int) -> torch.Tensor:
        """[count] a permutation."""
        return self.uniform(count, 0.0, 1.0).flatten().argsort()

    def white(self, count: int, channels: int, height: int, width: int) -> torch.Tensor:
        return torch.randn(
            count, channels, height, width, generator=self.generator, device=self.device
        )

    def smooth(self, count: int, channels: int, size: int, cells: int) -> torch.Tensor:
        """[count,channels,size,size] of about unit deviation, ``cells`` humps across."""
        small = self.white(count, channels, cells + 2, cells + 2)
        coarse = min(size, 4 * cells)
        middle = F.interpolate(small, size=(coarse, coarse), mode="bicubic", align_corners=False)
        if coarse < size:
            middle = F.interpolate(middle, size=(size, size), mode="bilinear", align_corners=False)
        return 1.4 * middle


@dataclass(frozen=True)
class Screens:
    """A batch of backgrounds.

    Attributes:
        light: [N,3,H,W].
        sign: [N,1,1,1] 1 or -1, see ``mattebox.matte.unmixing.features.Scene``.
        is_screen: [N,1,1,1] 1 for a saturated screen, 0 for a room.
        level: [N,1,1,1] brightness of the telling light.
    """

    light: torch.Tensor
    sign: torch.Tensor
    is_screen: torch.Tensor
    level: torch.Tensor


def draw_screens(dice: Dice, count: int, size: int, given: torch.Tensor) -> Screens:
    """Saturated screens: hue, fall-off to 1:4 and more, folds, seams, weave, markers, ends.

    ``given`` [count,1,1,1] is 1 where a clean plate was shot: only there is it known that a marker,
    or what lies beyond the screen's end, is no subject.
    """
    sign = 1.0 - 2.0 * dice.chance(count, SECONDARY_SHARE)
    level = dice.log_uniform(count, 0.08, 0.9)
    light = _hue(dice, count, sign) * level * _lighting(dice, count, size)
    light = _with_markers(dice, light, given)
    return Screens(light, sign, torch.ones_like(sign), level)


def draw_rooms(dice: Dice, layers: torch.Tensor, count: int, size: int) -> Screens:
    """Backgrounds that are no screen: drawn subjects behind each other over a graded wall.

    Args:
        layers: [M,7,size,size] of the pool, M >= 3 * count.
    """
    level = dice.log_uniform(count, 0.08, 0.9)
    wall = dice.log_uniform(count, 0.15, 1.0, 3) ** 0.6
    room = wall * (1.0 + 0.35 * dice.smooth(count, 1, size, 2)).clamp(0.15, 2.5)
    grain = (1.0 + dice.uniform(count, 0.0, 0.25) * dice.smooth(count, 1, size, 24)).clamp(0.3, 2.0)
    room = room * grain
    for index in range(3):
        piece = layers[index * count : (index + 1) * count]
        room = piece[:, :3].clamp_max(3.0) + (1.0 - piece[:, 3:4]) * room
    room = room * level / room.mean((1, 2, 3), keepdim=True).clamp_min(1e-3)
    order = room.mean((2, 3)).argsort(1, descending=True)
    room = room.gather(1, order[:, :, None, None].expand_as(room))
    one = torch.ones(count, 1, 1, 1, device=room.device)
    return Screens(room, one, 0.0 * one, level)


def _hue(dice: Dice, count: int, sign: torch.Tensor) -> torch.Tensor:
    """[count,3,1,1] with the largest channel about 1."""
    ones = torch.ones(count, 1, 1, 1, device=dice.device)
    primary = torch.cat([ones, dice.uniform(count, 0.04, 0.36), dice.uniform(count, 0.06, 0.45)], 1)
    orange = torch.cat([ones, dice.uniform(count, 0.3, 0.62), dice.uniform(count, 0.02, 0.2)], 1)
    secondary = torch.cat([dice.uniform(count, 0.03, 0.4), dice.uniform(count, 0.7, 1.1, 2)], 1)
    hue = torch.where(dice.chance(count, 0.03) > 0.5, orange, primary)
    swap = dice.chance(count, 0.3) > 0.5
    hue = torch.where(swap, torch.cat([hue[:, :1], hue[:, 2:], hue[:, 1:2]], 1), hue)
    hue = torch.where(sign < 0.0, secondary, hue)
    pale = dice.chance(count, 0.12) * dice.uniform(count, 0.0, 0.5)
    return hue + pale * (hue.mean(1, keepdim=True) - hue)


def _lighting(dice: Dice, count: int, size: int) -> torch.Tensor:
    """[count,3,size,size] multipliers around 1."""
    line = torch.linspace(-1.0, 1.0, size, device=dice.device)
    x, y = line.view(1, 1, 1, size), line.view(1, 1, size, 1)
    angle = dice.uniform(count, 0.0, 2.0 * math.pi)
    slope = dice.uniform(count, 0.0, 0.35) + dice.chance(count, 0.2) * dice.uniform(count, 0.0, 0.7)
    stops = slope * (angle.cos() * x + angle.sin() * y)
    centre_x, centre_y = dice.uniform(count, -1.2, 1.2), dice.uniform(count, -1.2, 1.2)
    vignette = dice.chance(count, 0.25) * dice.uniform(count, 0.0, 1.1)
    stops = stops - 0.3 * vignette * ((x - centre_x) ** 2 + (y - centre_y) ** 2)
    stops = stops + dice.uniform(count, 0.0, 0.06) * dice.smooth(count, 1, size, 3)
    folds = dice.chance(count, 0.6)
    for _ in range(4):
        turn = dice.uniform(count, 0.0, math.pi)
        place = turn.cos() * x + turn.sin() * y - dice.uniform(count, -1.0, 1.0)
        place = place + 0.05 * dice.smooth(count, 1, size, 3)
        width = dice.log_uniform(count, 0.02, 0.3)
        depth = folds * dice.uniform(count, -0.02, 0.1)
        stops = stops + depth * (
            (-((place / width) ** 2)).exp() - 0.9 * (-(((place - 1.6 * width) / width) ** 2)).exp()
        )
    seam = dice.chance(count, 0.1) * dice.uniform(count, 0.02, 0.1)
    stops = (
        stops
        - seam * (-(((x - dice.uniform(count, -1.0, 1.0) - 0.05 * y) * size / 3.0) ** 2)).exp()
    )
    weave = dice.chance(count, 0.5) * dice.uniform(count, 0.0, 0.03)
    stops = stops + weave * dice.smooth(count, 1, size, size // 3)
    drift = dice.uniform(count, 0.0, 0.06) * dice.smooth(count, 1, size, 2)
    drift = drift + 0.4 * dice.chance(count, 0.4) * (stops - stops.mean((2, 3), keepdim=True))
    return torch.cat([stops, stops + drift, stops - 0.7 * drift], 1).clamp(-2.5, 1.0).exp()


def _with_markers(dice: Dice, light: torch.Tensor, given: torch.Tensor) -> torch.Tensor:
    """Small discs on some screens, and on some a straight end beyond which there is no screen."""
    count, _, size, _ = light.shape
    line = torch.arange(size, device=dice.device, dtype=torch.float32)
    x, y = line.view(1, 1, 1, size), line.view(1, 1, size, 1)
    marked = given * dice.chance(count, 0.1)
    for _ in range(3):
        away = (x - dice.uniform(count, 0, size)) ** 2 + (y - dice.uniform(count, 0, size)) ** 2
        disc = marked * (dice.uniform(count, 2.0, 7.0) - away.sqrt() + 0.5).clamp(0.0, 1.0)
        light = light + disc * (light * dice.uniform(count, 0.2, 1.7, 3) - light)
    angle = dice.uniform(count, 0.0, 2.0 * math.pi)
    along = angle.cos() * (x - size / 2) + angle.sin() * (y - size / 2)
    beyond = (
        given
        * dice.chance(count, 0.08)
        * (along - dice.uniform(count, 0.0, size / 2) + 0.5).clamp(0, 1)
    )
    elsewhere = light.amax(1, keepdim=True) * dice.log_uniform(count, 0.05, 1.0, 3)
    return light + beyond * (elsewhere - light)
