"""One run of the core beside the host: started, listened to, stopped."""

from __future__ import annotations

import contextlib
import enum
import json
import queue
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from .keyed_frames import vouch_for
from .mattebox_command import BrokenError, Mattebox, clean_environment, hidden_window
from .request import Request

PATIENCE_SECONDS = 10.0
"""A stop request lets the frame in hand finish this long; the core keeps to the same figure."""

LARGEST_EXIT_CODE = 128
"""Of the core; Windows says with a larger one that a process was ended."""

KEPT_LINES = 20
"""What is kept of the core's standard error, for a run that ends without saying why."""

INTERRUPTED = 75
"""Exit code of a core that was asked to stop."""


class Phase(enum.Enum):
    """How far a run is."""

    STARTING = "starting"
    ANALYSING = "analysing the shot"
    KEYING = "keying"
    STOPPING = "stopping"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        return self in (Phase.DONE, Phase.STOPPED, Phase.FAILED)


@dataclass
class Progress:
    """What a run has said so far.

    Attributes:
        phase: how far it is.
        done, total: frames that are on disk and current, and frames asked for.
        frame: the last one that was finished; None before the first.
        note: what it does, one line.
        warnings: in the order they came, each once.
        error: why it failed, with what was expected and the next step; None while all is well.
        exit_code: of the core; None while it runs.
        fingerprint: of the job; None before the core knows it.
        frames: frames that were written or found current.
    """

    phase: Phase = Phase.STARTING
    done: int = 0
    total: int = 0
    frame: int | None = None
    note: str = ""
    warnings: list[str] = field(default_factory=list)
    error: str | None = None
    exit_code: int | None = None
    fingerprint: str | None = None
    frames: list[int] = field(default_factory=list)

    @property
    def share(self) -> float:
        """0..1 of the frames."""
        return self.done / self.total if self.total else 0.0

    @property
    def line(self) -> str:
        """One line for a status bar."""
        if self.phase is Phase.FAILED:
            said = (self.error or "failed").splitlines()
            return f"Mattebox: {' '.join(said[: 2 if said[0].endswith(':') else 1])}"
        counted = f" {self.done} of {self.total} frames" if self.total else ""
        noted = f": {self.note}" if self.note and not self.phase.is_over else ""
        return f"Mattebox: {self.phase.value}{counted}{noted}"


class Hearing:
    """Who listens to the answer to one request, and makes a ``Progress`` of it.

    Attributes:
        progress: what was said so far.
    """

    def __init__(self, request: Request | None = None) -> None:
        self.progress = Progress()
        self._request = request
        self._asked_to_stop: float | None = None
        self._was_killed = False

    def _heard(self, name: str, event: dict[str, Any]) -> None:
        """Events of a later core that are not known here are passed over: keys are only added."""
        progress, stopping = self.progress, self._asked_to_stop is not None
        if name == "note":
            progress.note = event["message"]
            if not stopping:
                progress.phase = Phase.ANALYSING
        elif name == "start":
            progress.total, progress.fingerprint = event["total"], event["fingerprint"]
            progress.note = f"{event['engine']} on {event['device']}"
            if not stopping:
                progress.phase = Phase.KEYING
        elif name == "progress":
            progress.done, progress.total = event["done"], event["total"]
            progress.frame = event["frame"]
        elif name == "frame":
            progress.frames.append(event["frame"])
            if event["skipped"] and self._request is not None:
                vouch_for(Path(event["path"]), self._request.inputs(event["frame"]))
        elif name == "warning":
            if event["message"] not in progress.warnings:
                progress.warnings.append(event["message"])
        elif name == "error":
            progress.error = _sentence(event)

    def _conclude(self, code: int) -> None:
        progress = self.progress
        progress.exit_code = code
        if code == 0:
            progress.phase = Phase.DONE
        elif code == INTERRUPTED or self._was_killed:
            progress.phase, progress.error = Phase.STOPPED, None
        else:
            progress.phase = Phase.FAILED
            progress.error = progress.error or self._silent_end(code)

    def _silent_end(self, code: int) -> str:
        """What to say of a core that ended without a word of its own."""
        return f"the core ended with {code} and did not say why; frames that are written are whole."


def start_core(
    mattebox: Mattebox, words: Sequence[str], folder: Path | None = None
) -> subprocess.Popen[str]:
    """A process of the core that is listened to and spoken to. Raises BrokenError."""
    try:
        return subprocess.Popen(  # noqa: S603 - the command that the artist chose
            [*mattebox.command, *words],
            cwd=folder,
            env=clean_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            **hidden_window(),
        )
    except OSError as error:
        raise BrokenError(f"{mattebox.command[0]} does not start: {error.strerror}") from error


