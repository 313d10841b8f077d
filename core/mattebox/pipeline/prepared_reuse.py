"""Reuse of a job prepared earlier, so that an unchanged shot is analysed once."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mattebox.errors import MatteboxError
from mattebox.events import CollectingReporter
from mattebox.flow.dense import flow_identity
from mattebox.images import Window
from mattebox.job import Job, Prepared, PreparedJob
from mattebox.matte.unmixing.weights_file import weights_sha256
from mattebox.pipeline.setup import ShotSetup
from mattebox.weights.choose import located_weights


def reused_job(earlier: Job, setup: ShotSetup) -> PreparedJob | None:
    """The job of ``setup`` with the analysis of ``earlier``; None where that cannot be reused.

    It cannot where ``earlier`` is another job, or where files that it analysed have changed. The
    plate may have grown: the earlier analysis serves new frames too, and frames that are keyed
    already stay current.

    Raises MatteboxError where the inputs cannot be opened.
    """
    if not isinstance(earlier, PreparedJob):
        return None
    job, device = setup.job, setup.device
    before = earlier.asked(device=job.device, output=job.output)
    if before != job or device.kind != earlier.device.split(":")[0]:
        return None
    if not _holds(earlier.prepared, setup):
        return None
    return PreparedJob.of(job, earlier.prepared, device=device.name)


def _holds(prepared: Prepared, setup: ShotSetup) -> bool:
    """Whether files, colour and weights are those of the earlier analysis."""
    shot, frames = setup.shot, prepared.analysis.frames
    is_other_flow = prepared.flow is not None and prepared.flow != flow_identity()
    if prepared.unmixing != weights_sha256() or is_other_flow:
        return False
    if any(frame not in shot.plate.files or shot.missing(frame) for frame in frames):
        return False
    digest = hashlib.sha256("".join(shot.digest(frame) for frame in frames).encode())
    if digest.hexdigest() != prepared.analysis.digest:
        return False
    window = prepared.analysis.window
    if window is not None and Window(*window) != shot.window:
        return False
    # Why a space was chosen may name a folder, and decides nothing.
    colour = setup.find_colour(CollectingReporter())
    if colour.model_copy(update={"reason": prepared.colour.reason}) != prepared.colour:
        return False
    return prepared.weights is None or _is_here(prepared.weights.path, prepared.weights.sha256)


def _is_here(path: str, sha256: str) -> bool:
    try:
        located_weights(Path(path), sha256)
    except MatteboxError:
        return False
    return True
