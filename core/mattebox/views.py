"""Pictures of one keyed frame's layers for the eye: 8 bit, sRGB, for a screen and not for work.

Colour comes in as linear Rec.709 and leaves through one encoder that the caller brings, so that
no curve stands here. Mattes are shown as they are, without a curve: 0.5 is middle grey on screen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Linear: TypeAlias = NDArray[np.float32]
Matte: TypeAlias = NDArray[np.float32]
Picture: TypeAlias = NDArray[np.uint8]
Encode: TypeAlias = Callable[[Linear], Picture]
"""HxWx3 float32 linear Rec.709 to HxWx3 uint8 sRGB; clips to 0..1."""

GREY = 0.18
"""Scene-linear middle grey, the background of ``rgba_view``."""

FAULT = 0.02
"""Alpha this close to 0 or 1 is hard to see in a matte, and shows in the comp."""

FAULT_REACH = 4
"""Pixels. Within this of a real edge such an alpha is the edge's own tail and no fault."""

LEAK = (255, 120, 0)
HOLE = (0, 110, 255)
"""Orange on black and blue on white: told apart, and from every grey beside them, by all common
kinds of colour blindness (CIEDE2000 20 or more, as tests/unit/test_colours.py simulates them)."""

_PARTIAL_FROM, _PARTIAL_TO = 64.0, 192.0  # so that no partial alpha looks like 0 or 1

_HEAT = np.array(
    # From sure to unsure: black, violet, red, orange, pale yellow; brightness only rises.
    [(0, 0, 0), (87, 16, 110), (188, 55, 84), (249, 142, 9), (252, 255, 164)],
    np.float64,
)


@dataclass(frozen=True)
class ViewLayers:
    """The layers of one keyed frame, ready to be shown.

    Attributes:
        before: HxWx3 linear Rec.709: the plate, or what stands for it.
        rgb: HxWx3 linear Rec.709, premultiplied.
        alpha: HxW, 0..1.
        spill: HxWx3 linear Rec.709, premultiplied, any sign; None where it was not written.
        confidence: HxW, 0..1; None where it was not written.
    """

    before: Linear
    rgb: Linear
    alpha: Matte
    spill: Linear | None
    confidence: Matte | None


@dataclass(frozen=True)
class ViewInfo:
    """A view's short name, its title, and what it shows."""

    name: str
    title: str
    legend: str


VIEWS: tuple[ViewInfo, ...] = (
    ViewInfo("before", "plate", "The picture before keying, clipped to 0..1."),
    ViewInfo("rgba", "result", "The despilled result over 18 % grey."),
    ViewInfo("alpha", "alpha", "Black is transparent, white is opaque; no curve."),
    ViewInfo(
        "status",
        "status",
        "Black is alpha 0, white is alpha 1, greys are edges. Orange: leaks, an alpha of less "
        "than 0.02 away from every edge. Blue: holes, an alpha of more than 0.98 and less than 1 "
        "inside the subject.",
    ),
    ViewInfo(
        "spill",
        "spill",
        "What was taken out: the screen's light, plate residual and grain. Black is nothing, "
        "negative parts are black.",
    ),
    ViewInfo(
        "conf",
        "confidence",
        "Black is sure; violet, red, orange to pale yellow is less and less sure.",
    ),
)


def frame_views(layers: ViewLayers, encode: Encode, *, most: int) -> dict[str, Picture]:
    """Every view of a frame that its layers allow, by name, in the order of ``VIEWS``.

    Args:
        layers: the layers, at full size.
        encode: linear Rec.709 to sRGB.
        most: pictures are made smaller by a whole factor so that they are at most this wide.
    """
    factor = factor_for(layers.alpha.shape[1], most)
    alpha = shrunk(layers.alpha, factor)
    pictures = {
        "before": encode(shrunk(layers.before, factor)),
        "rgba": encode(over_grey(shrunk(layers.rgb, factor), alpha)),
        "alpha": alpha_view(alpha),
        "status": status_view(layers.alpha, factor),
    }
    if layers.spill is not None:
        pictures["spill"] = encode(shrunk(layers.spill, factor))
    if layers.confidence is not None:
        pictures["conf"] = confidence_view(shrunk(layers.confidence, factor))
    return pictures


