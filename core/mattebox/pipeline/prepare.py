"""Finding out, once per shot, what a job left open: colour, weights, exposure, screen, noise."""

from __future__ import annotations

from mattebox.errors import JobError
from mattebox.events import NoteEvent, Reporter, WarningEvent
from mattebox.flow.dense import flow_identity
from mattebox.job import Job, Prepared, PreparedJob
from mattebox.matte.unmixing.weights_file import weights_sha256
from mattebox.pipeline.analyse import analyse, sampled_pairs
from mattebox.pipeline.memory import Demand, refuse_too_little
from mattebox.pipeline.plan import checked_output
from mattebox.pipeline.setup import ShotSetup
from mattebox.shot import doubts_about, remarks_on


def prepare(
    job: Job,
    reporter: Reporter,
    *,
    setup: ShotSetup | None = None,
    max_memory: int | None = None,
) -> PreparedJob:
    """The job with everything found out. A job that is prepared already comes back as it is.

    Args:
        job: what the user said.
        reporter: who listens.
        setup: what is open of the job already, and is passed on to ``run``.
        max_memory: bytes that the analysis of the shot, and then keying, may take. None: no limit.

    Raises MatteboxError of the kind of the fault, UsageError before the first picture is read
    where ``max_memory`` does not suffice; nothing is written.
    """
    if isinstance(job, PreparedJob):
        _refuse_other_unmixing(job.prepared.unmixing)
        _refuse_other_flow(job)
        return job
    setup = setup or ShotSetup(job)
    flow = flow_identity() if wants_flow(job) else None
    device, shot = setup.device, setup.shot
    for remark in remarks_on(shot):
        reporter.emit(NoteEvent(message=remark))
    for doubt in doubts_about(shot):
        reporter.emit(
            WarningEvent(
                code="names_beside",
                message=doubt,
                next_step="rename them, if they are frames of the shot",
            )
        )
    checked_output(job, shot, shot.plate.frames)
    if max_memory is not None:
        analysed = len({frame for pair in sampled_pairs(job, shot) for frame in pair})
        refuse_too_little(max_memory, Demand.of(job, shot), analysed=analysed)
    weights = setup.find_weights()
    colour = setup.find_colour(reporter)
    analysis = analyse(setup, colour, weights, reporter)
    prepared = Prepared(
        colour=colour, weights=weights, unmixing=weights_sha256(), analysis=analysis, flow=flow
    )
    return PreparedJob.of(job, prepared, device=device.name)


def wants_flow(job: Job) -> bool:
    """Whether a job needs optical flow, and so OpenCV."""
    return job.hint_keys is not None


def _refuse_other_flow(job: PreparedJob) -> None:
    """Raise JobError where a job was prepared with another OpenCV, which finds another flow."""
    prepared = job.prepared.flow
    if prepared is not None and prepared != flow_identity():
        raise JobError(
            [
                (
                    f"prepared.flow: the job was prepared with {prepared}, here is "
                    f"{flow_identity()}; make the job again, or install that version"
                )
            ]
        )


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
