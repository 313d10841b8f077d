"""Stop requests: SIGINT, SIGTERM, or a line ``stop`` on standard input.

The frame in hand may finish, at most ten seconds; what is on disk is whole either way, because
frames are written under a temporary name and renamed.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from mattebox.errors import RunInterruptedError

PATIENCE_SECONDS = 10.0
STANDARD_INPUT = 0


@contextmanager
def stop_requests(*, read_standard_input: bool) -> Iterator[threading.Event]:
    """An event that is set when somebody asks the run to stop.

    Args:
        read_standard_input: also listen for a line ``stop`` there, as hosts send it.
    """
    asked = threading.Event()

    def leave() -> None:
        print("mattebox: the frame in hand took too long; stopped", file=sys.stderr, flush=True)
        os._exit(RunInterruptedError.exit_code)

    def ask() -> None:
        if not asked.is_set():
            asked.set()
            timer = threading.Timer(PATIENCE_SECONDS, leave)
            timer.daemon = True
            timer.start()

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if asked.is_set() and number == signal.SIGINT:
            os._exit(RunInterruptedError.exit_code)  # a second Ctrl-C means now
        ask()

    def listen() -> None:
        # Straight from the descriptor: a thread that waits inside sys.stdin's buffer holds its
        # lock, and the interpreter cannot shut down beside it.
        heard = b""
        while chunk := os.read(STANDARD_INPUT, 4096):
            heard += chunk
            if b"stop" in (line.strip() for line in heard.split(b"\n")[:-1]):
                ask()
                return

    before = {
        number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)
    }
    if read_standard_input and sys.stdin is not None:
        threading.Thread(target=listen, name="stop requests", daemon=True).start()
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
