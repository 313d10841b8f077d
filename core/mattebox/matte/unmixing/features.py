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

from mattebox.matte.windows import box_max, box_mean, box_min, halved

ALIGNMENT = 16
"""Height and width are multiples of this: the network halves its picture four times."""

LIGHT_RADIUS = 4
"""Over which the background's light is taken: wide for grain, small beside a screen's fall-off."""
LEAST_LIGHT = 0.05
"""Of the background's typical brightness: where it is darker, grain is all there is."""
LEAST_EXCESS = 0.05
"""Of the background's light: a screen with less than this between its channels is none."""
LEAST_CHANNEL = 0.03
"""Of the background's light: below this a channel's ratio to the background says nothing."""
BRIGHTEST = 3.0
"""Of the background's light: mirrored lamps are brighter and say nothing of a material's colour."""

OPAQUE, OPAQUE_SLOPE = 0.9, 0.07
"""From where to where a first answer counts as opaque when colours are collected."""
HUE_RADII = (1, 4, 12)
"""In quarter-size pixels: a strand's neighbourhood, a limb's, a person's."""
HUE_TRUST = (1e-2, 1e-2, 1e-3)
"""Weight of the next wider colour (a grey at last) beside what a window holds."""
DETAIL_RADII = (2, 6)
"""In half-size pixels: weave, and folds."""
SHADING = 0.006
"""Inverse variance ratio of a colour's brightness to a picture's: light and shade nearly free."""

FULL_FEATURES = 10
HALF_FEATURES = 30
HALF_PICTURE = 9
COLOURS = len(HUE_RADII)

NEAR_RADIUS, FAR_RADIUS = 1, 3
"""In pixels, over which the guide is averaged as answers of their own."""
RELATIVE_REACH = LIGHT_RADIUS + FAR_RADIUS

FEATURE_REACH = max(4 * (max(HUE_RADII) + 2) + 8, 2 * (2 * max(DETAIL_RADII) + 1)) + LIGHT_RADIUS


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
        source, background: 3 channels.
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
        colours: [N,4 COLOURS,H/4,W/4] colours of the opaque subject nearby, narrow to wide, and for
            each how much of it there was.
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
            colours[:, : 3 * COLOURS],
            colours[:, 3 * COLOURS :],
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
    unit = 1.0 / torch.maximum(light, LEAST_LIGHT * scene.brightness)
    source, background = scene.source * unit, scene.background * unit
    variance = scene.variance * (unit * unit)
    span = excess(background, scene.sign).clamp_min_(LEAST_EXCESS)
    difference = 1.0 - excess(source, scene.sign) / span
    guide = torch.where(scene.screen > 0.5, difference, scene.first)
    apart = background - source
    misfit = (apart * apart).div_(variance).sum(1, keepdim=True)
    return Relative(
        source=source,
        background=background,
        guide=guide,
        near=box_mean(guide, NEAR_RADIUS),
        far=box_mean(guide.clamp(-0.3, 1.4), FAR_RADIUS),
        noise=(variance[:, :1] + torch.maximum(variance[:, 1:2], variance[:, 2:3])).sqrt_() / span,
        first=scene.first,
        bound=apart.div_(background.clamp_min(LEAST_CHANNEL)).amax(1, keepdim=True),
        misfit=misfit.log1p_().mul_(0.5).clamp_max_(4.0),
    )


