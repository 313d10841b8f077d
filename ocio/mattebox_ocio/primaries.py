"""Primaries and the 3x3 matrices between them, in float64.

All matrices work on column vectors: ``rgb_out = matrix @ rgb_in``, shape (3, 3), for linear light
of any range.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mattebox_ocio.errors import ColourError

Matrix = NDArray[np.float64]

Chromaticities = tuple[float, float, float, float, float, float, float, float]
"""CIE 1931 x, y of red, green, blue, white: the order of EXR's ``chromaticities``."""

_D65 = (0.3127, 0.3290)  # as ITU-R BT.709 rounds it
_ACES_WHITE = (0.32168, 0.33767)  # SMPTE ST 2065-1

BRADFORD: Matrix = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
"""Cone response of the Bradford adaptation (ICC.1:2004, annex E)."""

CAT02: Matrix = np.array(
    [[0.7328, 0.4296, -0.1624], [-0.7036, 1.6975, 0.0061], [0.0030, 0.0136, 0.9834]]
)
"""Cone response of CIECAM02 (CIE 159:2004), which most camera makers' ACES transforms use."""

SAME_CHROMATICITIES = 1e-4
"""Chromaticities closer than this are the same primaries: files hold four to six digits."""

SAME_MATRIX = 1e-4
"""Matrices whose entries agree within this are the same: a fifth of a half-float step at 1.0, and
above the rounding of every matrix written into a config; unlike gamuts differ by 1e-2 and more."""


@dataclass(frozen=True)
class Primaries:
    """A named set of primaries.

    Attributes:
        name: as its maker calls it.
        chromaticities: published x, y of red, green, blue, white.
        interop_id: the Color Interop Forum's name of the linear space, or None where it has none.
    """

    name: str
    chromaticities: Chromaticities
    interop_id: str | None = None


def _with_white(white: tuple[float, float], *rgb: float) -> Chromaticities:
    red_x, red_y, green_x, green_y, blue_x, blue_y = rgb
    return (red_x, red_y, green_x, green_y, blue_x, blue_y, *white)


REC709 = Primaries(
    "Rec.709", _with_white(_D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06), "lin_rec709_scene"
)  # ITU-R BT.709-6
AP0 = Primaries(
    "AP0", _with_white(_ACES_WHITE, 0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.0770), "lin_ap0_scene"
)  # SMPTE ST 2065-1
AP1 = Primaries(
    "AP1", _with_white(_ACES_WHITE, 0.713, 0.293, 0.165, 0.830, 0.128, 0.044), "lin_ap1_scene"
)  # Academy S-2014-004

KNOWN_PRIMARIES: tuple[Primaries, ...] = (
    REC709,
    AP1,
    AP0,
    Primaries(
        "Rec.2020", _with_white(_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046), "lin_rec2020_scene"
    ),  # ITU-R BT.2020-2
    Primaries(
        "P3-D65", _with_white(_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060), "lin_p3d65_scene"
    ),  # SMPTE EG 432-1
    Primaries(
        "Adobe RGB (1998)",
        _with_white(_D65, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06),
        "lin_adobergb_scene",
    ),  # Adobe RGB (1998) specification
    # Camera gamuts, from the makers' white papers.
    Primaries(
        "ARRI Wide Gamut 3", _with_white(_D65, 0.6840, 0.3130, 0.2210, 0.8480, 0.0861, -0.1020)
    ),
    Primaries(
        "ARRI Wide Gamut 4", _with_white(_D65, 0.7347, 0.2653, 0.1424, 0.8576, 0.0991, -0.0308)
    ),
    Primaries("S-Gamut3", _with_white(_D65, 0.730, 0.280, 0.140, 0.855, 0.100, -0.050)),
    Primaries("S-Gamut3.Cine", _with_white(_D65, 0.766, 0.275, 0.225, 0.800, 0.089, -0.087)),
    Primaries("V-Gamut", _with_white(_D65, 0.730, 0.280, 0.165, 0.840, 0.100, -0.030)),
    Primaries("Cinema Gamut", _with_white(_D65, 0.740, 0.270, 0.170, 1.140, 0.080, -0.100)),
    Primaries(
        "REDWideGamutRGB",
        _with_white(_D65, 0.780308, 0.304253, 0.121595, 1.493994, 0.095612, -0.084589),
    ),
    Primaries("DaVinci Wide Gamut", _with_white(_D65, 0.8, 0.3130, 0.1682, 0.9877, 0.079, -0.1155)),
    Primaries(
        "BMD Wide Gamut Gen 5",
        (0.7177215, 0.3171181, 0.2280410, 0.8615690, 0.1005841, -0.0820452, 0.3127170, 0.3290312),
    ),
)


