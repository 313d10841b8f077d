"""Preparing and running a job from the command line: reporter, stop requests, exit code."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING

from mattebox.cli.jobs import job_if_readable, write_job
from mattebox.errors import (
    FaultyFramesError,
    MatteboxError,
    MissingFramesError,
    NameOf,
    UsageError,
    flag_of,
    label_of,
)
from mattebox.events import (
    EndEvent,
    JsonReporter,
    NamingReporter,
    NoteEvent,
    Reporter,
    TerminalReporter,
    WarningEvent,
    error_event,
)
from mattebox.farm.openjd_lines import OpenJdReporter
from mattebox.job import Job, PreparedJob, job_file
from mattebox.sequences import format_frames, parse_frames, told_steps
from mattebox.whole_files import NOT_FLUSHED_STEP, not_flushed

if TYPE_CHECKING:
    from mattebox.pipeline.clock import Tally
    from mattebox.pipeline.movie import MovieWish
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

    @property
    def name_of(self) -> NameOf:
        """How this listener knows settings: hosts have panels, all others typed options."""
        return label_of if self is Listener.JSON else flag_of

    def reporter(self) -> Reporter:
        """Somebody who tells this listener."""
        tells: dict[Listener, Callable[[], Reporter]] = {
            Listener.PERSON: TerminalReporter,
            Listener.JSON: JsonReporter,
            Listener.OPENJD: OpenJdReporter,
        }
        return NamingReporter(tells[self](), self.name_of)


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
    movie: MovieWish | None = None


@dataclass(frozen=True)
class Session:
    """A command that keys or prepares, and who listens to it.

    Attributes:
        reporter: tells them.
        stop: set when somebody asks for a stop.
        tally: how far its run is.
    """

    reporter: Reporter
    stop: threading.Event
    tally: Tally

    def end(self, exit_code: int) -> None:
        """Tell the last event, and before it what the process was told of its disk."""
        refused = not_flushed.take()
        if refused is not None:
            self.reporter.emit(
                WarningEvent(code="not_flushed", message=refused, next_step=NOT_FLUSHED_STEP)
            )
        tally = self.tally
        self.reporter.emit(
            EndEvent(
                exit_code=exit_code,
                done=tally.done,
                skipped=tally.skipped,
                total=tally.total,
                seconds=tally.seconds,
                cpu_seconds=tally.cpu_seconds,
                seconds_by_stage=tally.clock.computed,
                waited_by_stage=tally.clock.waited,
            )
        )


@contextmanager
def open_session(listener: Listener) -> Iterator[Session]:
    """A command's session. An error goes to the listener and ends the command."""
    began, cpu_began = perf_counter(), process_time()
    from mattebox.cli.exits import exit_code_of
    from mattebox.cli.stop import stop_requests
    from mattebox.pipeline.clock import Tally

    with stop_requests(read_standard_input=listener is Listener.JSON) as stop:
        tally = Tally(began=began, cpu_began=cpu_began)
        opened = Session(listener.reporter(), stop, tally)
        try:
            yield opened
        except MatteboxError as error:
            opened.reporter.emit(error_event(error, listener.name_of))
            opened.end(error.exit_code)
            raise SystemExit(error.exit_code) from error
        except (Exception, KeyboardInterrupt) as error:
            opened.end(exit_code_of(error))
            raise


def run_job(job: Job, options: RunOptions, session: Session) -> None:
    """Prepare and run one job."""
    # Before the job: a slip here should not cost the analysis of the shot.
    frames = frames_to_key(options)
    if frames == "":
        nothing = f"no frame of {options.frames} is in {options.chunk}"
        session.reporter.emit(NoteEvent(message=nothing))
        session.end(0)
        return
    for told in told_steps(options.frames or ""):
        session.reporter.emit(NoteEvent(message=told))
    if _only_keys(options) and isinstance(job, PreparedJob):
        from mattebox.pipeline.standing import run_standing

        if run_standing(job, session.reporter, tally=session.tally, frames=frames):
            session.end(0)
            return
    from mattebox.pipeline.chunks import StateFiles
    from mattebox.pipeline.movie import planned_movie, write_keyed_movie
    from mattebox.pipeline.run import run
    from mattebox.pipeline.setup import ShotSetup

    with closing(ShotSetup(job)) as setup:
        movie = None
        if options.movie is not None:
            movie = planned_movie(options.movie, setup.shot, overwrite=options.overwrite)
        with session.tally.clock.stage("analysis"):
            prepared = prepared_job(
                setup,
                options.prepared,
                session.reporter,
                max_memory=options.max_memory,
                overwrite=options.overwrite,
            )
        try:
            result = run(
                prepared,
                session.reporter,
                setup=setup,
                tally=session.tally,
                frames=frames,
                stop=session.stop,
                force=options.force,
                overwrite=options.overwrite,
                preview=options.preview,
                states=StateFiles(options.state_in, options.state_out, options.overwrite),
                max_memory=options.max_memory,
            )
        except (MissingFramesError, FaultyFramesError):
            if movie is not None:
                left = f"the movie {movie.path} is not made: it would lack frames"
                session.reporter.emit(NoteEvent(message=left))
            raise
        if movie is not None and options.movie is not None:
            with session.tally.clock.stage("movie"):
                write_keyed_movie(
                    movie,
                    options.movie.alpha,
                    prepared,
                    setup.shot,
                    (*result.written, *result.skipped),
                    session.reporter,
                    session.stop,
                )
    session.end(0)


def _only_keys(options: RunOptions) -> bool:
    """Whether a run that finds all its frames current has nothing else to do."""
    beside = (options.preview, options.state_in, options.state_out, options.movie)
    return not options.force and all(wish is None for wish in beside)


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
            f"--chunk {options.chunk} chooses among --frames, which are not given",
            next_step="give --frames with all frames of the shot, or leave --chunk out",
        )
    return format_frames({*frames} & {*parse_frames(options.chunk)})


def prepare_job(
    job: Job, target: Path, session: Session, *, overwrite: bool = False
) -> PreparedJob:
    """Analyse the shot once and write the prepared job.

    Where ``target`` holds that already, from the same files, it stays. Raises UsageError where it
    is another's file, and ``overwrite`` does not say that it goes.
    """
    from mattebox.pipeline.setup import ShotSetup

    with closing(ShotSetup(job)) as setup:
        return prepared_job(setup, target, session.reporter, overwrite=overwrite)


def prepared_job(
    setup: ShotSetup,
    stored: Path | None,
    reporter: Reporter,
    *,
    max_memory: int | None = None,
    overwrite: bool = False,
) -> PreparedJob:
    """Reuse the prepared job in ``stored`` where it still holds; else prepare it and store it."""
    from mattebox.pipeline.prepare import prepare
    from mattebox.pipeline.prepared_reuse import reused_job

    if stored is not None:
        job_file(stored, inputs=setup.shot.all_files, overwrite=overwrite).check()
    earlier = None if stored is None else job_if_readable(stored)
    if earlier is not None and not isinstance(setup.job, PreparedJob):
        reused = reused_job(earlier, setup)
        if reused is not None:
            reporter.emit(NoteEvent(message=f"{stored} is used; the shot was analysed already"))
            return reused
    prepared = prepare(setup.job, reporter, setup=setup, max_memory=max_memory)
    if stored is not None:
        write_job(prepared, stored, overwrite=overwrite)
    return prepared
