"""How the pictures beside a plate are laid on it: display window on display window."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mattebox.frames.headers import Part
from mattebox.images import Frame, Window

SAME_RATIO = 0.01
"""Formats whose sides have the same ratio within this show the same picture at two sizes: a whole
number of pixels is up to half a pixel off."""


@dataclass(frozen=True)
class Laid:
    """A picture on the working window of a shot.

    Attributes:
        pixels: HxWxC float32, in the file's own space; 0 where the picture has no pixels.
        covered: HxW True where it has; None where it has everywhere.
    """

    pixels: NDArray[np.float32]
    covered: NDArray[np.bool_] | None


def lay(picture: Frame, plate: Part, window: Window) -> Laid:
    """A picture of the plate's size with its display window laid on the plate's.

    Args:
        picture: HxWxC, any range.
        plate: whose display window is the shot's format.
        window: the working window.
    """
    laid = replace(picture, data_window=laid_window(picture, plate))
    return Laid(laid.placed(window), _part_covered(laid.coverage(window)))


def laid_window(picture: Frame | Part, plate: Part) -> Window:
    """Where the pixels of a picture of the plate's size lie once its display window is laid on."""
    display, own, data = plate.display_window, picture.display_window, picture.data_window
    return Window(data.x + display.x - own.x, data.y + display.y - own.y, data.width, data.height)


def lay_resized(matte: Frame, plate: Part, window: Window) -> Laid:
    """A matte of another size than the plate's, resized so that the formats lie on each other.

    Enlarged by straight lines between pixels, made smaller by means weighted with a triangle.

    Args:
        matte: HxWxC, any range.
        plate, window: as ``lay``.
    """
    display, own = plate.display_window, matte.display_window
    canvas = own.union(matte.data_window)
    held = matte.placed(canvas)
    covered = matte.coverage(canvas).astype(np.float32)[..., None]
    rows = _taps(window.y, window.height, display.y, display.height, own.y, own.height, canvas.y)
    columns = _taps(window.x, window.width, display.x, display.width, own.x, own.width, canvas.x)

    def resized(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return _resampled(_resampled(values, rows).swapaxes(0, 1), columns).swapaxes(0, 1)

    whole = _part_covered(resized(covered)[..., 0] > 0.5)
    return Laid(np.ascontiguousarray(resized(held)), whole)


def is_resizable(picture: Frame | Part, plate: Part) -> bool:
    """Whether a format of another size shows the plate's picture: its sides have the same ratio."""
    own, display = picture.display_window, plate.display_window
    if own.is_empty:
        return False
    ratio = (own.width / own.height) / (display.width / display.height)
    return abs(ratio - 1.0) <= SAME_RATIO


def is_same_size(picture: Frame | Part, plate: Part) -> bool:
    """Whether two formats have as many pixels each way, wherever they begin."""
    own, display = picture.display_window, plate.display_window
    return (own.width, own.height) == (display.width, display.height)


def _part_covered(covered: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    return None if bool(covered.all()) else covered


@dataclass(frozen=True)
class _Taps:
    """Which lines make one new line: [K,N] places in the old ones, and their weights, sum 1."""

    places: NDArray[np.int64]
    weights: NDArray[np.float32]


def _taps(
    first: int, count: int, display: int, size: int, own: int, own_size: int, canvas: int
) -> _Taps:
    """The taps of ``count`` lines from ``first`` on: a display of ``size`` lines from ``display``
    on lies on one of ``own_size`` lines from ``own`` on, of a canvas that begins at ``canvas``."""
    scale = own_size / size
    reach = max(1.0, scale)
    centres = (np.arange(count) + first + 0.5 - display) * scale + own - canvas - 0.5
    offsets = np.arange(-int(np.ceil(reach)), int(np.ceil(reach)) + 2)[:, None]
    places = np.floor(centres).astype(np.int64) + offsets
    weights = np.clip(1.0 - np.abs(places - centres) / reach, 0.0, None)
    return _Taps(places, (weights / weights.sum(axis=0)).astype(np.float32))


def _resampled(values: NDArray[np.float32], taps: _Taps) -> NDArray[np.float32]:
    """The lines of the first axis made anew; beyond the border its own line goes on."""
    total = np.zeros((taps.places.shape[1], *values.shape[1:]), np.float32)
    last = values.shape[0] - 1
    for places, weights in zip(taps.places, taps.weights, strict=True):
        total += values[np.clip(places, 0, last)] * weights.reshape(-1, *[1] * (values.ndim - 1))
    return total
