"""Check that the frames of a job are there, whole and current, and that their layers add up."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch

from mattebox import header_words
from mattebox.errors import (
    InputError,
    MatteboxError,
    MissingFramesError,
    StaleError,
    UnreadableError,
)
from mattebox.frames import is_sealed, read_frame, read_header
from mattebox.images import Frame
from mattebox.job import PreparedJob
from mattebox.matte.identity import identity_error
from mattebox.pipeline.plan import Plan, proxy_of
from mattebox.pipeline.reduction import Reduction
from mattebox.pipeline.setup import ShotSetup
from mattebox.regular_files import is_there
from mattebox_ocio.plate import PlateColour


class Fault(enum.StrEnum):
    """What is wrong with a frame, the gravest first, each with its error."""

    error: type[MatteboxError]

    def __new__(cls, word: str, error: type[MatteboxError]) -> Self:
        fault = str.__new__(cls, word)
        fault._value_ = word
        fault.error = error
        return fault

    MISSING = "missing", MissingFramesError
    TRUNCATED = "truncated", UnreadableError
    STALE = "stale", StaleError
    IDENTITY = "identity", StaleError


@dataclass(frozen=True)
class CheckedFrame:
    """The status of one frame of a job.

    Attributes:
        frame: its number.
        path: where it is or should be.
        fault: the gravest one, or None.
        detail: what was found, for people; empty where all is well.
    """

    frame: int
    path: Path
    fault: Fault | None = None
    detail: str = ""


def check(job: PreparedJob, *, frames: str | None = None) -> Iterator[CheckedFrame]:
    """Check every frame that a prepared job should have written, in order.

    A frame is read whole. Where it holds the ``plate`` pass its layers are added up again and held
    against the source; else the identity error in its header is taken.

    Args:
        job: a prepared job.
        frames: which, as on the command line; None means all of the input.

    Raises MatteboxError where the job's input cannot be opened.
    """
    setup = ShotSetup(job)
    shot, plan = setup.shot, setup.plan(job, frames)
    colour = setup.colour(job.prepared.colour)
    for frame in sorted({*plan.frames, *plan.absent}):
        path = plan.output.path(frame)
        if frame in plan.absent:
            where = ", ".join(str(p) for p in shot.missing(frame)) or "not in the plate"
            yield CheckedFrame(frame, path, Fault.MISSING, f"its input is missing: {where}")
        else:
            fault, detail = _fault_of(plan, frame, path, colour)
            yield CheckedFrame(frame, path, fault, detail)


def exit_code(checked: Iterable[CheckedFrame]) -> int:
    """That of the gravest fault's error; 0 where all is well."""
    found = {one.fault for one in checked}
    return next((fault.error.exit_code for fault in Fault if fault in found), 0)


def _fault_of(plan: Plan, frame: int, path: Path, colour: PlateColour) -> tuple[Fault | None, str]:
    if not is_there(path):
        return Fault.MISSING, "not written"
    try:
        layers = {name.rpartition(".")[0] for name in read_header(path).main.channels}
        written = read_frame(path, layers=sorted(layers - {""}))
    except InputError as error:
        return Fault.TRUNCATED, error.message
    stale = _stale(plan, frame, written)
    if stale is not None:
        return Fault.STALE, stale
    if not is_sealed(path):
        return Fault.TRUNCATED, "its bytes are not those that were written"
    steps = _identity(plan, frame, written, colour)
    if not steps <= 1.0:
        return Fault.IDENTITY, f"the layers miss the source by {steps:.2f} steps"
    return None, ""


def _stale(plan: Plan, frame: int, written: Frame) -> str | None:
    """Why a frame is not what the job would write; None where it is."""
    maker = written.attributes.get(header_words.JOB)
    if maker is None:
        return "not written by Mattebox"
    found, wanted = proxy_of(written.attributes), plan.job.settings.proxy.factor
    if found != wanted:
        return f"keyed with proxy {found}, and the job asks for {wanted}"
    if maker != plan.job.fingerprint:
        return f"made by another job ({maker})"
    try:
        is_same = written.attributes.get(header_words.INPUTS) == plan.inputs(frame)
    except MissingFramesError as error:
        return error.message
    return None if is_same else "its input files have changed since"


def _identity(plan: Plan, frame: int, written: Frame, colour: PlateColour) -> float:
    """The identity's error in half-float steps: measured where the plate is at hand."""
    names = list(written.channels)
    wanted = ["R", "G", "B", "A", *(f"{layer}.{c}" for layer in ("spill", "plate") for c in "RGB")]
    if not set(wanted) <= set(names):
        return float(written.attributes.get(header_words.IDENTITY, np.inf))
    pixels = written.pixels[..., [names.index(name) for name in wanted]].astype(np.float32)
    pictures = plan.shot.read(frame)
    held = torch.from_numpy(np.ascontiguousarray(pictures.source)).permute(2, 0, 1)[None]
    covered = torch.from_numpy(pictures.covered.astype(np.float32))[None, None]
    reduction = Reduction.of(plan.job.settings, plan.shot)
    source = reduction.mean(colour.to_out(held)) * reduction.whole(covered)
    linear = source[0].permute(1, 2, 0).numpy().clip(-65504.0, 65504.0)
    return identity_error(pixels[..., :4], pixels[..., 4:7], pixels[..., 7:10], linear).max_steps
