"""Where screens are not: a room that a held camera moves through, and one around a phone.

A truth is put into each without any loss: over the moved room as it is, and into the phone by the
mean of whole blocks of pixels, which is as exact of light as of alpha.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.composites import Background, background
from benchmarks.shapes import Canvas, Plane, ellipse, lit, over
from benchmarks.subjects import DARK, SKIN
from benchmarks.writing import as_stored
from mattebox.bench.grain import with_grain
from mattebox.bench.shots import TRUTH

FloatArray = NDArray[np.floating[Any]]
Pixels = NDArray[np.float32]

SHIFT = (0.009, 0.015)  # of the width, down and right: a camera held with both hands
TURN = 0.3  # degrees
ZOOM = 0.004  # breathing of the lens and of who holds it

REDUCTION = 4
"""A phone shows the shot at a quarter of its size: with a subject before it the screen covers some
4 % of the frame, 6.25 % without."""

BEZEL = 7.0  # units around the insert

_FINER = 2  # the room is drawn this many times finer than it is seen
_MARGIN = 1.1  # of the frame: what the camera may come to see


def handheld(truths: Mapping[int, Pixels], *, seed: int) -> dict[str, dict[int, Pixels]]:
    """Passes of subjects before a room that a held camera saw, and a clean plate from a tripod.

    Args:
        truths: frame number, from 1 on -> HxWx4 premultiplied, linear Rec.709.
        seed: of the grain, which the plate and every frame have anew.
    """
    height, width = next(iter(truths.values())).shape[:2]
    fine = (round(_MARGIN * height * _FINER), round(_MARGIN * width * _FINER))
    room = background(Background.WALL, *fine)
    busy = {}
    for frame, truth in truths.items():
        behind = seen_room(room, frame, height, width)
        busy[frame] = with_grain(truth[..., :3] + (1.0 - truth[..., 3:]) * behind, seed + frame)
    plate = with_grain(seen_room(room, 0, height, width), seed)
    return {TRUTH: dict(truths), "busy": busy, "busy_plate": {1: plate}}


def seen_room(room: Pixels, frame: int, height: int, width: int) -> Pixels:
    """HxWx3 of a larger, finer room as a held camera sees it; at frame 0 it has not moved yet.

    The path is smooth. Cubic interpolation, then the mean of blocks: a frame between pixels is no
    softer than one on them, as through one lens.
    """
    angle = np.radians(TURN) * np.sin(0.65 * frame)
    cosine, sine = np.cos(angle), np.sin(angle)
    turned = (1.0 + ZOOM * np.sin(0.5 * frame)) * np.array([[cosine, -sine], [sine, cosine]])
    moved = width * np.array(SHIFT) * np.sin([0.8 * frame, 0.55 * frame])
    fine = (height * _FINER, width * _FINER)
    offset = (np.array(room.shape[:2]) - 1.0) / 2.0 - turned @ ((np.array(fine) - 1.0) / 2.0)
    offset += moved * _FINER
    planes = [
        ndimage.affine_transform(plane, turned, offset, output_shape=fine, mode="nearest")
        for plane in np.moveaxis(room, 2, 0)
    ]
    return _reduced(np.stack(planes, axis=2), _FINER).astype(np.float32)


def in_a_phone(picture: Pixels, around: Pixels) -> Pixels:
    """A picture HxWx3, or HxWx4 premultiplied, reduced into the phone of another of that size."""
    whole = around.copy()
    whole[_insert(*picture.shape[:2])] = _reduced(picture, REDUCTION)
    return as_stored(whole)


def phone_surroundings(height: int, width: int) -> Pixels:
    """HxWx3 linear Rec.709: a wall, and a hand that holds a dark phone; opaque all over."""
    canvas = Canvas(height, width)
    rows, columns = _insert(height, width)
    scale = canvas.scale
    top, bottom = rows.start / scale - BEZEL, rows.stop / scale + BEZEL
    left, right = columns.start / scale - BEZEL, columns.stop / scale + BEZEL
    down, along = canvas.grid()
    device = ((down > top) & (down < bottom) & (along > left) & (along < right)).astype(np.float64)
    centre = ((top + bottom) / 2.0, (left + right) / 2.0)
    wall = background(Background.WALL, height, width).astype(np.float64)
    picture: Plane = np.dstack([wall, np.ones((height, width)), np.zeros((height, width))])
    palm = ((bottom + 28.0, centre[1]), (40.0, 52.0))
    picture = over(lit(canvas, ellipse(canvas, *palm, 1.2), SKIN, palm[0], 52.0, seed=41), picture)
    picture = over(lit(canvas, device, DARK, centre, 60.0, seed=42, contrast=0.02), picture)
    thumb = ((bottom + 4.0, right - 16.0), (9.0, 22.0))
    picture = over(
        lit(canvas, ellipse(canvas, *thumb, 1.2), SKIN, thumb[0], 22.0, seed=43), picture
    )
    return as_stored(picture[..., :3])


def _insert(height: int, width: int) -> tuple[slice, slice]:
    """Rows and columns of the insert, in whole pixels, about the middle."""
    high, wide = height // REDUCTION, width // REDUCTION
    top, left = (height - high) // 2, (width - wide) // 2
    return slice(top, top + high), slice(left, left + wide)


def _reduced(picture: FloatArray, factor: int) -> NDArray[np.float64]:
    """The means of blocks of ``factor`` x ``factor`` pixels; a rest at the end is left out."""
    height, width = (size // factor for size in picture.shape[:2])
    blocks = picture[: height * factor, : width * factor].astype(np.float64)
    return np.asarray(blocks.reshape(height, factor, width, factor, -1).mean(axis=(1, 3)))
