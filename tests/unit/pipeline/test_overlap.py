"""Reading ahead and writing behind: order, bounds, stops and faults, with stages that wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from mattebox.pipeline.clock import StageClock
from mattebox.pipeline.memory import Waiting
from mattebox.pipeline.overlap import overlapped

FRAMES = range(1, 13)
WAITINGS = [Waiting(4, 12), Waiting(2, 2), Waiting(2, 1), Waiting(1, 1)]


def doubled(frame: int) -> Iterator[int]:
    yield 2 * frame


@pytest.mark.parametrize("waiting", WAITINGS)
def test_frames_come_out_in_order_whoever_is_done_first(waiting: Waiting) -> None:
    later = {frame: threading.Event() for frame in FRAMES}

    def write(keyed: int) -> int:
        # An odd frame is not done before the next one, where that may be written beside it.
        if waiting.being_written > 1 and keyed // 2 % 2 and keyed // 2 < max(FRAMES):
            later[keyed // 2 + 1].wait(10.0)
        later[keyed // 2].set()
        return keyed

    given = overlapped(
        FRAMES, read=lambda frame: frame, key=doubled, write=write, waiting=waiting,
        clock=StageClock(),
    )  # fmt: skip
    assert list(given) == [2 * frame for frame in FRAMES]


@pytest.mark.parametrize("waiting", WAITINGS)
def test_no_more_frames_are_there_at_once_than_may_wait(waiting: Waiting) -> None:
    changing = threading.Lock()
    there: set[int] = set()
    most = 0

    def read(frame: int) -> int:
        nonlocal most
        with changing:
            there.add(frame)
            most = max(most, len(there))
        return frame

    def write(frame: int) -> int:
        with changing:
            there.remove(frame)
        return frame

    given = overlapped(
        range(200), read=read, key=lambda frame: [frame], write=write, waiting=waiting,
        clock=StageClock(),
    )  # fmt: skip
    assert list(given) == list(range(200))
    # Those read ahead, the one in hand, and those being written with one that waits for a writer.
    assert most <= waiting.read_ahead + 1 + waiting.being_written + 1


@pytest.mark.parametrize("waiting", WAITINGS)
def test_the_next_frames_are_read_while_one_is_keyed(waiting: Waiting) -> None:
    begun = {frame: threading.Event() for frame in FRAMES}

    def read(frame: int) -> int:
        begun[frame].set()
        return frame

    def key(frame: int) -> Iterator[int]:
        for ahead in range(frame + 1, min(frame + waiting.read_ahead, max(FRAMES)) + 1):
            assert begun[ahead].wait(10.0), f"{ahead} is not read while {frame} is keyed"
        yield frame

    given = overlapped(
        FRAMES, read=read, key=key, write=lambda frame: frame, waiting=waiting, clock=StageClock()
    )
    assert list(given) == list(FRAMES)


def test_a_stop_reads_nothing_more_and_writes_what_was_keyed() -> None:
    stop, keyed = threading.Event(), []

    def key(frame: int) -> Iterator[int]:
        keyed.append(frame)
        if frame == 4:
            stop.set()
        yield frame

    given = overlapped(
        FRAMES, read=lambda frame: frame, key=key, write=lambda frame: frame, waiting=Waiting(),
        clock=StageClock(), stop=stop,
    )  # fmt: skip
    assert list(given) == keyed == [1, 2, 3, 4]


@pytest.mark.parametrize("stage", ["read", "key", "write"])
def test_a_fault_of_any_stage_comes_out_and_no_thread_is_left(stage: str) -> None:
    def faulty(name: str, frame: int) -> int:
        if name == stage and frame == 3:
            raise ValueError(f"{name} {frame}")
        return frame

    before = threading.active_count()
    given = overlapped(
        FRAMES,
        read=lambda frame: faulty("read", frame),
        key=lambda frame: [faulty("key", frame)],
        write=lambda frame: faulty("write", frame),
        waiting=Waiting(),
        clock=StageClock(),
    )
    done: list[int] = []
    with pytest.raises(ValueError, match=f"{stage} 3"):
        done.extend(given)
    assert threading.active_count() == before
