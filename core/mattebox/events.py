"""What a run says while it works: one JSON line per event for hosts and farms, a bar for people.

The pipeline only calls ``Reporter`` methods; who listens is decided on the command line. Event
lines go to standard output, one JSON object per line, each flushed at once; everything for people
goes to standard error. The schema of the lines is ``Event`` (``mattebox schema events``).
"""

from __future__ import annotations

import json
import sys
from typing import Annotated, Literal, Protocol, TextIO

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from mattebox.errors import JobError, MatteboxError, NameOf, flag_of, in_words
from mattebox.plain_text import harmless

SCHEMA_VERSION: Literal[1] = 1


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True)
    schema_version: Literal[1] = SCHEMA_VERSION
    request: str | None = Field(
        default=None, description="Of `mattebox serve`: the id of the request that this answers."
    )


class StartEvent(_Event):
    """The job is clear and work begins."""

    event: Literal["start"] = "start"
    total: int = Field(description="Frames asked for.")
    engine: str
    device: str = Field(description="cpu, or the CUDA device and its name.")
    fingerprint: str
    output: str


class NoteEvent(_Event):
    """What the run does before the first frame, where that takes a while."""

    event: Literal["note"] = "note"
    message: str


class ProgressEvent(_Event):
    """How far the run is, once per frame."""

    event: Literal["progress"] = "progress"
    frame: int
    done: int = Field(description="Frames that are on disk and current, skipped ones included.")
    total: int


class FrameEvent(_Event):
    """A frame is on disk, whole."""

    event: Literal["frame"] = "frame"
    frame: int
    path: str
    skipped: bool = Field(description="True where the frame was already current.")
    identity: float | None = Field(
        default=None, description="Largest identity error in steps of the largest term."
    )
    residual: float | None = Field(
        default=None, description="Mean absolute plate residual, out-space linear."
    )


class WarningEvent(_Event):
    """Something the user should know; the run goes on."""

    event: Literal["warning"] = "warning"
    code: str
    message: str
    frame: int | None = None
    path: str | None = None
    next_step: str | None = None


class ErrorEvent(_Event):
    """Why the run ends without all frames."""

    event: Literal["error"] = "error"
    code: str
    exit_code: int
    message: str
    expected: str | None = None
    next_step: str | None = None
    setting: str | None = Field(
        default=None, description="Setting or input concerned, by its name in a job."
    )
    frame: int | None = None
    path: str | None = None
    faults: list[str] = Field(default_factory=list)


class EndEvent(_Event):
    """The last line of every run."""

    event: Literal["end"] = "end"
    exit_code: int
    done: int
    skipped: int
    total: int
    seconds: float = Field(description="Wall time of the whole command.")
    cpu_seconds: float = Field(
        default=0.0, description="What all its threads computed in that time."
    )
    seconds_by_stage: dict[str, float] = Field(
        default_factory=dict,
        description="Seconds that each stage was at work, all threads added: stages overlap.",
    )
    waited_by_stage: dict[str, float] = Field(
        default_factory=dict,
        description="Seconds in which nothing could go on without the stage: with what belongs to "
        "no stage they add up to `seconds`.",
    )


Event = Annotated[
    StartEvent | NoteEvent | ProgressEvent | FrameEvent | WarningEvent | ErrorEvent | EndEvent,
    Field(discriminator="event"),
]
EVENT_SCHEMA: TypeAdapter[Event] = TypeAdapter(Event)


def error_event(error: MatteboxError, name_of: NameOf = flag_of) -> ErrorEvent:
    """The event line of an error, with settings as ``name_of`` calls them."""
    message, expected, next_step = error.said(name_of)
    return ErrorEvent(
        code=error.code,
        exit_code=error.exit_code,
        message=message,
        expected=expected,
        next_step=next_step,
        setting=error.setting,
        frame=error.frame,
        path=None if error.path is None else str(error.path),
        faults=error.faults_said(name_of) if isinstance(error, JobError) else [],
    )


class Reporter(Protocol):
    """Somebody who listens to a run."""

    def emit(self, event: Event) -> None: ...


