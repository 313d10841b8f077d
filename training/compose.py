"""From drawn layers to what the network sees, composed on the computing device.

I = E P + (1 - a) B + G mean(B), then grain, clipping, sharpening and codec; beside it a background
with the errors backgrounds have, the grain as it would have been measured, and a first alpha.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, fields, replace

import torch
import torch.nn.functional as F

from mattebox.matte.chroma import restored
from mattebox.matte.unmixing.answer import answer
from mattebox.matte.unmixing.features import Scene
from mattebox.matte.unmixing.network import seen
from mattebox.matte.unmixing.weights import Part, unmixing_network
from mattebox.matte.windows import box_max
from training.camera import (
    MADE_SHARE,
    Codec,
    Grain,
    coded,
    draw_background,
    draw_codec,
    draw_grain,
    sharpened,
)
from training.first_alpha import first_alpha, plain_key
from training.lighting import lamplight, relit
from training.screens import Dice, Screens, draw_rooms, draw_screens

PAIRED_SHARE = 0.2
ENLARGED_SHARE = 0.12
CLIPPED_SHARE = 0.1
WELL_SHOT_SHARE = 0.75
"""Of scenes with little grain, nothing clipped and a background that fits, as on a stage. Where
every plate may be off, the network hedges: on hair before a true one its answer was worse than the
best that it chooses from."""
STEADY_SHARE = 0.3
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
    layers = _cropped(dice, relit(dice, layers, kinds), size)
    front, back = layers[:count], layers[count:]
    paired = dice.chance(count, PAIRED_SHARE)
    front = front + paired * (1.0 - front[:, 3:4]) * back
    backgrounds, is_room, given = _backgrounds(dice, layers, size, round(footage.rooms * count))
    subject, alpha, glow = front[:, :3], front[:, 3:4].clamp(0.0, 1.0), front[:, 4:]
    level = backgrounds.level
    lit = lamplight(dice, subject, alpha, level)
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
    first, hinted = first_alpha(dice, noisy, background, alpha, backgrounds, is_room)
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
    if footage.subsampled:
        scene = _restored(scene, codec)
    hue = around / around.amax(1, keepdim=True).clamp_min(1e-6)
    return scene, Truth(alpha, lit, hue, backgrounds.is_screen, brightness)


def _restored(scene: Scene, codec: Codec) -> Scene:
    """Video as its network gets it: solved once by the package's network for screens, and with the
    colour of its edges restored (``mattebox.matte.solve``)."""
    network = unmixing_network(scene.source.device, Part.SCREEN)
    given = seen(scene)
    alpha = answer(network, given, network(given)).alpha.clamp(0.0, 1.0)
    blue, red, green = codec.luma.flatten(1).argsort(1).T  # by how much each counts in luma
    to_rgb = torch.stack([red, green, blue], 1)
    rows = torch.arange(len(to_rgb), device=to_rgb.device)[:, None]
    source, background = (
        (light / codec.white)[rows, to_rgb] for light in (scene.source, scene.background)
    )
    parts = (torch.split(one, 1) for one in (source, background, alpha))
    rgb = torch.cat([restored(*one) for one in zip(*parts, strict=True)])
    light = rgb[rows, to_rgb.argsort(1)] * codec.white
    plain = plain_key(light, scene.background, scene.sign)
    return replace(scene, source=light, first=torch.where(scene.hinted > 0.5, scene.first, plain))


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