def rgb_to_xyz(chromaticities: Chromaticities) -> Matrix:
    """(3, 3): linear RGB to CIE XYZ relative to the set's own white, Y of white = 1."""
    xy = np.asarray(chromaticities, np.float64).reshape(4, 2)
    primaries = np.column_stack([xy[:3], 1.0 - xy[:3].sum(axis=1)]).T
    return primaries * np.linalg.solve(primaries, _white_xyz(xy[3]))


def adaptation(source: ArrayLike, target: ArrayLike, cone: Matrix = BRADFORD) -> Matrix:
    """(3, 3): XYZ under one white (x, y) to XYZ under another, by von Kries scaling of cones."""
    source_cone = cone @ _white_xyz(np.asarray(source, np.float64))
    target_cone = cone @ _white_xyz(np.asarray(target, np.float64))
    scale: Matrix = np.diag(target_cone / source_cone)
    return np.linalg.solve(cone, scale @ cone).astype(np.float64)


def rgb_to_rgb(source: Chromaticities, target: Chromaticities, cone: Matrix = BRADFORD) -> Matrix:
    """(3, 3): linear RGB of one set of primaries to another, white to white."""
    adapted = adaptation(source[6:], target[6:], cone) @ rgb_to_xyz(source)
    return np.linalg.solve(rgb_to_xyz(target), adapted).astype(np.float64)


@cache
def known_to_rec709(primaries: Primaries) -> tuple[Matrix, ...]:
    """The (3, 3) matrices to linear Rec.709 that a config may hold for these primaries.

    The Bradford one is first. Configs go through ACES2065-1, and camera makers' transforms reach
    it by CAT02; both are recognised.
    """
    direct = rgb_to_rgb(primaries.chromaticities, REC709.chromaticities)
    to_ap0 = rgb_to_rgb(primaries.chromaticities, AP0.chromaticities, CAT02)
    return direct, rgb_to_rgb(AP0.chromaticities, REC709.chromaticities) @ to_ap0


def identify_chromaticities(values: ArrayLike) -> Primaries | None:
    """The known primaries within 1e-4 of eight chromaticities, or None."""
    given = np.asarray(values, np.float64).reshape(-1)
    if given.size != 8:
        return None
    for known in KNOWN_PRIMARIES:
        if np.abs(given - known.chromaticities).max() <= SAME_CHROMATICITIES * (1.0 + 1e-6):
            return known
    return None


def identify_matrix(to_rec709: Matrix) -> Primaries | None:
    """The known primaries a (3, 3) matrix to linear Rec.709 belongs to, or None."""
    for known in KNOWN_PRIMARIES:
        if any(is_same(to_rec709, matrix) for matrix in known_to_rec709(known)):
            return known
    return None


def chromaticities_of(to_rec709: Matrix) -> Chromaticities:
    """The chromaticities of a linear space from its (3, 3) matrix to linear Rec.709.

    Published numbers where the primaries are known. Else derived under D65, the white to which
    the matrix has adapted: they give this matrix back. None for a matrix without sensible ones.
    """
    known = identify_matrix(to_rec709)
    if known is not None:
        return known.chromaticities
    xyz = rgb_to_xyz(REC709.chromaticities) @ to_rec709
    columns = np.column_stack([xyz, xyz.sum(axis=1)])
    sums = columns.sum(axis=0)
    if not (np.isfinite(columns).all() and (np.abs(sums) > 1e-6).all()):
        raise ColourError("a linear space of the config has no primaries", kind="broken_space")
    return tuple(float(v) for v in (columns[:2] / sums).T.reshape(-1))  # type: ignore[return-value]


def inverse(matrix: Matrix) -> Matrix:
    """The inverse of a (3, 3) matrix."""
    return np.linalg.inv(matrix).astype(np.float64)


def is_same(first: Matrix, second: Matrix, tolerance: float = SAME_MATRIX) -> bool:
    """Whether two matrices agree within a tolerance in every entry."""
    return bool(np.abs(first - second).max() <= tolerance)


def _white_xyz(white: Matrix) -> Matrix:
    x, y = white
    return np.array([x / y, 1.0, (1.0 - x - y) / y])
