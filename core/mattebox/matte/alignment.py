"""The arithmetic below background registration: a pyramid, a band-pass, robust Gauss-Newton steps.

Lucas and Kanade (1981) in the forward compositional form of Baker and Matthews (2004), weighted by
Tukey's biweight. Pictures are float32; the small normal equations are summed in float64.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from mattebox.matte.background_exposure import background_weight
from mattebox.matte.controls import gaussian_blur
from mattebox.matte.warp import mapped, pixel_grid, rescaled, roughly_warped
from mattebox.matte.windows import box_min

LARGEST_PICTURE = 600_000
"""Pixels above which a level is halved: HD is fitted at 960x540, where the smoothed folds of a
screen still place it to a few hundredths of a pixel, in a quarter of the time."""

COARSEST_SIDE = 40
"""Pixels on the shorter side below which nothing is halved any more: 5 % of the width is then
about 3 px, which one step of the smoothed picture still sees."""

SMOOTHING = 1.5
"""Sigma in pixels of the low-pass of every level. Grain, correlated over a pixel, falls to a fifth,
and a linear resampling of what is left loses next to nothing."""

CLEAR = 2
"""Pixels by which the background's weight is eroded: the low-pass must not see the subject."""

BAND = 12.0
"""Sigma in pixels of the local mean that is taken off: folds of cloth are 3 to 15 px wide at
360 lines, the fall-off of a lamp is wider."""

TUKEY = 4.685
"""Cut of Tukey's biweight in standard deviations: 95 % efficient on Gaussian grain."""

STEPS = 15
"""Gauss-Newton steps per level; they end sooner when nothing moves by SETTLED any more."""

SETTLED = 0.004
"""Pixels: a tenth of the least move that counts."""

TILE = 16
"""Side in pixels of the tiles that are fitted or held out in turn, and over which errors are taken
as independent: wider than the smoothing and the grain."""

SETTLED_SHARE = 0.1
"""... or by this share of the standard error: what grain leaves open is not worth a step."""

SAMPLES = 12_000
"""For a deviation: good to 1.2 %."""

TINY = 1e-8


@dataclass(frozen=True)
class Level:
    """One level of the pyramid, all [1,C,h,w] float32.

    Attributes:
        shot: [1,3,h,w] mean background of the shot's frames, low-passed, linear Rec.709.
        background: [1,3,h,w] the clean plate, low-passed, same light.
        weight: [1,1,h,w] 0..1 how surely the shot shows its background there.
        factor: pixels of this level per pixel of the background, 1 or below.
    """

    shot: torch.Tensor
    background: torch.Tensor
    weight: torch.Tensor
    factor: float


@dataclass(frozen=True)
class Comparison:
    """The shot against the background moved by some matrix, at one level, band-passed.

    Attributes:
        shot, moved: [1,3,h,w] linear light, the background's gain on ``moved``.
        weight: [1,1,h,w] as the level's, 0 where the background has no pixels.
        scale: [1,3,1,1] robust deviation of shot less moved.
    """

    shot: torch.Tensor
    moved: torch.Tensor
    weight: torch.Tensor
    scale: torch.Tensor

    def squares(self, scale: torch.Tensor) -> torch.Tensor:
        """[1,1,h,w] mean over the channels of the squared difference in units of ``scale``."""
        return (((self.shot - self.moved) / scale) ** 2).mean(1, keepdim=True)


def pyramid(
    sources: Sequence[torch.Tensor], background: torch.Tensor, subject: Sequence[torch.Tensor]
) -> list[Level]:
    """The shot's background and the background at several sizes, coarsest first."""
    total, seen = torch.zeros_like(background), torch.zeros_like(background[:, :1])
    for source, alpha in zip(sources, subject, strict=True):
        weight = background_weight(alpha)
        # flickering light must not leave the subject's outline in the mean
        expected = (background * weight).sum((2, 3), keepdim=True, dtype=torch.float64)
        light = (source * weight).sum((2, 3), keepdim=True, dtype=torch.float64)
        usable = (light > 0.0).all(1, keepdim=True) & (expected > 0.0).all(1, keepdim=True)
        gain = torch.where(usable, expected / light, torch.ones_like(light)).to(source.dtype)
        total = total + (source * gain * weight).sum(0, keepdim=True)
        seen = seen + weight.sum(0, keepdim=True)
    shot, known = total / seen.clamp_min(TINY), seen / max(1, sum(s.shape[0] for s in sources))
    factor = 1.0
    while shot.shape[-1] * shot.shape[-2] > LARGEST_PICTURE:
        shot, background, known, factor = *_halved(shot, background, known), factor / 2.0
    levels = [_level(shot, background, known, factor)]
    while min(shot.shape[-2:]) >= 2 * COARSEST_SIDE:
        shot, background, known, factor = *_halved(shot, background, known), factor / 2.0
        levels.append(_level(shot, background, known, factor))
    return levels[::-1]


