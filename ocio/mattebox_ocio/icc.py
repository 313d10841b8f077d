"""ICC profiles of pictures, as far as a config can have their space: three primaries and a curve.

Read by the format's own words (ICC.1:2022); profiles of look-up tables are named and no more.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mattebox_ocio.interop import Curve, KnownId
from mattebox_ocio.primaries import (
    KNOWN_PRIMARIES,
    REC709,
    Matrix,
    Primaries,
    adaptation,
    inverse,
    is_same,
    known_to_rec709,
    rgb_to_xyz,
)

_D50 = (0.34567, 0.35850)  # the white of every profile's connection space

_SAME_MATRIX = 2e-3
"""Profiles hold XYZ to 1.5e-5, and makers round their primaries once more before; unlike gamuts
differ by 1e-2 and more."""

_SAME_CURVE = 1e-3
"""Light at a code; Adobe's 2.19921875 is within 2e-4 of 2.2, sRGB is 7e-3 away from it."""

_CURVES: tuple[Curve, ...] = ("srgb", "gamma 2.2", "gamma 1.8", "gamma 2.4", "linear")

_CODES = np.linspace(0.0, 1.0, 33)

_PARAMETERS = (1, 3, 4, 5, 7)
"""Numbers of a parametric curve, by its kind."""


@dataclass(frozen=True)
class IccProfile:
    """What a profile says of RGB or grey pictures.

    Attributes:
        description: its name, empty where it has none.
        primaries: the known ones it has, or None.
        curve: the known one it has, or None.
    """

    description: str
    primaries: Primaries | None
    curve: Curve | None


def read_icc(data: bytes) -> IccProfile | None:
    """A profile from its bytes, or None where they are none."""
    try:
        tags = _tags_of(data)
        description = _text(tags.get(b"desc", b""))
        if data[16:20] == b"GRAY":
            return IccProfile(description, REC709, _known_curve([tags[b"kTRC"]]))
        if data[16:20] != b"RGB " or not {b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC"} <= tags.keys():
            return IccProfile(description, None, None)
        columns = np.array([_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]).T
        curves = [tags[name] for name in (b"rTRC", b"gTRC", b"bTRC")]
        return IccProfile(description, _known_primaries(columns), _known_curve(curves))
    except (struct.error, KeyError, ValueError, IndexError, ZeroDivisionError):
        return None


def _tags_of(data: bytes) -> dict[bytes, bytes]:
    if data[36:40] != b"acsp":
        raise ValueError("no signature")
    (count,) = struct.unpack_from(">I", data, 128)
    found: dict[bytes, bytes] = {}
    for at in range(min(count, 100)):
        name, offset, size = struct.unpack_from(">4sII", data, 132 + 12 * at)
        found[name] = data[offset : offset + size]
    return found


def _text(tag: bytes) -> str:
    if tag[:4] == b"desc":  # version 2
        (size,) = struct.unpack_from(">I", tag, 8)
        return tag[12 : 12 + size].rstrip(b"\0").decode("latin-1")
    if tag[:4] == b"mluc":  # version 4: the first language
        size, offset = struct.unpack_from(">II", tag, 20)
        return tag[offset : offset + size].decode("utf-16-be", "replace").rstrip("\0")
    return ""


def _xyz(tag: bytes) -> tuple[float, float, float]:
    x, y, z = struct.unpack_from(">3i", tag, 8)
    return x / 65536, y / 65536, z / 65536


def _known_primaries(columns: Matrix) -> Primaries | None:
    """The primaries whose (3, 3) RGB to XYZ under D50 these columns are."""
    to_rec709 = (
        inverse(rgb_to_xyz(REC709.chromaticities))
        @ adaptation(_D50, REC709.chromaticities[6:])
        @ columns
    )
    for known in KNOWN_PRIMARIES:
        if is_same(to_rec709, known_to_rec709(known)[0], _SAME_MATRIX):
            return known
    return None


def _known_curve(tags: list[bytes]) -> Curve | None:
    """The curve that all channels have."""
    lights = [_light_of(tag) for tag in tags]
    for curve in _CURVES:
        wanted = KnownId("", REC709, curve).decoded(_CODES)
        if all(np.abs(light - wanted).max() <= _SAME_CURVE for light in lights):
            return curve
    return None


def _light_of(tag: bytes) -> NDArray[np.float64]:
    """Light of ``_CODES`` by a curve."""
    if tag[:4] == b"para":
        return _parametric(tag)
    if tag[:4] != b"curv":
        raise ValueError("no curve")
    (count,) = struct.unpack_from(">I", tag, 8)
    if count == 0:
        return _CODES
    if count == 1:
        (gamma,) = struct.unpack_from(">H", tag, 12)
        return np.asarray(np.power(_CODES, gamma / 256))
    table = np.frombuffer(tag, ">u2", count, 12).astype(np.float64) / 65535
    return np.interp(_CODES, np.linspace(0.0, 1.0, count), table)


def _parametric(tag: bytes) -> NDArray[np.float64]:
    (kind,) = struct.unpack_from(">H", tag, 8)
    count = _PARAMETERS[kind]
    gamma, *rest = (value / 65536 for value in struct.unpack_from(f">{count}i", tag, 12))
    a, b, c, d, e, f = 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
    if kind in (1, 2):
        a, b = rest[:2]
        d = -b / a
        e = f = rest[2] if kind == 2 else 0.0
    elif kind:
        a, b, c, d, *ends = rest
        e, f = ends or (0.0, 0.0)
    power = np.power(np.maximum(a * _CODES + b, 0.0), gamma) + e
    line = c * _CODES + f
    return np.where(np.less(_CODES, d), line, power)
