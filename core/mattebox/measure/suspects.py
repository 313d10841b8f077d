"""Which frames of a keyed shot stand out, and why in words.

A figure of one frame means little by itself: hair has soft edges on every frame. So frames are
compared with their own shot: with what their neighbours let expect, where a figure moves with the
action (coverage), and with the shot's median, where it should stay put (residual, confidence).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mattebox.measure.quality import FIGURES, FrameQuality, QualityFigure, Usual

STANDS_OUT = 3.5
"""Robust standard deviations from which a value is an outlier (Iglewicz and Hoaglin 1993)."""

FEWEST_FRAMES = 5
"""With fewer frames a median is nearly one of the values and nothing can stand out."""

_MAD_TO_SIGMA = 1.4826  # of a normal distribution
_NEIGHBOURS = 6  # with these, one bad frame moves 5 of 15 slopes: the median slope stays


@dataclass(frozen=True)
class Suspect:
    """A frame that stands out.

    Attributes:
        frame: its number.
        score: robust standard deviations of its worst figure.
        reasons: sentences without a full stop, the worst first.
    """

    frame: int
    score: float
    reasons: tuple[str, ...]


def find_suspects(frames: Sequence[FrameQuality]) -> tuple[Suspect, ...]:
    """The frames of a shot that stand out, the worst first.

    A frame whose identity does not hold is always among them, and comes first. For the rest a shot
    needs ``FEWEST_FRAMES`` frames.
    """
    found: dict[int, list[tuple[float, str]]] = {}
    for measured in frames:
        if measured.identity is not None and not measured.identity <= 1.0:
            words = f"the layers miss the source by {measured.identity:.2f} half-float steps"
            found.setdefault(measured.frame, []).append((float("inf"), words))
    if len(frames) >= FEWEST_FRAMES:
        for figure in FIGURES:
            if figure.name != "identity":  # it is judged by its limit, above
                for frame, score, words in _outliers(frames, figure):
                    found.setdefault(frame, []).append((score, words))
    suspects = []
    for frame, reasons in found.items():
        reasons.sort(key=lambda reason: -reason[0])
        suspects.append(Suspect(frame, reasons[0][0], tuple(words for _, words in reasons)))
    return tuple(sorted(suspects, key=lambda suspect: (-suspect.score, suspect.frame)))


def _outliers(
    frames: Sequence[FrameQuality], figure: QualityFigure
) -> list[tuple[int, float, str]]:
    """Frame, score and words of every frame on which one figure stands out."""
    known = [
        (measured.frame, value)
        for measured in frames
        if (value := getattr(measured, figure.name)) is not None
    ]
    if len(known) < FEWEST_FRAMES:
        return []
    numbers = np.array([frame for frame, _ in known], np.float64)
    values = np.array([value for _, value in known], np.float64)
    if figure.usual is Usual.NEIGHBOURS:
        usual = _from_neighbours(numbers, values)
    else:
        usual = np.full(values.shape, np.median(values))
    off = values - usual
    centre = float(np.median(off))
    sigma = max(_MAD_TO_SIGMA * float(np.median(np.abs(off - centre))), figure.least)
    scores = (off - centre) / sigma
    scores = np.abs(scores) if figure.bad == 0 else scores * figure.bad
    return [
        (known[i][0], float(scores[i]), _words(figure, values[i], usual[i]))
        for i in np.flatnonzero(scores > STANDS_OUT)
    ]


def _from_neighbours(
    numbers: NDArray[np.float64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What the six nearest frames let expect of each: the line of median slope through them.

    Theil and Sen's line: one bad neighbour does not move it, and a steady move is no jump.
    """
    expected = np.empty_like(values)
    for i, number in enumerate(numbers):
        distance = np.abs(numbers - number)
        distance[i] = np.inf
        near = np.argsort(distance, kind="stable")[: min(_NEIGHBOURS, len(numbers) - 1)]
        x, y = numbers[near] - number, values[near]
        first, second = np.triu_indices(len(near), 1)
        slope = np.median((y[second] - y[first]) / (x[second] - x[first]))
        expected[i] = np.median(y - slope * x)
    return expected


def _words(figure: QualityFigure, value: float, usual: float) -> str:
    """Why a frame stands out, with the numbers a person would compare."""
    shown, normal = value * figure.scale, usual * figure.scale
    unit = f" {figure.unit}" if figure.unit else ""
    if figure.usual is Usual.NEIGHBOURS:
        way = "jumps up" if value > usual else "drops"
        if usual > 0.0:
            return (
                f"{figure.label} {way} by {100.0 * abs(value / usual - 1.0):.1f} % against its "
                f"neighbours ({shown:.2f}{unit}, expected {normal:.2f})"
            )
        return f"{figure.label} {way} to {shown:.2f}{unit}, its neighbours have none"
    way = "high" if value > usual else "low"
    return f"{figure.label} is {way}: {shown:.3g}{unit}, the shot's median is {normal:.3g}"
