"""The warm process of the core: it keeps a shot open, so that a turned knob of one frame shows at
once. A frame that it cannot key is keyed by a process of its own, and the artist is told."""

from __future__ import annotations

import atexit
import contextlib
import itertools
import json
import queue
import threading
import time
from collections import deque
from typing import Any

from .mattebox_command import BrokenError, Mattebox
from .request import Request
from .run import KEPT_LINES, PATIENCE_SECONDS, Hearing, Phase, Progress, Run, read_lines, start_core

IDLE_MINUTES = 10
"""Without a request for so long the process ends; the next request starts it again."""

REST_SECONDS = 0.1
"""A knob that was not turned for so long rests: what is live is keyed then. A hand that drags a
slider turns it several times as often."""


class WarmProcess:
    """A core that serves; safe from several threads, since each key may have a watcher of its own.

    Attributes:
        log: the last lines that are no events.
        events: what was said to requests that somebody waits for, by their ids.
    """

    def __init__(self, mattebox: Mattebox) -> None:
        """Start it. Raises BrokenError."""
        self._process = start_core(mattebox, ["serve", "--idle", str(IDLE_MINUTES)])
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._using = threading.Lock()
        self._is_leaving = False
        self.log: deque[str] = deque(maxlen=KEPT_LINES)
        self.events: dict[str, deque[dict[str, Any]]] = {}
        self._readers = [
            threading.Thread(target=read_lines, args=(stream, keep), daemon=True)
            for stream, keep in (
                (self._process.stdout, self._lines.put),
                (self._process.stderr, self.log.append),
            )
        ]
        for reader in self._readers:
            reader.start()

    @property
    def process_id(self) -> int:
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def takes_requests(self) -> bool:
        """Whether it is there, and nobody has asked it to end."""
        return not self._is_leaving and not self.has_ended

    def ask(self, request: str, values: dict[str, Any]) -> None:
        """Write a request. Raises OSError where the process is gone."""
        assert self._process.stdin is not None
        with self._using:
            self.events[request] = deque()
            self._process.stdin.write(json.dumps({"request": request, **values}) + "\n")
            self._process.stdin.flush()

    def forget(self, request: str) -> None:
        """Nobody waits for this one any more."""
        with self._using:
            self.events.pop(request, None)

    def take_in(self) -> None:
        """Sort what was said since the last call to the requests. Never waits long."""
        if self.has_ended:
            for reader in self._readers:
                reader.join(1.0)
        with self._using:
            while True:
                try:
                    line = self._lines.get_nowait()
                except queue.Empty:
                    return
                self._sort(line)

    def _sort(self, line: str) -> None:
        try:
            event = json.loads(line)
            asked = self.events.get(event.get("request"))
        except (ValueError, AttributeError):
            self.log.append(line)  # a library that prints
            return
        if asked is not None:
            asked.append(event)

    def stop(self) -> None:
        """Ask it to end: the frame in hand is left out or whole."""
        self._is_leaving = True
        with contextlib.suppress(OSError):  # it has ended already
            assert self._process.stdin is not None
            self._process.stdin.write("stop\n")
            self._process.stdin.flush()

    def hang_up(self) -> None:
        """Close our end of its input; what it did not read is lost."""
        with contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()

    def kill(self) -> None:
        """End it now."""
        self._is_leaving = True
        self._process.kill()
        self._process.wait()
        self.hang_up()


