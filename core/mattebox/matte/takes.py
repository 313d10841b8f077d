"""Two takes of one moment over two backgrounds that do not lie on each other: flow between them.

Where two takes register, C1 - C2 = (1 - a) (B1 - B2): what their difference has across B1 - B2 no
alpha explains. Flow is found by making that small, so it sees the subject alone and neither
background: black and white behind the same hair look like nothing else to each other, and flow
between the pictures themselves is wrong by pixels there. Where the subject is opaque all of the
difference counts. Least squares in wide windows (Lucas and Kanade 1981), steps taken again on the
moved picture, coarse to fine. A neutral veil has nothing across grey: there the windows, and at
last the mean of the picture, tell what its surroundings do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
import torch.nn.functional as F

from mattebox.matte.controls import gaussian_blur
from mattebox.matte.warp import pixel_grid, roughly_sampled, sampled

Lie: TypeAlias = Literal["registered", "disagreeing", "apart"]

LEAST_DIFFERENCE = 1e-4
"""Squared distance below which two backgrounds count as one, as for triangulation."""

LEVELS = ((6.0, 4), (2.0, 4), (1.0, 6))
"""Low-pass of the pictures in pixels, and steps taken with it: a step sees about as far as its
low-pass."""

WINDOW = 20.0
"""Sigma in pixels of the window of one place's flow: at 640x360 a shorter one follows a single
strand and mistakes its neighbour for it."""

THINNED = 4
"""Pixels on a side that share a sum of a window: it is smooth over many more."""

MEAN_WEIGHT = 0.02
"""Weight of the whole picture's mean in every window: what is told nothing follows it."""

OPAQUE = (0.90, 0.98)
"""Mean alpha around a pixel from which on it counts as opaque, and from which on wholly."""

OUTLIER = 9.0
"""Squared differences of so many times the median count half, and larger ones less."""

DARKEST = 0.02
"""Linear light: differences are weighed by the root of the light that they are found in."""

FARTHEST = 16.0
"""Pixels beyond which two takes are not sought for each other."""

LEAST_GAIN = 0.6
"""Takes are moved where that leaves less than this share of what no alpha explains. Sampling
between pixels alone takes a quarter of it off where it is grain."""

LEAST_MOVE = 0.05
"""... and where the subject moves by more than this, in pixels."""

TOGETHER = 2.0
"""Sigma in pixels over which grain averages out: to 1/50 of its power, 1/25 where pixels share
it."""

LEAST_SHARE = 1e-4
"""Part of the picture in which two takes must disagree for it to count."""

SWALLOWED = 4.0
"""Two subjects differ more along grey than across it, and along grey is where black and white are.
Measured on moved takes of the rendered shots, where it was 2.7 (smoke_glass) and 5 (hair)."""

SETTLING = 1.5
"""Sigma in pixels within which takes agree or not: single pixels agree by chance."""


@dataclass(frozen=True)
class Takes:
    """Two takes. [1,3,H,W] float32, linear Rec.709.

    Attributes:
        first, first_background: the take whose place counts, and what is behind it.
        second, second_background: the other.
    """

    first: torch.Tensor
    first_background: torch.Tensor
    second: torch.Tensor
    second_background: torch.Tensor


def moved_takes(takes: Takes, flow: torch.Tensor, *, rough: bool = False) -> Takes:
    """The second take where the first has what it shows; ``flow`` is [1,2,H,W] x and y, pixels.

    ``rough`` samples by straight lines, for takes that are low-passed.
    """
    height, width = flow.shape[-2:]
    x, y = pixel_grid(height, width, flow.device)
    x, y = x + flow[0, 0], y + flow[0, 1]
    sample = roughly_sampled if rough else sampled
    return Takes(
        takes.first,
        takes.first_background,
        sample(takes.second, x, y),
        sample(takes.second_background, x, y),
    )


def flow_of(takes: Takes) -> torch.Tensor:
    """[1,2,H,W] pixels: from each pixel of the first take the way to its place in the second."""
    flow = torch.zeros_like(takes.first[:, :2])
    for sigma, steps in LEVELS:
        soft = Takes(
            gaussian_blur(takes.first, sigma),
            takes.first_background,
            gaussian_blur(takes.second, sigma),
            takes.second_background,
        )
        for _ in range(steps):
            step = _step(moved_takes(soft, flow, rough=True))
            flow = (flow + step).clamp(-FARTHEST, FARTHEST)
    return flow


def unexplained(takes: Takes) -> torch.Tensor:
    """[1,1,H,W] squared light of what no alpha explains, in each of its two directions."""
    across, _ = _across(takes)
    return (across * across).sum(1, keepdim=True) / 2.0


