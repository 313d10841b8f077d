"""Finding out, once per shot, what a job left open: colour, weights, exposure, screen, noise."""

from __future__ import annotations

from collections.abc import Sequence

from mattebox.devices import choose_device
from mattebox.engines.registry import engine_info
from mattebox.errors import JobError
from mattebox.events import Reporter
from mattebox.job import Job, Prepared, PreparedWeights
from mattebox.matte.unmixing.weights_file import weights_sha256
from mattebox.network_config import read_network_config
from mattebox.pipeline.analyse import analyse, sampled_pairs
from mattebox.pipeline.colour import open_colour, resolve_colour
from mattebox.pipeline.memory import refuse_too_little
from mattebox.sequences import OutputPattern, output_pattern
from mattebox.shot import Shot


def prepare(job: Job, reporter: Reporter, *, max_memory: int | None = None) -> Job:
    """The job with everything found out. A job that is prepared already comes back as it is.

    Args:
        job: what the user said.
        reporter: who listens.
        max_memory: bytes that the look at the shot, and then keying, may take. None: no limit.

    Raises MatteboxError of the kind of the fault, UsageError before the first picture is read
    where ``max_memory`` does not suffice; nothing is written.
    """
    if job.prepared is not None:
        _refuse_other_unmixing(job.prepared.unmixing)
        return job
    device = choose_device(job.device)
    shot = Shot.open(job)
    checked_output(job, shot, shot.plate.frames)
    if max_memory is not None:
        refuse_too_little(
            max_memory,
            job.settings.engine,
            shot.window.width,
            shot.window.height,
            looked_at=len({frame for pair in sampled_pairs(job, shot) for frame in pair}),
            passed=len(job.layers),
        )
    weights = _weights(job) if engine_info(job.settings.engine).wants_encoded else None
    colour = resolve_colour(job, shot, reporter)
    located = job.model_copy(update={"weights": weights.path if weights is not None else None})
    analysis = analyse(located, shot, open_colour(job, colour), reporter)
    prepared = Prepared(
        colour=colour, weights=weights, unmixing=weights_sha256(), analysis=analysis
    )
    return job.model_copy(update={"device": device.name, "prepared": prepared})


def _refuse_other_unmixing(sha256: str) -> None:
    """Raise JobError where a job was prepared for other weights of the unmixing network."""
    if sha256 != weights_sha256():
        raise JobError(
            [
                (
                    f"prepared.unmixing: the job was prepared for the unmixing weights "
                    f"{sha256[:12]}, this Mattebox holds {weights_sha256()[:12]}; make the job "
                    "again, or use the Mattebox that wrote it"
                )
            ]
        )


def checked_output(job: Job, shot: Shot, frames: Sequence[int]) -> OutputPattern:
    """Where the frames are written. Raises UsageError where that is one of the inputs."""
    output = output_pattern(job.output, shot.plate, frames)
    output.refuse_inputs(frames, [path for frame in frames for path in shot.files(frame)])
    return output


def _weights(job: Job) -> PreparedWeights:
    from mattebox.weights.choose import choose_weights, know_weights

    chosen = choose_weights(job.weights, job.settings.engine)
    known = know_weights(chosen)
    return PreparedWeights(
        path=str(chosen.path),
        sha256=known.file.sha256,
        network=known.file.network or "unknown",
        licence=known.licence,
        config=read_network_config(job.network_config),
    )
