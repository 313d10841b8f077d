"""Reading ahead of the frame in hand and writing behind it, in order, with bounded memory."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from mattebox.pipeline.clock import StageClock
from mattebox.pipeline.memory import Waiting

ReadT = TypeVar("ReadT")
KeyedT = TypeVar("KeyedT")
WrittenT = TypeVar("WrittenT")


def overlapped(
    frames: Iterable[int],
    *,
    read: Callable[[int], ReadT],
    key: Callable[[ReadT], Iterable[KeyedT]],
    write: Callable[[KeyedT], WrittenT],
    waiting: Waiting,
    clock: StageClock,
    stop: threading.Event | None = None,
) -> Iterator[WrittenT]:
    """Take frames through three stages; yields what writing gave, in order, once it is done.

    Args:
        frames: to read, in order.
        read: of a frame; called by threads beside the run, ``waiting.read_ahead`` at once.
        key: of what was read, in order, by the thread that iterates. It gives what can be written
            now: none, one or several.
        write: of what was keyed; called by threads beside the run, ``waiting.being_written`` at
            once. It must keep nothing of it.
        waiting: how many frames lie on either side of the one in hand.
        clock: counts what was waited for as ``read`` and ``write``; the stages themselves are
            counted by the callables.
        stop: when set, nothing more is read; what was keyed is written and yielded.

    Raises whatever a stage raised; what was begun before that is finished, and yielded first.
    """
    pending: deque[Future[WrittenT]] = deque()

    def oldest() -> WrittenT:
        with clock.waiting("write"):
            return pending.popleft().result()

    try:
        with (
            ThreadPoolExecutor(waiting.read_ahead, "read") as readers,
            ThreadPoolExecutor(waiting.being_written, "write") as writers,
        ):
            for pictures in _read_ahead(frames, read, waiting.read_ahead, readers, clock, stop):
                for keyed in key(pictures):
                    pending.append(writers.submit(write, keyed))
                while len(pending) > waiting.being_written:
                    yield oldest()
            while pending:
                yield oldest()
    except Exception:
        for written in pending:
            if written.exception() is None:
                yield written.result()
        raise


def _read_ahead(
    frames: Iterable[int],
    read: Callable[[int], ReadT],
    most: int,
    readers: ThreadPoolExecutor,
    clock: StageClock,
    stop: threading.Event | None,
) -> Iterator[ReadT]:
    """Read frames in order, ``most`` of them beside the one that is handed on."""
    left = iter(frames)
    reading = deque(readers.submit(read, frame) for frame in islice(left, most))
    while reading:
        if stop is not None and stop.is_set():
            return
        with clock.waiting("read"):
            pictures = reading.popleft().result()
        # Before the frame is handed on, so that as many are read while it is keyed.
        reading.extend(readers.submit(read, frame) for frame in islice(left, 1))
        yield pictures
