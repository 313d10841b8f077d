"""A frame on its way through the keyer, after each of its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch

from mattebox.engines.base import Prediction
from mattebox.matte.solve import Solution
from mattebox.pipeline.reduction import Reduction
from mattebox.shot import Pictures

WindowSlices: TypeAlias = tuple[slice, slice, slice, slice]


@dataclass(frozen=True)
class SeenFrame:
    """A frame after colour and engine: everything the matte needs. [1,C,H,W] on the device.

    Attributes:
        source, background: out-space linear; the background is None until one is filled in.
        linear, background_linear: the same in linear Rec.709.
        unseen: 0..1, 1 where the background was never seen but continued; None where it was shot.
        uncovered: see ``Background``.
        prediction: the engine's answer.
        inside, outside, protect, source_alpha: mattes or None.
        covered: [1,1,H,W] 1 where the plate has pixels.
        window: where that is, as slices of [N,C,H,W].
    """

    source: torch.Tensor
    background: torch.Tensor | None
    linear: torch.Tensor
    background_linear: torch.Tensor | None
    unseen: torch.Tensor | None
    uncovered: torch.Tensor | None
    prediction: Prediction
    inside: torch.Tensor | None
    outside: torch.Tensor | None
    protect: torch.Tensor | None
    source_alpha: torch.Tensor | None
    covered: torch.Tensor
    window: WindowSlices


@dataclass(frozen=True)
class SolvedFrame:
    """A frame whose alpha is solved. What is left knows neither networks nor other frames, so that
    matte and spill controls may be turned on it again and again.

    Attributes:
        seen: the frame as it was seen.
        solution: the solver's answer within ``seen.window``; None where the engine's alpha stands.
    """

    seen: SeenFrame
    solution: Solution | None


def shared_window(frames: Sequence[Pictures], reduction: Reduction) -> WindowSlices:
    """The part of [N,C,h,w] tensors on the keyed window that the plates of all frames cover."""
    shared = window = reduction.window
    for pictures in frames:
        shared = shared.intersection(reduction.covered_window(pictures.header.data_window))
    top, left = shared.y - window.y, shared.x - window.x
    rows, columns = slice(top, top + shared.height), slice(left, left + shared.width)
    return slice(None), slice(None), rows, columns


def is_empty(window: WindowSlices, picture: torch.Tensor) -> bool:
    """Whether a frame has no pixels on the window: all of them lie outside the format."""
    return picture[window].numel() == 0


def placed(part: torch.Tensor, seen: SeenFrame) -> torch.Tensor:
    """[1,C,h,w] within a frame's window on the whole frame; 0 beyond."""
    height, width = seen.prediction.alpha.shape[-2:]
    if part.shape[-2:] == (height, width):
        return part
    whole = part.new_zeros(*part.shape[:2], height, width)
    whole[seen.window] = part
    return whole
