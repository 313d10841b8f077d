"""A matte of one frame carried to others by optical flow, with the error to expect of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mattebox.flow.dense import Codes, Flow, FlowFinder, opencv

Pixels = NDArray[np.float32]

AROUND = 7
"""Pixels on a side within which alpha is looked at: its range is what a wrong place may cost."""

PLACE_ERROR = 0.1
"""Share of that range that is expected to be wrong where flow there and back agrees exactly."""

PER_PIXEL = 0.5
"""... and what each pixel of disagreement adds to it, up to all of it."""

SCALE = 0.5
"""What the range overstates: with it the expected error of the rendered shots is 0.6 to 1.7 times
the true one in the mean (docs/hints.md)."""

LEAST_ERROR = 0.02
"""What two keys are blended by where both expect no error: only their distance counts there."""


@dataclass(frozen=True)
class Carried:
    """A matte that was carried to a frame. HxW float32.

    Attributes:
        alpha: 0..1.
        error: 0..1, the absolute error of alpha to expect.
    """

    alpha: Pixels
    error: Pixels


class Walk:
    """Carries the matte of a key from frame to frame, away from it.

    Flow is found from each frame to the key itself, so that nothing adds up, and begins at that of
    the frame before, so that it finds a way that is longer than it could see at once.
    """

    def __init__(self, finder: FlowFinder, key: Codes, matte: Pixels) -> None:
        """``key`` is the plate of the key as ``flow_codes``, ``matte`` HxW its alpha, 0..1."""
        self._finder, self._key, self._matte = finder, key, matte
        self._there: Flow | None = None
        self._back: Flow | None = None

    def step(self, frame: Codes) -> None:
        """Go on to the next frame, as ``flow_codes``."""
        finder = self._finder
        self._there = finder.between(frame, self._key, self._there)
        self._back = finder.between(self._key, frame, self._back)

    def carried(self) -> Carried:
        """The matte at the frame that was reached last."""
        assert self._there is not None
        assert self._back is not None
        sampled = self._finder.sampled(self._matte, self._there)
        alpha = np.asarray(sampled.clip(0.0, 1.0), np.float32)
        apart = self._finder.disagreement(self._there, self._back)
        share = np.minimum(PLACE_ERROR + PER_PIXEL * apart, 1.0)
        return Carried(alpha, np.float32(SCALE) * share * _range(alpha))


def _range(alpha: Pixels) -> Pixels:
    """HxW: largest less smallest alpha around each pixel."""
    cv2 = opencv()
    square = np.ones((AROUND, AROUND), np.uint8)
    return np.asarray(cv2.dilate(alpha, square) - cv2.erode(alpha, square), np.float32)


def blended(before: Carried, behind: Carried, way: tuple[int, int]) -> Carried:
    """One matte of those of the keys before and behind a frame.

    The nearer key counts more, and where its flow disagrees with itself, less. Where the two say
    different things, half of the difference is an error to expect.

    Args:
        before, behind: what both carried to the frame.
        way: how many frames away each is, 1 or more.
    """
    first = np.float32(1.0 / way[0]) / (before.error + np.float32(LEAST_ERROR))
    second = np.float32(1.0 / way[1]) / (behind.error + np.float32(LEAST_ERROR))
    share = first / (first + second)
    alpha = behind.alpha + share * (before.alpha - behind.alpha)
    error = behind.error + share * (before.error - behind.error)
    apart = np.float32(0.5) * np.abs(before.alpha - behind.alpha)
    return Carried(np.asarray(alpha, np.float32), np.asarray(np.maximum(error, apart), np.float32))
