"""A run as Open Job Description's session reads it: ``openjd_*`` lines on standard output."""

from __future__ import annotations

import sys
from typing import TextIO

from mattebox.events import (
    EndEvent,
    ErrorEvent,
    Event,
    NoteEvent,
    ProgressEvent,
    StartEvent,
    WarningEvent,
    stage_lines,
)
from mattebox.plain_text import one_line


class OpenJdReporter:
    """Progress in percent, status and failures, one line each; warnings as lines of the log."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream if stream is not None else sys.stdout

    def emit(self, event: Event) -> None:
        for line in _lines(event):
            self._stream.write(line + "\n")
        self._stream.flush()


def status(message: str) -> str:
    """The line that sets what the farm shows beside a task."""
    return f"openjd_status: {one_line(message)}"


def progress(done: int, total: int) -> str:
    """The line that sets a task's progress, in percent."""
    return f"openjd_progress: {100.0 * done / max(total, 1):.1f}"


def failure(message: str) -> str:
    """The line that says why a task fails; the exit code makes it fail."""
    return f"openjd_fail: {one_line(message)}"


def variable(name: str, value: str) -> str:
    """The line by which an environment sets a variable for the rest of the session."""
    return f"openjd_env: {name}={one_line(value)}"


def _lines(event: Event) -> list[str]:
    lines: list[str] = []
    match event:
        case StartEvent():
            begun = f"{event.engine} on {event.device}, {event.total} frames -> {event.output}"
            lines = [status(begun)]
        case NoteEvent():
            lines = [status(event.message)]
        case ProgressEvent():
            lines = [progress(event.done, event.total)]
        case WarningEvent():
            where = "" if event.frame is None else f" (frame {event.frame})"
            lines = [f"warning: {one_line(event.message)}{where}"]
        case ErrorEvent():
            step = f"; next step: {event.next_step}" if event.next_step else ""
            lines = [failure(f"{event.message}{step} (exit code {event.exit_code})")]
        case EndEvent():
            lines = _end(event)
    return lines


def _end(event: EndEvent) -> list[str]:
    if event.total == 0:  # nothing to do, or the job never began
        return [] if event.exit_code else [progress(1, 1)]
    ended = (
        f"{event.done} of {event.total} frames are there, {event.skipped} of them were already "
        f"current, {event.seconds:.1f} s"
    )
    spent = stage_lines(event) if event.seconds_by_stage else []
    # After a failure its reason stays what the farm shows.
    return [status(ended) if event.exit_code == 0 else ended, *spent]
