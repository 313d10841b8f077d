"""Two takes of a frame that do not register: before the engine that triangulates, and after."""

from __future__ import annotations

from dataclasses import replace

import torch

from mattebox.engines.base import EngineInput, Prediction
from mattebox.engines.triangulate import both_takes
from mattebox.matte.solve import WORST_ERROR
from mattebox.matte.takes import Takes, flow_of, moved_takes

DISAGREE = 0.1
"""Expected error of alpha from which on two takes disagree: what they say of strands that lie
between pixels is off by less."""


def takes_of(seen: EngineInput) -> Takes:
    """The two takes of a frame. Raises UsageError where it has not both, and both backgrounds."""
    background, second, behind = both_takes(seen)
    return Takes(seen.linear, background, second, behind)


def with_second_moved(seen: EngineInput) -> EngineInput:
    """A frame with its second take moved onto the first. Raises as ``takes_of``."""
    takes = takes_of(seen)
    moved = moved_takes(takes, flow_of(takes))
    return replace(
        seen, second_linear=moved.second, second_background_linear=moved.second_background
    )


def settled(
    prediction: Prediction, alone: torch.Tensor, confidence: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Alpha and confidence of two takes; where they disagree, of the first alone, if it is surer.

    Args:
        prediction: of both, with the error to expect.
        alone, confidence: [1,1,H,W] 0..1 what the solver says of the first take.
    """
    both = prediction.error
    assert both is not None
    error = (1.0 - confidence) * WORST_ERROR
    marked = (both > DISAGREE) & (error < both)
    alpha = torch.where(marked, alone, prediction.alpha)
    error = torch.where(marked, error, both)
    return alpha, (1.0 - error / WORST_ERROR).clamp(0.0, 1.0)
