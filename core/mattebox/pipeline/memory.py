"""How many frames may wait at once, so that a run keeps to the memory it was given."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mattebox.errors import UsageError

MOST_WAITING = 2
"""Frames read ahead, and being written, where memory is no concern: more made no run faster."""

FIXED_BYTES = 330 * 2**20
"""Interpreter, libraries and thread pools: what is left of the peaks below at no pixels."""

WORKING_BYTES_PER_PIXEL = 1240
"""Peak resident memory of a run with one frame each way (engine ``screen``, clean plate, CPU):
481 MiB at 480x270 and 939 MiB at 960x540, hence 1235 bytes for each further pixel. That one frame
each way is part of it."""

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


def needed_memory(width: int, height: int, waiting: Waiting, *, passed: int = 0) -> int:
    """Estimated peak in bytes of a run on pictures of this size.

    Args:
        width, height: of the working window.
        waiting: how many frames wait.
        passed: channels that are passed through, beside ``CHANNELS``.
    """
    in_flight = (CHANNELS + passed) * 4
    # Passed channels are no part of the measured peak: they count for the first frames too.
    first = 2 * passed * 4
    further = waiting.read_ahead + waiting.being_written - 2
    return FIXED_BYTES + width * height * (WORKING_BYTES_PER_PIXEL + first + further * in_flight)


def waiting_within(limit: int | None, width: int, height: int, *, passed: int = 0) -> Waiting:
    """As many frames as fit into ``limit`` bytes; None means no limit.

    Raises UsageError where one frame each way does not fit.
    """
    choices = (Waiting(2, 2), Waiting(2, 1), Waiting(1, 1))
    if limit is None:
        return choices[0]
    for waiting in choices:
        if needed_memory(width, height, waiting, passed=passed) <= limit:
            return waiting
    least = -(-needed_memory(width, height, choices[-1], passed=passed) // 2**20)
    raise UsageError(
        f"--max-memory of {limit // 2**20} MiB is too little for frames of {width}x{height}",
        expected=f"at least {least} MiB",
        next_step=f"give --max-memory {least}M or more, or smaller frames",
    )
