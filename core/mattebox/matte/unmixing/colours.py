"""Colours of the subject near a pixel: found before the network has said anything, and collected
from its first, coarse alpha.

A closed form is as good as the colour it is given. Where nothing near is opaque (loose hair, nets,
grass, smoke) no colour can be read off the picture; but an alpha that is only roughly right gives
back, over a window, the mean colour of what it covers. The network therefore looks twice: half way
it says a coarse alpha at a quarter of the size, the colours are collected from that, and the rest
of it decides with them at hand.

Pictures are [N,C,H,W] float32 in units of the background's light, in key order.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from mattebox.matte.unmixing.closed_form import closed_form, physical_bound, shared_products
from mattebox.matte.windows import box_max, box_mean, box_min, halved

BRIGHTEST = 3.0
"""Of the background's light: what is brighter is darkened to it with its background."""
MIRRORED = 0.99 * BRIGHTEST
"""From here on it is a mirrored lamp, which says nothing of a material's colour."""

OPAQUE, OPAQUE_SLOPE = 0.9, 0.07
"""From where to where a first answer counts as opaque when colours are found."""
FOUND_RADII = (1, 4, 12)
"""In quarter-size pixels: a strand's neighbourhood, a limb's, a person's."""
FOUND_TRUST = (1e-2, 1e-2, 1e-3)
"""Weight of the next wider colour (the densest's at last) beside what a window holds."""
DENSEST_NEARBY = 12
"""In half-size pixels: what is as dense as anything within them counts as the subject itself."""
DENSEST, DENSEST_SLOPE, LEAST_DENSE = 0.93, 0.07, 0.75
DENSEST_RADIUS = 16
"""In quarter-size pixels."""
DENSEST_TRUST, GREY = 1e-4, 0.5
"""Weight and level of the colour that stands for all where there is nothing at all."""
LARGEST_GUIDE = 1.6
"""A guide above this is a lamp's, and no denser than what it covers."""
FOUND = len(FOUND_RADII) + 1

COLLECTED_RADII = (4, 12)
"""In quarter-size pixels."""
COLLECTED = len(COLLECTED_RADII)
COLLECTED_TRUST = 1e-4
"""Weight of the widest found colour beside a window's: where there is no subject at all."""
DENSITY_RADIUS = 6
"""In half-size pixels."""
LEAST_DENSITY, LARGEST_DENSITY = 0.8, 1.2
"""How far alpha is stretched at most."""
SOMETHING, SOMETHING_RADIUS = 0.008, 4
"""Two steps of an 8-bit matte; in quarter-size pixels."""
COARSE_CANDIDATES = 5 + FOUND
"""0, 1, the guide, the first alpha, the physical bound, and one for each found colour."""

FOUND_REACH = max(2 + 4 * (max(FOUND_RADII) + 1), 2 * DENSEST_NEARBY + 4 * (DENSEST_RADIUS + 1))
COLLECTED_REACH = 4 * max(COLLECTED_RADII) + 2 * 2 * DENSITY_RADIUS + 4
"""In pixels, with that of ``density`` and an enlargement; and so ``FOUND_REACH``."""


def found_colours(source: torch.Tensor, guide: torch.Tensor) -> torch.Tensor:
    """Mean colours of what is opaque over each window, and how much there was of it.

    The last colour, into which all others fade where nothing is opaque, is that of whatever is
    densest nearby: strands and threads have no opaque middle.

    Args:
        source: [N,3,H/2,W/2], at most ``BRIGHTEST``.
        guide: [N,1,H/2,W/2], see ``Relative``.

    Returns:
        [N,3 FOUND + len(FOUND_RADII),H/4,W/4]: colours narrow to wide, then how well each window
        knows its own.
    """
    matt = source.amax(1, keepdim=True) < MIRRORED
    opaque = ((box_mean(guide, 1) - OPAQUE) / OPAQUE_SLOPE).clamp(0.0, 1.0) * matt
    opaque = box_min(opaque, 1)  # over a square of 6 pixels: no strand, no edge
    dense = guide.clamp(0.0, LARGEST_GUIDE)
    dense = dense / box_max(dense, DENSEST_NEARBY).clamp_min_(LEAST_DENSE)
    dense = ((dense - DENSEST) / DENSEST_SLOPE).clamp_(0.0, 1.0) * matt
    quarter = halved(torch.cat([source * opaque, opaque, source * dense, dense], 1))
    mean = box_mean(quarter[:, 4:], DENSEST_RADIUS)
    wider = (mean[:, :3] + DENSEST_TRUST * GREY) / (mean[:, 3:] + DENSEST_TRUST)
    found: list[torch.Tensor] = [wider]
    known: list[torch.Tensor] = []
    for radius, trust in reversed(list(zip(FOUND_RADII, FOUND_TRUST, strict=True))):
        mean = box_mean(quarter[:, :4], radius)
        wider = (mean[:, :3] + trust * wider) / (mean[:, 3:] + trust)
        found.insert(0, wider)
        known.insert(0, (8.0 * mean[:, 3:]).clamp_max(1.0))
    return torch.cat(found + known, 1)


