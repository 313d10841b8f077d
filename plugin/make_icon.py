"""Draw ``nuke_path/Mattebox.png``, the icon in Nuke's node menu. A test holds it fresh."""

from __future__ import annotations

import math
import struct
import zlib
from pathlib import Path

TARGET = Path(__file__).resolve().parent / "nuke_path/Mattebox.png"

SIZE = 24
FRAME = 3
"""Pixels of the box around the picture."""

SCREEN, FIGURE, BOX = (58, 160, 80), (245, 245, 240), (40, 40, 44)


def picture() -> bytes:
    """The icon as a PNG: a white figure with a soft edge on a green screen, in a dark box."""
    rows = b"".join(
        b"\0" + bytes(value for x in range(SIZE) for value in _pixel(x, y)) for y in range(SIZE)
    )
    header = struct.pack(">2I5B", SIZE, SIZE, 8, 6, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in parts)


def _pixel(x: int, y: int) -> tuple[int, int, int, int]:
    if min(x, y, SIZE - 1 - x, SIZE - 1 - y) < FRAME:
        return (*BOX, 255)
    head = math.hypot(x - 11.5, y - 9.5) - 3.5
    shoulders = math.hypot(x - 11.5, (y - 21.5) * 0.9) - 7.0
    cover = min(max(0.5 - min(head, shoulders), 0.0), 1.0)
    red, green, blue = (
        round(figure * cover + screen * (1.0 - cover))
        for figure, screen in zip(FIGURE, SCREEN, strict=True)
    )
    return red, green, blue, 255


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


if __name__ == "__main__":
    TARGET.write_bytes(picture())
