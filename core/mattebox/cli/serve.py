"""``mattebox serve``: single frames from one warm process, for hosts while a knob is turned."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mattebox.errors import MatteboxError, RunInterruptedError, SupersededError, label_of
from mattebox.events import Event, JsonReporter, NamingReporter, NoteEvent, error_event
from mattebox.job import Job, PreparedJob
from mattebox.preview_request import PreviewRequest, parse_request

if TYPE_CHECKING:
    from mattebox.cli.run import Session
    from mattebox.pipeline.warm import OpenJob, WarmShot

LOOK_SECONDS = 0.25
"""How often a process that waits looks whether it is to end."""


def serve(
    idle: Annotated[
        float,
        typer.Option(
            min=0.01,
            show_default=False,
            help="Minutes without a request after which it ends. [default: 10]",
        ),
    ] = 10.0,
    max_memory: Annotated[
        str | None,
        typer.Option(help="Memory that frames kept for the next knob may take. [default: 1G]"),
    ] = None,
) -> None:
    """Key single frames from a process that stays: for hosts, while a knob is turned.

    Each line on standard input asks for one frame: `{"request": "1", "frame": 1001, "job": {...}}`,
    then `{"request": "2", "frame": 1001, "settings": {"gamma": 1.2}}`. The answer is the event
    lines of `mattebox key --json` on standard output, each with the request's id, the last one
    `end`. A newer request for a frame ends the one in hand. Frames have the bytes of
    `mattebox key` for the same job.

    The shot stays open and analysed, and the solved frames stay in memory. It ends on a line
    `stop`, with its standard input, with the program that started it, and when nothing is asked
    of it for a while. It opens no port and writes nothing but frames, and the prepared job where a
    request says so.
    """
    from mattebox.cli.stop import stop_requests
    from mattebox.pipeline.memory import parse_memory
    from mattebox.pipeline.warm import MEMORY, WarmShot

    warm = WarmShot(MEMORY if max_memory is None else parse_memory(max_memory))
    inbox = Inbox()
    with stop_requests(read_standard_input=True, heard=inbox.put) as stop:
        JsonReporter().emit(NoteEvent(message="ready"))
        answered = time.monotonic()
        before: Job | None = None
        try:
            while not stop.is_set():
                taken = inbox.take(LOOK_SECONDS)
                if taken is not None:
                    before = _answered(taken, before, warm, inbox, stop)
                    answered = time.monotonic()
                elif time.monotonic() - answered > 60.0 * idle:
                    said = f"nothing was asked for {idle:g} minutes; ended"
                    JsonReporter().emit(NoteEvent(message=said))
                    break
        finally:
            warm.close()


@dataclass
class Inbox:
    """Requests that wait, in the order they came. Filled by one thread, emptied by another."""

    _waiting: deque[PreviewRequest | MatteboxError] = field(default_factory=deque)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def put(self, line: str) -> None:
        """Take in a line; what is no request waits as its error."""
        if not line.strip():
            return
        try:
            read: PreviewRequest | MatteboxError = parse_request(line)
        except MatteboxError as error:
            read = error
        with self._changed:
            self._waiting.append(read)
            self._changed.notify()

    def take(self, seconds: float) -> PreviewRequest | MatteboxError | None:
        """The oldest; None where none comes within ``seconds``."""
        with self._changed:
            if not self._waiting:
                self._changed.wait(seconds)
            return self._waiting.popleft() if self._waiting else None

    def supersedes(self, request: PreviewRequest) -> PreviewRequest | None:
        """The newest request that waits for the same frame; None where none does."""
        with self._changed:
            newer = [one for one in self._waiting if isinstance(one, PreviewRequest)]
        return next((one for one in reversed(newer) if one.frame == request.frame), None)


class _Tagged:
    """Passes events on as lines that name the request that they answer."""

    def __init__(self, request: str | None) -> None:
        self._request = request
        self._lines = JsonReporter()

    def emit(self, event: Event) -> None:
        self._lines.emit(event.model_copy(update={"request": self._request}))


def _answered(
    taken: PreviewRequest | MatteboxError,
    before: Job | None,
    warm: WarmShot,
    inbox: Inbox,
    stop: threading.Event,
) -> Job | None:
    """Answer a request; the job that the next one may change."""
    from mattebox.cli.exits import exit_code_of
    from mattebox.cli.run import Session
    from mattebox.pipeline.run import Tally

    request = taken if isinstance(taken, PreviewRequest) else None
    tagged = _Tagged(None if request is None else request.request)
    session = Session(NamingReporter(tagged, label_of), stop, Tally())
    try:
        if isinstance(taken, MatteboxError):
            raise taken
        job = taken.asked(before)
        before = job
        _key(taken, job, warm, inbox, session)
        session.end(0)
    except MatteboxError as error:
        session.reporter.emit(error_event(error, label_of))
        session.end(error.exit_code)
    except (Exception, KeyboardInterrupt) as error:
        session.end(exit_code_of(error))
        raise
    return before


def _key(request: PreviewRequest, job: Job, warm: WarmShot, inbox: Inbox, session: Session) -> None:
    from mattebox.cli.run import prepared_job

    def goes_on() -> None:
        if session.stop.is_set():
            raise RunInterruptedError("stopped; the frame was not written")
        newer = inbox.supersedes(request)
        if newer is not None:
            raise SupersededError(
                f"frame {request.frame} is asked for again by the request {newer.request!r}",
                frame=request.frame,
            )

    goes_on()
    with session.tally.clock.stage("analysis"):
        opened = warm.open(
            job, lambda setup: prepared_job(setup, request.prepared, session.reporter)
        )
        opened = _agreed(opened, request.prepared)
    goes_on()
    warm.key(opened, request.frame, session.reporter, session.tally, goes_on, force=request.force)


def _agreed(opened: OpenJob, stored: Path | None) -> OpenJob:
    """A known analysis beside the file where one is kept: the file's own where that holds, as in
    any run that reads it; else the file gets the known one."""
    from mattebox.cli.jobs import job_if_readable, write_job
    from mattebox.pipeline.prepared_reuse import reused_job
    from mattebox.pipeline.warm import OpenJob

    if stored is None or not opened.was_known:
        return opened
    earlier = job_if_readable(stored)
    if earlier == opened.job:
        return opened
    reused: PreparedJob | None = None if earlier is None else reused_job(earlier, opened.setup)
    if reused is not None:
        return OpenJob(opened.setup, reused, was_known=True)
    write_job(opened.job, stored)
    return opened