def shows_something(coarse: torch.Tensor) -> torch.Tensor:
    """[N,1,H/2,W/2] true where a coarse alpha [N,1,H/4,W/4] is not 0 all around.

    Elsewhere is nothing but background: of 72 frames of the benches the second look said more than
    0.004 there in two, 0.007 before a screen and 0.026 in a room.
    """
    near = box_max(coarse, SOMETHING_RADIUS) > SOMETHING
    return near.repeat_interleave(2, -1).repeat_interleave(2, -2)


def density(alpha: torch.Tensor) -> torch.Tensor:
    """How dense by a colour is what is densest nearby, [N,1,H/2,W/2], 0..``LARGEST_DENSITY``.

    A coarse alpha that is too low everywhere takes too much background out of the colour that is
    collected from it, and alpha for that colour confirms it. Threads, blades and locks are opaque
    somewhere: where the densest of them come out at 0.9, all of them are a tenth too thin.

    Args:
        alpha: [N,1,H/2,W/2] for the colour.
    """
    highest = box_max(alpha.clamp(0.0, LARGEST_DENSITY), DENSITY_RADIUS)
    return box_mean(highest, DENSITY_RADIUS)


def stretched(alpha: torch.Tensor, density: torch.Tensor) -> torch.Tensor:
    """Alpha for a colour, what is densest nearby taken for opaque as far as that is likely."""
    return alpha / density.clamp(LEAST_DENSITY, LARGEST_DENSITY)


@dataclass(frozen=True)
class Quarter:
    """A scene at a quarter of its size, and the answers that a coarse alpha is made of.

    Attributes:
        source, background: [N,3,H/4,W/4].
        found: [N,3 FOUND,H/4,W/4].
        candidates: [N,COARSE_CANDIDATES - 1,H/4,W/4]: all but 0.
    """

    source: torch.Tensor
    background: torch.Tensor
    found: torch.Tensor
    candidates: torch.Tensor

    @classmethod
    def of(
        cls,
        source: torch.Tensor,
        background: torch.Tensor,
        guide: torch.Tensor,
        noise: torch.Tensor,
        first: torch.Tensor,
        found: torch.Tensor,
    ) -> Quarter:
        """Of pictures at quarter size; guide, noise and first alpha have one channel."""
        shared, grain = shared_products(source, background), noise * noise
        bound = physical_bound(shared.rest, background)
        answers = [torch.ones_like(guide), guide.clamp(0.0, 1.0), first, bound.clamp(0.0, 1.0)]
        for index in range(FOUND):
            colour = found[:, 3 * index : 3 * index + 3]
            answers.append(closed_form(colour, background, shared, grain).clamp_(0.0, 1.0))
        return cls(source, background, found, torch.cat(answers, 1))

    def coarse_alpha(self, logits: torch.Tensor) -> torch.Tensor:
        """[N,1,H/4,W/4] 0..1: the candidates weighed by [N,COARSE_CANDIDATES,H/4,W/4]."""
        shares = torch.softmax(logits.float(), 1)
        return (shares[:, 1:] * self.candidates).sum(1, keepdim=True)

    def collected(self, alpha: torch.Tensor) -> torch.Tensor:
        """[N,3 COLLECTED,H/4,W/4]: mean colours of what a coarse ``alpha`` covers.

        Over every window that colour for which the premultiplied foreground is alpha times it,
        by least squares.
        """
        light = (self.source - (1.0 - alpha) * self.background).clamp(0.0, BRIGHTEST)
        products = torch.cat([light * alpha, alpha * alpha], 1)
        widest = self.found[:, -3:]
        colours = []
        for radius in COLLECTED_RADII:
            mean = box_mean(products, radius)
            colours.append(
                (mean[:, :3] + COLLECTED_TRUST * widest) / (mean[:, 3:] + COLLECTED_TRUST)
            )
        return torch.cat(colours, 1).clamp(0.0, BRIGHTEST)
