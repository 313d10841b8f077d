"""Codes of a movie as RGB: matrix, range, where chroma lies. Formulas and codes of ITU-T H.273."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import UnreadableError
from mattebox.ffmpeg import PixelFormat
from mattebox.sequences import Movie

Plane = NDArray[Any]
Floats = NDArray[np.float32]

SD_RASTERS = {480: 768, 486: 768, 512: 768, 576: 768, 240: 384, 288: 384}
"""Heights of standard definition, whole and quarter, with the largest width that belongs to them.
Untagged codes of these sizes are BT.601; all others are BT.709, small ones too: they were HD."""

_MATRICES = {
    # Name of ffprobe: code of H.273, weights of red and of blue in luma.
    "bt709": (1, 0.2126, 0.0722),
    "fcc": (4, 0.30, 0.11),
    "bt470bg": (5, 0.299, 0.114),
    "smpte170m": (6, 0.299, 0.114),
    "smpte240m": (7, 0.212, 0.087),
    "bt2020nc": (9, 0.2627, 0.0593),
}

_PRIMARIES = {
    "bt709": 1, "bt470m": 4, "bt470bg": 5, "smpte170m": 6, "smpte240m": 7, "film": 8,
    "bt2020": 9, "smpte428": 10, "smpte431": 11, "smpte432": 12, "jedec-p22": 22,
}  # fmt: skip

_TRANSFERS = {
    "bt709": 1, "bt470m": 4, "bt470bg": 5, "gamma22": 4, "gamma28": 5, "smpte170m": 6,
    "smpte240m": 7, "linear": 8, "log100": 9, "log316": 10, "iec61966-2-4": 11, "bt1361e": 12,
    "iec61966-2-1": 13, "bt2020-10": 14, "bt2020-12": 15, "smpte2084": 16, "smpte428": 17,
    "arib-std-b67": 18,
}  # fmt: skip

_UNSPECIFIED = 2


def matrix_name(movie: Movie) -> str:
    """The matrix of a YUV movie, by ffprobe's name: as it is tagged, else by its size."""
    tagged = movie.tags.get("color_space")
    if tagged is not None and tagged != "gbr":
        return tagged
    if movie.tags.get("color_primaries") == "bt2020":
        return "bt2020nc"
    is_sd = movie.width <= SD_RASTERS.get(movie.height, 0)
    return "smpte170m" if is_sd else "bt709"


def is_full_range(movie: Movie) -> bool:
    """Whether black and white lie at the ends of the codes."""
    stored = movie.pixel_format
    is_yuv = not stored.is_rgb and stored.components > 2
    default = "tv" if is_yuv and not stored.name.startswith("yuvj") else "pc"
    return movie.tags.get("color_range", default) == "pc"


def cicp_of(movie: Movie) -> tuple[int, int, int, int]:
    """Primaries, transfer, matrix and full range as H.273 numbers them; 2 is not said."""
    stored = movie.pixel_format
    is_yuv = not stored.is_rgb and stored.components > 2
    return (
        _PRIMARIES.get(movie.tags.get("color_primaries", ""), _UNSPECIFIED),
        _TRANSFERS.get(movie.tags.get("color_transfer", ""), _UNSPECIFIED),
        _MATRICES[matrix_name(movie)][0] if is_yuv else 0,
        int(is_full_range(movie)),
    )


def remarks_on(movie: Movie) -> tuple[str, ...]:
    """What people should know of how a movie is read, one sentence each."""
    found: list[str] = []
    stored = movie.pixel_format
    if "color_space" not in movie.tags and not stored.is_rgb and stored.components > 2:
        name = {"smpte170m": "BT.601", "bt709": "BT.709", "bt2020nc": "BT.2020"}
        matrix = name[matrix_name(movie)]
        found.append(
            f"{movie.path} does not say its YUV matrix: {matrix} is taken, as "
            f"{movie.width}x{movie.height} has it"
        )
    if movie.orientation != 1:
        found.append(
            f"{movie.path} is turned upright, as its display matrix says (EXIF orientation "
            f"{movie.orientation})"
        )
    if not movie.is_rate_constant:
        found.append(
            f"{movie.path} has no constant frame rate: its frames are numbered as they follow"
        )
    if movie.is_interlaced:
        found.append(
            f"{movie.path} is interlaced: its fields are keyed as one picture; make frames of "
            "them before (ffmpeg -vf bwdif)"
        )
    if movie.length > len(movie.places):
        found.append(
            f"{movie.path} is cut short: {len(movie.places)} of {movie.length} frames are there"
        )
    return tuple(found)


