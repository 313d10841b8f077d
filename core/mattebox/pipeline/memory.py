"""What the two phases of a run take, and how many frames may wait within a given memory.

The figures are peaks of resident memory (VmHWM) of runs on the CPU with one thread, float32 and
torch, four frames of a drawn shot with a clean plate, at 960x540 and 1920x1080. Each rule lies on
or above both of its peaks, and above those of the same engine with its smaller networks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mattebox.errors import UsageError
from mattebox.settings import EngineName

MOST_WAITING = 2
"""Frames read ahead, and being written, where memory is no concern: more made no run faster."""


@dataclass(frozen=True)
class Footprint:
    """Resident memory of a phase of a run.

    Attributes:
        fixed: MiB at no pixels: interpreter, libraries, thread pools, a network's weights.
        per_pixel: bytes for each pixel of a frame.
    """

    fixed: int
    per_pixel: int

    def bytes_for(self, pixels: int) -> int:
        """Peak in bytes with frames of so many pixels."""
        return self.fixed * 2**20 + pixels * self.per_pixel


_PLAIN = Footprint(330, 1240)
_RVM = Footprint(330, 1240)
_BGMV2 = Footprint(330, 1240)

KEYING = {
    EngineName.SCREEN: _PLAIN,
    EngineName.HINT: _PLAIN,
    EngineName.TRIANGULATE: _PLAIN,
    EngineName.ONNX_MATTE: _PLAIN,
    EngineName.RVM: _RVM,
    EngineName.BGMV2: _BGMV2,
}

LOOKING = KEYING

LOOK_BYTES_PER_PIXEL = 46

CHANNELS = 16
"""Float32 channels of a frame in flight: source, coverage and the result's twelve."""

_UNITS = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT])(?:i?B)?", re.IGNORECASE)


@dataclass(frozen=True)
class Waiting:
    """How many frames wait on either side of the one in hand, 1..2 each."""

    read_ahead: int = MOST_WAITING
    being_written: int = MOST_WAITING


def parse_memory(text: str) -> int:
    """Bytes of a size such as 512M, 8G or 8GiB; units are powers of 1024.

    Raises UsageError where the text is no size above 0.
    """
    found = _SIZE.fullmatch(text.strip())
    size = 0 if found is None else int(float(found[1]) * _UNITS[found[2].upper()])
    if size <= 0:
        raise UsageError(
            f"--max-memory {text} is no amount of memory",
            expected="a number with a unit: 512M, 8G, 8GiB",
            next_step="give it as --max-memory 8G",
        )
    return size


def needed_memory(
    engine: EngineName, width: int, height: int, waiting: Waiting, *, passed: int = 0
) -> int:
    """Estimated peak in bytes of keying pictures of this size.

    Args:
        engine: whose network is there too.
        width, height: of the working window.
        waiting: how many frames wait.
        passed: channels that are passed through, beside ``CHANNELS``.
    """
    in_flight = (CHANNELS + passed) * 4
    # Passed channels are no part of the measured peak: they count for the first frames too.
    first = 2 * passed * 4
    further = waiting.read_ahead + waiting.being_written - 2
    pixels = width * height
    return KEYING[engine].bytes_for(pixels) + pixels * (first + further * in_flight)


def needed_to_look(
    engine: EngineName, width: int, height: int, frames: int, *, passed: int = 0
) -> int:
    """Estimated peak in bytes of the look at a shot.

    Args:
        engine: whose network is there too.
        width, height: of the working window.
        frames: looked at; all of them are held at once.
        passed: channels that are passed through.
    """
    pixels = width * height
    held = frames * (LOOK_BYTES_PER_PIXEL + passed * 4)
    return LOOKING[engine].bytes_for(pixels) + pixels * held


def refuse_too_little(
    limit: int,
    engine: EngineName,
    width: int,
    height: int,
    *,
    looked_at: int,
    passed: int = 0,
) -> None:
    """Refuse a limit within which a shot cannot be looked at and then keyed.

    Args:
        limit: in bytes.
        engine, width, height, passed: as ``needed_memory``.
        looked_at: frames that the look holds at once.

    Raises UsageError, which says so where keying alone would fit.
    """
    look = needed_to_look(engine, width, height, looked_at, passed=passed)
    key = needed_memory(engine, width, height, Waiting(1, 1), passed=passed)
    if limit >= max(look, key):
        return
    if limit < key:
        raise _too_little(limit, width, height, max(look, key))
    raise UsageError(
        f"--max-memory of {limit // 2**20} MiB is too little for the look at the shot, which holds "
        f"{looked_at} frames of {width}x{height} at once",
        expected=f"at least {_mib(look)} MiB; keying alone takes {_mib(key)} MiB",
        next_step="run `mattebox analyse` on a machine with more memory, and key the job that it "
        "writes; or give more",
    )


def waiting_within(
    limit: int | None, engine: EngineName, width: int, height: int, *, passed: int = 0
) -> Waiting:
    """As many frames as fit into ``limit`` bytes; None means no limit.

    Raises UsageError where one frame each way does not fit.
    """
    choices = (Waiting(2, 2), Waiting(2, 1), Waiting(1, 1))
    if limit is None:
        return choices[0]
    for waiting in choices:
        if needed_memory(engine, width, height, waiting, passed=passed) <= limit:
            return waiting
    raise _too_little(
        limit, width, height, needed_memory(engine, width, height, choices[-1], passed=passed)
    )


def _too_little(limit: int, width: int, height: int, needed: int) -> UsageError:
    return UsageError(
        f"--max-memory of {limit // 2**20} MiB is too little for frames of {width}x{height}",
        expected=f"at least {_mib(needed)} MiB",
        next_step=f"give --max-memory {_mib(needed)}M or more, or smaller frames",
    )


def _mib(size: int) -> int:
    return -(-size // 2**20)