def compare(level: Level, weight: torch.Tensor, matrix: torch.Tensor) -> Comparison:
    """Move the background by ``matrix`` (pixels of the full background) and hold it against the
    shot."""
    height, width = level.shot.shape[-2:]
    own = rescaled(matrix, level.factor)
    x, y = mapped(own, *pixel_grid(height, width, weight.device))
    inside = (x >= 0.0) & (x <= width - 1.0) & (y >= 0.0) & (y <= height - 1.0)
    weight = weight * inside.to(weight.dtype)
    moved = roughly_warped(level.background, own)
    gain = _sum(weight * level.shot * moved) / _sum(weight * moved * moved).clamp_min(TINY)
    moved = moved * gain.to(moved.dtype)
    # the same weights for both, or the subject's outline stands in the difference
    near = _local_mean(weight).clamp_min(1e-4)
    shot = level.shot - _local_mean(level.shot * weight) / near
    moved = moved - _local_mean(moved * weight) / near
    return Comparison(shot, moved, weight, _deviation(shot - moved, weight, level.shot))


def fitted(
    level: Level, weight: torch.Tensor, matrix: torch.Tensor, freedoms: int
) -> tuple[torch.Tensor, float]:
    """Improve a matrix by Gauss-Newton steps on one level.

    Args:
        level: the pictures.
        weight: [1,1,h,w] pixels to fit to.
        matrix: [3,3] float64, pixels of the full background.
        freedoms: 2 (shift), 6 (affine) or 8 (homography).

    Returns:
        The matrix, and the standard error in pixels of the full background of the displacement
        where it is largest; infinite where the pictures do not determine the matrix.
    """
    height, width = level.shot.shape[-2:]
    x, y = pixel_grid(height, width, weight.device)
    half = max(width, height) / 2.0
    u, v = (x - (width - 1) / 2.0) / half, (y - (height - 1) / 2.0) / half
    basis = _tile_means(_displacements(u, v, freedoms))
    ends = torch.tensor([-1.0, 1.0], dtype=torch.float64)
    corners = _displacements(
        ends.repeat(2) * width / 2.0 / half,
        ends.repeat_interleave(2) * height / 2.0 / half,
        freedoms,
    )
    own, error = matrix, math.inf
    for _ in range(STEPS):
        seen = compare(level, weight, own)
        normal, pull, scatter = _equations(seen, basis)
        strength = torch.linalg.eigvalsh(normal)
        if not float(strength[0]) > 1e-9 * max(float(strength[-1]), TINY):
            return own, math.inf
        inverse = torch.linalg.inv(normal)
        step = inverse @ pull
        if not bool(torch.isfinite(step).all()):
            return own, math.inf
        moves = torch.einsum("kdp,k->dp", corners, step).norm(dim=0)
        spread = inverse @ scatter @ inverse
        variance = torch.einsum("kdp,kl,ldp->p", corners, spread, corners)
        error = float(variance.max().clamp_min(0.0).sqrt()) / level.factor
        change = rescaled(_small_move(step, half, width, height), 1.0 / level.factor)
        own = own @ change
        if float(moves.max()) < max(SETTLED, SETTLED_SHARE * error * level.factor):
            break
    return own / own[2, 2], error


def tile_sums(picture: torch.Tensor) -> torch.Tensor:
    """[..., h, w] summed over tiles: [..., tiles] float64, the last ones cut by the border."""
    height, width = picture.shape[-2:]
    padded = F.pad(picture.double(), (0, -width % TILE, 0, -height % TILE))
    down, across = padded.shape[-2] // TILE, padded.shape[-1] // TILE
    tiles = padded.reshape(*picture.shape[:-2], down, TILE, across, TILE).sum((-3, -1))
    return tiles.flatten(-2)


def held_out(level: Level) -> torch.Tensor:
    """[1,1,h,w] 1 on every second tile, like a chess board: never fitted to."""
    height, width = level.weight.shape[-2:]
    x, y = pixel_grid(height, width, level.weight.device)
    odd = ((x / TILE).floor() + (y / TILE).floor()) % 2.0
    return odd.to(level.weight.dtype).view(1, 1, height, width)


def _level(
    shot: torch.Tensor, background: torch.Tensor, known: torch.Tensor, factor: float
) -> Level:
    near = gaussian_blur(known, SMOOTHING)
    smooth = gaussian_blur(shot * known, SMOOTHING) / near.clamp_min(1e-4)
    return Level(smooth, gaussian_blur(background, SMOOTHING), box_min(known, CLEAR), factor)