@dataclass(frozen=True)
class Codes:
    """How the planes of one frame are taken from ffmpeg, and what their codes mean.

    Attributes:
        format: the planar format that ffmpeg is asked for.
        filters: that make it of the stored one without a loss; none where it is stored so.
        shapes: rows and columns of each plane, in the order in which they come.
        dtype: of the codes.
        bits: of a code, 32 for floats.
        weights: of red and of blue in luma; None for RGB and grey.
        black, white: code of either in luma, RGB and grey.
        swing: codes between chroma -0.5 and 0.5.
        centred: whether a chroma sample lies between the pixels it serves, across and down; else
            on the first of them.
        has_alpha: whether the last plane is alpha, which is always of full range.
    """

    format: str
    filters: tuple[str, ...]
    shapes: tuple[tuple[int, int], ...]
    dtype: str
    bits: int
    weights: tuple[float, float] | None
    black: float
    white: float
    swing: float
    centred: tuple[bool, bool]
    has_alpha: bool

    @property
    def is_float(self) -> bool:
        return self.bits == 32

    @property
    def is_rgb(self) -> bool:
        return self.format.startswith("gbr")

    @property
    def bytes_each(self) -> int:
        """Bytes of one frame."""
        size = np.dtype(self.dtype).itemsize
        return sum(rows * columns for rows, columns in self.shapes) * size

    def planes(self, raw: bytes | bytearray) -> list[Plane]:
        """The planes of one frame, HxW codes; RGB in that order."""
        found: list[Plane] = []
        codes = np.frombuffer(raw, self.dtype)
        for rows, columns in self.shapes:
            found.append(codes[: rows * columns].reshape(rows, columns))
            codes = codes[rows * columns :]
        return [found[2], found[0], found[1], *found[3:]] if self.is_rgb else found

    def to_rgb(self, planes: Sequence[Plane], out: Floats) -> None:
        """Write RGB into ``out``, HxWx3 float32: display-encoded, 0..1 from black to white."""
        # Divided, not multiplied by the inverse: one correct rounding, as pictures have it.
        black, swing = np.float32(self.black), np.float32(self.white - self.black)
        if self.weights is None:
            for channel, plane in enumerate(planes[:3]):
                np.divide(plane.astype("f4") - black, swing, out=out[..., channel])
            return
        red, blue = self.weights
        luma = (planes[0].astype("f4") - black) / swing
        middle, chroma_swing = np.float32(2.0 ** (self.bits - 1)), np.float32(self.swing)
        cb, cr = (
            stretched((plane.astype("f4") - middle) / chroma_swing, luma.shape, self.centred)
            for plane in planes[1:3]
        )
        green = 1.0 - red - blue
        out[..., 0] = luma + np.float32(2.0 * (1.0 - red)) * cr
        out[..., 2] = luma + np.float32(2.0 * (1.0 - blue)) * cb
        out[..., 1] = (
            luma
            - np.float32(2.0 * (1.0 - red) * red / green) * cr
            - np.float32(2.0 * (1.0 - blue) * blue / green) * cb
        )

    def alpha(self, plane: Plane) -> Floats:
        """HxW float32 0..1."""
        white = 1.0 if self.is_float else 2.0**self.bits - 1.0
        return np.asarray(plane.astype("f4") / np.float32(white), np.float32)


