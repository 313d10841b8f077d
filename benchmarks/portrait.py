"""A portrait with its matte, and the same subject again with edges of other kinds.

The matte of a photograph is only somebody's opinion of it. Cut out by that matte and given new
edges, the subject becomes a picture whose alpha is exact, and a network still sees a person.
"""

from __future__ import annotations

import enum
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mattebox.bench.light import srgb_decoded
from mattebox.errors import InputError, UnreadableError
from mattebox.frames import read_frame

Pixels = NDArray[np.float32]

_FRAMES, _MATTE = "frames_uint8_NHWC", "tfjs/frame0/pha"

INTERIOR_DEPTH = 3  # pixels from the edge; nearer ones may hold light of the photo's background
SOFT_WIDTH = 6  # pixels over which alpha rises, as of a slightly defocused edge
BLUR_LENGTH = 30  # pixels; a sixteenth of the width of a 480 pixel portrait: a fast move
STRANDS = 260
STRAND_LENGTH = (10.0, 45.0)  # pixels
_STRAND_SEED = 4_100
_FINE = 4  # strands are drawn on a grid this many times finer and averaged


class Edge(enum.StrEnum):
    """Kinds of edges."""

    SHARP = "sharp"
    SOFT = "soft"
    MOTION = "motion"
    STRANDS = "strands"


@dataclass(frozen=True)
class Portrait:
    """A person in a picture.

    Attributes:
        pixels: HxWx3 float32, linear Rec.709.
        matte: HxW float32 0..1.
    """

    pixels: Pixels
    matte: Pixels


def read_portrait(path: Path) -> Portrait:
    """From an EXR with R, G, B, A in linear Rec.709 (premultiplied), or an NPZ archive.

    The archive holds ``frames_uint8_NHWC`` (sRGB; its first frame is taken) and
    ``tfjs/frame0/pha`` (1xHxW, that frame's matte).

    Raises:
        InputError: not there, or without a matte.
        UnreadableError: not what this docstring says.
    """
    if path.suffix.casefold() == ".npz":
        return _from_archive(path)
    frame = read_frame(path)
    if frame.channels[:4] != ("R", "G", "B", "A"):
        raise InputError(
            f"{path} has no alpha, its channels are {', '.join(frame.channels)}",
            expected="R, G, B, A",
            path=path,
        )
    rgba = frame.placed(frame.display_window)
    matte = np.asarray(np.clip(rgba[..., 3], 0.0, 1.0), np.float32)
    straight = rgba[..., :3] / np.maximum(matte, 1e-3)[..., None]
    return Portrait(np.asarray(straight, np.float32), matte)


def _from_archive(path: Path) -> Portrait:
    try:
        with np.load(path) as archive:
            codes, matte = archive[_FRAMES][0], archive[_MATTE][0]
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}", path=path) from error
    except (KeyError, ValueError, IndexError, zipfile.BadZipFile) as error:
        raise UnreadableError(
            f"{path}: {error}", expected=f"an NPZ with {_FRAMES} and {_MATTE}", path=path
        ) from error
    if codes.ndim != 3 or codes.shape != (*matte.shape, 3):
        raise UnreadableError(f"{path} holds {codes.shape} pixels for {matte.shape}", path=path)
    return Portrait(
        srgb_decoded(codes / 255.0).astype(np.float32), np.asarray(matte, np.float32).clip(0.0, 1.0)
    )


def filled_foreground(portrait: Portrait) -> Pixels:
    """HxWx3: the subject's colour, drawn outward from well inside its matte over the frame."""
    import torch

    from mattebox.matte.fill import pull_push

    solid = ndimage.binary_erosion(portrait.matte > 0.99, iterations=INTERIOR_DEPTH, border_value=1)
    colour = torch.from_numpy(np.ascontiguousarray(portrait.pixels)).permute(2, 0, 1)[None]
    known = torch.from_numpy(solid.astype(np.float32))[None, None]
    return pull_push(colour, known)[0].permute(1, 2, 0).contiguous().numpy()


def with_edge(portrait: Portrait, foreground: Pixels, edge: Edge) -> Pixels:
    """HxWx4 premultiplied, linear: the subject with edges of one kind; its alpha is the truth.

    Args:
        portrait: whose shape it is.
        foreground: HxWx3 of ``filled_foreground``.
        edge: which kind.
    """
    inside = (portrait.matte > 0.5).astype(np.float64)
    # 0.6 px: the edge of a sharp lens on a sensor, one to two pixels of partial cover.
    sharp = ndimage.gaussian_filter(inside, 0.6, mode="nearest")
    if edge is Edge.SOFT:
        alpha = ndimage.uniform_filter(inside, SOFT_WIDTH, mode="nearest")
    elif edge is Edge.STRANDS:
        alpha = np.maximum(sharp, _strands(portrait.matte > 0.5))
    else:
        alpha = sharp
    rgba = np.concatenate([foreground * alpha[..., None], alpha[..., None]], axis=2)
    if edge is Edge.MOTION:  # light adds up while the shutter is open, colour and cover alike
        rgba = ndimage.uniform_filter1d(rgba, BLUR_LENGTH, axis=1, mode="nearest")
    return np.asarray(rgba, np.float32)


def _strands(inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """HxW cover 0..1 of seeded curved strands, about a pixel wide, from the outline outward."""
    height, width = inside.shape
    outline = inside & ~np.asarray(ndimage.binary_erosion(inside, border_value=1), np.bool_)
    roots = np.argwhere(outline)
    canvas = np.zeros((height * _FINE, width * _FINE), np.bool_)
    if not roots.size:
        return np.zeros(inside.shape)
    random = np.random.default_rng(_STRAND_SEED)
    distance = np.asarray(ndimage.distance_transform_edt(~inside))
    down, right = np.gradient(ndimage.gaussian_filter(distance, 4.0))
    away = np.dstack([down, right])
    along = np.linspace(0.0, 1.0, 400)[:, None]
    for y, x in roots[random.integers(0, len(roots), STRANDS)]:
        direction = away[y, x] / max(float(np.hypot(*away[y, x])), 1e-6)
        length = random.uniform(*STRAND_LENGTH)
        aside = np.array([-direction[1], direction[0]])
        bend, lean = random.normal(0.0, 0.35, 2)
        path = np.array([y, x]) + along * length * (direction + (lean + bend * along) * aside)
        _draw(canvas, path, radius=random.uniform(0.25, 0.7))
    blocks = canvas.reshape(height, _FINE, width, _FINE)
    return np.asarray(blocks.mean(axis=(1, 3), dtype=np.float64))


def _draw(canvas: NDArray[np.bool_], path: NDArray[Any], radius: float) -> None:
    """Sets the fine pixels within a radius (coarse pixels, tapering to a third) of a path Nx2."""
    reach = int(np.ceil(radius * _FINE))
    taper = np.linspace(1.0, 1.0 / 3.0, len(path))
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            near = np.hypot(dy, dx) <= np.maximum(radius * _FINE * taper, 0.5)
            places = np.rint((path[near] + 0.5) * _FINE).astype(int) + np.array([dy, dx])
            within = ((places >= 0) & (places < canvas.shape)).all(axis=1)
            canvas[tuple(places[within].T)] = True
