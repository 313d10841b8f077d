"""Video with subsampled chroma (4:2:0, 4:2:2): told from its pixels, its edges' colour restored.

Such a picture has its luma in every pixel and its two colour differences in every second one, taken
between. At an edge a pixel's colour is then a blend of both sides that its luma contradicts, and
a key that believes it is soft and steps. Where the colours on both sides are known, luma alone says
how much of each a pixel holds; that gives the colour differences back.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F

from mattebox.matte.windows import box_max, box_mean, box_min

LUMA = (0.2126, 0.7152, 0.0722)
CODE_CURVE = 1.0 / 2.2
"""Exponent from linear light to codes, near enough to any display's: codes are what was sampled."""

STEPS_OF_A_GRID = 0.96
"""Change of colour from column to column, at every second one over that between, as a share of the
same of luma: from here on there is no grid. Chroma between two pixels gives 0.02 to 0.2 where it is
repeated, 0.67 to 0.95 where it is spread; full chroma 0.99 and more."""

BENDS_OF_A_GRID = 0.75
"""The same of its second difference: chroma beside the left of two pixels, as in MPEG-2 and H.264,
steps evenly, but bends at its samples alone: 0.03 to 0.1; full chroma 0.96 and more."""

LEAST_CHANGE = 2e-4
"""Of code, in the mean from pixel to pixel: a picture whose colour changes less tells nothing."""

KNOWN_FROM = 0.3
"""Alpha from which a pixel says something of its subject's own colour."""

COLOUR_RADIUS = 5
"""Over which that colour is averaged, twice."""

LARGEST_COLOUR = 4.0
"""Of a straight colour, linear light: what grain over a small alpha makes more of is none."""

CONTRAST = 0.15
"""Of code, between both sides' luma: from here on luma alone tells the share of each."""

EDGE_RADIUS, FAINT_EDGE, FULL_EDGE = 2, 0.05, 0.25
"""Where alpha changes by so much nearby colour is restored: in part, and whole."""

HALVINGS = 9
"""Of the interval in which a pixel's share is looked for: to 1/512, half a code of 8 bits."""

CHROMA_REACH = 2 * COLOUR_RADIUS + EDGE_RADIUS + 3
"""Pixels around a pixel that a restored colour depends on."""


def is_subsampled(sources: Sequence[torch.Tensor]) -> bool:
    """Whether most frames have chroma of half the width, or half the width and height.

    Args:
        sources: each [N,3,H,W] float32, linear Rec.709, unbounded; not resized since it was video.
    """
    told = [_looks_subsampled(frame) for source in sources for frame in torch.split(source, 1)]
    return 2 * sum(told) > len(told)


def restored(source: torch.Tensor, background: torch.Tensor, alpha: torch.Tensor) -> torch.Tensor:
    """A frame with the colour differences at its subject's edges as luma tells them.

    Reads ``CHROMA_REACH`` pixels. Pixels outside 0..1 and all but edges come back unchanged.

    Args:
        source: [1,3,H,W] float32, linear Rec.709.
        background: [1,3,H,W], same light.
        alpha: [1,1,H,W] 0..1, a first answer.
    """
    change = box_max(alpha, EDGE_RADIUS) - box_min(alpha, EDGE_RADIUS)
    edge = ((change - FAINT_EDGE) / (FULL_EDGE - FAINT_EDGE)).clamp(0.0, 1.0)
    edge = edge * ((source >= 0.0) & (source <= 1.0)).all(1, keepdim=True)
    at = edge[0, 0] > 0.0
    if not bool(at.any()):
        return source
    behind, own = background.clamp_min(0.0), _own_colour(source, background, alpha)
    codes = _codes(source)
    luma = _luma(codes)
    share = alpha.clone()
    share[0][:, at] = _share(luma[0][:, at], own[0][:, at], behind[0][:, at], alpha[0][:, at])
    expected = _codes(share * own + (1.0 - share) * behind)
    expected = expected - _luma(expected)
    chroma = expected + _spread(_sampled(codes - luma) - _sampled(expected), codes)
    wanted = torch.lerp(codes, luma + chroma, edge)
    return torch.where(at, wanted.clamp(0.0, 1.0) ** (1.0 / CODE_CURVE), source)


