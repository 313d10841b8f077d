"""Finding out, once per shot, what a job left open: colour, weights, exposure, screen, noise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mattebox.devices import choose_device
from mattebox.engines.registry import engine_info
from mattebox.events import Reporter
from mattebox.job import Job, Prepared, PreparedWeights
from mattebox.pipeline.analyse import analyse
from mattebox.pipeline.colour import open_colour, resolve_colour
from mattebox.sequences import OutputPattern, output_pattern
from mattebox.shot import Shot


def prepare(job: Job, reporter: Reporter) -> Job:
    """The job with everything found out. A job that is prepared already comes back as it is.

    Raises MatteboxError of the kind of the fault; nothing is written.
    """
    if job.prepared is not None:
        return job
    device = choose_device(job.device)
    shot = Shot.open(job)
    checked_output(job, shot, shot.plate.frames)
    colour = resolve_colour(job, shot, reporter)
    weights = None
    if job.weights is not None and engine_info(job.settings.engine).wants_encoded:
        weights = _weights(Path(job.weights))
    analysis = analyse(job, shot, open_colour(job, colour), reporter)
    prepared = Prepared(colour=colour, weights=weights, analysis=analysis)
    return job.model_copy(update={"device": device.name, "prepared": prepared})


def checked_output(job: Job, shot: Shot, frames: Sequence[int]) -> OutputPattern:
    """Where the frames are written. Raises UsageError where that is one of the inputs."""
    output = output_pattern(job.output, shot.plate, frames)
    output.refuse_inputs(frames, [path for frame in frames for path in shot.files(frame)])
    return output


def _weights(path: Path) -> PreparedWeights:
    from mattebox.engines.checkpoints import load_checkpoint

    checkpoint = load_checkpoint(path)
    return PreparedWeights(path=str(path), sha256=checkpoint.sha256, network=checkpoint.network)
