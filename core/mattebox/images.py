"""Pictures in memory, and what their numbers mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float16 | np.float32]
"""HxWxC as files hold it: half stays float16, all else is float32."""

Kind = TypeVar("Kind", bound=np.generic)
"""The number type of an array that keeps it."""


@dataclass(frozen=True)
class Window:
    """A rectangle of pixels: origin (may be negative) and size. y grows downwards, as in EXR."""

    x: int
    y: int
    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 0 or self.height < 0:
            raise ValueError(f"a window cannot be {self.width}x{self.height}")

    def __str__(self) -> str:
        return f"{self.width}x{self.height}{self.x:+d}{self.y:+d}"

    @property
    def right(self) -> int:
        """One past the last column."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """One past the last row."""
        return self.y + self.height

    @property
    def is_empty(self) -> bool:
        return self.width == 0 or self.height == 0

    def reduced(self, factor: int) -> Window:
        """The window in boxes of ``factor`` pixels on a side, which lie on multiples of it: all
        boxes that this window touches. ``factor`` is at least 1."""
        left, top = self.x // factor, self.y // factor
        right, bottom = -(-self.right // factor), -(-self.bottom // factor)
        return Window(left, top, right - left, bottom - top)

    def intersection(self, other: Window) -> Window:
        """The part both share; an empty window at this one's origin where they share nothing."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        width, height = min(self.right, other.right) - x, min(self.bottom, other.bottom) - y
        if width <= 0 or height <= 0:
            return Window(self.x, self.y, 0, 0)
        return Window(x, y, width, height)

    def union(self, other: Window) -> Window:
        """The smallest window that holds both; an empty window adds nothing."""
        if self.is_empty:
            return other
        if other.is_empty:
            return self
        x, y = min(self.x, other.x), min(self.y, other.y)
        return Window(x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)


@dataclass(frozen=True)
class PassedChannel:
    """One channel that is passed on bit for bit, whatever it holds: ids, depth, colour.

    Attributes:
        name: its full name, such as ``depth.Z``.
        values: HxW float16, float32 or uint32, as stored; NaN and Inf are values like others.
    """

    name: str
    values: NDArray[Any]


@dataclass(frozen=True)
class Frame:
    """One picture as it lies in its file.

    Attributes:
        pixels: HxWxC float16 or float32 (half files stay float16), channels in the order of
            ``channels``; covers ``data_window``; in the file's own colour space. EXR colour is
            premultiplied where there is an alpha, as the format says.
        channels: channel names: R, G, B, then A where the file has it, then extra ones asked for.
        data_window: where ``pixels`` lie.
        display_window: the format of the shot.
        pixel_aspect: width of a pixel divided by its height.
        attributes: every other header attribute, by OpenImageIO's name: str, int, float or a tuple
            of them.
        attribute_types: OpenImageIO's type of an attribute (``timecode``, ``rational``,
            ``float[8]``) where its value alone does not tell it; it is written as it was read.
        passed: channels behind the others, on the data window, written in their own number type.
    """

    pixels: Pixels
    channels: tuple[str, ...]
    data_window: Window
    display_window: Window
    pixel_aspect: float = 1.0
    attributes: Mapping[str, Any] = field(default_factory=dict)
    attribute_types: Mapping[str, str] = field(default_factory=dict)
    passed: tuple[PassedChannel, ...] = ()

    def __post_init__(self) -> None:
        expected = (self.data_window.height, self.data_window.width, len(self.channels))
        if self.pixels.shape != expected:
            raise ValueError(f"pixels are {self.pixels.shape}, windows and channels say {expected}")
        for one in self.passed:
            if one.values.shape != expected[:2]:
                raise ValueError(f"{one.name} is {one.values.shape}, not {expected[:2]}")

    def placed(self, window: Window) -> NDArray[np.float32]:
        """The pixels on another window, as float32 HxWxC; 0 outside the data window."""
        placed = np.zeros((window.height, window.width, len(self.channels)), np.float32)
        copy_onto(self.pixels, self.data_window, placed, window)
        return placed

    def coverage(self, window: Window) -> NDArray[np.bool_]:
        """HxW: True where the file has pixels on the given window."""
        covered = np.zeros((window.height, window.width), np.bool_)
        shared = self.data_window.intersection(window)
        covered[_rows(shared, window), _columns(shared, window)] = not shared.is_empty
        return covered


def copy_onto(values: NDArray[Any], own: Window, target: NDArray[Any], window: Window) -> None:
    """Put values, HxW... on the window ``own``, into those of ``target`` on ``window``.

    What lies outside of ``own`` stays as it is.
    """
    shared = own.intersection(window)
    if not shared.is_empty:
        target[_rows(shared, window), _columns(shared, window)] = values[
            _rows(shared, own), _columns(shared, own)
        ]


def _rows(part: Window, whole: Window) -> slice:
    return slice(part.y - whole.y, part.y - whole.y + part.height)


def _columns(part: Window, whole: Window) -> slice:
    return slice(part.x - whole.x, part.x - whole.x + part.width)
