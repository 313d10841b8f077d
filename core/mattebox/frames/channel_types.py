"""Number types of EXR channels, set in the header of a file that is written.

OpenImageIO's Python writes integers of mixed files only through floats, which lose them. Their bits
are written as those of floats, which are as long and are stored alike, and here the header is told
what they are.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Collection, Iterator
from pathlib import Path

_HEADER_BEGINS = 8
"""Behind the magic number and the version (OpenEXR file layout)."""
_FLOAT, _UINT = 2, 0


def mark_uint(path: Path, names: Collection[str]) -> None:
    """Have the header of a single-part EXR say that float channels of these names are uint.

    The change is on the disk when this returns. Raises ValueError where a name is no float channel,
    OSError as the system does.
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
        os.fsync(stream.fileno())
    if left:
        raise ValueError(f"{path} has no float channels {sorted(left)}")


def _channel_types(header: mmap.mmap) -> Iterator[tuple[str, int]]:
    """The channels of the first header, each with where its type stands."""
    at = _HEADER_BEGINS
    while header[at] != 0:
        name, at = _text(header, at)
        _, at = _text(header, at)
        (size,) = struct.unpack_from("<i", header, at)
        at += 4
        if name == "channels":
            yield from _listed(header, at)
            return
        at += size


def _listed(header: mmap.mmap, at: int) -> Iterator[tuple[str, int]]:
    while header[at] != 0:
        name, at = _text(header, at)
        yield name, at
        at += 16  # type, linearity, and sampling in x and y


def _text(header: mmap.mmap, at: int) -> tuple[str, int]:
    end = header.find(b"\0", at)
    return header[at:end].decode("utf-8"), end + 1