def half_size(phases: Relative, doubt: torch.Tensor) -> torch.Tensor:
    """[N,HALF_PICTURE,H/2,W/2] means over 2x2 pixels: source, background, guide, noise, doubt."""
    shown = torch.cat(
        [phases.source.clamp_max(BRIGHTEST), phases.background, phases.guide, phases.noise], 1
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
        _colours(source, smooth),
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
    source, background, noise, doubt = half[:, :3], half[:, 3:6], half[:, 7:8], half[:, 8:9]
    shared = shared_products(source, background)
    rest_rest = _dot(shared.rest, shared.rest)
    grain = noise * noise
    parts = [nearby.spread, (8.0 * noise).clamp_max_(3.0)]
    for index in range(COLOURS):
        colour = nearby.colours[:, 3 * index : 3 * index + 3]
        equations = _Equations.of(colour, background, shared, grain)
        alpha = equations.alpha()
        misfit = equations.misfit(alpha, rest_rest)
        parts += [
            alpha.clamp_(-0.1, 1.1),
            misfit.div_(grain + 1e-4).log1p_().mul_(0.5).clamp_max_(4.0),
        ]
    constants = torch.cat([scene.screen, scene.hinted, scene.sign], 1)
    parts += [
        nearby.known,
        nearby.detail,
        nearby.colours,
        doubt,
        constants.expand(-1, -1, *half.shape[-2:]),
    ]
    return torch.cat(parts, 1)


def _colours(source: torch.Tensor, smooth: torch.Tensor) -> torch.Tensor:
    """Mean colours of what is opaque over each window, and how much there was of it.

    [N,4 COLOURS,H/4,W/4].
    """
    opaque = ((smooth - OPAQUE) / OPAQUE_SLOPE).clamp(0.0, 1.0)
    opaque = opaque * (source.amax(1, keepdim=True) < BRIGHTEST)
    opaque = box_min(opaque, 1)  # over a square of 6 pixels: no strand, no edge
    quarter = halved(torch.cat([source * opaque, opaque], 1))
    wider = torch.full_like(quarter[:, :3], 0.5)
    found: list[torch.Tensor] = []
    known: list[torch.Tensor] = []
    for radius, trust in reversed(list(zip(HUE_RADII, HUE_TRUST, strict=True))):
        mean = box_mean(quarter, radius)
        weight = mean[:, 3:]
        wider = (mean[:, :3] + trust * wider) / (weight + trust)
        found.insert(0, wider)
        known.insert(0, (8.0 * weight).clamp_max(1.0))
    return torch.cat(found + known, 1)


@dataclass(frozen=True)
class SharedProducts:
    """What all colours need: sums over channels [N,1,H,W], and ``rest`` [N,3,H,W]."""

    background_background: torch.Tensor
    background_rest: torch.Tensor
    rest: torch.Tensor


def shared_products(source: torch.Tensor, background: torch.Tensor) -> SharedProducts:
    """The part of ``closed_form`` that does not depend on the colour."""
    rest = source - background
    return SharedProducts(_dot(background, background), _dot(background, rest), rest)


def closed_form(
    colour: torch.Tensor, background: torch.Tensor, shared: SharedProducts, grain: torch.Tensor
) -> torch.Tensor:
    """Alpha [N,1,H,W] of a subject of one ``colour`` in any light.

    Least squares for source - background = alpha (colour - background) + shade colour, the shade
    held small.
    """
    return _Equations.of(colour, background, shared, grain).alpha()


@dataclass(frozen=True)
class _Equations:
    """The normal equations of ``closed_form``, each [N,1,H,W].

    across alpha + along shade = pulled;  along alpha + free shade = with_rest.
    """

    across: torch.Tensor
    along: torch.Tensor
    free: torch.Tensor
    pulled: torch.Tensor
    with_rest: torch.Tensor
    volume: torch.Tensor

    @classmethod
    def of(
        cls,
        colour: torch.Tensor,
        background: torch.Tensor,
        shared: SharedProducts,
        grain: torch.Tensor,
    ) -> _Equations:
        own = _dot(colour, colour)
        along = own - _dot(colour, background)
        with_rest = _dot(colour, shared.rest)
        # |colour - background|^2 = |colour|^2 - 2 colour.background + |background|^2
        across = 2.0 * along - own + shared.background_background
        free = torch.add(own + SHADING, grain, alpha=0.5)
        volume = torch.addcmul(across * free, along, along, value=-1.0).clamp_min_(1e-4)
        return cls(across, along, free, with_rest - shared.background_rest, with_rest, volume)

    def alpha(self) -> torch.Tensor:
        top = torch.addcmul(self.pulled * self.free, self.with_rest, self.along, value=-1.0)
        return top / self.volume

    def misfit(self, alpha: torch.Tensor, rest_rest: torch.Tensor) -> torch.Tensor:
        """What the answer leaves of the difference, squared."""
        top = torch.addcmul(self.with_rest * self.across, self.pulled, self.along, value=-1.0)
        left = torch.addcmul(rest_rest, alpha, self.pulled, value=-1.0)
        return torch.addcmul(left, top / self.volume, self.with_rest, value=-1.0).clamp_min_(0.0)


def _detail(
    source: torch.Tensor, background: torch.Tensor, grain: torch.Tensor, radius: int
) -> torch.Tensor:
    """Alpha as the background's detail seen through the subject tells it, and evidence,
    [N,2,H,W]."""
    pictures = torch.cat([source, background], 1)
    fine = pictures - box_mean(pictures, radius)
    own, screen = fine[:, :3], fine[:, 3:]
    means = box_mean(torch.cat([_dot(screen, own), _dot(screen, screen), grain], 1), radius)
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


def _dot(one: torch.Tensor, two: torch.Tensor) -> torch.Tensor:
    """Sum over channels of a product, [N,1,H,W]."""
    total = one[:, :1] * two[:, :1]
    for channel in range(1, 3):
        part = slice(channel, channel + 1)
        total = torch.addcmul(total, one[:, part], two[:, part])
    return total
