"""A smooth surface through pixels of a picture, which leaves out what does not lie on it."""

from __future__ import annotations

import torch

from mattebox.colour_difference import TINY

ROUNDS = 8
"""Fits of a surface, each to what the one before left in; later ones change nothing."""

CUT = 3.0
"""Robust deviations from a surface that are still screen."""

SURFACE_SAMPLES = 60_000
"""Pixels per surface fit: 15 unknowns ask for no more."""

RADIAL_ORDER = 4
"""From which on a surface has powers of the distance from the middle too: a lens and a grade above
it let corners fall faster than a polynomial of that order."""

_CORNERS = (RADIAL_ORDER - 1, RADIAL_ORDER)


def robust_surface(
    picture: torch.Tensor, candidate: torch.Tensor, order: int
) -> tuple[torch.Tensor, float]:
    """A smooth surface [1,1,H,W] through [N,1,H,W] where ``candidate``, and the deviation."""
    index = thinned(candidate.flatten().nonzero().flatten(), SURFACE_SAMPLES)
    height, width = picture.shape[-2:]
    place = index % (height * width)
    terms = _terms(place % width, place // width, height, width, order)
    values = picture.flatten()[index].double()
    weight = torch.ones_like(values)
    deviation = 0.0
    coefficients = terms.new_zeros(terms.shape[1])
    for _ in range(ROUNDS):
        coefficients = _least_squares(terms, values, weight)
        away = (values - terms @ coefficients).abs()
        deviation = 1.4826 * float(away.median())
        weight = (1.0 - (away / (2.0 * CUT * deviation + TINY)) ** 2).clamp_min(0.0) ** 2
    return _drawn(coefficients, picture, order), deviation


def _drawn(coefficients: torch.Tensor, picture: torch.Tensor, order: int) -> torch.Tensor:
    """The surface [1,1,H,W] that ``_terms`` and their coefficients give, row by row.

    A polynomial is two small products in place of a term for every pixel.
    """
    height, width = picture.shape[-2:]
    device = coefficients.device
    u = _places(torch.arange(width, device=device), width)
    v = _places(torch.arange(height, device=device), height)
    powers = _powers(order)
    weights = coefficients.new_zeros(order + 1, order + 1)
    weights[[i for i, _ in powers], [j for _, j in powers]] = coefficients[: len(powers)]
    across, down = (torch.stack([at**power for power in range(order + 1)]) for at in (u, v))
    drawn = (down.t() @ weights.t()) @ across
    if order >= RADIAL_ORDER:
        square = _square(u[None, :], v[:, None], height, width)
        for power, weight in zip(_CORNERS, coefficients[len(powers) :], strict=True):
            drawn += weight * square**power
    return drawn[None, None].to(picture.dtype)


def _terms(x: torch.Tensor, y: torch.Tensor, height: int, width: int, order: int) -> torch.Tensor:
    """[n, terms] float64: products of Legendre-like powers of x and y up to ``order`` together.

    From RADIAL_ORDER on there are two more, powers of the distance from the middle.
    """
    u, v = _places(x, width), _places(y, height)
    columns = [u**i * v**j for i, j in _powers(order)]
    if order >= RADIAL_ORDER:
        columns += [_square(u, v, height, width) ** power for power in _CORNERS]
    return torch.stack(columns, dim=1)


def _places(pixels: torch.Tensor, count: int) -> torch.Tensor:
    """-1..1 for pixels 0..count - 1, float64."""
    return (2.0 * pixels.double() + 1.0) / count - 1.0


def _powers(order: int) -> list[tuple[int, int]]:
    return [(i, j) for i in range(order + 1) for j in range(order + 1 - i)]


def _square(u: torch.Tensor, v: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Of the distance from the middle, 1 at the corners."""
    return ((u * width) ** 2 + (v * height) ** 2) / (width**2 + height**2)


def _least_squares(terms: torch.Tensor, values: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Coefficients [terms], with a whiff of ridge: a surface must not soar where nothing is."""
    weighted = terms * weight[:, None]
    normal = weighted.t() @ terms
    ridge = (
        1e-4
        * normal.diagonal().mean()
        * torch.eye(normal.shape[0], dtype=normal.dtype, device=normal.device)
    )
    found: torch.Tensor = torch.linalg.solve(normal + ridge, weighted.t() @ values)
    return found


def thinned(values: torch.Tensor, limit: int = 1_000_000) -> torch.Tensor:
    """At most ``limit`` values, evenly picked."""
    values = values.flatten()
    return values[:: max(1, -(-values.numel() // limit))]
