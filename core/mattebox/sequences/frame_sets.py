"""Sets of frame numbers as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mattebox.errors import UsageError

MOST_FRAMES = 1_000_000
"""A longer frame set is a typing slip: 11 hours at 24 frames a second."""

_FRAME_PART = re.compile(r"(-?[0-9]{1,9})(?:-(-?[0-9]{1,9})(?:[x:]([0-9]{1,9}))?)?")

_SEPARATOR = re.compile(r"\s*[,;]\s*|\s+")

_SYNTAX = "frames as 1001, 1001-1050, 1001-1050x2, or several of them joined by commas or blanks"


def parse_frames(text: str) -> tuple[int, ...]:
    """The frames a text such as ``1001-1050x2,1060 -5-3`` names, sorted, each once.

    ``a-bxN`` and ``a-b:N`` both mean every Nth frame from a on, downwards where b is below a.
    Numbers may be negative.

    Raises:
        UsageError: a part that does not follow the syntax; the message names it.
    """
    frames: set[int] = set()
    for part in _SEPARATOR.split(text.strip()):
        frames.update(_parse_frame_part(part, text))
        if len(frames) > MOST_FRAMES:
            raise _frame_fault(part, text, f"gives more than {MOST_FRAMES} frames")
    return tuple(sorted(frames))


def format_frames(frames: Iterable[int]) -> str:
    """Frames as people write them: ``1001-1003,1010``; the inverse of ``parse_frames``."""
    runs: list[list[int]] = []
    for frame in sorted(set(frames)):
        if runs and frame == runs[-1][1] + 1:
            runs[-1][1] = frame
        else:
            runs.append([frame, frame])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def _parse_frame_part(part: str, text: str) -> range:
    match = _FRAME_PART.fullmatch(part)
    if match is None:
        raise _frame_fault(part, text, "is not understood")
    first = int(match[1])
    last = first if match[2] is None else int(match[2])
    step = 1 if match[3] is None else int(match[3])
    if step == 0:
        raise _frame_fault(part, text, "has a step of 0")
    if abs(last - first) >= MOST_FRAMES * step:
        raise _frame_fault(part, text, f"gives more than {MOST_FRAMES} frames")
    return range(first, last + 1, step) if first <= last else range(first, last - 1, -step)


def told_steps(text: str) -> list[str]:
    """What the parts ``a-b:N`` of a frame set mean, one sentence each: other programs take N for
    something else, such as a number of frames or an order. Raises as ``parse_frames``."""
    told = []
    for part in _SEPARATOR.split(text.strip()):
        if ":" in part:
            frames = parse_frames(part)
            count = "one frame" if len(frames) == 1 else f"{len(frames)} frames"
            step = part.rpartition(":")[2]
            told.append(f"{part} is every {step}. frame: {count}, {_shortly(frames)}")
    return told


def _shortly(frames: tuple[int, ...]) -> str:
    shown = ", ".join(map(str, frames[:3]))
    return shown if len(frames) <= 3 else f"{shown} ... {frames[-1]}"


def _frame_fault(part: str, text: str, fault: str) -> UsageError:
    where = "" if part == text else f" in {text!r}"
    return UsageError(f"the frames {part!r}{where}: this {fault}", expected=_SYNTAX)
