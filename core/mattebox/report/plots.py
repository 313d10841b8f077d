"""A figure over the frames of a shot as points of an SVG; a template draws them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from mattebox.measure import accuracy
from mattebox.measure.accuracy import FigureInfo, FrameAccuracy
from mattebox.measure.quality import FIGURES, QualityFigure

WIDTH, HEIGHT = 560.0, 130.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 8.0, 8.0, 20.0
"""The drawing's size and the margins of its axes, in the SVG's own units."""

_MOST_POINTS = 2000
"""More frames than this are drawn by the least and the largest value of each group of frames."""

_LEAST_SPAN = 10.0
"""Of an axis, the least range in deviations, so that what is steady is drawn as a steady line."""


@dataclass(frozen=True)
class Tick:
    """A place on an axis and what is written there."""

    at: float
    label: str


@dataclass(frozen=True)
class Mark:
    """A frame that is marked: a suspect."""

    frame: int
    x: float
    y: float
    title: str


@dataclass(frozen=True)
class Curve:
    """One key's values of a figure, drawn.

    Attributes:
        letter: of the key; empty where it is alone.
        lines: ``points`` of polylines; the line is broken where a frame has no value.
        dots: single points between two gaps, x and y.
        marks: suspects.
    """

    letter: str
    lines: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Plot:
    """One figure, drawn.

    Attributes:
        figure: what it is.
        summary: least, median and largest value in words, for who does not see the line.
        curves: one for each key that has the figure.
        ticks_x, ticks_y: of the axes.
    """

    figure: QualityFigure | FigureInfo
    summary: str
    curves: tuple[Curve, ...]
    ticks_x: tuple[Tick, ...]
    ticks_y: tuple[Tick, ...]


class KeyFigures(NamedTuple):
    """The frames of one key, those of them that stand out, and its letter."""

    frames: Sequence[Any]
    suspects: Sequence[int] = ()
    letter: str = ""


class _Values(NamedTuple):
    """The values of a figure in one key, by frame."""

    letter: str
    known: list[tuple[int, float]]
    suspects: set[int]


def make_plots(*keys: KeyFigures, figures: Sequence[QualityFigure] = FIGURES) -> tuple[Plot, ...]:
    """One plot for each figure that any frame has; suspects are marked in all of them.

    Args:
        keys: one, or A and B, whose curves are drawn over each other; their frames have the
            figures' names as attributes.
        figures: what is drawn.
    """
    numbers = [measured.frame for key in keys for measured in key.frames]
    ends = min(numbers), max(numbers)
    plots = []
    for figure in figures:
        drawn = []
        for key in keys:
            values = [(one.frame, getattr(one, figure.name)) for one in key.frames]
            known = [(f, v * figure.scale) for f, v in values if v is not None and math.isfinite(v)]
            if known:
                drawn.append(_Values(key.letter, known, set(key.suspects)))
        if drawn:
            least_span = _LEAST_SPAN * figure.least * figure.scale
            plots.append(_plot(figure, figure.unit, drawn, ends, least_span))
    return tuple(plots)


def error_plots(frames: Sequence[FrameAccuracy]) -> tuple[Plot, ...]:
    """One plot for each error that any frame has, each from 0 on."""
    plots = []
    for figure in accuracy.FIGURES:
        values = [(measured.frame, getattr(measured.figures, figure.name)) for measured in frames]
        known = [(frame, value) for frame, value in values if value is not None]
        if known:
            ends = frames[0].frame, frames[-1].frame
            # As tall as the largest error: how far it is from 0 is what is asked.
            tallest = max(value for _, value in known) or 1.0
            plots.append(_plot(figure, "", [_Values("", known, set())], ends, tallest, low=0.0))
    return tuple(plots)


def x_of(frame: float, first: int, last: int) -> float:
    """Where a frame lies; a single frame lies in the middle."""
    share = 0.5 if last == first else (frame - first) / (last - first)
    return round(LEFT + share * (WIDTH - LEFT - RIGHT), 2)


def _plot(
    figure: QualityFigure | FigureInfo,
    unit: str,
    drawn: Sequence[_Values],
    ends: tuple[int, int],
    least_span: float,
    low: float | None = None,
) -> Plot:
    values = [value for one in drawn for _, value in one.known]
    ticks = nice_ticks(min(values) if low is None else low, max(values), least_span)
    low, high = ticks[0], ticks[-1]
    first, last = ends

    def y_of(value: float) -> float:
        return round(HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM), 2)

    def curve_of(one: _Values) -> Curve:
        runs = _runs(one.known)
        points = [[(x_of(f, first, last), y_of(v)) for f, v in _thinned(run)] for run in runs]
        return Curve(
            letter=one.letter,
            lines=tuple(" ".join(f"{x:g},{y:g}" for x, y in run) for run in points if len(run) > 1),
            dots=tuple(run[0] for run in points if len(run) == 1),
            marks=tuple(
                Mark(f, x_of(f, first, last), y_of(v), f"{_named(one, f)}: {v:.4g}{unit}")
                for f, v in one.known
                if f in one.suspects
            ),
        )

    unit = f" {unit}" if unit else ""
    said = [_summary([v for _, v in one.known], unit, one.letter) for one in drawn]
    return Plot(
        figure=figure,
        summary=f"{'; '.join(said)}, frames {first} to {last}",
        curves=tuple(map(curve_of, drawn)),
        ticks_x=tuple(
            Tick(x_of(f, first, last), str(f)) for f in sorted({first, (first + last) // 2, last})
        ),
        ticks_y=tuple(Tick(y_of(value), f"{value:g}") for value in ticks),
    )


def _named(one: _Values, frame: int) -> str:
    return f"{one.letter}, frame {frame}" if one.letter else f"frame {frame}"


def _summary(values: Sequence[float], unit: str, letter: str) -> str:
    words = (
        f"from {min(values):.4g} to {max(values):.4g}{unit}, median {np.median(values):.4g}{unit}"
    )
    return f"{letter} {words}" if letter else words


def nice_ticks(low: float, high: float, least_span: float) -> tuple[float, ...]:
    """Three to six round values around a range, at steps of 1, 2 or 5 times a power of ten.

    A range smaller than ``least_span`` (> 0) is widened to it; not below 0 where it is above.
    """
    if high - low < least_span:
        middle, floor = 0.5 * (low + high), 0.0 if low >= 0.0 else -math.inf
        low = max(middle - 0.5 * least_span, floor)
        high = low + least_span
    span = high - low
    rough = span / 3.0
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1.0, 2.0, 5.0, 10.0) if power * m >= rough * (1.0 - 1e-9))
    start, end = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(round(n * step, 10) for n in range(start, end + 1))


def _runs(known: list[tuple[int, float]]) -> list[list[tuple[int, float]]]:
    """Neighbouring frames together; a gap between frame numbers breaks the line."""
    # A shot keyed on every second frame has no neighbours; its own step is then no gap.
    gaps = [b - a for (a, _), (b, _) in itertools.pairwise(known)]
    step = min(gaps, default=1)
    runs: list[list[tuple[int, float]]] = []
    for frame, value in known:
        if runs and frame - runs[-1][-1][0] <= step:
            runs[-1].append((frame, value))
        else:
            runs.append([(frame, value)])
    return runs


def _thinned(run: list[tuple[int, float]]) -> list[tuple[int, float]]:
    if len(run) <= _MOST_POINTS:
        return run
    size = -(-2 * len(run) // _MOST_POINTS)
    kept: set[tuple[int, float]] = set()
    for start in range(0, len(run), size):
        group = run[start : start + size]
        kept.add(min(group, key=lambda point: point[1]))
        kept.add(max(group, key=lambda point: point[1]))
    return sorted(kept)
