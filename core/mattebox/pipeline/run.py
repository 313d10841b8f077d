"""Keying the frames of a prepared job: read ahead, compute, write behind, with bounded memory."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from mattebox import __version__
from mattebox.devices import choose_device, use_deterministic_arithmetic
from mattebox.engines.registry import make_engine
from mattebox.errors import MissingFramesError, RunInterruptedError, UsageError, WriteError
from mattebox.events import (
    EndEvent,
    FrameEvent,
    ProgressEvent,
    Reporter,
    StartEvent,
    WarningEvent,
)
from mattebox.frames import carried_attributes, read_attributes_only, write_frame
from mattebox.images import Frame, Pixels
from mattebox.job import Job
from mattebox.matte.layers import HALF_MAX
from mattebox.pipeline.colour import open_colour
from mattebox.pipeline.keyer import FrameKeyer, KeyedFrame, StageClock
from mattebox.pipeline.prepare import checked_output, constant_plate
from mattebox.sequences import OutputPattern, format_frames, parse_frames
from mattebox.shot import Pictures, Shot

FRAMES_READ_AHEAD = 2
FRAMES_BEING_WRITTEN = 2

FINGERPRINT = "mattebox/job"
INPUTS = "mattebox/inputs"


@dataclass(frozen=True)
class RunResult:
    """What a run did.

    Attributes:
        written, skipped: frames computed now, and frames that were already current.
        seconds_by_stage: where the time went; stages overlap.
    """

    written: tuple[int, ...]
    skipped: tuple[int, ...]
    seconds_by_stage: dict[str, float]


def run(
    job: Job,
    reporter: Reporter,
    *,
    frames: str | None = None,
    stop: threading.Event | None = None,
    force: bool = False,
    overwrite: bool = False,
    preview: Path | None = None,
) -> RunResult:
    """Key frames of a prepared job.

    Args:
        job: a prepared job.
        reporter: who listens.
        frames: which frames, as on the command line; None means all on disk.
        stop: when set, the frame in hand is finished and the run ends with RunInterruptedError.
        force: compute current frames again.
        overwrite: replace files that Mattebox did not write.
        preview: where to write a contact sheet, or None.

    Raises:
        MissingFramesError: frames are missing; all others have been written.
        MatteboxError: of the kind of the fault; what was written before is whole.
    """
    began = perf_counter()
    clock = StageClock()
    shot = Shot.open(job)
    plan = _Plan.make(job, shot, frames)
    plan.refuse_foreign_files(overwrite=overwrite)
    device = choose_device(job.device)
    reporter.emit(
        StartEvent(
            total=len(plan.frames) + len(plan.absent),
            engine=job.settings.engine.value,
            device=device.description,
            fingerprint=job.fingerprint,
            output=str(plan.output),
        )
    )
    current = () if force else tuple(frame for frame in plan.frames if plan.is_current(frame))
    needed = [frame for frame in plan.frames if frame not in set(current)]
    done = 0
    for frame in current:
        done += 1
        path = str(plan.output.path(frame))
        reporter.emit(FrameEvent(frame=frame, path=path, skipped=True))
        reporter.emit(ProgressEvent(frame=frame, done=done, total=len(plan.frames)))
    written: list[int] = []
    exit_code = 70
    try:
        if needed:
            for frame in _key_frames(plan, needed, reporter, clock, stop):
                written.append(frame)
                done += 1
                reporter.emit(ProgressEvent(frame=frame, done=done, total=len(plan.frames)))
        exit_code = 66 if plan.absent else 0
        if stop is not None and stop.is_set() and len(written) < len(needed):
            exit_code = RunInterruptedError.exit_code
            raise RunInterruptedError(
                f"stopped after {done} of {len(plan.frames)} frames; all of them are whole",
                next_step="run the same command again; it continues where it stopped",
            )
        if preview is not None and done:
            from mattebox.pipeline.preview import write_contact_sheet

            with clock.stage("preview"):
                write_contact_sheet(preview, job, [*current, *written], plan.output, shot)
        if plan.absent:
            raise MissingFramesError(
                f"missing in the input: {_frames(plan.absent)}; all others are written",
                plan.absent,
                next_step="bring the missing files and run the same command again",
            )
    except Exception as error:
        exit_code = getattr(error, "exit_code", exit_code)
        raise
    finally:
        reporter.emit(
            EndEvent(
                exit_code=exit_code,
                done=done,
                skipped=len(current),
                total=len(plan.frames) + len(plan.absent),
                seconds=perf_counter() - began,
                seconds_by_stage=clock.seconds,
            )
        )
    return RunResult(tuple(written), current, clock.seconds)


@dataclass(frozen=True)
class _Plan:
    """Which frames a run has to do with, and where they go."""

    job: Job
    shot: Shot
    frames: tuple[int, ...]
    absent: tuple[int, ...]
    output: OutputPattern

    @classmethod
    def make(cls, job: Job, shot: Shot, frames: str | None) -> _Plan:
        on_disk = set(shot.plate.frames)
        wanted = (
            tuple(sorted({*shot.plate.frames, *shot.plate.missing}))
            if frames is None
            else parse_frames(frames)
        )
        usable = tuple(f for f in wanted if f in on_disk and not shot.missing(f))
        absent = tuple(frame for frame in wanted if frame not in set(usable))
        if not usable:
            raise MissingFramesError(
                f"none of the frames {format_frames(wanted)} is there"
                + _first_missing(shot, wanted),
                wanted,
                next_step=f"the plate has {format_frames(shot.plate.frames)}",
            )
        return cls(job, shot, usable, absent, checked_output(job, shot, usable))

    def refuse_foreign_files(self, *, overwrite: bool) -> None:
        """Never replace a file that is not ours, unless told to."""
        if overwrite:
            return
        foreign = [
            path
            for path in (self.output.path(frame) for frame in self.frames)
            if path.exists() and FINGERPRINT not in (read_attributes_only(path) or {})
        ]
        if foreign:
            more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
            raise UsageError(
                f"{foreign[0]}{more} was not written by Mattebox and would be replaced",
                expected="an output without foreign files",
                next_step="choose another output, or say --overwrite",
            )

    def is_current(self, frame: int) -> bool:
        """True where the frame on disk is whole and is exactly what this job would write."""
        attributes = read_attributes_only(self.output.path(frame))
        return attributes is not None and (
            attributes.get(FINGERPRINT) == self.job.fingerprint
            and attributes.get(INPUTS) == self.shot.digest(frame)
        )


def _frames(frames: Sequence[int]) -> str:
    return f"{'frame' if len(frames) == 1 else f'{len(frames)} frames'} {format_frames(frames)}"


def _first_missing(shot: Shot, wanted: Sequence[int]) -> str:
    for frame in wanted:
        absent = shot.missing(frame)
        if absent:
            return f"; the first absent file is {absent[0]}"
    return ""


def _key_frames(
    plan: _Plan,
    needed: list[int],
    reporter: Reporter,
    clock: StageClock,
    stop: threading.Event | None,
) -> Iterator[int]:
    """Key the needed frames in order; yields each once it is on disk."""
    job = plan.job
    assert job.prepared is not None
    _make_folder(plan.output.folder)
    use_deterministic_arithmetic(job.threads)
    device = choose_device(job.device)
    colour = open_colour(job, job.prepared.colour)
    with clock.stage("start"):
        weights = job.prepared.weights
        engine = make_engine(
            job.settings,
            weights=None if weights is None else Path(weights.path),
            device=device.torch,
        )
    keyer = FrameKeyer(
        job.settings,
        engine=engine,
        colour=colour,
        analysis=job.prepared.analysis,
        device=device.torch,
        constant_plate=constant_plate(job, colour, job.prepared.analysis),
        clock=clock,
    )
    to_see = _with_memory(plan, needed) if engine.info.recurrent else needed
    wanted = set(needed)
    state = None
    pending: deque[tuple[int, Future[None]]] = deque()
    with (
        ThreadPoolExecutor(FRAMES_READ_AHEAD, "read") as readers,
        ThreadPoolExecutor(FRAMES_BEING_WRITTEN, "write") as writers,
    ):
        for pictures in _read_ahead(plan.shot, to_see, readers, clock, stop):
            seen, state = keyer.see(pictures, state)
            if pictures.frame not in wanted:
                continue
            keyed = keyer.finish(seen)
            writing = writers.submit(_write, plan, pictures, keyed, reporter, clock)
            pending.append((pictures.frame, writing))
            while len(pending) > FRAMES_BEING_WRITTEN:
                frame, oldest = pending.popleft()
                oldest.result()
                yield frame
        for frame, writing in pending:
            writing.result()
            yield frame


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(
            f"the output folder {folder} cannot be made: {error.strerror}",
            next_step="choose another output (-o), or make room for this one",
            path=folder,
        ) from error


def _with_memory(plan: _Plan, needed: list[int]) -> list[int]:
    """For engines with memory: every frame from the shot's first one on, so that a frame's result
    does not depend on which other frames were asked for."""
    last = needed[-1]
    return [f for f in plan.shot.plate.frames if f <= last and not plan.shot.missing(f)]


def _read_ahead(
    shot: Shot,
    frames: Sequence[int],
    readers: ThreadPoolExecutor,
    clock: StageClock,
    stop: threading.Event | None,
) -> Iterator[Pictures]:
    """Read frames in order, at most FRAMES_READ_AHEAD of them before they are asked for."""

    def read(frame: int) -> Pictures:
        with clock.stage("read"):
            return shot.read(frame)

    waiting: deque[Future[Pictures]] = deque()
    left = iter(frames)
    for frame in left:
        waiting.append(readers.submit(read, frame))
        if len(waiting) < FRAMES_READ_AHEAD:
            continue
        if stop is not None and stop.is_set():
            return
        yield waiting.popleft().result()
    while waiting:
        if stop is not None and stop.is_set():
            return
        yield waiting.popleft().result()


def _write(
    plan: _Plan, pictures: Pictures, keyed: KeyedFrame, reporter: Reporter, clock: StageClock
) -> None:
    """Write one frame and say so."""
    frame, path = pictures.frame, plan.output.path(pictures.frame)
    with clock.stage("write"):
        attributes, types = _header(plan, pictures, keyed)
        pixels, channels = _with_passed(keyed, pictures)
        keyed_frame = Frame(
            pixels,
            channels,
            data_window=plan.shot.window,
            display_window=pictures.header.display_window,
            pixel_aspect=pictures.header.pixel_aspect,
            attributes=attributes,
            attribute_types=types,
        )
        write_frame(path, keyed_frame, pixel_type=plan.job.settings.pixel_type.value)
    for code, count, message in (
        ("non_finite", pictures.repaired, "pixels with NaN or Inf repaired from their neighbours"),
        ("clamped", keyed.clamped, "values outside half's range clamped to +-65504"),
    ):
        if count:
            reporter.emit(
                WarningEvent(code=code, message=f"{count} {message}", frame=frame, path=str(path))
            )
    if not keyed.identity.holds:
        reporter.emit(
            WarningEvent(
                code="identity",
                message=f"the layers miss the source by {keyed.identity.max_steps:.2f} steps at "
                f"{keyed.identity.worst}",
                frame=frame,
                path=str(path),
                next_step="please report this; it is a fault of Mattebox",
            )
        )
    reporter.emit(
        FrameEvent(
            frame=frame,
            path=str(path),
            skipped=False,
            identity=keyed.identity.max_steps,
            residual=keyed.residual,
        )
    )


def _with_passed(keyed: KeyedFrame, pictures: Pictures) -> tuple[Pixels, tuple[str, ...]]:
    """The keyed channels, and behind them those that are passed through."""
    if not pictures.passed_names:
        return keyed.pixels, keyed.channels
    doubled = set(keyed.channels) & set(pictures.passed_names)
    if doubled:
        raise UsageError(
            f"the plate's {', '.join(sorted(doubled))} cannot be passed through: the result has "
            "channels of that name",
            next_step="leave them out of --layers, or the pass out of --passes",
            frame=pictures.frame,
        )
    passed = pictures.passed.clip(-HALF_MAX, HALF_MAX).astype(keyed.pixels.dtype)
    return (
        np.concatenate([keyed.pixels, passed], axis=2),
        (*keyed.channels, *pictures.passed_names),
    )


def _header(
    plan: _Plan, pictures: Pictures, keyed: KeyedFrame
) -> tuple[dict[str, Any], dict[str, str]]:
    """The source's attributes, the result's colour, and where the pixels come from; with types."""
    job = plan.job
    assert job.prepared is not None
    colour, weights = job.prepared.colour, job.prepared.weights
    plate = (
        "given"
        if job.clean_plate is not None
        else ("constant" if job.settings.screen is not None else "inpainted")
    )
    made: dict[str, Any] = {
        "mattebox/version": __version__,
        "mattebox/engine": job.settings.engine.value,
        "mattebox/device": job.device.split(":")[0],
        "mattebox/plateSpace": colour.in_space,
        "mattebox/plate": plate,
        FINGERPRINT: job.fingerprint,
        INPUTS: pictures.digest,
        "mattebox/identity": float(keyed.identity.max_steps),
        "mattebox/residual": float(keyed.residual),
        "mattebox/repaired": int(pictures.repaired),
        "mattebox/clamped": int(keyed.clamped),
    }
    if weights is not None:
        made["mattebox/weights"] = weights.sha256
    if colour.interop_id is not None:
        made["colorInteropID"] = colour.interop_id
    made["chromaticities"] = colour.chromaticities
    attributes, types = carried_attributes(pictures.header)
    return attributes | made, types | {"chromaticities": "float[8]"}
