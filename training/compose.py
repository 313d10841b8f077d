"""From drawn layers to what the network sees, composed on the computing device.

I = E P + (1 - a) B + G mean(B), then grain, clipping, sharpening and codec; beside it a background
with the errors backgrounds have, the grain as it would have been measured, and a first alpha.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F

from mattebox.matte.unmixing.features import Scene, excess
from mattebox.matte.unmixing.weights import Part
from mattebox.matte.windows import box_max, box_mean
from training.camera import (
    MADE_SHARE,
    Grain,
    coded,
    draw_background,
    draw_codec,
    draw_grain,
    sharpened,
)
from training.drawing import KINDS
from training.rendering import RENDERED
from training.screens import Dice, Screens, constant, draw_rooms, draw_screens

EVERY_KIND = (*KINDS, *RENDERED)
"""Names of kinds, by the numbers that pools hold."""
PAIRED_SHARE = 0.2
ENLARGED_SHARE = 0.12
HINTED_SCREEN_SHARE = 0.12
NAIVE_ROOM_SHARE = 0.35
DIFFERENCE_HINT_SHARE = 0.4
"""Of hints that only compare source and background, as a difference matte does."""
BACKLIT_SHARE = 0.15
RIM_SHARE = 0.12
CLIPPED_SHARE = 0.1
WELL_SHOT_SHARE = 0.65
"""Of scenes with little grain, nothing clipped and a background that fits, as on a stage. Where
every plate may be off, the network hedges: on hair before a true one its answer was worse than the
best that it chooses from."""
STEADY_SHARE = 0.3
# Logarithm and its deviation of the factor on the drawn share of the screen's light. For a screen
# that fills the half of the space behind them a renderer gives: hair, grass and cloth 2 to 8 %,
# glass a third, smoke 0.3 to 0.5.
GLOW = {
    **dict.fromkeys(("smoke", "steam"), (0.1, 0.14)),
    **dict.fromkeys(("glass", "plastic"), (0.3, 0.35)),
    **dict.fromkeys(("veil", "bounced", "layered"), (-0.2, 0.5)),
    "lights": (-1.4, 0.8),
    # Rendered before walls that fill a tenth to a half of the space.
    **dict.fromkeys(RENDERED, (-0.2, 0.5)),
    "rendered_hair": (-1.0, 0.7),
    "rendered_thin": (0.2, 0.6),
    "rendered_smoke": (0.5, 0.4),
    "rendered_glass": (0.4, 0.5),
}
BRIGHTER = {"rendered_smoke": (1.1, 0.5)}
"""The same of the lamps' light: smoke is lit for itself, and as bright as white cloth."""
PLAIN_GLOW = (-1.4, 0.8)
REFLECTED, BY_THREADS, REFLECTED_SPREAD = 0.13, 0.3, 0.75
"""Of the screen's light by what has the lamps' whole light: the median over scenes, that of cords
and wires, whose sides the screen sees, and the deviation of its logarithm. In rendered shots hair
has 0.2, grass 0.15, a table before it 1."""
BLACK_LEVEL, WHITE_LEVEL = 0.03, 0.97  # of the plain key, as mattebox.colour_difference
MEDIAN_CHI_SQUARE = 0.789  # of 3 degrees of freedom, over 3; as mattebox.matte.analyse
LARGEST_BACKGROUND_NOISE = 8.0


@dataclass(frozen=True)
class Truth:
    """What the network should say.

    Attributes:
        alpha: [N,1,H,W].
        light: [N,3,H,W] premultiplied light of the lamps on the subject.
        hue: [N,3,1,1] the screen's light, its largest channel 1.
        spilled: [N,1,1,1] 1 where there is a screen whose light can be taken out.
        unit: [N,1,1,1] the background's typical brightness.
    """

    alpha: torch.Tensor
    light: torch.Tensor
    hue: torch.Tensor
    spilled: torch.Tensor
    unit: torch.Tensor


@dataclass(frozen=True)
class Footage:
    """What a network is to learn.

    Attributes:
        rooms: share of scenes before a background that is no screen, 0..1.
        subsampled: whether all of it is video with fewer samples of chroma than of luma.
    """

    rooms: float = 0.0
    subsampled: bool = False

    @property
    def part(self) -> Part:
        """Of the package's weights file that learns from it."""
        if self.rooms > 0.5:
            return Part.ROOM
        return Part.SUBSAMPLED if self.subsampled else Part.SCREEN

    @property
    def coded(self) -> float:
        """Share of scenes that went through a codec: video has a network of its own."""
        return {Part.SUBSAMPLED: 1.0, Part.ROOM: 0.3, Part.SCREEN: 0.15}[self.part]


def add_footage(parser: argparse.ArgumentParser) -> None:
    """The options that ``footage_of`` reads."""
    parser.add_argument(
        "--rooms", type=float, default=0.0, help="share of scenes before a room and no screen"
    )
    parser.add_argument(
        "--subsampled", action="store_true", help="all of it video with subsampled chroma"
    )


