"""Alpha of a subject of one colour in any light, where source and background are known.

Least squares for source - background = alpha (colour - background) + shade colour, the shade held
small. All pictures are [N,C,H,W] float32, linear light.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

SHADING = 0.006
"""Inverse variance ratio of a colour's brightness to a picture's: light and shade nearly free."""
LEAST_CHANNEL = 0.03
"""Of the background's light: below this a channel's ratio to the background says nothing."""


@dataclass(frozen=True)
class SharedProducts:
    """What all colours need: sums over channels [N,1,H,W], and ``rest`` [N,3,H,W]."""

    background_background: torch.Tensor
    background_rest: torch.Tensor
    rest: torch.Tensor


def shared_products(source: torch.Tensor, background: torch.Tensor) -> SharedProducts:
    """The part of ``closed_form`` that does not depend on the colour."""
    rest = source - background
    return SharedProducts(dot(background, background), dot(background, rest), rest)


def closed_form(
    colour: torch.Tensor, background: torch.Tensor, shared: SharedProducts, grain: torch.Tensor
) -> torch.Tensor:
    """Alpha [N,1,H,W], not clipped.

    Args:
        colour: [N,3,H,W] of the opaque subject.
        background: [N,3,H,W].
        shared: of source and background.
        grain: [N,1,H,W] variance.
    """
    return _Equations.of(colour, background, shared, grain).alpha()


def alpha_and_misfit(
    colour: torch.Tensor, background: torch.Tensor, shared: SharedProducts, grain: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """``closed_form``, clipped to -0.1..1.1, and the logarithm of 1 + what it leaves of the
    difference to its grain, halved, at most 4. Both [N,1,H,W]."""
    equations = _Equations.of(colour, background, shared, grain)
    alpha = equations.alpha()
    left = equations.misfit(alpha, dot(shared.rest, shared.rest))
    misfit = left.div_(grain + 1e-4).log1p_().mul_(0.5).clamp_max_(4.0)
    return alpha.clamp(-0.1, 1.1), misfit


def physical_bound(rest: torch.Tensor, background: torch.Tensor) -> torch.Tensor:
    """[N,1,H,W]: the least alpha that leaves no channel of the subject's light below 0.

    ``rest`` is source - background.
    """
    return (rest / background.clamp_min(LEAST_CHANNEL)).amin(1, keepdim=True).neg_()


@dataclass(frozen=True)
class _Equations:
    """The normal equations, each [N,1,H,W].

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
        own = dot(colour, colour)
        along = own - dot(colour, background)
        with_rest = dot(colour, shared.rest)
        # |colour - background|^2 = |colour|^2 - 2 colour.background + |background|^2
        across = 2.0 * along - own + shared.background_background
        # Where a bright source was darkened with its background, any brightness is as likely.
        shading = shared.background_background.clamp_max(1.0) * SHADING
        free = torch.add(own + shading, grain, alpha=0.5)
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


def dot(one: torch.Tensor, two: torch.Tensor) -> torch.Tensor:
    """Sum over channels of a product, [N,1,H,W]."""
    total = one[:, :1] * two[:, :1]
    for channel in range(1, 3):
        part = slice(channel, channel + 1)
        total = torch.addcmul(total, one[:, part], two[:, part])
    return total