def how_takes_lie(takes: Takes) -> Lie:
    """How two takes of one frame lie: they register, the second has to be moved, or parts disagree.

    Where what no alpha explains is grain or rounding, moving a take does not make it less, and it
    does not hang together: then they register, and stay as they are byte for byte.
    """
    flow = flow_of(takes)
    moved = moved_takes(takes, flow)
    # A thing that one take alone has is there before and after, and says nothing of the rest.
    rest = (~_wide(_hangs_together(moved))).float()
    before, after = unexplained(takes) * rest, unexplained(moved) * rest
    whole = float(before.sum())
    way = float((flow.norm(dim=1, keepdim=True) * before).sum()) / max(whole, 1e-12)
    if float(after.sum()) < LEAST_GAIN * whole and way > LEAST_MOVE:
        return "apart"
    share = float(_hangs_together(takes).float().mean())
    return "disagreeing" if share > LEAST_SHARE else "registered"


def _hangs_together(takes: Takes) -> torch.Tensor:
    """[1,1,H,W] True where what no alpha explains is the same over several pixels: no grain."""
    across, _ = _across(takes)
    size = gaussian_blur(across.square().sum(1, keepdim=True), TOGETHER)
    mean = gaussian_blur(across, TOGETHER).square().sum(1, keepdim=True)
    return (mean > 0.5 * size) & (size > LEAST_DIFFERENCE)


def _wide(mask: torch.Tensor) -> torch.Tensor:
    reach = int(FARTHEST)
    return F.max_pool2d(mask.float(), 2 * reach + 1, stride=1, padding=reach) > 0.5


def alpha_error(takes: Takes) -> torch.Tensor:
    """[1,1,H,W] >= 0 the error of triangulated alpha to expect where two takes disagree.

    Beside the light that no alpha explains there is ``SWALLOWED`` times as much that alpha has
    taken for background; and an alpha beyond 0..1 is off by that.
    """
    between = takes.first_background - takes.second_background
    distance = between.square().sum(1, keepdim=True)
    raw = ((takes.first - takes.second) * between).sum(1, keepdim=True)
    clear = raw / distance.clamp_min(LEAST_DIFFERENCE)
    beyond = (-clear).clamp_min(0.0) + (clear - 1.0).clamp_min(0.0)
    hidden = SWALLOWED**2 * unexplained(takes)
    square = hidden / distance.clamp_min(LEAST_DIFFERENCE) + beyond.square()
    return gaussian_blur(square, SETTLING).clamp_min(0.0).sqrt()


def _across(takes: Takes) -> tuple[torch.Tensor, torch.Tensor]:
    """The takes' difference across that of their backgrounds [1,3,H,W], and the direction of this
    one, of length 1."""
    between = takes.first_background - takes.second_background
    distance = between.square().sum(1, keepdim=True).clamp_min(LEAST_DIFFERENCE)
    along = between / distance.sqrt()
    difference = takes.first - takes.second
    return difference - (difference * along).sum(1, keepdim=True) * along, along


def _step(takes: Takes) -> torch.Tensor:
    """[1,2,H,W] how much farther the second take has to be sought."""
    between = takes.first_background - takes.second_background
    distance = between.square().sum(1, keepdim=True).clamp_min(LEAST_DIFFERENCE).sqrt()
    across, along = _across(takes)
    rest = ((takes.first - takes.second) * along).sum(1, keepdim=True)
    low, high = OPAQUE
    alpha = gaussian_blur(1.0 - rest / distance, 3.0)
    opaque = ((alpha - low) / (high - low)).clamp(0.0, 1.0)

    def seen(part: torch.Tensor) -> torch.Tensor:
        inner = (part * along).sum(1, keepdim=True) * along
        return part - inner + opaque * inner

    error = across + opaque * rest * along
    slope_x, slope_y = (seen(slope) for slope in _slopes(takes.second))
    square = error.square().sum(1, keepdim=True)
    lit = square[square > 1e-10]
    usual = lit.median() if lit.numel() else square.new_tensor(1e-8)
    weight = 1.0 / (1.0 + square / (OUTLIER * usual + 1e-8))
    weight = weight / (takes.first.square().sum(1, keepdim=True) + DARKEST).sqrt()

    def summed(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        pooled = F.avg_pool2d(weight * (one * other).sum(1, keepdim=True), THINNED, ceil_mode=True)
        return gaussian_blur(pooled, WINDOW / THINNED) + MEAN_WEIGHT * pooled.mean()

    xx, xy, yy = summed(slope_x, slope_x), summed(slope_x, slope_y), summed(slope_y, slope_y)
    x, y = summed(slope_x, error), summed(slope_y, error)
    determinant = xx * yy - xy * xy + 1e-12
    step = torch.cat([yy * x - xy * y, xx * y - xy * x], 1) / determinant
    height, width = takes.first.shape[-2:]
    grown = F.interpolate(step, scale_factor=float(THINNED), mode="bilinear", align_corners=False)
    return grown[..., :height, :width].clamp(-2.0, 2.0)


def _slopes(picture: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Central differences to the right and down, edges held."""
    wide = F.pad(picture, (1, 1, 1, 1), mode="replicate")
    right = (wide[..., 1:-1, 2:] - wide[..., 1:-1, :-2]) / 2.0
    down = (wide[..., 2:, 1:-1] - wide[..., :-2, 1:-1]) / 2.0
    return right, down
