"""What the unmixing network is shown of a frame, and the answers it chooses between.

Everything is put in *key order* (the screen's telling channel first) and divided by the plate's
own local light, so that neither exposure nor the screen's channel changes anything. What can be
said in closed form is said here: the colour difference, the least alpha that physics allows, alpha
for the subject's colours nearby, and how much of the plate's detail shows through. The network
(network.py) weighs these answers against each other and may correct the colours.

All tensors are float32 [N,C,H,W] with H and W multiples of ``ALIGNMENT``; pictures are linear
light. Every window is finite; ``FEATURE_REACH`` sums them up.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from mattebox.matte.windows import box_max, box_mean, box_min, halved

ALIGNMENT = 16
"""Height and width are multiples of this: the network halves its picture four times."""

LIGHT_RADIUS = 4
"""Over which the plate's light is taken: wide for grain, small beside a screen's fall-off."""
LEAST_LIGHT = 0.05
"""Of the plate's typical brightness: where it is darker, grain is all there is."""
LEAST_EXCESS = 0.05
"""Of the plate's light: a screen with less than this between its channels is none."""
LEAST_CHANNEL = 0.03
"""Of the plate's light: below this a channel's ratio to the plate says nothing."""
BRIGHTEST = 3.0
"""Of the plate's light: mirrored lamps are brighter and say nothing of a material's colour."""

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
COLOURS = len(HUE_RADII)
CANDIDATES = 10 + COLOURS
"""0, 1, the guide, the guide over 3x3 and 7x7, the same as light-scattering material has it, the
physical bound, the first alpha, the plate's detail, one per colour, one for a learned colour."""

FEATURE_REACH = max(4 * (max(HUE_RADII) + 2) + 8, 2 * (2 * max(DETAIL_RADII) + 1)) + LIGHT_RADIUS


@dataclass(frozen=True)
class Scene:
    """One batch of frames as the network takes them.

    Attributes:
        source, plate: [N,3,H,W] linear light, in key order, unbounded.
        variance: [N,3,H,W] > 0, of ``source - plate`` where nothing stands before the plate.
        first: [N,1,H,W] 0..1, the engine's alpha.
        doubt: [N,1,H,W] 0..1, or [N,1,1,1]: 1 where the plate was never seen and only continued.
        brightness: [N,1,1,1] > 0, a typical level of the plate.
        sign: [N,1,1,1] 1 for a screen that is brightest in its telling channel (red, green, blue),
            -1 for one that is darkest there (cyan, magenta, yellow).
        screen: [N,1,1,1] 1 where the plate is a saturated screen, 0 for any other plate.
        hinted: [N,1,1,1] 1 where ``first`` knows its subject (a network, a matte drawn by hand),
            0 where it only compares source and plate.
    """

    source: torch.Tensor
    plate: torch.Tensor
    variance: torch.Tensor
    first: torch.Tensor
    doubt: torch.Tensor
    brightness: torch.Tensor
    sign: torch.Tensor
    screen: torch.Tensor
    hinted: torch.Tensor


@dataclass(frozen=True)
class Relative:
    """A scene in units of the plate's local light; what both halves of the work start from.

    Attributes:
        source, plate: [N,3,H,W].
        noise: [N,1,H,W] standard deviation of the guide by grain on a screen.
        guide: [N,1,H,W] about 0..1, not clipped: colour difference on a screen, else the first
            alpha.
        first, bound: [N,1,H,W].
    """

    source: torch.Tensor
    plate: torch.Tensor
    noise: torch.Tensor
    guide: torch.Tensor
    first: torch.Tensor
    bound: torch.Tensor


