"""The temporal term: grain averaged over neighbouring frames, only where nothing moves.

A neighbour counts at a pixel where it differs from the frame by no more than grain, over a whole
square. Anything that moves, however thin, differs by more, and is left alone: nothing smears.
The averaged frame serves to find alpha; colours are always taken from the frame itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from mattebox.matte.statistics import NoiseModel
from mattebox.matte.windows import box_max, box_mean

WINDOW = 1  # neighbours on each side; a second one changed no figure by 1 %
# Mean chi-square per channel (1 expected) between which a neighbour's weight falls from 1 to 0.
# The mean over 49 pixels of 3 channels scatters by 0.12, its largest of a square reaches 1.3.
FULL_WEIGHT = 1.3
NO_WEIGHT = 1.7
MATCH_RADIUS = 3
GUARD_RADIUS = 2
STEADY_REACH = MATCH_RADIUS + GUARD_RADIUS


def steady_mean(
    source: torch.Tensor, neighbours: Sequence[torch.Tensor], noise: NoiseModel
) -> tuple[torch.Tensor, torch.Tensor]:
    """The frame with its grain averaged where its neighbours show the same.

    Args:
        source: [N,3,H,W] float32, linear Rec.709, unbounded.
        neighbours: frames of the same shape and light, at most WINDOW on each side; may be empty
            (at the ends of the shot), and then the frame comes back unchanged.
        noise: the grain.

    Returns:
        The mean [N,3,H,W], and [N,1,H,W] the share of the grain's variance that is left, 0..1.
    """
    total = source
    count = torch.ones_like(source[:, :1])
    for neighbour in neighbours:
        expected = noise.variance(source) + noise.variance(neighbour)
        misfit = ((source - neighbour) ** 2 / expected).mean(1, keepdim=True)
        misfit = box_max(box_mean(misfit, MATCH_RADIUS), GUARD_RADIUS)
        weight = ((NO_WEIGHT - misfit) / (NO_WEIGHT - FULL_WEIGHT)).clamp(0.0, 1.0)
        total = total + weight * neighbour
        count = count + weight
    return total / count, 1.0 / count
