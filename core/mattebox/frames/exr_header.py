"""What is set in the header of an EXR that is written already: number types, and its seal.

OpenImageIO's Python writes integers of mixed files only through floats, which lose them. Their bits
are written as those of floats, which are as long and are stored alike, and here the header is told
what they are.

The seal is a checksum over all bytes of the file, itself left out. It tells a frame that a disk or
a copy spoilt anywhere, in a hundredth of the time that decoding it takes.
"""

from __future__ import annotations

import mmap
import os
import struct
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path

from mattebox.header_words import SEAL
from mattebox.regular_files import open_regular

NO_SEAL = "0" * 8
"""What stands in the header before the file is sealed."""

_HEADER_BEGINS = 8
"""Behind the magic number and the version (OpenEXR file layout)."""
_FLOAT, _UINT = 2, 0
_AT_ONCE = 1 << 22


def mark_uint(path: Path, names: Collection[str]) -> None:
    """Have the header of a single-part EXR say that float channels of these names are uint.

    Raises ValueError where a name is no float channel, OSError as the system does.
    """
    if not names:
        return
    left = set(names)
    with path.open("r+b") as stream, mmap.mmap(stream.fileno(), 0) as held:
        for name, at in _channel_types(held):
            if name in left and struct.unpack_from("<i", held, at) == (_FLOAT,):
                left.remove(name)
                struct.pack_into("<i", held, at, _UINT)
        held.flush()
    if left:
        raise ValueError(f"{path} has no float channels {sorted(left)}")


def seal(path: Path) -> None:
    """Put the checksum of a single-part EXR into its header, where ``NO_SEAL`` stands.

    Raises ValueError where it does not, OSError as the system does.
    """
    with path.open("r+b") as stream, mmap.mmap(stream.fileno(), 0) as held:
        at = _seal_at(held)
        if at is None or held[at : at + len(NO_SEAL)] != NO_SEAL.encode():
            raise ValueError(f"{path} has no place for a seal")
        held[at : at + len(NO_SEAL)] = _checksum(held, at)
        held.flush()


def is_sealed(path: Path) -> bool:
    """Whether a file is an EXR that was sealed, and no byte of it has changed since.

    Raises OSError where it cannot be read.
    """
    with open_regular(path) as stream:
        if os.fstat(stream.fileno()).st_size == 0:
            return False
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as held:
            try:
                at = _seal_at(held)
            except (ValueError, IndexError, struct.error):
                return False
            return at is not None and held[at : at + len(NO_SEAL)] == _checksum(held, at)


def _checksum(held: mmap.mmap, at: int) -> bytes:
    """CRC-32 of all bytes but those of the seal, as they stand in the file."""
    end, total = at + len(NO_SEAL), 0
    for first, last in ((0, at), (end, len(held))):
        for place in range(first, last, _AT_ONCE):
            total = zlib.crc32(held[place : min(place + _AT_ONCE, last)], total)
    return f"{total:08x}".encode()


def _seal_at(held: mmap.mmap) -> int | None:
    """Where the seal's text begins."""
    for name, at, size in _attributes(held):
        if name == SEAL and size == len(NO_SEAL):
            return at
    return None


def _channel_types(held: mmap.mmap) -> Iterator[tuple[str, int]]:
    """The channels of the first header, each with where its type stands."""
    for name, at, _ in _attributes(held):
        if name == "channels":
            yield from _listed(held, at)
            return


def _attributes(held: mmap.mmap) -> Iterator[tuple[str, int, int]]:
    """Name, place and size of every attribute of the first header.

    Raises ValueError, IndexError or struct.error where it is damaged.
    """
    at = _HEADER_BEGINS
    while held[at] != 0:
        name, at = _text(held, at)
        _, at = _text(held, at)
        (size,) = struct.unpack_from("<i", held, at)
        if size < 0:
            raise ValueError(f"the attribute {name} has {size} bytes")
        at += 4
        yield name, at, size
        at += size


def _listed(held: mmap.mmap, at: int) -> Iterator[tuple[str, int]]:
    while held[at] != 0:
        name, at = _text(held, at)
        yield name, at
        at += 16  # type, linearity, and sampling in x and y


def _text(held: mmap.mmap, at: int) -> tuple[str, int]:
    end = held.find(b"\0", at)
    if end < 0:
        raise ValueError("the header has no end")
    return held[at:end].decode("utf-8"), end + 1