@dataclass(frozen=True)
class Features:
    """The network's input.

    Attributes:
        every: [N,FULL_FEATURES,H,W] of every pixel.
        half: [N,HALF_FEATURES,H/2,W/2] of every 2x2 pixels.
        colours: [N, 3 * COLOURS, H/2, W/2] colours of the opaque subject nearby, narrow to wide.
        detail: [N,1,H/2,W/2] alpha as the plate's detail tells it.
    """

    every: torch.Tensor
    half: torch.Tensor
    colours: torch.Tensor
    detail: torch.Tensor

    def stacked(self, top: int = 0, bottom: int | None = None) -> torch.Tensor:
        """[N, 4 * FULL_FEATURES + HALF_FEATURES, h/2, W/2]: the rows from ``top`` (even) on."""
        below = self.every.shape[-2] if bottom is None else bottom
        every = F.pixel_unshuffle(self.every[..., top:below, :], 2)
        return torch.cat([every, self.half[..., top // 2 : below // 2, :]], 1)


def excess(picture: torch.Tensor, sign: torch.Tensor) -> torch.Tensor:
    """[N,1,H,W]: by how much the telling channel stands out, in the screen's own direction."""
    turned = picture * sign
    return turned[:, :1] - torch.maximum(turned[:, 1:2], turned[:, 2:3])


def relative(scene: Scene) -> tuple[Relative, torch.Tensor]:
    """The scene in units of the plate's light, and the features that need every pixel."""
    light = box_mean(scene.plate.amax(1, keepdim=True), LIGHT_RADIUS)
    unit = 1.0 / torch.maximum(light, LEAST_LIGHT * scene.brightness)
    source, plate = scene.source * unit, scene.plate * unit
    variance = scene.variance * (unit * unit)
    span = excess(plate, scene.sign).clamp_min(LEAST_EXCESS)
    difference = 1.0 - excess(source, scene.sign) / span
    guide = torch.where(scene.screen > 0.5, difference, scene.first)
    bound = ((plate - source) / plate.clamp_min(LEAST_CHANNEL)).amax(1, keepdim=True)
    noise = (variance[:, :1] + torch.maximum(variance[:, 1:2], variance[:, 2:3])).sqrt() / span
    misfit = ((source - plate) ** 2 / variance).sum(1, keepdim=True)
    shown = source.clamp(-0.5, 1.0) + 0.5 * source.clamp(1.0, 60.0).log()
    every = torch.cat(
        [
            shown,
            plate,
            guide.clamp(-0.3, 1.4),
            scene.first,
            bound.clamp(-0.5, 1.0),
            (0.5 * torch.log1p(misfit)).clamp_max(4.0),
        ],
        1,
    )
    return Relative(source, plate, noise, guide, scene.first, bound), every


def features(scene: Scene, seen: Relative, every: torch.Tensor) -> Features:
    """The network's input; ``seen`` and ``every`` come from ``relative``."""
    half = halved(
        torch.cat([seen.source.clamp_max(BRIGHTEST), seen.plate, seen.guide, seen.noise], 1)
    )
    source, plate, guide, noise = half[:, :3], half[:, 3:6], half[:, 6:7], half[:, 7:8]
    smooth = box_mean(guide, 1)
    colours, known = _colours(source, smooth)
    parts = [
        smooth.clamp(-0.3, 1.4),
        box_mean(guide.clamp(-0.3, 1.4), 3),
        (8.0 * noise).clamp_max(3.0),
    ]
    shared = shared_products(source, plate)
    grain = noise * noise
    for index in range(COLOURS):
        colour = colours[:, 3 * index : 3 * index + 3]
        alpha, misfit = closed_form(colour, plate, shared, grain)
        parts += [
            alpha.clamp(-0.1, 1.1),
            known[index],
            (0.5 * torch.log1p(misfit / (grain + 1e-4))).clamp_max(4.0),
        ]
    seen_detail = [_detail(source, plate, grain, radius) for radius in DETAIL_RADII]
    for alpha, evidence in seen_detail:
        parts += [alpha, evidence]
    doubt = scene.doubt.expand_as(seen.guide)
    constant = torch.cat([scene.screen, scene.hinted, scene.sign], 1).expand(
        -1, -1, *guide.shape[-2:]
    )
    parts += [colours, halved(doubt), box_mean(box_max(guide.clamp(0.0, 1.0), 1), 2), constant]
    return Features(every, torch.cat(parts, 1), colours, seen_detail[0][0])


def _colours(source: torch.Tensor, smooth: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Mean colours of what is opaque over each window, [N,9,H,W], and how much there was of it."""
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
    enlarged = F.interpolate(
        torch.cat(found + known, 1), scale_factor=2, mode="bilinear", align_corners=False
    )
    count = 3 * COLOURS
    return enlarged[:, :count], [enlarged[:, count + i : count + i + 1] for i in range(COLOURS)]


@dataclass(frozen=True)
class SharedProducts:
    """Sums over channels that all colours need, [N,1,H,W]."""

    plate_plate: torch.Tensor
    plate_rest: torch.Tensor
    rest: torch.Tensor
    rest_rest: torch.Tensor


def shared_products(source: torch.Tensor, plate: torch.Tensor) -> SharedProducts:
    """The part of ``closed_form`` that does not depend on the colour."""
    rest = source - plate
    return SharedProducts(_dot(plate, plate), _dot(plate, rest), rest, _dot(rest, rest))


def closed_form(
    colour: torch.Tensor,
    plate: torch.Tensor,
    shared: SharedProducts,
    grain: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Alpha [N,1,H,W] of a subject of one ``colour`` in any light, and the squared misfit.

    Least squares for source - plate = alpha (colour - plate) + shade colour, the shade held small.
    """
    own = _dot(colour, colour)
    with_plate = _dot(colour, plate)
    with_rest = _dot(colour, shared.rest)
    across = own - 2.0 * with_plate + shared.plate_plate
    along = own - with_plate
    pulled = with_rest - shared.plate_rest
    free = own + SHADING + 0.5 * grain
    volume = (across * free - along * along).clamp_min(1e-4)
    alpha = (pulled * free - with_rest * along) / volume
    shade = (with_rest * across - pulled * along) / volume
    misfit = shared.rest_rest - alpha * pulled - shade * with_rest
    return alpha, misfit.clamp_min(0.0)


def _detail(
    source: torch.Tensor, plate: torch.Tensor, grain: torch.Tensor, radius: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Alpha as the plate's detail seen through the subject tells it, -0.1..1.1, and evidence."""
    pictures = torch.cat([source, plate], 1)
    fine = pictures - box_mean(pictures, radius)
    own, screen = fine[:, :3], fine[:, 3:]
    means = box_mean(torch.cat([_dot(screen, own), _dot(screen, screen), grain], 1), radius)
    cross, power, noise = means[:, :1], means[:, 1:2], means[:, 2:3]
    alpha = 1.0 - cross / (power + 0.25 * noise).clamp_min(1e-6)
    evidence = (0.5 * torch.log1p(power / (noise + 1e-6))).clamp_max(4.0)
    return alpha.clamp(-0.1, 1.1), evidence


def _dot(one: torch.Tensor, two: torch.Tensor) -> torch.Tensor:
    """Sum over channels of a product, [N,1,H,W]."""
    product = one * two
    return product[:, 0:1] + product[:, 1:2] + product[:, 2:3]