class FrameKey(Hearing):
    """One frame keyed by the warm process; by one of its own where that ends without an answer.

    Has the methods of ``Run``.
    """

    def __init__(
        self, mattebox: Mattebox, request: Request, frame: int, *, force: bool = False
    ) -> None:
        super().__init__(request)
        self._wanted = request
        self._mattebox = mattebox
        self._frame = frame
        self._force = force
        self._id = str(next(_ids))
        self._warm: WarmProcess | None = None
        self._alone: Run | None = None

    @classmethod
    def start(
        cls, mattebox: Mattebox, request: Request, frame: int, *, force: bool = False
    ) -> FrameKey:
        """Write the request's job, as ``Run.start`` does, and begin to key one frame of it.

        Raises OSError where the folder cannot be written, BrokenError where no core starts.
        """
        request.write()
        keying = cls(mattebox, request, frame, force=force)
        try:
            keying._ask(_warm_process(mattebox))
        except BrokenError as error:
            keying._key_alone(str(error))
        return keying

    @property
    def process_id(self) -> int:
        running = self._alone or self._warm
        assert running is not None
        return running.process_id

    @property
    def is_warm(self) -> bool:
        """Whether the warm process keys it."""
        return self._alone is None

    def poll(self) -> Progress:
        """Take in what was said since the last call. Never waits."""
        if self._alone is not None:
            return self._alone.poll()
        warm = self._warm
        assert warm is not None
        has_ended = warm.has_ended
        warm.take_in()
        said = warm.events.get(self._id, deque())
        while said and not self.progress.phase.is_over:
            event = said.popleft()
            self._heard(event["event"], event)
            if event["event"] == "end":
                self._conclude(event["exit_code"])
                warm.forget(self._id)
        if self.progress.phase.is_over:
            return self.progress
        if has_ended and self._asked_to_stop is not None:
            self.progress.phase = Phase.STOPPED
        elif has_ended:
            self._key_alone("\n".join(["it ended without an answer", *list(warm.log)[-3:]]))
        elif self._asked_to_stop and time.monotonic() - self._asked_to_stop > PATIENCE_SECONDS:
            warm.kill()
        return self.progress

    def stop(self) -> None:
        """Ask for a stop. The warm process ends with it; the next frame starts another."""
        if self._alone is not None:
            self._alone.stop()
        elif self._asked_to_stop is None and not self.progress.phase.is_over:
            self._asked_to_stop = time.monotonic()
            self.progress.phase = Phase.STOPPING
            assert self._warm is not None
            self._warm.stop()

    def kill(self) -> None:
        """End it now."""
        running = self._alone or self._warm
        assert running is not None
        running.kill()
        self.progress.phase = Phase.STOPPED

    def forget(self) -> None:
        """Nobody waits for it any more: a newer key of the frame is on its way."""
        if self._warm is not None:
            self._warm.forget(self._id)

    def wait(self, *, every: float = 0.02) -> Progress:
        """Stay until it is over; for hosts without an interface."""
        while not self.poll().phase.is_over:
            time.sleep(every)
        return self.progress

    def _ask(self, warm: WarmProcess) -> None:
        self._warm = warm
        wanted = {
            "frame": self._frame,
            "job": self._wanted.job(),
            "prepared": str(self._wanted.prepared),
            "force": self._force,
        }
        try:
            warm.ask(self._id, wanted)
        except OSError:  # it does not listen; what it said before tells why, and poll hears that
            warm.kill()

    def _key_alone(self, why: str) -> None:
        """Key it by a process of its own, and say why."""
        alone = Run.start(self._mattebox, self._wanted, frames=str(self._frame), force=self._force)
        alone.progress.warnings.append(
            f"the Mattebox that keeps running does not answer ({why}); a process of its own "
            "keys this frame"
        )
        self._alone, self.progress = alone, alone.progress


_ids = itertools.count(1)
_processes: dict[tuple[str, ...], WarmProcess] = {}
_leaving: list[WarmProcess] = []
"""Processes that end, or have ended, and are not followed by another request."""


def _warm_process(mattebox: Mattebox) -> WarmProcess:
    """The process that serves for this core, started where there is none. Raises BrokenError."""
    known = _processes.get(mattebox.command)
    if known is not None and known.takes_requests:
        return known
    if known is not None:
        _leaving.append(known)
    for gone in [one for one in _leaving if one.has_ended]:
        gone.hang_up()
        _leaving.remove(gone)
    known = _processes[mattebox.command] = WarmProcess(mattebox)
    return known


@atexit.register
def end_all() -> None:
    """End every warm process: the host, or its file, is being closed. Frames stay whole."""
    for process in (*_processes.values(), *_leaving):
        process.kill()
    _processes.clear()
    _leaving.clear()
