"""What a shot's subject is made of, found once per shot, and how well it explains a pixel.

A material is a foreground colour as it stands in the plate (with the screen's light on it), free in
brightness and a little in hue: F ~ N(colour, spread^2 + (SHADING * colour)^2 along itself). A pixel
I = a F + (1 - a) B + grain then has one alpha per material, and a likelihood that says which
material it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from mattebox.matte.statistics import Material, ShotStatistics
from mattebox.matte.strips import in_strips
from mattebox.matte.windows import box_mean

# Standard deviation of a material's brightness: light and shade on one material differ by about
# a factor 2 to either side in the interior of lit subjects.
SHADING = 0.6
# Standard deviation of a material's hue, as a share of its brightness.
HUE_SPREAD = 0.05
ITERATIONS = 3  # of alpha <-> covariance; changes of alpha stay below 0.003 after three
TINY = 1e-8
# The colour nobody has seen: half the plate's brightness to either side in every channel.
UNKNOWN_SPREAD = 0.5
UNKNOWN_WEIGHT = 0.1
# A darker screen and nothing else: a shadow, a black veil, or glass that mirrors the screen. Alpha
# is what is missing of the screen's light, and may be more by what is mirrored.
DARKER_SPREAD = 0.01
DARKER_WEIGHT = 0.1
DARKER_ERROR = 0.15
# A colour given by a network or by hand: good to a few percent, and meant.
GIVEN_SPREAD = 0.03
GIVEN_WEIGHT = 0.5


@dataclass(frozen=True)
class Explanation:
    """A material's answer for every pixel; all [N,1,H,W] float32.

    Attributes:
        alpha: 0..1.
        variance: of alpha, from grain and from the material's spread.
        energy: -2 log likelihood, up to a constant common to all materials.
    """

    alpha: torch.Tensor
    variance: torch.Tensor
    energy: torch.Tensor


def explain(
    source: torch.Tensor,
    plate: torch.Tensor,
    source_variance: torch.Tensor,
    plate_variance: torch.Tensor,
    material: Material,
    start: torch.Tensor,
    *,
    colour: torch.Tensor | None = None,
) -> Explanation:
    """The most likely alpha of every pixel if it is made of one material.

    Args:
        source, plate: [N,3,H,W] float32, linear Rec.709, unbounded.
        source_variance, plate_variance: [N,3,H,W], > 0 and >= 0.
        material: the foreground.
        start: [N,1,H,W] alpha to begin with, 0..1.
        colour: [N,3,H,W] or [1,3,1,1] in place of the material's one colour, or None.
    """
    shown = source.new_tensor(material.colour).view(1, 3, 1, 1) if colour is None else colour

    def of_rows(rows: slice) -> Explanation:
        return _explain(
            source[..., rows, :],
            plate[..., rows, :],
            source_variance[..., rows, :],
            plate_variance[..., rows, :],
            start[..., rows, :],
            shown if shown.shape[-2] == 1 else shown[..., rows, :],
            material,
        )

    if source.device.type != "cpu":
        return of_rows(slice(None))
    found = in_strips(of_rows, *source.shape[-2:])
    return Explanation(
        torch.cat([one.alpha for one in found], 2),
        torch.cat([one.variance for one in found], 2),
        torch.cat([one.energy for one in found], 2),
    )


def _explain(
    source: torch.Tensor,
    plate: torch.Tensor,
    source_variance: torch.Tensor,
    plate_variance: torch.Tensor,
    start: torch.Tensor,
    colour: torch.Tensor,
    material: Material,
) -> Explanation:
    size = sum(part * part for part in material.colour)
    spread = material.spread**2 + HUE_SPREAD**2 * size
    alpha = start
    for _ in range(ITERATIONS - 1):
        equations = _equations(
            source, plate, source_variance, plate_variance, colour, spread, alpha
        )
        alpha = (equations.projected / equations.information).clamp(0.0, 1.0)
    equations = _equations(source, plate, source_variance, plate_variance, colour, spread, alpha)
    alpha = (equations.projected / equations.information).clamp(0.0, 1.0)
    misfit = equations.squares - 2.0 * alpha * equations.projected
    misfit = (misfit + alpha * alpha * equations.information).clamp_min(0.0)
    return Explanation(alpha, 1.0 / equations.information, misfit + equations.volume)


@dataclass(frozen=True)
class _Equations:
    """Least squares: misfit = squares - 2 alpha projected + alpha^2 information."""

    information: torch.Tensor
    projected: torch.Tensor
    squares: torch.Tensor
    volume: torch.Tensor


def _equations(
    source: torch.Tensor,
    plate: torch.Tensor,
    source_variance: torch.Tensor,
    plate_variance: torch.Tensor,
    colour: torch.Tensor,
    spread: float,
    alpha: torch.Tensor,
) -> _Equations:
    """With the covariance that holds at ``alpha``; ``volume`` is its log determinant."""
    difference, seen, shade = colour - plate, source - plate, colour * SHADING
    variance = source_variance + (1.0 - alpha) ** 2 * plate_variance + alpha * alpha * spread
    precision = 1.0 / variance
    # Sherman-Morrison for the covariance variance + alpha^2 shade shade^T
    shade_weighted = shade * precision
    along = (shade_weighted * shade).sum(1, keepdim=True)
    shade_difference = (shade_weighted * difference).sum(1, keepdim=True)
    shade_seen = (shade_weighted * seen).sum(1, keepdim=True)
    weighted = difference * precision
    share = alpha * alpha / (1.0 + alpha * alpha * along)
    information = (weighted * difference).sum(1, keepdim=True)
    information = information - share * shade_difference * shade_difference
    projected = (weighted * seen).sum(1, keepdim=True) - share * shade_difference * shade_seen
    squares = (seen * seen * precision).sum(1, keepdim=True) - share * shade_seen * shade_seen
    volume = variance.log().sum(1, keepdim=True) + torch.log1p(alpha * alpha * along)
    return _Equations(information.clamp_min(TINY), projected, squares, volume)


@dataclass(frozen=True)
class Mixture:
    """All materials' answers side by side.

    Attributes:
        alphas: [K,N,1,H,W] per material, and last the one of unknown colour (0 there: fill in).
        variances: likewise.
        weights: [K,N,1,H,W], sum 1 over K: how likely each material is.
    """

    alphas: torch.Tensor
    variances: torch.Tensor
    weights: torch.Tensor


def explain_all(
    source: torch.Tensor,
    plate: torch.Tensor,
    source_variance: torch.Tensor,
    plate_variance: torch.Tensor,
    first_alpha: torch.Tensor,
    statistics: ShotStatistics,
    radius: int,
    foreground: torch.Tensor | None = None,
) -> Mixture:
    """Every material's alpha at every pixel, and how likely each is over a square of ``radius``.

    On a screen one more material stands for the screen in shadow. The last entry stands for any
    colour whatever: its evidence is that of a very broad distribution, which loses against a known
    colour that fits and wins where none does.

    Args:
        source, plate: [N,3,H,W] float32, linear Rec.709, unbounded.
        source_variance, plate_variance: [N,3,H,W] of their grain.
        first_alpha: [N,1,H,W], 0..1, where the iteration begins.
        statistics: the shot's materials.
        radius: in pixels.
        foreground: [N,3,H,W] or [1,3,1,1] straight colour, or None: one more material.
    """
    start = first_alpha.clamp(0.1, 0.9)
    unit = statistics.brightness
    unknown = Material((unit, unit, unit), UNKNOWN_SPREAD * unit, UNKNOWN_WEIGHT)
    known: list[tuple[Material, torch.Tensor | None]] = [(m, None) for m in statistics.materials]
    if foreground is not None:
        given = Material((unit, unit, unit), GIVEN_SPREAD * unit, GIVEN_WEIGHT)
        known.append((given, foreground))
    alphas, variances, energies = [], [], []
    darker = Material((0.0, 0.0, 0.0), DARKER_SPREAD * unit, DARKER_WEIGHT)
    darkened = [(darker, None)] if statistics.screen else []
    for material, colour in [*known, *darkened, (unknown, None)]:
        found = explain(
            source, plate, source_variance, plate_variance, material, start, colour=colour
        )
        alphas.append(found.alpha)
        variances.append(found.variance + (DARKER_ERROR**2 if material is darker else 0.0))
        energies.append(box_mean(found.energy, radius) - 2.0 * math.log(material.weight))
    weights = torch.softmax(-0.5 * torch.stack(energies), 0)
    return Mixture(torch.stack(alphas), torch.stack(variances), weights)
