"""What the two phases of a run take, and how many frames may wait within a given memory.

A shot is analysed first and keyed then; a run takes the larger of the two. The figures are peaks
of resident memory (VmHWM) in MiB on the CPU: one thread, torch, float32, the settings' defaults, a
drawn shot with a clean plate. Every rule lies on or above all peaks that it is drawn from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mattebox.errors import UsageError, named
from mattebox.matte.alignment import LARGEST_PICTURE
from mattebox.pipeline.carried import HELD_BYTES
from mattebox.settings import EngineName

MOST_WAITING = 2
"""Frames read ahead, and being written, where memory is no concern: more made no run faster."""


@dataclass(frozen=True)
class Fixed:
    """MiB that do not grow with the picture: interpreter, libraries, threads, a network.

    Attributes:
        keying, analysis: of either phase.
    """

    keying: int
    analysis: int


NO_NETWORK = Fixed(keying=480, analysis=360)
"""What is left at no pixels of the peaks at the constants below."""

RVM = Fixed(keying=610, analysis=450)
"""Measured beside a solver before, and raised by what the unmixing network added to ``NO_NETWORK``.
With resnet50, the larger one: keying 572 at 480x270 (without a plate), 820 at 960x540, 1148 at
1280x720; analysing four frames 578, 1016 (1044 with mobilenetv3), 998."""

BGMV2 = Fixed(keying=820, analysis=750)
"""Likewise. With resnet101, the largest: keying 784, 954, 1265 at the same sizes; analysing four
frames 887, 1135, 1289. With resnet50 keying took 885 and 1181 at the latter two, analysis 1021 and
941."""

FIXED = {
    EngineName.SCREEN: NO_NETWORK,
    EngineName.HINT: NO_NETWORK,
    EngineName.TRIANGULATE: NO_NETWORK,
    EngineName.ONNX_MATTE: NO_NETWORK,  # its network is unknown beforehand: it comes on top
    EngineName.RVM: RVM,
    EngineName.BGMV2: BGMV2,
}

KEYING_BYTES_PER_PIXEL = 860
"""With two frames each way ``screen`` took 527 at 480x270, 860 to 894 at 960x540, 1253 at 1280x720
and 1795 to 2205 at 1920x1080. The unmixing network is part of it. Other networks are done before it
begins and work on a smaller picture: with them the peak grew by less."""

ANALYSIS_BYTES_PER_PIXEL = 40
ANALYSIS_BYTES_PER_FRAME = 95
COMPARED_BYTES_PER_PIXEL = 900
"""The analysis holds all its frames at once. Fitting a plate compares pictures halved to at most
``LARGEST_PICTURE`` pixels: the last figure is for each pixel that is left. ``screen`` took
458 with 2 frames and 497 with 6 at 480x270; 900 and 1020 at 960x540; 664 and 995 at 1280x720; 1055
and 1713 at 1920x1080."""

CARRYING_BYTES_PER_PIXEL = 130
"""While hints are carried from keys, beside ``HELD_BYTES``: pictures, flows and the levels that
OpenCV keeps of them. A way over frames of 1920x1080 took 226 MiB, 115 for each pixel."""

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
            f"{named('max_memory')} {text} is not an amount of memory",
            expected="a number with a unit: 512M, 8G, 8GiB",
            next_step=f"give it as {named('max_memory')} 8G",
        )
    return size


def needed_memory(
    engine: EngineName,
    width: int,
    height: int,
    waiting: Waiting,
    *,
    passed: int = 0,
    carries: bool = False,
) -> int:
    """Estimated peak in bytes of keying pictures of this size.

    Args:
        engine: whose network is there too.
        width, height: of the working window.
        waiting: how many frames wait.
        passed: channels that are passed through, beside ``CHANNELS``.
        carries: whether hints are carried from keys.
    """
    in_flight = (CHANNELS + passed) * 4
    # Passed channels are no part of the measured peak: they count for the first frames too.
    first = 2 * passed * 4
    further = waiting.read_ahead + waiting.being_written - 2
    each = KEYING_BYTES_PER_PIXEL + first + further * in_flight
    carrying = _carrying(width, height) if carries else 0
    return FIXED[engine].keying * 2**20 + width * height * each + carrying


def _carrying(width: int, height: int) -> int:
    return HELD_BYTES + width * height * CARRYING_BYTES_PER_PIXEL


def needed_to_analyse(
    engine: EngineName,
    width: int,
    height: int,
    frames: int,
    *,
    passed: int = 0,
    carries: bool = False,
) -> int:
    """Estimated peak in bytes of analysing a shot.

    Args:
        engine: whose network is there too.
        width, height: of the working window.
        frames: analysed; all of them are held at once.
        passed: channels that are passed through.
        carries: as ``needed_memory``.
    """
    pixels = compared = width * height
    while compared > LARGEST_PICTURE:
        compared //= 4
    held = compared * COMPARED_BYTES_PER_PIXEL
    each = ANALYSIS_BYTES_PER_PIXEL + frames * (ANALYSIS_BYTES_PER_FRAME + passed * 4)
    carrying = _carrying(width, height) if carries else 0
    return FIXED[engine].analysis * 2**20 + held + pixels * each + carrying


def refuse_too_little(
    limit: int,
    engine: EngineName,
    width: int,
    height: int,
    *,
    analysed: int,
    passed: int = 0,
    carries: bool = False,
) -> None:
    """Refuse a limit within which a shot cannot be analysed and then keyed.

    Args:
        limit: in bytes.
        engine, width, height, passed, carries: as ``needed_memory``.
        analysed: frames that the analysis holds at once.

    Raises UsageError, which says so where keying alone would fit.
    """
    size = (engine, width, height)
    analysis = needed_to_analyse(*size, analysed, passed=passed, carries=carries)
    key = needed_memory(*size, Waiting(1, 1), passed=passed, carries=carries)
    if limit >= max(analysis, key):
        return
    if limit < key:
        raise _too_little(limit, width, height, max(analysis, key))
    raise UsageError(
        f"{named('max_memory')} of {limit // 2**20} MiB is too little for analysing "
        "the shot, which holds "
        f"{analysed} frames of {width}x{height} at once",
        expected=f"at least {_mib(analysis)} MiB; keying alone takes {_mib(key)} MiB",
        next_step="run `mattebox analyse` on a machine with more memory, and key the job that it "
        "writes; or give more",
    )


def waiting_within(
    limit: int | None,
    engine: EngineName,
    width: int,
    height: int,
    *,
    passed: int = 0,
    carries: bool = False,
) -> Waiting:
    """As many frames as fit into ``limit`` bytes; None means no limit.

    Raises UsageError where one frame each way does not fit.
    """
    choices = (Waiting(2, 2), Waiting(2, 1), Waiting(1, 1))
    if limit is None:
        return choices[0]
    needed = 0
    for waiting in choices:
        needed = needed_memory(engine, width, height, waiting, passed=passed, carries=carries)
        if needed <= limit:
            return waiting
    raise _too_little(limit, width, height, needed)


def _too_little(limit: int, width: int, height: int, needed: int) -> UsageError:
    return UsageError(
        f"{named('max_memory')} of {limit // 2**20} MiB is too little for frames of "
        f"{width}x{height}",
        expected=f"at least {_mib(needed)} MiB",
        next_step=f"give {named('max_memory')} {_mib(needed)}M or more, or smaller frames",
    )


def _mib(size: int) -> int:
    return -(-size // 2**20)
