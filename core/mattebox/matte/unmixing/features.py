"""What the unmixing network is shown of a frame, and the answers it chooses between.

Everything is put in *key order* (the screen's telling channel first) and divided by the
background's own local light, so that neither exposure nor the screen's channel changes anything.
What can be said in closed form is said here: the colour difference, the least alpha that physics
allows, alpha for the subject's colours nearby, and how much of the background's detail shows
through. The network (network.py) weighs these answers against each other and may correct the
colours.

All tensors are float32 [N,C,H,W] with H and W multiples of ``ALIGNMENT``; pictures are linear
light. Every window is finite; ``FEATURE_REACH`` sums them up.

A picture in *phases* is its four pixels of every 2x2 as four pictures of half the size, [4 N,C,H/2,
W/2]: what is pixelwise works on them as on any batch, and the network at half size takes them as
channels without a copy.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F

from mattebox.matte.unmixing.closed_form import (
    alpha_and_misfit,
    closed_form,
    dot,
    physical_bound,
    shared_products,
)
from mattebox.matte.unmixing.colours import (
    BRIGHTEST,
    COLLECTED,
    FOUND,
    FOUND_REACH,
    Quarter,
    density,
    found_colours,
)
from mattebox.matte.windows import box_max, box_mean, halved

ALIGNMENT = 16
"""Height and width are multiples of this: the network halves its picture four times."""

LIGHT_RADIUS = 4
"""Over which the background's light is taken: wide for grain, small beside a screen's fall-off."""
LEAST_LIGHT = 0.05
"""Of the background's typical brightness: where it is darker, grain is all there is."""
LEAST_EXCESS = 0.05
"""Of the background's light: a screen with less than this between its channels is none."""
DETAIL_RADII = (2, 6)
"""In half-size pixels: weave, and folds."""

FULL_FEATURES = 10
HALF_FEATURES = 15 + 5 * FOUND
HALF_PICTURE = 10
AGAIN_FEATURES = 2 + 5 * COLLECTED

NEAR_RADIUS, FAR_RADIUS = 1, 3
"""In pixels, over which the guide is averaged as answers of their own."""
RELATIVE_REACH = LIGHT_RADIUS + FAR_RADIUS

FEATURE_REACH = max(FOUND_REACH + 12, 2 * (2 * max(DETAIL_RADII) + 1)) + LIGHT_RADIUS


@dataclass(frozen=True)
class Scene:
    """One batch of frames as the network takes them.

    Attributes:
        source, background: [N,3,H,W] linear light, in key order, unbounded.
        variance: [N,3,H,W] > 0, of ``source - background`` where nothing stands before the
        background.
        first: [N,1,H,W] 0..1, the engine's alpha.
        doubt: [N,1,H,W] 0..1, or [N,1,1,1]: 1 where the background was never seen and only
        continued.
        brightness: [N,1,1,1] > 0, a typical level of the background.
        sign: [N,1,1,1] 1 for a screen that is brightest in its telling channel (red, green, blue),
            -1 for one that is darkest there (cyan, magenta, yellow).
        screen: [N,1,1,1] 1 where the background is a saturated screen, 0 for any other background.
        hinted: [N,1,1,1] 1 where ``first`` knows its subject (a network, a matte drawn by hand),
            0 where it only compares source and background.
    """

    source: torch.Tensor
    background: torch.Tensor
    variance: torch.Tensor
    first: torch.Tensor
    doubt: torch.Tensor
    brightness: torch.Tensor
    sign: torch.Tensor
    screen: torch.Tensor
    hinted: torch.Tensor


@dataclass(frozen=True)
class Relative:
    """A scene in units of the background's local light; what both halves of the work start from.

    [N,*,H,W], or in phases [4 N,*,H/2,W/2].

    Attributes:
        source, background: 3 channels. Where the source is brighter than ``BRIGHTEST`` both are
            darkened alike, which leaves its hue and alpha as they are.
        guide: about 0..1, not clipped: colour difference on a screen, else the first alpha.
        near, far: the guide over 3x3 pixels, and over 7x7 of them clipped to -0.3..1.4.
        noise: standard deviation of the guide by grain on a screen.
        first: 0..1.
        bound: the least alpha that leaves no channel of the subject's light below 0.
        misfit: logarithm of 1 + chi-square between source and background, halved, at most 4.
    """

    source: torch.Tensor
    background: torch.Tensor
    guide: torch.Tensor
    near: torch.Tensor
    far: torch.Tensor
    noise: torch.Tensor
    first: torch.Tensor
    bound: torch.Tensor
    misfit: torch.Tensor

    @staticmethod
    def channels() -> tuple[int, ...]:
        """Of each picture."""
        return 3, 3, 1, 1, 1, 1, 1, 1, 1

    def in_phases(self) -> Relative:
        return Relative(*(in_phases(getattr(self, one.name)) for one in fields(self)))

    def shown(self) -> torch.Tensor:
        """[*,FULL_FEATURES,*,*]: what the network sees of every pixel."""
        bright = self.source.clamp(1.0, 60.0).log_()
        return torch.cat(
            [
                self.source.clamp(-0.5, 1.0).add_(bright, alpha=0.5),
                self.background,
                self.guide.clamp(-0.3, 1.4),
                self.first,
                self.bound.clamp(-0.5, 1.0),
                self.misfit,
            ],
            1,
        )


