"""What every engine is: one protocol, its inputs and its answer.

An engine gives a *first* alpha. It never composites, never despills and never sees a file:
the solver in ``mattebox.matte`` turns its answer into alpha for linear light.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

import torch

StateT = TypeVar("StateT")


@dataclass(frozen=True)
class EngineInfo:
    """What a user and the pipeline must know about an engine before it runs.

    Attributes:
        name: the name on the command line.
        summary: one line for help texts.
        recurrent: True where a frame's answer depends on the frames before it.
        settles: frames after which what came before moves a person's alpha by less than 1/2048
            in the mean (measured, docs/farm.md); 0 where the engine has no memory.
        needs_background: True where a clean plate (given or made from the screen) is required.
        wants_encoded: True where the engine reads ``EngineInput.encoded`` (networks).
    """

    name: str
    summary: str
    recurrent: bool
    needs_background: bool
    wants_encoded: bool
    settles: int = 0


@dataclass(frozen=True)
class EngineInput:
    """One frame, as engines see it. All tensors float32 on the engine's device.

    Attributes:
        linear: [1,3,H,W] source, scene-linear Rec.709, unbounded (HDR and negatives).
        background_linear: [1,3,H,W] clean plate in the same light, or None.
        encoded: [1,3,H,W] source, display-encoded 0..1 as networks were trained on
            (``mattebox_ocio.model_space``), or None where the engine did not ask for it.
        background_encoded: [1,3,H,W] clean plate encoded likewise, or None.
        hint: [1,1,H,W] a matte from elsewhere, 0..1, or None.
        hint_error: [1,1,H,W] 0..1 the absolute error to expect of the hint, where it is known.
        second_linear, second_background_linear: [1,3,H,W] the same moment over another background,
            and that background (dual-pass shots), or None.
    """

    linear: torch.Tensor
    background_linear: torch.Tensor | None = None
    encoded: torch.Tensor | None = None
    background_encoded: torch.Tensor | None = None
    hint: torch.Tensor | None = None
    hint_error: torch.Tensor | None = None
    second_linear: torch.Tensor | None = None
    second_background_linear: torch.Tensor | None = None


@dataclass(frozen=True)
class Prediction:
    """An engine's answer for one frame.

    Attributes:
        alpha: [1,1,H,W] float32, 0..1.
        error: [1,1,H,W] 0..1 the absolute error of alpha that the engine knows to expect, or None.
        exact: True where alpha is already right for linear light (triangulation).
        sure_inside: True where the engine knows what is opaque without the background: a network
            that knows people, or somebody's matte. The solver then leaves a solid interior alone.
    """

    alpha: torch.Tensor
    error: torch.Tensor | None = None
    exact: bool = False
    sure_inside: bool = False


class EngineState(Protocol):
    """What an engine remembers of the frames before; only it, and state files, look inside."""

    @property
    def maps(self) -> tuple[torch.Tensor, ...]: ...


class Engine(Protocol[StateT]):
    """One way to get a first alpha.

    ``predict`` takes the state that the call for the previous frame returned (None at the first
    frame and after a cut) and returns the state for the next one (None where the engine has no
    memory). It raises DeviceError where memory does not suffice and never falls back to
    another device.
    """

    @property
    def info(self) -> EngineInfo: ...

    def predict(
        self, frame: EngineInput, state: StateT | None
    ) -> tuple[Prediction, StateT | None]: ...
