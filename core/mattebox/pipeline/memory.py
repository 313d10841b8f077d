"""What the two phases of a run take, and how many frames may wait within a given memory.

A shot is analysed first and keyed then; a run takes the larger of the two. The figures are peaks
of resident memory (VmHWM) in MiB on the CPU: one thread, torch, float32, the settings' defaults, a
drawn shot with a clean plate. Every rule lies on or above all peaks that it is drawn from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mattebox.errors import UsageError, named
from mattebox.job import Job
from mattebox.matte.alignment import LARGEST_PICTURE
from mattebox.pipeline.carried import HELD_BYTES
from mattebox.settings import EngineName
from mattebox.shot import Shot

MOST_WAITING = 2
"""Frames read ahead, and being written, where a CPU keys: more made no run faster."""
READERS_SHARE = 0.25
"""Of the cores that a GPU leaves to the files: packing a frame takes four times as long as reading
one."""


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
    """How many frames wait on either side of the one in hand, 1 or more each."""

    read_ahead: int = MOST_WAITING
    being_written: int = MOST_WAITING

    @classmethod
    def on(cls, device: str, cores: int) -> Waiting:
        """As many as make a run faster where ``device`` (``cpu`` or ``cuda``) keys.

        A frame that waits is one that a core reads or writes.
        """
        if device == "cpu":
            return cls()
        readers = max(MOST_WAITING, round(READERS_SHARE * cores))
        return cls(readers, max(MOST_WAITING, cores - readers))

    def fewer(self) -> Waiting | None:
        """One frame less on the side that has more of them; None where there is one on each."""
        if self.being_written >= self.read_ahead > 1 or self.being_written > self.read_ahead:
            return Waiting(self.read_ahead, self.being_written - 1)
        return Waiting(self.read_ahead - 1, self.being_written) if self.read_ahead > 1 else None


@dataclass(frozen=True)
class Demand:
    """What the memory of a run depends on.

    Attributes:
        engine: whose network is there too.
        width, height: of the working window.
        passed: channels that are passed through, beside ``CHANNELS``.
        carries: whether hints are carried from keys.
    """

    engine: EngineName
    width: int
    height: int
    passed: int = 0
    carries: bool = False

    @classmethod
    def of(cls, job: Job, shot: Shot) -> Demand:
        """Of keying a job's shot."""
        return cls(
            job.settings.engine,
            shot.window.width,
            shot.window.height,
            passed=len(job.layers),
            carries=job.hint_keys is not None,
        )

    def keying(self, waiting: Waiting) -> int:
        """Estimated peak in bytes of keying, with so many frames waiting."""
        in_flight = (CHANNELS + self.passed) * 4
        # Passed channels are no part of the measured peak: they count for the first frames too.
        first = 2 * self.passed * 4
        further = waiting.read_ahead + waiting.being_written - 2
        each = KEYING_BYTES_PER_PIXEL + first + further * in_flight
        return FIXED[self.engine].keying * 2**20 + self._pixels * each + self._carrying()

    def analysis(self, frames: int) -> int:
        """Estimated peak in bytes of analysing so many frames, which are held at once."""
        compared = self._pixels
        while compared > LARGEST_PICTURE:
            compared //= 4
        held = compared * COMPARED_BYTES_PER_PIXEL
        each = ANALYSIS_BYTES_PER_PIXEL + frames * (ANALYSIS_BYTES_PER_FRAME + self.passed * 4)
        return FIXED[self.engine].analysis * 2**20 + held + self._pixels * each + self._carrying()

    @property
    def _pixels(self) -> int:
        return self.width * self.height

    def _carrying(self) -> int:
        return HELD_BYTES + self._pixels * CARRYING_BYTES_PER_PIXEL if self.carries else 0


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


def refuse_too_little(limit: int, demand: Demand, *, analysed: int) -> None:
    """Refuse a limit within which a shot cannot be analysed and then keyed.

    Args:
        limit: in bytes.
        demand: of the run.
        analysed: frames that the analysis holds at once.

    Raises UsageError, which says so where keying alone would fit.
    """
    analysis, key = demand.analysis(analysed), demand.keying(Waiting(1, 1))
    if limit >= max(analysis, key):
        return
    if limit < key:
        raise _too_little(limit, demand, max(analysis, key))
    raise UsageError(
        f"{named('max_memory')} of {limit // 2**20} MiB is too little for analysing "
        "the shot, which holds "
        f"{analysed} frames of {demand.width}x{demand.height} at once",
        expected=f"at least {_mib(analysis)} MiB; keying alone takes {_mib(key)} MiB",
        next_step="run `mattebox analyse` on a machine with more memory, and key the job that it "
        "writes; or give more",
    )


def waiting_within(limit: int, demand: Demand, most: Waiting) -> Waiting:
    """As many frames as fit into ``limit`` bytes, no more than ``most``.

    Raises UsageError where one frame each way does not fit.
    """
    waiting: Waiting | None = most
    while waiting is not None:
        if demand.keying(waiting) <= limit:
            return waiting
        waiting = waiting.fewer()
    raise _too_little(limit, demand, demand.keying(Waiting(1, 1)))


def _too_little(limit: int, demand: Demand, needed: int) -> UsageError:
    return UsageError(
        f"{named('max_memory')} of {limit // 2**20} MiB is too little for frames of "
        f"{demand.width}x{demand.height}",
        expected=f"at least {_mib(needed)} MiB",
        next_step=f"give {named('max_memory')} {_mib(needed)}M or more, or smaller frames",
    )


def _mib(size: int) -> int:
    return -(-size // 2**20)