@dataclass(frozen=True)
class Surroundings:
    """What is around every pixel, from wide windows.

    Attributes:
        colours: ``found_colours``.
        spread: [N,3,H/2,W/2] the guide over 3x3 and 7x7 half-size pixels, and its largest nearby.
        detail: [N,2 len(DETAIL_RADII),H/2,W/2] alpha as the background's detail tells it, and
            evidence.
    """

    colours: torch.Tensor
    spread: torch.Tensor
    detail: torch.Tensor

    def rows(self, rows: slice) -> Nearby:
        """Some rows of the half-size picture."""
        colours = enlarged_rows(self.colours, rows)
        return Nearby(
            colours[:, : 3 * FOUND],
            colours[:, 3 * FOUND :],
            self.spread[..., rows, :],
            self.detail[..., rows, :],
        )


@dataclass(frozen=True)
class Nearby:
    """``Surroundings`` of half-size pixels: all [N,*,h,W/2]; colours and how well they are known
    apart."""

    colours: torch.Tensor
    known: torch.Tensor
    spread: torch.Tensor
    detail: torch.Tensor


def in_phases(picture: torch.Tensor) -> torch.Tensor:
    """[4 N,C,H/2,W/2] of [N,C,H,W]: upper left, upper right, lower left, lower right pixels."""
    count, channels, height, width = picture.shape
    parted = picture.reshape(count, channels, height // 2, 2, width // 2, 2)
    parted = parted.permute(0, 3, 5, 1, 2, 4)
    return parted.reshape(4 * count, channels, height // 2, width // 2)


def from_phases(picture: torch.Tensor) -> torch.Tensor:
    """[N,C,2 h,2 w] of [4 N,C,h,w]: undoes ``in_phases``."""
    count, channels, height, width = picture.shape
    parted = picture.reshape(count // 4, 2, 2, channels, height, width)
    return parted.permute(0, 3, 4, 1, 5, 2).reshape(count // 4, channels, 2 * height, 2 * width)


def as_channels(phases: torch.Tensor) -> torch.Tensor:
    """[N,4 C,h,w] of [4 N,C,h,w]: the phases one after the other, nothing moved."""
    count, channels, height, width = phases.shape
    return phases.reshape(count // 4, 4 * channels, height, width)


def as_phases(channels: torch.Tensor) -> torch.Tensor:
    """[4 N,C,h,w] of [N,4 C,h,w]: undoes ``as_channels``."""
    count, both, height, width = channels.shape
    return channels.reshape(4 * count, both // 4, height, width)


def excess(picture: torch.Tensor, sign: torch.Tensor) -> torch.Tensor:
    """[N,1,H,W]: by how much the telling channel stands out, in the screen's own direction."""
    turned = picture * sign
    return turned[:, :1] - torch.maximum(turned[:, 1:2], turned[:, 2:3])


def relative(scene: Scene) -> Relative:
    """The scene in units of the background's light. Reads ``RELATIVE_REACH`` pixels."""
    light = box_mean(scene.background.amax(1, keepdim=True), LIGHT_RADIUS)
    light = torch.maximum(light, LEAST_LIGHT * scene.brightness)
    unit = 1.0 / torch.maximum(light, scene.source.amax(1, keepdim=True) / BRIGHTEST)
    source, background = scene.source * unit, scene.background * unit
    variance = scene.variance * (unit * unit)
    span = excess(background, scene.sign).clamp_min_(LEAST_EXCESS)
    difference = 1.0 - excess(source, scene.sign) / span
    guide = torch.where(scene.screen > 0.5, difference, scene.first)
    apart = source - background
    misfit = (apart * apart).div_(variance).sum(1, keepdim=True)
    return Relative(
        source=source,
        background=background,
        guide=guide,
        near=box_mean(guide, NEAR_RADIUS),
        far=box_mean(guide.clamp(-0.3, 1.4), FAR_RADIUS),
        noise=(variance[:, :1] + torch.maximum(variance[:, 1:2], variance[:, 2:3])).sqrt_() / span,
        first=scene.first,
        bound=physical_bound(apart, background),
        misfit=misfit.log1p_().mul_(0.5).clamp_max_(4.0),
    )


def half_size(phases: Relative, doubt: torch.Tensor) -> torch.Tensor:
    """[N,HALF_PICTURE,H/2,W/2] means over 2x2 pixels: source, background, guide, noise, first,
    doubt."""
    shown = torch.cat(
        [phases.source, phases.background, phases.guide, phases.noise, phases.first], 1
    )
    half = shown.view(-1, 4, *shown.shape[1:]).sum(1).mul_(0.25)
    doubt = halved(doubt) if doubt.shape[-1] > 1 else doubt
    return torch.cat([half, doubt.expand(-1, -1, *half.shape[-2:])], 1)


def surroundings(half: torch.Tensor) -> Surroundings:
    """What is around, of a scene at ``half_size``."""
    source, background, guide, noise = half[:, :3], half[:, 3:6], half[:, 6:7], half[:, 7:8]
    smooth = box_mean(guide, 1)
    grain = noise * noise
    return Surroundings(
        found_colours(source, guide),
        torch.cat(
            [
                smooth.clamp(-0.3, 1.4),
                box_mean(guide.clamp(-0.3, 1.4), 3),
                box_mean(box_max(guide.clamp(0.0, 1.0), 1), 2),
            ],
            1,
        ),
        torch.cat([_detail(source, background, grain, radius) for radius in DETAIL_RADII], 1),
    )


def features(scene: Scene, half: torch.Tensor, nearby: Nearby) -> torch.Tensor:
    """[N,HALF_FEATURES,h,W/2]: what the network sees of every 2x2 pixels, beside each one's own.

    Args:
        scene: for what is known of the shot.
        half: [N,HALF_PICTURE,h,W/2] its rows at half size.
        nearby: the same rows.
    """
    source, background, noise, doubt = half[:, :3], half[:, 3:6], half[:, 7:8], half[:, 9:]
    shared = shared_products(source, background)
    grain = noise * noise
    parts = [nearby.spread, (8.0 * noise).clamp_max_(3.0)]
    for index in range(FOUND):
        colour = nearby.colours[:, 3 * index : 3 * index + 3]
        parts += alpha_and_misfit(colour, background, shared, grain)
    constants = torch.cat([scene.screen, scene.hinted, scene.sign], 1)
    parts += [
        nearby.known,
        nearby.detail,
        nearby.colours,
        doubt,
        constants.expand(-1, -1, *half.shape[-2:]),
    ]
    return torch.cat(parts, 1)


def quarter_size(half: torch.Tensor, around: Surroundings) -> Quarter:
    """A scene at ``half_size`` at half of that, for its coarse alpha."""
    quarter = halved(half)
    guide, noise, first = (quarter[:, k : k + 1] for k in range(6, 9))
    found = around.colours[:, : 3 * FOUND]
    return Quarter.of(quarter[:, :3], quarter[:, 3:6], guide, noise, first, found)


def densest(half: torch.Tensor, collected: torch.Tensor) -> torch.Tensor:
    """``density`` by the widest colour of [N,3 COLLECTED,H/4,W/4], of a scene at ``half_size``."""
    source, background, noise = half[:, :3], half[:, 3:6], half[:, 7:8]
    colour = enlarged_rows(collected[:, -3:], slice(0, half.shape[-2]))
    shared = shared_products(source, background)
    return density(closed_form(colour, background, shared, noise * noise))


def features_again(
    half: torch.Tensor, coarse: torch.Tensor, collected: torch.Tensor, density: torch.Tensor
) -> torch.Tensor:
    """[N,AGAIN_FEATURES,h,W/2]: what the network sees of every 2x2 pixels in its second look.

    Args:
        half: [N,HALF_PICTURE,h,W/2] rows at half size.
        coarse: [N,1,h,W/2] the coarse alpha.
        collected: [N,3 COLLECTED,h,W/2].
        density: [N,1,h,W/2], ``densest``.
    """
    source, background, noise = half[:, :3], half[:, 3:6], half[:, 7:8]
    shared, grain = shared_products(source, background), noise * noise
    parts = [coarse, density, collected]
    for index in range(COLLECTED):
        colour = collected[:, 3 * index : 3 * index + 3]
        parts += alpha_and_misfit(colour, background, shared, grain)
    return torch.cat(parts, 1)


def _detail(
    source: torch.Tensor, background: torch.Tensor, grain: torch.Tensor, radius: int
) -> torch.Tensor:
    """Alpha as the background's detail seen through the subject tells it, and evidence,
    [N,2,H,W]."""
    pictures = torch.cat([source, background], 1)
    fine = pictures - box_mean(pictures, radius)
    own, screen = fine[:, :3], fine[:, 3:]
    means = box_mean(torch.cat([dot(screen, own), dot(screen, screen), grain], 1), radius)
    cross, power, noise = means[:, :1], means[:, 1:2], means[:, 2:3]
    alpha = 1.0 - cross / (power + 0.25 * noise).clamp_min(1e-6)
    evidence = (0.5 * torch.log1p(power / (noise + 1e-6))).clamp_max(4.0)
    return torch.cat([alpha.clamp(-0.1, 1.1), evidence], 1)


def enlarged_rows(picture: torch.Tensor, rows: slice) -> torch.Tensor:
    """Some rows of a picture of twice the size [N,C,2 h,2 w], bilinear. Reads one pixel."""
    near = slice(max(0, rows.start // 2 - 1), min(picture.shape[-2], (rows.stop + 1) // 2 + 1))
    large = F.interpolate(
        picture[..., near, :], scale_factor=2, mode="bilinear", align_corners=False
    )
    return large[..., rows.start - 2 * near.start : rows.stop - 2 * near.start, :]