def _share(
    luma: torch.Tensor, own: torch.Tensor, behind: torch.Tensor, alpha: torch.Tensor
) -> torch.Tensor:
    """[1,n] how much of its ``own`` colour [3,n] a pixel holds before what is ``behind`` it.

    Found by halving, since the codes of a mixture are no mixture of codes; ``alpha`` [1,n] is kept
    where both sides are alike in ``luma`` [1,n].
    """
    ends = _luma(_codes(own), 0) - _luma(_codes(behind), 0)
    low, high = torch.zeros_like(luma), torch.ones_like(luma)
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        found = _luma(_codes(middle * own + (1.0 - middle) * behind), 0)
        is_low = (luma - found) * ends > 0.0
        low, high = torch.where(is_low, middle, low), torch.where(is_low, high, middle)
    return torch.lerp(alpha, (low + high) / 2.0, (ends.abs() / CONTRAST).clamp_max(1.0))


def _own_colour(
    source: torch.Tensor, background: torch.Tensor, alpha: torch.Tensor
) -> torch.Tensor:
    """[1,3,H,W] linear: the subject's straight colour nearby, 0 where there is none."""
    weight = ((alpha - KNOWN_FROM) / (1.0 - KNOWN_FROM)).clamp_min(0.0)
    straight = (source - (1.0 - alpha) * background) / alpha.clamp_min(KNOWN_FROM)
    weighted = torch.cat([straight.clamp(0.0, LARGEST_COLOUR) * weight, weight], 1)
    near = box_mean(box_mean(weighted, COLOUR_RADIUS), COLOUR_RADIUS)
    return near[:, :3] / near[:, 3:].clamp_min(1e-6)


def _looks_subsampled(frame: torch.Tensor) -> bool:
    """Of one frame [1,3,H,W]: across its columns, which 4:2:0 and 4:2:2 have in common."""
    codes = _codes(frame / frame.max().clamp_min(1e-6))
    luma = _luma(codes)
    return any(
        of_chroma < share * of_luma  # in an enlarged picture both have the grid
        for of_chroma, of_luma, share in zip(
            _grids(codes - luma), _grids(luma), (STEPS_OF_A_GRID, BENDS_OF_A_GRID), strict=True
        )
    )


def _grids(codes: torch.Tensor) -> tuple[float, float]:
    """How much [1,C,H,W] steps, and bends, at every second column over what it does between: 0..1,
    1 where there is no grid, or nothing changes."""
    steps = codes[..., 1:] - codes[..., :-1]
    shares = []
    for change in (steps, steps[..., 1:] - steps[..., :-1]):
        size = change.abs().amax(1, keepdim=True)
        less, more = sorted(float(size[..., phase::2].mean()) for phase in (0, 1))
        shares.append(less / more if more > LEAST_CHANGE else 1.0)
    return shares[0], shares[1]


def _codes(light: torch.Tensor) -> torch.Tensor:
    return light.clamp_min(0.0) ** CODE_CURVE


def _luma(codes: torch.Tensor, channels: int = 1) -> torch.Tensor:
    """One channel of three along the dimension ``channels``."""
    red, green, blue = torch.split(codes, 1, channels)
    return LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue


def _sampled(chroma: torch.Tensor) -> torch.Tensor:
    """Means over 2x2 pixels; the last row or column alone where the size is odd."""
    return F.avg_pool2d(chroma, 2, ceil_mode=True, count_include_pad=False)


def _spread(chroma: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Twice the size, between the samples in a straight line, cut to ``like``."""
    wide = F.interpolate(chroma, scale_factor=2.0, mode="bilinear", align_corners=False)
    return wide[..., : like.shape[-2], : like.shape[-1]]