def codes_of(movie: Movie, known: Mapping[str, PixelFormat]) -> Codes:
    """How the frames of a movie are taken, by the formats that this ffmpeg knows.

    Raises:
        UnreadableError: a matrix that is no matrix of RGB (ICtCp, constant luminance).
    """
    stored = movie.pixel_format
    target = known[_planar(stored, known)]
    is_yuv = not target.is_rgb and target.components > 2
    matrix = matrix_name(movie)
    if is_yuv and matrix not in _MATRICES:
        raise UnreadableError(
            f"{movie.path} is tagged with the matrix {matrix}, which is not read",
            expected=f"one of {', '.join(_MATRICES)}",
            next_step="convert it to EXR with the program that made it",
            path=movie.path,
        )
    is_full, bits = is_full_range(movie), 32 if target.is_float else target.bits
    unit = 2.0 ** (bits - 8)
    black, white, swing = 16 * unit, 235 * unit, 224 * unit
    if is_full:
        black, white = 0.0, 2.0**bits - 1
        swing = white
    if target.is_float:
        black, white, swing = 0.0, 1.0, 1.0
    across, down = target.halved
    chroma = (-(-movie.height // 2**down), -(-movie.width // 2**across))
    whole = (movie.height, movie.width)
    planes = [whole, chroma, chroma] if is_yuv else [whole] * (3 if target.is_rgb else 1)
    return Codes(
        format=target.name,
        filters=() if target.name == stored.name else _repacked(movie, target, is_full=is_full),
        shapes=tuple([*planes, whole] if target.has_alpha else planes),
        dtype="<f4" if target.is_float else "u1" if bits == 8 else "<u2",
        bits=bits,
        weights=_MATRICES[matrix][1:] if is_yuv else None,
        black=black,
        white=white,
        swing=swing,
        centred=_centred(movie),
        has_alpha=target.has_alpha,
    )


def stretched(plane: Floats, shape: tuple[int, ...], centred: tuple[bool, bool]) -> Floats:
    """Chroma, hxw float32, on the pixels of luma, HxW, by straight lines between its samples."""
    for axis, is_centred in ((1, centred[0]), (0, centred[1])):
        size, count = shape[axis], plane.shape[axis]
        if count == size:
            continue
        factor = -(-size // count)
        places = np.arange(size, dtype="f4") / factor
        if is_centred:
            places -= np.float32((factor - 1) / (2 * factor))
        places = places.clip(0, count - 1)
        below = places.astype(np.intp)
        above = np.minimum(below + 1, count - 1)
        share = (places - below).astype("f4")
        share = share[None, :] if axis else share[:, None]
        first = plane.take(below, axis)
        plane = first + (plane.take(above, axis) - first) * share
    return plane


def _planar(stored: PixelFormat, known: Mapping[str, PixelFormat]) -> str:
    """The planar format that holds the codes of a stored one as they are."""
    if stored.name.startswith("yuvj"):
        return stored.name
    alpha = "a" if stored.has_alpha else ""
    if stored.is_rgb or stored.components == 2:  # grey with alpha has no planar format
        kind = f"gbr{alpha}p"
    elif stored.components == 1:
        kind = "gray"
    else:
        kind = f"yuv{alpha}{_SAMPLINGS[stored.halved]}p"
    if stored.is_float:
        return f"{kind}f32le"
    depths = [depth for depth in (9, 10, 12, 14, 16) if depth >= stored.bits]
    names = (
        [kind, *(f"{kind}{depth}le" for depth in depths)]
        if stored.bits <= 8
        else [f"{kind}{depth}le" for depth in depths]
    )
    return next(name for name in names if name in known)


_SAMPLINGS = {
    (0, 0): "444",
    (1, 0): "422",
    (1, 1): "420",
    (2, 0): "411",
    (2, 2): "410",
    (0, 1): "440",
}


def _repacked(movie: Movie, target: PixelFormat, *, is_full: bool) -> tuple[str, ...]:
    """Filters that only move codes to other places: matrix and range on both sides are one."""
    span = "pc" if is_full else "tv"
    matrix = "" if target.is_rgb else f":in_color_matrix={matrix_name(movie).removesuffix('nc')}"
    matrix += matrix.replace("in_", "out_")
    return (f"scale=in_range={span}:out_range={span}{matrix}", f"format={target.name}")


def _centred(movie: Movie) -> tuple[bool, bool]:
    """Where chroma lies by its tag; not tagged, it lies as in MPEG-2, and as in JPEG where full."""
    default = "center" if movie.pixel_format.name.startswith("yuvj") else "left"
    place = movie.tags.get("chroma_location", default)
    is_across = place in ("center", "top", "bottom")
    is_down = place in ("center", "left") and movie.pixel_format.halved[1] > 0
    return is_across, is_down
