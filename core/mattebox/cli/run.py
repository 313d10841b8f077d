"""Preparing and running a job from the command line: reporter, stop requests, exit code."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from mattebox.cli.jobs import job_if_readable, write_job
from mattebox.errors import MatteboxError, UsageError
from mattebox.events import (
    EndEvent,
    JsonReporter,
    NoteEvent,
    Reporter,
    TerminalReporter,
    error_event,
)
from mattebox.farm.openjd_lines import OpenJdReporter
from mattebox.job import Job, PreparedJob
from mattebox.sequences import format_frames, parse_frames

if TYPE_CHECKING:
    from mattebox.pipeline.setup import ShotSetup


class Listener(Enum):
    """Who reads what a run says."""

    PERSON = "person"
    JSON = "json"
    OPENJD = "openjd"

    @classmethod
    def chosen(cls, *, json_lines: bool, openjd_lines: bool) -> Listener:
        """The listener that ``--json`` and ``--openjd`` ask for. Raises UsageError for both."""
        if json_lines and openjd_lines:
            raise UsageError(
                "--json and --openjd both want standard output", next_step="give one of them"
            )
        if json_lines:
            return cls.JSON
        return cls.OPENJD if openjd_lines else cls.PERSON

    def reporter(self) -> Reporter:
        """Somebody who tells this listener."""
        match self:
            case Listener.PERSON:
                return TerminalReporter()
            case Listener.JSON:
                return JsonReporter()
            case Listener.OPENJD:
                return OpenJdReporter()


@dataclass(frozen=True)
class RunOptions:
    """What is said of a run and not of the job: nothing here decides a whole shot's pixels."""

    prepared: Path | None = None
    frames: str | None = None
    chunk: str | None = None
    force: bool = False
    overwrite: bool = False
    preview: Path | None = None
    state_in: Path | None = None
    state_out: Path | None = None
    max_memory: int | None = None


def run_job(job: Job, options: RunOptions, listener: Listener) -> None:
    """Prepare and run one job. Raises MatteboxError, already reported to the listener."""
    from mattebox.pipeline.chunks import StateFiles
    from mattebox.pipeline.run import run
    from mattebox.pipeline.setup import ShotSetup

    with _reporting(listener) as (reporter, stop):
        # Before the job: a slip here should not cost the look at the shot.
        frames = frames_to_key(options)
        if frames == "":
            reporter.emit(NoteEvent(message=f"no frame of {options.frames} is in {options.chunk}"))
            reporter.emit(EndEvent(exit_code=0, done=0, skipped=0, total=0, seconds=0.0))
            return
        setup = ShotSetup(job)
        run(
            _prepared(setup, options.prepared, reporter, max_memory=options.max_memory),
            reporter,
            setup=setup,
            frames=frames,
            stop=stop,
            force=options.force,
            overwrite=options.overwrite,
            preview=options.preview,
            states=StateFiles(options.state_in, options.state_out),
            max_memory=options.max_memory,
        )


def frames_to_key(options: RunOptions) -> str | None:
    """The frames of a run: those of ``--frames`` that lie in ``--chunk``. None means all.

    An empty text means none at all: a farm cuts a shot into pieces without looking at its holes.
    Raises UsageError where a text is no set of frames, or a chunk stands alone.
    """
    frames = None if options.frames is None else parse_frames(options.frames)
    if options.chunk is None:
        return options.frames
    if frames is None:
        raise UsageError(
            f"--chunk {options.chunk} says which of --frames are meant, and there are none",
            next_step="give --frames with all frames of the shot, or leave --chunk out",
        )
    return format_frames({*frames} & {*parse_frames(options.chunk)})


def prepare_job(job: Job, target: Path, listener: Listener) -> PreparedJob:
    """Look at the shot once and write the prepared job. Raises as ``run_job``.

    Where ``target`` holds that already, from the same files, it stays.
    """
    from mattebox.pipeline.setup import ShotSetup

    with _reporting(listener) as (reporter, _):
        return _prepared(ShotSetup(job), target, reporter)


def _prepared(
    setup: ShotSetup, kept: Path | None, reporter: Reporter, *, max_memory: int | None = None
) -> PreparedJob:
    """The prepared job: from where it is kept while it holds, else made, and kept there."""
    from mattebox.pipeline.kept import still_held
    from mattebox.pipeline.prepare import prepare

    earlier = None if kept is None else job_if_readable(kept)
    if earlier is not None and not isinstance(setup.job, PreparedJob):
        held = still_held(earlier, setup)
        if held is not None:
            reporter.emit(NoteEvent(message=f"{kept} holds what was found; nothing to look at"))
            return held
    prepared = prepare(setup.job, reporter, setup=setup, max_memory=max_memory)
    if kept is not None:
        write_job(prepared, kept)
    return prepared


@contextmanager
def _reporting(listener: Listener) -> Iterator[tuple[Reporter, threading.Event]]:
    """Who listens, and the event that asks for a stop; errors reach the listener once."""
    from mattebox.cli.stop import stop_requests

    with (
        stop_requests(read_standard_input=listener is Listener.JSON) as stop,
        telling_errors(listener) as reporter,
    ):
        yield reporter, stop


@contextmanager
def telling_errors(listener: Listener) -> Iterator[Reporter]:
    """Who listens; an error before the first frame, such as a wrong job, reaches them too."""
    reporter = listener.reporter()
    try:
        yield reporter
    except MatteboxError as error:
        if not error.was_reported:
            reporter.emit(error_event(error))
            error.was_reported = True
            nothing = EndEvent(exit_code=error.exit_code, done=0, skipped=0, total=0, seconds=0.0)
            reporter.emit(nothing)
        raise
