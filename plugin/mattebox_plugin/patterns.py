"""Names of picture sequences: one ``#`` is one digit, as the core reads them.

Held to the core's own ``mattebox.sequences`` by tests.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

_PADDING = re.compile(r"(#+|@+|%[0-9]{0,2}d|\$F[0-9]{0,2})")

_NUMBERED = re.compile(
    # A number that stands alone before the suffix, or four digits glued to a word: shot1001.exr
    # is a frame, and plate_v0012.exr a version.
    r"((?:.*[._ ])?)(-?[0-9]+)(\.[^.]+)"
    r"|(.*?(?:-|[^\W\d_]))(?<!v)(?<!V)([0-9]{4,})(\.[^.]+)"
)


def pattern_of(path: str) -> str:
    """The pattern of a sequence from one of its files: ``shot.1001.exr`` gives ``shot.####.exr``.

    ``%04d`` and ``####`` stay as they are; a name without a frame number is one file.
    """
    file = Path(path)
    found = None if is_pattern(path) else _NUMBERED.fullmatch(file.name)
    if found is None:
        return path
    before, number, after = found.groups()[:3] if found[2] else found.groups()[3:]
    return str(file.with_name(f"{before}{'#' * len(number.lstrip('-'))}{after}"))


def is_pattern(path: str) -> bool:
    """Whether a name has a place for frame numbers."""
    return _PADDING.search(Path(path).name) is not None


def numbered(pattern: str, frame: int) -> str:
    """The file of a frame; a name without a place for its number serves all of them."""
    cut = _cut(pattern)
    if cut is None:
        return pattern
    before, digits, after = cut
    return str(Path(pattern).with_name(f"{before}{frame:0{digits}d}{after}"))


def frames_on_disk(pattern: str) -> tuple[int, ...]:
    """The frames of a pattern that are there, in order; () for one file without a number."""
    cut = _cut(pattern)
    if cut is None:
        return ()
    before, digits, after = cut
    form = re.compile(f"{re.escape(before)}(-?[0-9]+){re.escape(after)}")
    try:
        found = [form.fullmatch(one.name) for one in Path(pattern).parent.iterdir()]
    except OSError:
        return ()
    tokens = {match[1] for match in found if match}
    return tuple(sorted({int(token) for token in tokens if _is_padded(token, digits)}))


def held(frames: Sequence[int], wanted: int) -> int:
    """The frame that serves where one of these holds: the one before, or the first."""
    if not frames:
        return wanted
    return max((frame for frame in frames if frame <= wanted), default=min(frames))


def split_channel(text: str) -> tuple[str, str | None]:
    """``FILE:channel`` in its parts, None for no channel.

    A drive letter is no file, a channel holds no slash, and a file whose own name has a colon is
    left whole.
    """
    pattern, colon, channel = text.rpartition(":")
    if not colon or len(pattern) < 2 or not channel or re.search(r"[\\/]", channel):
        return text, None
    return (text, None) if Path(text).exists() else (pattern, channel)


def _cut(pattern: str) -> tuple[str, int, str] | None:
    """A name before its number, the number's least digits, and the name behind it."""
    cut = _PADDING.split(Path(pattern).name, maxsplit=1)
    if len(cut) != 3:
        return None
    before, padding, after = cut
    if padding[0] in "#@":
        return before, len(padding), after
    return before, int(padding.strip("%d$F") or 1), after


def _is_padded(token: str, digits: int) -> bool:
    """Whether a number is written with that many digits; a sign may count or not."""
    frame = int(token)
    return token in (f"{frame:0{digits}d}", f"{'-' * (frame < 0)}{abs(frame):0{digits}d}")