class JsonReporter:
    """One JSON object per line, for hosts and farms."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream if stream is not None else sys.stdout

    def emit(self, event: Event) -> None:
        # Escaped beyond ASCII: a path may hold bytes that no encoding of the stream knows.
        values = event.model_dump(mode="python", exclude_none=True)
        self._stream.write(json.dumps(values, separators=(",", ":")) + "\n")
        self._stream.flush()


class TerminalReporter:
    """A progress bar with frames per second and time left; warnings above it; on standard error."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._console,
        )
        self._task = self._progress.add_task("keying", total=None, rate="", start=False)
        self._warned: dict[str, int] = {}

    def emit(self, event: Event) -> None:
        if isinstance(event, StartEvent):
            self._console.print(
                f"mattebox: {event.engine} on {event.device}, {event.total} frames -> "
                f"{harmless(event.output)}",
                highlight=False,
                soft_wrap=True,
                markup=False,
            )
            self._progress.start()
            self._progress.start_task(self._task)
            self._progress.update(self._task, total=event.total)
        elif isinstance(event, ProgressEvent):
            elapsed = self._progress.tasks[0].elapsed or 0.0
            rate = f"{event.done / elapsed:.2f} frames/s" if elapsed > 0 else ""
            self._progress.update(
                self._task,
                completed=event.done,
                rate=rate,
                description=f"keying {event.frame}",
            )
        elif isinstance(event, NoteEvent):
            self._console.print(
                f"mattebox: {event.message}", highlight=False, markup=False, soft_wrap=True
            )
        elif isinstance(event, WarningEvent):
            self._warn(event)
        elif isinstance(event, ErrorEvent):
            self._progress.stop()
            text = "\n  ".join(
                part
                for part in (
                    f"mattebox: error: {event.message}",
                    f"expected: {event.expected}" if event.expected else None,
                    f"next step: {event.next_step}" if event.next_step else None,
                )
                if part
            )
            self._console.print(text, style="red", highlight=False, markup=False, soft_wrap=True)
        elif isinstance(event, EndEvent):
            self._progress.stop()
            self._summarise(event)

    def _warn(self, event: WarningEvent) -> None:
        """The first warning of a kind is printed, the rest are counted."""
        self._warned[event.code] = self._warned.get(event.code, 0) + 1
        if self._warned[event.code] == 1:
            where = "" if event.frame is None else f" (frame {event.frame})"
            step = f"\n  next step: {event.next_step}" if event.next_step else ""
            self._console.print(
                f"mattebox: warning: {event.message}{where}{step}",
                style="yellow",
                highlight=False,
                markup=False,
                soft_wrap=True,
            )

    def _summarise(self, event: EndEvent) -> None:
        if event.total == 0:
            return  # the job never began
        for code, count in self._warned.items():
            if count > 1:
                self._console.print(f"mattebox: {count} warnings of the kind {code}", markup=False)
        skipped = f", {event.skipped} already current" if event.skipped else ""
        self._console.print(
            f"mattebox: {event.done} of {event.total} frames{skipped}, {event.seconds:.1f} s",
            highlight=False,
        )
        if event.seconds_by_stage:
            lines = "\n".join(stage_lines(event))
            self._console.print(lines, highlight=False, markup=False, soft_wrap=True)


class NamingReporter:
    """Passes events on, their words harmless, with settings as ``name_of`` calls them."""

    def __init__(self, listener: Reporter, name_of: NameOf) -> None:
        self._listener = listener
        self._name_of = name_of

    def emit(self, event: Event) -> None:
        words = {
            name: harmless(in_words(text, self._name_of))
            for name, text in event
            if name in ("message", "next_step") and text is not None
        }
        self._listener.emit(event.model_copy(update=words) if words else event)


class CollectingReporter:
    """Keeps all events; for callers in the same process."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        self.events.append(event)


def stage_lines(event: EndEvent) -> list[str]:
    """Where the time of a run went, the stage first that was waited for most.

    Stages overlap: what they computed may exceed the wall time. What was waited for does not, so
    the shares are of that, and add up to the whole with what belongs to no stage.
    """
    waited = event.waited_by_stage
    names = sorted(event.seconds_by_stage, key=lambda name: -waited.get(name, 0.0))
    lines = [f"  time: {event.seconds:.1f} s, {event.cpu_seconds:.1f} s of processor time"]
    lines += [
        f"  {name}: computed {event.seconds_by_stage[name]:.1f} s, "
        f"waited for {_of_the_wall(waited.get(name, 0.0), event.seconds)}"
        for name in names
    ]
    rest = max(0.0, event.seconds - sum(waited.values()))
    return [*lines, f"  everything else: {_of_the_wall(rest, event.seconds)}"]


def _of_the_wall(seconds: float, wall: float) -> str:
    return f"{seconds:.1f} s ({100.0 * seconds / wall if wall > 0.0 else 0.0:.0f} %)"
