"""Stop requests: SIGINT, SIGTERM, a line ``stop`` on standard input; for a process that serves a
host also the end of that input, or of the host.

The frame in hand may finish, at most ten seconds; what is on disk is whole either way, because
frames are written under a temporary name and renamed.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from mattebox.errors import RunInterruptedError

PATIENCE_SECONDS = 10.0
STANDARD_INPUT = 0
PARENT_SECONDS = 1.0
"""How often a process looks whether the one that started it is still there."""

Heard = Callable[[str], None]
"""Gets the lines of standard input that are no ``stop``."""


@contextmanager
def stop_requests(
    *, read_standard_input: bool, heard: Heard | None = None
) -> Iterator[threading.Event]:
    """An event that is set when somebody asks the run to stop.

    Args:
        read_standard_input: also listen for a line ``stop`` there, as hosts send it.
        heard: of a process that serves a host: gets every other line, in a thread of its own. The
            end of the input, or of the process that started this one, is a stop then.
    """
    requests = _StopRequests()
    before = {
        number: signal.signal(number, requests.on_signal)
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    if read_standard_input and sys.stdin is not None:
        _beside("stop requests", lambda: requests.listen(heard))
    if heard is not None:
        parent = os.getppid()
        _beside("parent", lambda: requests.watch(parent))
    try:
        yield requests.asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _StopRequests:
    """Whether a stop was asked for, and the last seconds after it was."""

    def __init__(self) -> None:
        self.asked = threading.Event()

    def ask(self) -> None:
        if not self.asked.is_set():
            self.asked.set()
            timer = threading.Timer(PATIENCE_SECONDS, _leave)
            timer.daemon = True
            timer.start()

    def on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self.asked.is_set() and number == signal.SIGINT:
            os._exit(RunInterruptedError.exit_code)  # a second Ctrl-C means now
        self.ask()

    def listen(self, heard: Heard | None) -> None:
        # Straight from the descriptor: a thread that waits inside sys.stdin's buffer holds its
        # lock, and the interpreter cannot shut down beside it.
        rest = b""
        while chunk := os.read(STANDARD_INPUT, 1 << 16):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                if line.strip() == b"stop":
                    self.ask()
                    return
                if heard is not None:
                    heard(line.decode("utf-8", "replace"))
        if heard is not None:
            self.ask()

    def watch(self, parent: int) -> None:
        # Another child of the host may hold its end of our input open. On Windows the number of a
        # parent that is gone stays; there the input alone tells.
        while os.getppid() == parent:
            time.sleep(PARENT_SECONDS)
        self.ask()


def _beside(name: str, work: Callable[[], None]) -> None:
    threading.Thread(target=work, name=name, daemon=True).start()


def _leave() -> None:
    print("mattebox: the frame being keyed took too long; stopped", file=sys.stderr, flush=True)
    os._exit(RunInterruptedError.exit_code)