def _halved(*pictures: torch.Tensor) -> list[torch.Tensor]:
    return [F.avg_pool2d(picture, 2) for picture in pictures]


def _local_mean(picture: torch.Tensor) -> torch.Tensor:
    """A wide Gaussian, computed on a quarter of the size: nothing of it is finer than that."""
    height, width = picture.shape[-2:]
    small = F.interpolate(picture, size=(-(-height // 4), -(-width // 4)), mode="area")
    small = gaussian_blur(small, BAND / 4.0)
    return F.interpolate(small, size=(height, width), mode="bilinear", align_corners=False)


def _sum(picture: torch.Tensor) -> torch.Tensor:
    return picture.sum((2, 3), keepdim=True, dtype=torch.float64)


def _deviation(
    difference: torch.Tensor, weight: torch.Tensor, picture: torch.Tensor
) -> torch.Tensor:
    """[1,3,1,1] robust deviation; never below the rounding of half floats."""
    chosen = difference[0][:, (weight[0, 0] > 0.5 * weight.max()) & (weight[0, 0] > 0.0)]
    if chosen.shape[1] == 0:
        return torch.ones_like(difference[:, :, :1, :1])
    chosen = chosen[:, :: max(1, -(-chosen.shape[1] // SAMPLES))]
    found = 1.4826 * torch.quantile(chosen.abs(), 0.5, dim=1)
    level = (picture * weight).abs().mean((0, 2, 3)) / weight.mean().clamp_min(TINY)
    return torch.maximum(found, 3e-4 * level + TINY).view(1, 3, 1, 1)


def _equations(
    seen: Comparison, basis: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """J^T W J, J^T W r and the sum over tiles of (J^T W r)(J^T W r)^T, float64.

    ``basis`` [K,2,tiles] is held constant within a tile: every tile's own equation is right at the
    true place, so their sum is as well, and a frame costs a hundredth of the products.
    """
    cut = 1.0 - seen.squares(seen.scale) / (TUKEY * TUKEY)
    weight = (seen.weight * cut.clamp_min(0.0) ** 2)[0]
    difference = ((seen.shot - seen.moved) / seen.scale)[0]
    padded = F.pad(seen.moved / seen.scale, (1, 1, 1, 1), mode="replicate")[0]
    across = (padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]) * 0.5
    down = (padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]) * 0.5
    products = [(one * other).sum(0) for one, other in (
        (across, across), (across, down), (down, down), (across, difference), (down, difference)
    )]  # fmt: skip
    xx, xy, yy, x, y = tile_sums(torch.stack(products) * weight)
    turned = torch.stack(
        [xx * basis[:, 0] + xy * basis[:, 1], xy * basis[:, 0] + yy * basis[:, 1]], 1
    )
    normal = torch.einsum("kit,lit->kl", turned, basis)
    pulls = x * basis[:, 0] + y * basis[:, 1]
    # 8 x 8 at most: solved on the host, the same way for every device
    return normal.cpu(), pulls.sum(1).cpu(), (pulls @ pulls.t()).cpu()


def _tile_means(picture: torch.Tensor) -> torch.Tensor:
    """[..., tiles] float64 means over tiles of [..., h, w]."""
    return tile_sums(picture) / tile_sums(torch.ones_like(picture[0, 0]))


def _displacements(u: torch.Tensor, v: torch.Tensor, freedoms: int) -> torch.Tensor:
    """[K,2,...]: how each parameter moves a point, in pixels; u, v run from -1 to 1."""
    one, none = torch.ones_like(u), torch.zeros_like(u)
    rows = [
        (one, none), (none, one),
        (u, none), (v, none), (none, u), (none, v),
        (u * u, u * v), (u * v, v * v),
    ]  # fmt: skip
    return torch.stack([torch.stack(row) for row in rows[:freedoms]])


def _small_move(step: torch.Tensor, half: float, width: int, height: int) -> torch.Tensor:
    """The matrix, in pixels, of the parameters of ``_displacements``."""
    p = [*step.tolist(), *([0.0] * (8 - step.numel()))]
    centred = torch.tensor(
        [
            [1.0 + p[2] / half, p[3] / half, p[0] / half],
            [p[4] / half, 1.0 + p[5] / half, p[1] / half],
            [-p[6] / half, -p[7] / half, 1.0],
        ],
        dtype=torch.float64,
    )
    x, y = (width - 1) / 2.0, (height - 1) / 2.0
    there = torch.tensor(
        [[1.0 / half, 0.0, -x / half], [0.0, 1.0 / half, -y / half], [0.0, 0.0, 1.0]],
        dtype=torch.float64,
    )
    move: torch.Tensor = torch.linalg.inv(there) @ centred @ there
    return move
