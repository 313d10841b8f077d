"""The status of a keyed frame, read from its header: there, whole, and of its node's job.

Renders check this on machines without Mattebox too, so it reads EXR headers by itself; the layout
is that of the OpenEXR file format's documentation.
"""

from __future__ import annotations

import contextlib
import enum
import os
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

FINGERPRINT = "mattebox/job"
"""Header attribute: everything that decided the pixels of a frame but its files."""

MAGIC = b"\x76\x2f\x31\x01"
TILED, DEEP, MULTI_PART = 0x200, 0x800, 0x1000
LONGEST_ATTRIBUTE = 1 << 24
"""Bytes; a header that claims more is no header."""

ROWS_PER_BLOCK = {0: 1, 1: 1, 2: 1, 3: 16, 4: 32, 5: 16, 6: 32, 7: 32, 8: 32, 9: 256}
"""Rows that each compression writes together, by the number in the header."""


class Status(enum.Enum):
    """Whether a keyed frame can be used, and why not."""

    CURRENT = "current"
    MISSING = "missing"
    CUT_SHORT = "cut short"
    STALE = "stale"


class FrameStatus(NamedTuple):
    """The status of one keyed frame.

    Attributes:
        frame: its number.
        status: whether it can be used.
        detail: why, for people; empty where it is current.
    """

    frame: int
    status: Status
    detail: str = ""


class Header(NamedTuple):
    """What is read of an EXR.

    Attributes:
        attributes: values as bytes, by name.
        is_whole: whether the file reaches to the end of its last block.
    """

    attributes: Mapping[str, bytes]
    is_whole: bool


def frame_status(
    frame: int, path: Path, fingerprint: str | None, inputs: Sequence[Path] = ()
) -> FrameStatus:
    """Find the status of one keyed frame without reading its pixels.

    Args:
        frame: its number.
        path: where it should be.
        fingerprint: that of the job whose frames are wanted; None where nothing was ever keyed.
        inputs: files it was made from: one that is newer makes it stale. One that is not there
            says nothing: results travel without their plates.
    """
    try:
        header = read_header(path)
        written = path.stat().st_mtime_ns
    except FileNotFoundError:
        return FrameStatus(frame, Status.MISSING, f"{path} is not there")
    except (OSError, ValueError) as error:
        return FrameStatus(frame, Status.CUT_SHORT, f"{path} cannot be read: {error}")
    if not header.is_whole:
        return FrameStatus(frame, Status.CUT_SHORT, f"{path} ends too early")
    why = _why_stale(path, header, fingerprint)
    newer = next((one for one in inputs if written_at(one) > written), None)
    if why is None and newer is not None:
        why = f"{newer} is newer than its key"
    return (
        FrameStatus(frame, Status.CURRENT) if why is None else FrameStatus(frame, Status.STALE, why)
    )


def _why_stale(path: Path, header: Header, fingerprint: str | None) -> str | None:
    made_by = header.attributes.get(FINGERPRINT)
    if made_by is None:
        return f"{path} was not written by Mattebox"
    if fingerprint is None or made_by.decode("ascii", "replace") != fingerprint:
        return f"{path} was keyed with other settings"
    return None


def vouch_for(path: Path, inputs: Sequence[Path]) -> None:
    """Give a keyed frame a new time where an input is newer: the core has compared contents, and
    left the frame as it is."""
    if any(written_at(one) > written_at(path) for one in inputs):
        with contextlib.suppress(OSError):  # a folder that may only be read
            os.utime(path)


def newest_fingerprint(paths: Iterable[Path]) -> str | None:
    """The fingerprint of the job that wrote last into a folder: the one its frames should be of.

    None where no file can be read.
    """
    for path in sorted(paths, key=written_at, reverse=True):
        try:
            made_by = read_header(path).attributes.get(FINGERPRINT)
        except (OSError, ValueError):
            continue
        if made_by is not None:
            return made_by.decode("ascii", "replace")
    return None


def in_words(statuses: Iterable[FrameStatus]) -> str:
    """The frames that cannot be used, by what is wrong: "missing 1003, 1007-1009; stale 1020"."""
    by_status: dict[Status, list[int]] = {}
    for one in statuses:
        if one.status is not Status.CURRENT:
            by_status.setdefault(one.status, []).append(one.frame)
    return "; ".join(f"{status.value} {runs(frames)}" for status, frames in by_status.items())


def runs(frames: Iterable[int]) -> str:
    """A frame set in the core's words: 1001-1003,1007."""
    found: list[list[int]] = []
    for frame in sorted(set(frames)):
        if found and frame == found[-1][-1] + 1:
            found[-1] = [found[-1][0], frame]
        else:
            found.append([frame])
    return ",".join("-".join(map(str, run)) for run in found)


def read_header(path: Path) -> Header:
    """The attributes of a scanline EXR of one part, and whether its last block is there.

    Raises:
        OSError: it cannot be opened.
        ValueError: it is no such file.
    """
    with path.open("rb") as file:
        if file.read(4) != MAGIC:
            raise ValueError("not an OpenEXR file")
        (flags,) = struct.unpack("<I", _exactly(file, 4))
        for kind, words in ((TILED, "tiled"), (DEEP, "deep"), (MULTI_PART, "multi-part")):
            if flags & kind:
                raise ValueError(f"a {words} file")
        attributes = {}
        while True:
            name = _text(file)
            if not name:
                break
            _text(file)  # its type
            (size,) = struct.unpack("<I", _exactly(file, 4))
            if size > LONGEST_ATTRIBUTE:
                raise ValueError(f"attribute {name} claims {size} bytes")
            attributes[name] = _exactly(file, size)
        return Header(attributes, _reaches_its_end(file, attributes))


def _reaches_its_end(file: BinaryIO, attributes: Mapping[str, bytes]) -> bool:
    """Whether the block that lies last in the file is there to its last byte."""
    try:
        _, top, _, bottom = struct.unpack("<4i", attributes["dataWindow"])
        rows = ROWS_PER_BLOCK[attributes["compression"][0]]
    except (KeyError, struct.error, IndexError) as error:
        raise ValueError(f"no usable header: {error}") from error
    count = -(-(bottom - top + 1) // rows)
    if count < 1:
        raise ValueError("a picture without rows")
    length = os.fstat(file.fileno()).st_size
    if file.tell() + 8 * count > length:  # before it is read: a damaged header may claim any size
        return False
    places = struct.unpack(f"<{count}Q", _exactly(file, 8 * count))
    last = max(places)
    if min(places) == 0 or last + 8 > length:
        return False
    file.seek(last)
    _, size = struct.unpack("<2i", file.read(8))
    return bool(last + 8 + size <= length)


def _text(file: BinaryIO) -> str:
    """A text that ends with a null byte, at most 255 characters."""
    found = bytearray()
    while True:
        byte = _exactly(file, 1)
        if byte == b"\0":
            return found.decode("utf-8", "replace")
        found += byte
        if len(found) > 255:
            raise ValueError("a name of more than 255 bytes")


def _exactly(file: BinaryIO, count: int) -> bytes:
    found = file.read(count)
    if len(found) < count:
        raise ValueError("it ends within its header")
    return found


def written_at(path: Path) -> int:
    """When a file was written, in nanoseconds; 0 where it is not there."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