def footage_of(asked: argparse.Namespace) -> Footage:
    """What was asked for."""
    return Footage(asked.rooms, asked.subsampled)


def compose(
    dice: Dice, layers: torch.Tensor, kinds: torch.Tensor, size: int, footage: Footage
) -> tuple[Scene, Truth]:
    """A batch of scenes.

    Args:
        dice: decides everything but the subjects.
        layers: [2 N,7,S,S] of the pool, S > size: the first half are the subjects, the second
            stands behind some of them and furnishes rooms.
        kinds: [2 N] of the layers, numbers in ``EVERY_KIND``.
        size: of the pictures, a multiple of 16.
        footage: what is in front of what, and how it was recorded.
    """
    count = len(layers) // 2
    layers = _cropped(dice, _relit(dice, layers, kinds), size)
    front, back = layers[:count], layers[count:]
    paired = dice.chance(count, PAIRED_SHARE)
    front = front + paired * (1.0 - front[:, 3:4]) * back
    backgrounds, is_room, given = _backgrounds(dice, layers, size, round(footage.rooms * count))
    subject, alpha, glow = front[:, :3], front[:, 3:4].clamp(0.0, 1.0), front[:, 4:]
    level = backgrounds.level
    tint = (dice.chance(count, 0.3) * dice.normal(count, 0.15, 3)).exp()
    lamps = level / 0.42 * dice.normal(count, 0.55).exp() * tint
    behind = _behind(dice, alpha)
    lit = subject * lamps * (1.0 + _backlight(dice, count) * behind)
    lit = lit + alpha * level * _rim(dice, count) * behind
    true = backgrounds.light
    around = true.mean((2, 3), keepdim=True)
    glow = glow * (1.0 - dice.chance(count, 0.08)) * (1.0 - is_room)
    light = lit + (1.0 - alpha) * true + glow * around
    well_shot = dice.chance(count, WELL_SHOT_SHARE)
    grain = draw_grain(dice, count, level, 1.0 - 0.6 * well_shot)
    left = _steady(dice, alpha)
    noisy = light + grain.sample(dice, light, left)
    used = draw_background(dice, true, alpha, grain, given, 1.0 - 0.8 * well_shot)
    background = used.light
    clip = dice.chance(count, CLIPPED_SHARE) * (1.0 - well_shot)
    ceiling = torch.where(
        clip > 0.5, around.amax(1, keepdim=True) * dice.uniform(count, 0.8, 1.3), 1e4
    )
    noisy, background, lit = (torch.minimum(one, ceiling) for one in (noisy, background, lit))
    noisy, background = sharpened(dice, [noisy, background], 0.1)
    damaged = max(1, round(footage.coded * count))
    codec = draw_codec(dice, damaged, level[:damaged], subsampled=footage.subsampled)
    background_coded = dice.chance(damaged, 0.6)
    noisy = torch.cat([coded(codec, noisy[:damaged]), noisy[damaged:]])
    again = coded(codec, background[:damaged])
    background = torch.cat(
        [torch.where(background_coded > 0.5, again, background[:damaged]), background[damaged:]]
    )
    # A codec cuts off what is brighter than its white.
    white = torch.cat([codec.white, torch.full_like(level[damaged:], 1e4)])
    lit = torch.minimum(lit, white)
    mistaken = dice.log_uniform(damaged, 0.05, 2.0)
    believed = dice.normal(count, 0.15).exp()
    believed = torch.cat([believed[:damaged] * mistaken, believed[damaged:]])
    variance = _variance(dice, noisy, background, alpha, grain, left, believed)
    brightness = background.mean((2, 3), keepdim=True).amax(1, keepdim=True)
    brightness = brightness.clamp_min(1e-3) * dice.normal(count, 0.35).exp()
    first, hinted = _first(dice, noisy, background, alpha, backgrounds, is_room)
    scene = Scene(
        source=noisy,
        background=background,
        variance=variance,
        first=first,
        doubt=used.doubt,
        brightness=brightness,
        sign=backgrounds.sign,
        screen=backgrounds.is_screen,
        hinted=hinted,
    )
    hue = around / around.amax(1, keepdim=True).clamp_min(1e-6)
    return scene, Truth(alpha, lit, hue, backgrounds.is_screen, brightness)


def _relit(dice: Dice, layers: torch.Tensor, kinds: torch.Tensor) -> torch.Tensor:
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


