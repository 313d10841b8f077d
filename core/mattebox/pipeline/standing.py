"""Frames that are current already: told without loading what computes, which takes seconds.

A farm starts chunks again that were done before; most of their time went into importing torch.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing

from mattebox.events import FrameEvent, ProgressEvent, Reporter, StartEvent
from mattebox.job import PreparedJob
from mattebox.matte.unmixing.weights_file import weights_sha256
from mattebox.pipeline.clock import Tally
from mattebox.pipeline.plan import Plan, Reach
from mattebox.regular_files import is_there
from mattebox.settings import EngineName
from mattebox.shot import Shot

NEIGHBOURS = 1
"""``matte.steady.WINDOW``, which cannot be read without torch."""

REMEMBERING = frozenset({EngineName.RVM})
"""Engines whose ``EngineInfo`` says that they are recurrent, likewise."""


def reach_of(job: PreparedJob) -> Reach:
    """Which other frames a frame of a job depends on."""
    solved = job.prepared.analysis.statistics is not None
    return Reach(
        neighbours=NEIGHBOURS if solved else 0, remembers=job.settings.engine in REMEMBERING
    )


def run_standing(job: PreparedJob, reporter: Reporter, *, tally: Tally, frames: str | None) -> bool:
    """Tell the run of a prepared job, where all its frames are current.

    The device is not asked for: nothing is computed on it.

    Args:
        job: a prepared job.
        reporter: gets the events of the run, the same as of ``run``.
        tally: updated as by ``run``.
        frames: which frames, as on the command line; None means all on disk.

    Returns:
        False, and nothing told, where there is something to key or to refuse.

    Raises:
        MatteboxError: as ``Shot.open`` and ``Plan.make``.
    """
    if job.prepared.unmixing != weights_sha256():
        return False
    with closing(Shot.open(job)) as shot:
        plan = Plan.make(job, shot, frames, reach_of(job))
        with tally.clock.stage("check"):
            # The plain look first: reading digests of a long clip for a frame that is not there
            # would come on top of keying it.
            written = all(is_there(plan.output.path(frame)) for frame in plan.frames)
            stands = written and all(plan.is_current(frame) for frame in plan.frames)
        if plan.absent or not stands:
            return False
        tell_start(plan, job.device, tally, reporter)
        tell_current(plan, plan.frames, tally, reporter)
    return True


def tell_start(plan: Plan, device: str, tally: Tally, reporter: Reporter) -> None:
    """Say that the job is clear; ``device`` as people know it."""
    tally.total = len(plan.frames) + len(plan.absent)
    reporter.emit(
        StartEvent(
            total=tally.total,
            engine=plan.job.settings.engine.value,
            device=device,
            fingerprint=plan.job.fingerprint,
            output=str(plan.output),
        )
    )


def tell_current(plan: Plan, current: Iterable[int], tally: Tally, reporter: Reporter) -> None:
    """Say of frames that they were on disk and current, and count them."""
    for frame in current:
        tally.skipped += 1
        tally.done += 1
        path = str(plan.output.path(frame))
        reporter.emit(FrameEvent(frame=frame, path=path, skipped=True))
        reporter.emit(ProgressEvent(frame=frame, done=tally.done, total=len(plan.frames)))
