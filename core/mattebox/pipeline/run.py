"""Keying the frames of a prepared job: read ahead, compute, write behind, with bounded memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mattebox import header_words
from mattebox.devices import usable_cores, use_deterministic_arithmetic
from mattebox.errors import (
    FaultyFramesError,
    InputError,
    MissingFramesError,
    RunInterruptedError,
    StaleError,
    WriteError,
    named,
)
from mattebox.events import ProgressEvent, Reporter, WarningEvent
from mattebox.frames import read_attributes_only, remove_abandoned
from mattebox.job import PreparedJob
from mattebox.pipeline.chunks import NO_STATES, ChunkLinks, StateFiles
from mattebox.pipeline.clock import StageClock, Tally
from mattebox.pipeline.keyed_frame import LeavingFrame
from mattebox.pipeline.keyer import FrameKeyer
from mattebox.pipeline.memory import Demand, Waiting, waiting_within
from mattebox.pipeline.neighbourhood import Neighbourhood
from mattebox.pipeline.output import write_keyed
from mattebox.pipeline.overlap import overlapped
from mattebox.pipeline.plan import Plan, frames_in_words
from mattebox.pipeline.preview import sheet_file, write_contact_sheet
from mattebox.pipeline.reduction import Reduction
from mattebox.pipeline.sampling import fault_warning
from mattebox.pipeline.setup import ShotSetup
from mattebox.pipeline.standing import tell_current, tell_start
from mattebox.shot import Pictures

__all__ = ["RunResult", "Tally", "make_folder", "open_neighbourhood", "run"]


@dataclass(frozen=True)
class RunResult:
    """What a run did.

    Attributes:
        written, skipped: frames computed now, and frames that were already current.
        seconds_by_stage: what each stage computed; stages overlap.
    """

    written: tuple[int, ...]
    skipped: tuple[int, ...]
    seconds_by_stage: dict[str, float]


def run(
    job: PreparedJob,
    reporter: Reporter,
    *,
    setup: ShotSetup | None = None,
    tally: Tally | None = None,
    frames: str | None = None,
    stop: threading.Event | None = None,
    force: bool = False,
    overwrite: bool = False,
    preview: Path | None = None,
    states: StateFiles = NO_STATES,
    max_memory: int | None = None,
) -> RunResult:
    """Key frames of a prepared job.

    Args:
        job: a prepared job.
        reporter: gets the events of the run.
        setup: what is already open for this job; None opens it.
        tally: updated while the run goes on.
        frames: which frames, as on the command line; None means all on disk.
        stop: when set, the frame in hand is finished and the run ends with RunInterruptedError.
        force: compute current frames again.
        overwrite: replace files that Mattebox did not write; never an input.
        preview: where to write a contact sheet, or None.
        states: where an engine with memory begins and what it leaves to the next chunk.
        max_memory: bytes that keying may take; frames wait fewer at a time. None: no limit.

    Raises:
        UsageError: one frame takes more than ``max_memory``.
        MissingFramesError, FaultyFramesError: frames are missing, damaged or do not fit; all others
            have been written.
        WriteError, StaleError: at the end, frames are gone again, or another job wrote them.
        MatteboxError: of the kind of the fault; what was written before is whole.
    """
    setup, tally = setup or ShotSetup(job), tally or Tally()
    clock = tally.clock
    shot, plan = setup.shot, setup.plan(job, frames)
    plan.refuse_foreign_files(overwrite=overwrite)
    sheet = None if preview is None else sheet_file(preview, shot, overwrite=overwrite)
    if sheet is not None:
        sheet.check()
    waiting = Waiting.on(setup.device.kind, usable_cores())
    if max_memory is not None:
        waiting = waiting_within(max_memory, Demand.of(job, shot), waiting)
    tell_start(plan, setup.device.description, tally, reporter)
    with clock.stage("check"):
        current = () if force else tuple(frame for frame in plan.frames if plan.is_current(frame))
    needed = [frame for frame in plan.frames if frame not in set(current)]
    links = ChunkLinks.make(plan, states)
    tell_current(plan, current, tally, reporter)
    written: list[int] = []
    islands: list[int] = []
    faults: dict[int, InputError] = {}
    if needed or links.must_write:
        for frame, count in _key_frames(
            setup, plan, needed, links, waiting, reporter, clock, stop, faults
        ):
            written.append(frame)
            islands.append(count)
            tally.done += 1
            reporter.emit(ProgressEvent(frame=frame, done=tally.done, total=len(plan.frames)))
    lost = [frame for frame in needed if frame in faults]
    if stop is not None and stop.is_set() and len(written) + len(lost) < len(needed):
        raise RunInterruptedError(
            f"stopped after {tally.done} of {len(plan.frames)} frames; all of them are whole",
            next_step="run the same command again; it continues where it stopped",
        )
    _name_islands(islands, reporter)
    if sheet is not None and tally.done:
        with clock.stage("preview"):
            colour = setup.colour(job.prepared.colour)
            write_contact_sheet(sheet, [*current, *written], plan.output, shot, colour)
    _refuse_holes(plan, {frame: faults[frame] for frame in lost})
    _refuse_lost(plan, [*current, *written])
    return RunResult(tuple(written), current, clock.computed)


def _refuse_holes(plan: Plan, faults: Mapping[int, InputError]) -> None:
    """Raise MissingFramesError or FaultyFramesError where not all frames asked for are written."""
    missing = None
    if plan.absent:
        missing = f"missing in the input: {frames_in_words(plan.absent)}"
    if faults:
        raise FaultyFramesError(missing, faults)
    if missing is not None:
        raise MissingFramesError(
            f"{missing}; all others are written",
            plan.absent,
            next_step="bring the missing files and run the same command again",
        )


def _refuse_lost(plan: Plan, frames: Sequence[int]) -> None:
    """Raise where frames that were whole a moment ago are gone, or were written by another job."""
    found = {frame: read_attributes_only(plan.output.path(frame)) for frame in frames}
    gone = [frame for frame, attributes in found.items() if attributes is None]
    if gone:
        raise WriteError(
            f"written, and deleted before the run ended: {frames_in_words(gone)}",
            next_step="find out what deletes files in that folder, and run the same command again",
            path=plan.output.path(gone[0]),
            frame=gone[0],
        )
    fingerprint = plan.job.fingerprint
    others = [
        frame
        for frame, attributes in found.items()
        if attributes is not None and attributes.get(header_words.JOB) != fingerprint
    ]
    if others:
        raise StaleError(
            f"another job wrote into the same folder while this one ran; "
            f"{frames_in_words(others)} of {plan.output} are not this job's",
            next_step="give each job a folder of its own (-o)",
            path=plan.output.path(others[0]),
            frame=others[0],
        )


def _key_frames(
    setup: ShotSetup,
    plan: Plan,
    needed: list[int],
    links: ChunkLinks,
    waiting: Waiting,
    reporter: Reporter,
    clock: StageClock,
    stop: threading.Event | None,
    faults: dict[int, InputError],
) -> Iterator[tuple[int, int]]:
    """Key the needed frames in order; yields each, with its islands, once it is on disk.

    Frames that cannot be used go into ``faults`` and are left out.
    """
    make_folder(plan.output.folder)
    neighbourhood = open_neighbourhood(setup, plan, needed, links, clock)

    def read(frame: int) -> tuple[int, Pictures | InputError]:
        with clock.beside("read"):
            try:
                pictures = plan.shot.read(frame)
                if frame in neighbourhood.to_see:
                    pictures = setup.hinted(pictures, plan.job.prepared.colour)
            except InputError as error:
                if error.frame is None:  # of a picture that serves all frames
                    raise
                return frame, error
            else:
                return frame, pictures

    def key(arrived: tuple[int, Pictures | InputError]) -> Iterator[tuple[Pictures, LeavingFrame]]:
        frame, found = arrived
        if not isinstance(found, InputError):
            return neighbourhood.advance(found)
        faults[frame] = found
        reporter.emit(fault_warning("faulty_frame", "a frame is left out", frame, found))
        return neighbourhood.finished(neighbourhood.leave_out(frame))

    def write(done: tuple[Pictures, LeavingFrame]) -> tuple[int, int]:
        pictures, leaving = done
        with clock.beside("matte"):
            keyed = leaving.arrived()
        write_keyed(plan, pictures, keyed, reporter, clock)
        return pictures.frame, keyed.islands

    yield from overlapped(
        neighbourhood.to_read,
        read=read,
        key=key,
        write=write,
        waiting=waiting,
        clock=clock,
        stop=stop,
    )
    if links.must_write and not (stop is not None and stop.is_set()):
        links.write(neighbourhood.state)


def open_neighbourhood(
    setup: ShotSetup, plan: Plan, needed: list[int], links: ChunkLinks, clock: StageClock
) -> Neighbourhood:
    """What takes the plan's frames in order and keys the needed ones. Raises as ``ShotSetup``."""
    job, device = plan.job, setup.device
    found, analysis = job.prepared.colour, job.prepared.analysis
    use_deterministic_arithmetic(job.threads)
    with clock.stage("start"):
        colour = setup.colour(found)
        engine = setup.engine(job.prepared.weights)
        keyer = FrameKeyer(
            job.settings,
            engine=engine,
            colour=colour,
            analysis=analysis,
            device=device.torch,
            reduction=Reduction.of(job.settings, plan.shot),
            backgrounds=setup.backgrounds(found, analysis),
            clock=clock,
        )
    return Neighbourhood(
        plan,
        needed,
        keyer,
        recurrent=engine.info.recurrent,
        start=links.start(device.torch),
        to_the_end=links.must_write,
    )


def _name_islands(counts: Sequence[int], reporter: Reporter) -> None:
    """Say where most frames have small islands: what is there all the time is no flying hair."""
    having = sum(count > 0 for count in counts)
    if having <= len(counts) / 2:
        return
    reporter.emit(
        WarningEvent(
            code="islands",
            message=f"small areas stand apart from the subject in {having} of {len(counts)} "
            f"frames, up to {max(counts)} in a frame",
            next_step=f"{named('markers')} remove drops them, as tracking markers are; a matte "
            f"with {named('outside')} drops what it covers",
        )
    )


def make_folder(folder: Path) -> None:
    """Make the folder of a run's frames, less what killed runs left there. Raises WriteError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(
            f"the output folder {folder} cannot be made: {error.strerror}",
            next_step="choose another output (-o), or make room for this one",
            path=folder,
        ) from error
    remove_abandoned(folder)