def _cropped(dice: Dice, layers: torch.Tensor, size: int) -> torch.Tensor:
    """[M,7,size,size] of [M,7,S,S]: each cropped, turned and mirrored, the last enlarged twice."""
    count, channels, side, _ = layers.shape
    line = torch.arange(size, device=dice.device)
    start = (dice.uniform(count, 0.0, side - size + 0.999, 2).flatten(1)).long()
    flip = dice.chance(count, 0.5) > 0.5, dice.chance(count, 0.5) > 0.5
    rows, columns = (
        start[:, k : k + 1] + torch.where(flip[k].flatten(1), size - 1 - line, line) for k in (0, 1)
    )
    which = torch.arange(count, device=dice.device).view(-1, 1, 1, 1)
    channel = torch.arange(channels, device=dice.device).view(1, -1, 1, 1)
    crop = layers[which, channel, rows[:, None, :, None], columns[:, None, None, :]].float()
    crop = torch.where(dice.chance(count, 0.5) > 0.5, crop.transpose(2, 3), crop)
    many = max(1, round(ENLARGED_SHARE * count))
    middle = slice(size // 4, size // 4 + size // 2)
    part = crop[-many:, :, middle, middle]
    large = F.interpolate(part, scale_factor=2.0, mode="bilinear", align_corners=False)
    return torch.cat([crop[:-many], large])[dice.order(count)]


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


def _backgrounds(
    dice: Dice, layers: torch.Tensor, size: int, rooms: int
) -> tuple[Screens, torch.Tensor, torch.Tensor]:
    """Screens and so many rooms; [N,1,1,1] 1 for rooms, and 1 where a clean plate was shot."""
    count = len(layers) // 2
    drawn: list[Screens] = []
    shot = 1.0 - dice.chance(count - rooms, MADE_SHARE)
    if rooms < count:
        drawn.append(draw_screens(dice, count - rooms, size, shot))
    if rooms > 0:
        furniture = layers.roll(count // 2, 0).repeat(2, 1, 1, 1)[: 3 * rooms]
        drawn.append(draw_rooms(dice, furniture, rooms, size))
    order = dice.order(count)
    joined = Screens(
        *(torch.cat([getattr(one, f.name) for one in drawn])[order] for f in fields(Screens))
    )
    every = torch.ones(count, 1, 1, 1, device=layers.device)
    is_room = torch.cat([0.0 * shot, every[:rooms]])
    return joined, is_room[order], torch.cat([shot, every[:rooms]])[order]


def _steady(dice: Dice, alpha: torch.Tensor) -> torch.Tensor:
    """[N,1,H,W] share of the grain's variance left by neighbours where nothing moves."""
    count = len(alpha)
    near = box_max((alpha > 0.003).float(), 7)
    inside = torch.where(dice.chance(count, 0.3) > 0.5, dice.uniform(count, 0.34, 1.0), 1.0)
    steady = torch.where(near > 0.5, inside, 1.0 / 3.0)
    return torch.where(dice.chance(count, STEADY_SHARE) > 0.5, steady, 1.0)


def _variance(
    dice: Dice,
    source: torch.Tensor,
    background: torch.Tensor,
    alpha: torch.Tensor,
    grain: Grain,
    left: torch.Tensor,
    believed: torch.Tensor,
) -> torch.Tensor:
    """Of source - background as a shot's analysis would have it: the background's share is
    measured."""
    own = grain.variance(source) * believed
    of_background = grain.variance(background) * believed
    misfit = ((source - background) ** 2 / (of_background + 1e-10)).mean(1).flatten(1)
    empty = alpha.flatten(1) < 0.01
    ordered = torch.where(empty, misfit, torch.inf).sort(1).values
    known = empty.sum(1, keepdim=True)
    median = ordered.gather(1, (known // 2).clamp_max(ordered.shape[1] - 1))
    measured = (median / MEDIAN_CHI_SQUARE - 1.0).clamp(0.0, LARGEST_BACKGROUND_NOISE)
    measured = torch.where(known > 300, measured, torch.ones_like(measured)).view(-1, 1, 1, 1)
    measured = measured * dice.normal(len(source), 0.15).exp()
    rounding = (2.0**-11) ** 2 / 12.0 * source * source
    return left * own + measured * of_background + rounding + 1e-10


def _first(
    dice: Dice,
    source: torch.Tensor,
    background: torch.Tensor,
    alpha: torch.Tensor,
    backgrounds: Screens,
    is_room: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The engine's alpha [N,1,H,W] and 1 where it knows its subject."""
    count = len(alpha)
    span = excess(background, backgrounds.sign).clamp_min(1e-6)
    plain = 1.0 - excess(source, backgrounds.sign) / span
    plain = ((plain - BLACK_LEVEL) / (WHITE_LEVEL - BLACK_LEVEL)).clamp(0.0, 1.0)
    apart = (source - background).abs().amax(1, keepdim=True)
    full = dice.log_uniform(count, 0.1, 0.8) * background.mean((1, 2, 3), keepdim=True)
    apart = (apart / full.clamp_min(1e-6)).clamp(0.0, 1.0)
    naive = dice.chance(count, NAIVE_ROOM_SHARE) * is_room
    hinted = torch.where(is_room > 0.5, 1.0 - naive, dice.chance(count, HINTED_SCREEN_SHARE))
    hint = torch.where(dice.chance(count, DIFFERENCE_HINT_SHARE) > 0.5, apart, faulty(dice, alpha))
    unhinted = torch.where((is_room > 0.5) & (dice.chance(count, 0.4) > 0.5), apart, plain)
    return torch.where(hinted > 0.5, hint, unhinted), hinted


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