def factor_for(width: int, most: int) -> int:
    """The whole factor by which a picture is made smaller to be at most this wide."""
    return max(1, -(-width // most))


def shrunk(pixels: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """HxW or HxWxC made smaller by a whole factor: the mean of each square, in linear light.

    A last row or column that is not whole is averaged over what there is.
    """
    if factor == 1:
        return pixels
    height, width = (-(-length // factor) for length in pixels.shape[:2])
    summed = np.zeros((height, width, *pixels.shape[2:]), np.float32)
    counts = np.zeros((height, width, *(1,) * (pixels.ndim - 2)), np.float32)
    for row in range(factor):
        for column in range(factor):
            part = pixels[row::factor, column::factor]
            there = np.s_[: part.shape[0], : part.shape[1]]
            summed[there] += part
            counts[there] += 1.0
    return np.asarray(summed / counts, np.float32)


def over_grey(rgb: Linear, alpha: Matte) -> Linear:
    """HxWx3 premultiplied linear over 18 % grey; grey is grey in all primaries."""
    return np.asarray(rgb + (1.0 - alpha[..., None]) * np.float32(GREY), np.float32)


def alpha_view(alpha: Matte) -> Picture:
    """HxW alpha as greys; clipped to 0..1."""
    return _grey(255.0 * np.clip(alpha, 0.0, 1.0))


def status_view(alpha: Matte, factor: int = 1) -> Picture:
    """HxW alpha with its faults exaggerated, made smaller by a whole factor.

    Black is 0, white is 1, edges are greys between. Tiny leaks (``LEAK``) and holes (``HOLE``)
    away from every edge are coloured, and a single one of them survives the shrinking.
    """
    levels = np.where(
        alpha <= 0.0,
        0.0,
        np.where(alpha >= 1.0, 255.0, _PARTIAL_FROM + (_PARTIAL_TO - _PARTIAL_FROM) * alpha),
    )
    picture = _grey(shrunk(levels.astype(np.float32), factor))
    leaks, holes = faults(alpha)
    for fault, colour in ((holes, HOLE), (leaks, LEAK)):
        picture[shrunk(fault.astype(np.float32), factor) > 0.0] = colour
    return picture


def faults(alpha: Matte) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """HxW: where tiny leaks are, and where tiny holes are.

    A leak is 0 < alpha < ``FAULT`` with nothing of ``FAULT`` or more within ``FAULT_REACH`` pixels;
    a hole the same from above.
    """
    if alpha.size == 0:
        return np.zeros(alpha.shape, np.bool_), np.zeros(alpha.shape, np.bool_)
    size = 2 * FAULT_REACH + 1
    leaks = (alpha > 0.0) & (ndimage.maximum_filter(alpha, size) < FAULT)
    holes = (alpha < 1.0) & (ndimage.minimum_filter(alpha, size) > 1.0 - FAULT)
    return leaks, holes


def difference_view(first: Matte, second: Matte, *, most: int) -> Picture:
    """Two HxW alphas of one frame: black where they are equal, ``LEAK``'s orange where the second
    has more, ``HOLE``'s blue where the first has.

    Brightness is the root of the difference; in a picture that is made smaller, at most this wide,
    that of the largest one in each square, so that no speck is averaged away.
    """
    factor = factor_for(first.shape[1], most)
    off = second.astype(np.float32) - first
    up, down = (np.sqrt(np.clip(_largest(side, factor), 0.0, 1.0)) for side in (off, -off))
    is_up = (up >= down)[..., None]
    picture = np.where(is_up, up[..., None] * np.array(LEAK), down[..., None] * np.array(HOLE))
    return np.asarray(picture.round(), np.uint8)


def _largest(plane: Matte, factor: int) -> Matte:
    """HxW made smaller by a whole factor: the largest value of each square."""
    height, width = (-(-length // factor) for length in plane.shape)
    largest = np.full((height, width), -np.inf, np.float32)
    for row in range(factor):
        for column in range(factor):
            part = plane[row::factor, column::factor]
            there = np.s_[: part.shape[0], : part.shape[1]]
            np.maximum(largest[there], part, out=largest[there])
    return largest


def confidence_view(confidence: Matte) -> Picture:
    """HxW confidence as heat: black where sure (1), the brighter the less sure."""
    doubt = 1.0 - np.clip(confidence.astype(np.float64), 0.0, 1.0)
    stops = np.linspace(0.0, 1.0, len(_HEAT))
    channels = [np.interp(doubt, stops, _HEAT[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=2).round().astype(np.uint8)


def _grey(levels: NDArray[np.float32]) -> Picture:
    return np.repeat(levels.round().astype(np.uint8)[..., None], 3, axis=2)
