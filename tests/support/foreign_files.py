"""Pictures as other programs write them: straight through OpenImageIO."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
from numpy.typing import NDArray

from mattebox.images import Window

Array = NDArray[Any]


def spec_of(
    shape: tuple[int, ...],
    kind: str,
    channels: Sequence[str] | None = None,
    attributes: Sequence[tuple[Any, ...]] = (),
    data: tuple[int, int] = (0, 0),
    display: Window | None = None,
) -> oiio.ImageSpec:
    spec = oiio.ImageSpec(shape[1], shape[0], shape[2], kind)
    if channels is not None:
        spec.channelnames = tuple(channels)
    spec.x, spec.y = data
    if display is not None:
        spec.full_x, spec.full_y = display.x, display.y
        spec.full_width, spec.full_height = display.width, display.height
    for attribute in attributes:
        spec.attribute(*attribute)
    return spec


def write_foreign(path: Path, pixels: Array, kind: str, **how: Any) -> Path:
    """A file as another program would write it."""
    return write_parts(path, [(spec_of(pixels.shape, kind, **how), pixels)])


def write_parts(path: Path, parts: Sequence[tuple[oiio.ImageSpec, Array]]) -> Path:
    output = oiio.ImageOutput.create(str(path))
    assert output is not None
    specs = [spec for spec, _ in parts]
    opened = output.open(str(path), specs) if len(specs) > 1 else output.open(str(path), specs[0])
    assert opened, output.geterror()
    for index, (spec, pixels) in enumerate(parts):
        if index:
            assert output.open(str(path), spec, "AppendSubimage"), output.geterror()
        assert output.write_image(pixels), output.geterror()
    assert output.close()
    output.geterror()
    return path


def random_half(*shape: int) -> NDArray[np.float16]:
    return np.random.default_rng(1).normal(0.5, 2, shape).astype(np.float16)


def matrix_profile(
    name: str, primaries: tuple[float, ...], curve: str | int, version: int = 2
) -> bytes:
    """An ICC profile of three primaries under D65 and one curve.

    ``srgb`` is a parametric curve, ``table`` the same as 1024 entries; a number is a gamma in
    units of 1/256.
    """
    white = np.array([0.3127 / 0.3290, 1.0, (1 - 0.3127 - 0.3290) / 0.3290])
    d50 = np.array([0.9642, 1.0, 0.8249])
    points = np.array(primaries).reshape(3, 2)
    columns = np.column_stack([points, 1 - points.sum(axis=1)]).T
    columns = columns * np.linalg.solve(columns, white)
    cone = np.array(
        [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
    )
    adapted = np.linalg.solve(cone, np.diag(cone @ d50 / (cone @ white)) @ cone) @ columns
    if curve == "srgb":
        numbers = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
        trc = b"para\0\0\0\0\0\3\0\0" + struct.pack(">5i", *(round(n * 65536) for n in numbers))
    elif curve == "table":
        codes = np.linspace(0, 1, 1024)
        light = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)
        trc = (
            b"curv\0\0\0\0"
            + struct.pack(">I", 1024)
            + np.rint(light * 65535).astype(">u2").tobytes()
        )
    else:
        trc = b"curv\0\0\0\0" + struct.pack(">IH", 1, curve) + b"\0\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name) + 1) + name.encode() + b"\0" * 84,
        **{
            letter + b"XYZ": b"XYZ \0\0\0\0"
            + struct.pack(">3i", *np.rint(column * 65536).astype(int))
            for letter, column in zip((b"r", b"g", b"b"), adapted.T, strict=True)
        },
        **{letter + b"TRC": trc for letter in (b"r", b"g", b"b")},
    }
    table, body = b"", b""
    start = 132 + 12 * len(tags)
    for tag, content in tags.items():
        table += struct.pack(">4sII", tag, start + len(body), len(content))
        body += content + b"\0" * (-len(content) % 4)
    head = bytearray(128)
    struct.pack_into(">I", head, 0, start + len(body))
    head[8] = version
    head[12:24] = b"mntrRGB XYZ "
    head[36:40] = b"acsp"
    struct.pack_into(">3i", head, 68, *np.rint(d50 * 65536).astype(int))
    return bytes(head) + struct.pack(">I", len(tags)) + table + body


def luminance_chroma_exr(width: int, height: int) -> bytes:
    """A grey uncompressed EXR with the half channels BY, RY (every second pixel) and Y."""

    def attribute(name: str, kind: str, value: bytes) -> bytes:
        return f"{name}\0{kind}\0".encode() + struct.pack("<I", len(value)) + value

    def channel(name: str, step: int) -> bytes:
        return name.encode() + b"\0" + struct.pack("<iiii", 1, 0, step, step)

    box = struct.pack("<4i", 0, 0, width - 1, height - 1)
    channels = channel("BY", 2) + channel("RY", 2) + channel("Y", 1) + b"\0"
    header = b"\x76\x2f\x31\x01\x02\0\0\0" + b"".join([
        attribute("channels", "chlist", channels),
        attribute("compression", "compression", b"\0"),
        attribute("dataWindow", "box2i", box),
        attribute("displayWindow", "box2i", box),
        attribute("lineOrder", "lineOrder", b"\0"),
        attribute("pixelAspectRatio", "float", struct.pack("<f", 1)),
        attribute("screenWindowCenter", "v2f", struct.pack("<2f", 0, 0)),
        attribute("screenWindowWidth", "float", struct.pack("<f", 1)),
        b"\0",
    ])  # fmt: skip
    lines, places = b"", []
    for row in range(height):
        chroma = np.zeros(0 if row % 2 else width, np.float16).tobytes()
        content = chroma + np.full(width, 0.5, np.float16).tobytes()
        places.append(len(header) + 8 * height + len(lines))
        lines += struct.pack("<iI", row, len(content)) + content
    return header + struct.pack(f"<{height}Q", *places) + lines