class Run(Hearing):
    """A process of the core. All methods belong to the host's main thread."""

    def __init__(
        self, process: subprocess.Popen[str], log: deque[str], request: Request | None = None
    ) -> None:
        super().__init__(request)
        self._process = process
        self._log = log
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._readers = [
            threading.Thread(target=read_lines, args=(stream, keep), daemon=True)
            for stream, keep in ((process.stdout, self._lines.put), (process.stderr, log.append))
        ]
        for reader in self._readers:
            reader.start()

    @classmethod
    def start(
        cls, mattebox: Mattebox, request: Request, *, frames: str | None = None, force: bool = False
    ) -> Run:
        """Write the request's job and begin to key it; frames that are current are skipped.

        Args:
            mattebox: the core.
            request: what to key.
            frames: as the core reads them: 1001-1050; None means all of the plate.
            force: compute frames again that are current.

        Raises:
            OSError: the folder cannot be written.
            BrokenError: the core does not start.
        """
        job = request.write()
        words = ["key", "--job", str(job), "--prepared", str(request.prepared), "--json"]
        if frames is not None:
            # One word: negative frames begin with a dash, as options do.
            words.append(f"--frames={frames}")
        if force:
            words.append("--force")
        return cls.of_words(mattebox, words, folder=request.folder, request=request)

    @classmethod
    def of_words(
        cls, mattebox: Mattebox, words: list[str], *, folder: Path, request: Request | None = None
    ) -> Run:
        """Any command of the core that prints event lines; of a request, where it keys one.

        Raises BrokenError.
        """
        return cls(start_core(mattebox, words, folder), deque(maxlen=KEPT_LINES), request)

    @property
    def process_id(self) -> int:
        return self._process.pid

    def poll(self) -> Progress:
        """Take in what was said since the last call. Never waits."""
        ended = self._process.poll()
        if ended is not None:
            for reader in self._readers:
                reader.join(1.0)
            self._hang_up()
        self._take_in()
        if ended is not None and not self.progress.phase.is_over:
            self._conclude(ended)
        elif ended is None and self._is_out_of_patience():
            self._was_killed = True
            self._process.kill()
        return self.progress

    def stop(self) -> None:
        """Ask for a stop: the frame in hand may finish; ``poll`` kills what does not listen."""
        if self._asked_to_stop is not None or self.progress.phase.is_over:
            return
        self._asked_to_stop = time.monotonic()
        self.progress.phase = Phase.STOPPING
        try:
            assert self._process.stdin is not None
            self._process.stdin.write("stop\n")
            self._process.stdin.flush()
        except OSError:
            pass  # it has ended already; poll says how

    def kill(self) -> None:
        """End it now; frames stay whole all the same."""
        self._was_killed = True
        self._process.kill()
        self._process.wait()
        self._hang_up()

    def wait(self, *, every: float = 0.1) -> Progress:
        """Stay until it is over; for hosts without an interface."""
        while not self.poll().phase.is_over:
            time.sleep(every)
        return self.progress

    def _hang_up(self) -> None:
        """Close our end of its standard input; what it did not read is lost."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def _is_out_of_patience(self) -> bool:
        asked = self._asked_to_stop
        return asked is not None and time.monotonic() - asked > PATIENCE_SECONDS

    def _take_in(self) -> None:
        while True:
            try:
                line = self._lines.get_nowait()
            except queue.Empty:
                return
            try:
                event = json.loads(line)
                name = event["event"]
            except (ValueError, KeyError, TypeError):
                self._log.append(line)  # a library that prints; kept for the log
                continue
            self._heard(name, event)

    def _silent_end(self, code: int) -> str:
        """What to say of a process that ended without a word of its own."""
        was_killed = code < 0 or code > LARGEST_EXIT_CODE
        how = f"was ended by signal {-code}" if code < 0 else f"ended with {code}"
        cause = "Out of memory is the usual cause: try fewer pixels, or another device."
        parts = [
            f"the core {how} and did not say why; frames that are written are whole.",
            *([cause] if was_killed else []),
        ]
        return "\n".join([" ".join(parts), *list(self._log)[-5:]])


def _sentence(event: dict[str, Any]) -> str:
    """An error as a person reads it, a line for each part."""
    parts = [event["message"]]
    parts += [f"- {fault}" for fault in event.get("faults", ()) if fault not in event["message"]]
    if event.get("expected"):
        parts.append(f"expected: {event['expected']}")
    if event.get("next_step"):
        parts.append(f"next step: {event['next_step']}")
    return "\n".join(parts)


def read_lines(stream: IO[str] | None, keep: Callable[[str], object]) -> None:
    """Hand every line of a stream on, until it ends."""
    assert stream is not None
    with stream:
        for line in stream:
            keep(line.rstrip("\n"))
