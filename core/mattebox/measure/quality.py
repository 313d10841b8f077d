"""What can be said of a keyed shot without its truth, frame by frame, and which frames stand out.

A figure of one frame means little by itself: hair has soft edges on every frame. So frames are
compared with their own shot: with what their neighbours let expect, where a figure moves with the
action (coverage), and with the shot's median, where it should stay put (residual, confidence).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.measure.metrics import FloatArray, edge_band, flicker

LOW_CONFIDENCE = 0.5
"""Half way between sure and unusable; at an alpha error of 12 % (``matte.solve``)."""

STANDS_OUT = 3.5
"""Robust standard deviations from which a value is an outlier (Iglewicz and Hoaglin 1993)."""

FEWEST_FRAMES = 5
"""With fewer frames a median is nearly one of the values and nothing can stand out."""

_MAD_TO_SIGMA = 1.4826  # of a normal distribution
_NEIGHBOURS = 6  # with these, one bad frame moves 5 of 15 slopes: the median slope stays


@dataclass(frozen=True)
class FrameQuality:
    """The figures of one keyed frame. None where a figure does not apply.

    Attributes:
        frame: its number.
        coverage: mean alpha, 0..1.
        partial: share of pixels with 0 < alpha < 1.
        flicker: mean absolute change of alpha at the edge since the frame before, x 1e3; None
            without a frame before, or without an edge.
        identity: largest error of the identity in half-float steps, as the file states it.
        residual: mean absolute plate residual, linear light, as the file states it.
        confidence: mean confidence in the edge band, 0..1; None without that layer or an edge.
        unsure: share of the edge band with a confidence under ``LOW_CONFIDENCE``.
    """

    frame: int
    coverage: float
    partial: float
    flicker: float | None
    identity: float | None
    residual: float | None
    confidence: float | None
    unsure: float | None


@dataclass(frozen=True)
class QualityFigure:
    """How a figure is shown and judged.

    Attributes:
        name: attribute of ``FrameQuality``.
        label: short name for people.
        unit: what ``scale`` makes of it.
        scale: factor from the value to the unit.
        meaning: one sentence for who reads the plot.
        follows_motion: compare with the neighbours and not with the whole shot.
        bad: which way is worse: 1 high, -1 low, 0 both.
        least: a deviation that nobody would look at; MAD is not taken smaller than this.
    """

    name: str
    label: str
    unit: str
    scale: float
    meaning: str
    follows_motion: bool
    bad: int
    least: float


FIGURES: tuple[QualityFigure, ...] = (
    QualityFigure(
        "coverage", "alpha coverage", "%", 100.0,
        "Mean alpha. It follows the action; a jump is a hole or a leak.", True, 0, 0.001,
    ),
    QualityFigure(
        "partial", "partial alpha", "%", 100.0,
        "Share of pixels that are neither 0 nor 1. A jump is grain let through, or a lost edge.",
        True, 0, 0.001,
    ),
    QualityFigure(
        "flicker", "flicker", "x 1e3", 1.0,
        "Change of alpha at the edge since the frame before; motion counts too.", False, 1, 2.0,
    ),
    QualityFigure(
        "identity", "identity error", "half steps", 1.0,
        "How far the layers are from adding up to the source; up to 1 is right.", False, 1, 0.25,
    ),
    QualityFigure(
        "residual", "plate residual", "x 1e3", 1000.0,
        "Light behind the matte that the plate does not explain: grain, or a plate that moved.",
        False, 1, 0.0002,
    ),
    QualityFigure(
        "confidence", "edge confidence", "", 1.0,
        "Mean confidence at the edge; 1 is sure.", False, -1, 0.01,
    ),
    QualityFigure(
        "unsure", "low confidence", "% of the edge", 100.0,
        "Share of the edge with a confidence under 0.5.", False, 1, 0.01,
    ),
)  # fmt: skip


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


class ShotQuality:
    """Takes the frames of a shot in order, one at a time; holds one alpha."""

    def __init__(self) -> None:
        self._frames: list[FrameQuality] = []
        self._previous: tuple[int, NDArray[np.float32]] | None = None

    @property
    def frames(self) -> tuple[FrameQuality, ...]:
        """The figures of all frames so far."""
        return tuple(self._frames)

    def add(
        self,
        frame: int,
        alpha: FloatArray,
        confidence: FloatArray | None,
        attributes: Mapping[str, Any],
    ) -> FrameQuality:
        """Measure one frame.

        Args:
            frame: its number; flicker is measured against the frame before only.
            alpha: HxW float, 0..1, finite, at least one pixel.
            confidence: HxW float, 0..1, or None where the file has no such layer.
            attributes: the file's header; ``mattebox/identity`` and ``mattebox/residual`` are used.

        Raises:
            ValueError: alpha without pixels, or a confidence of another size.
        """
        if alpha.size == 0 or alpha.ndim != 2:
            raise ValueError(f"alpha is HxW with at least one pixel, not {alpha.shape}")
        if confidence is not None and confidence.shape != alpha.shape:
            raise ValueError(f"confidence is {confidence.shape}, alpha {alpha.shape}")
        exact = alpha.astype(np.float32)
        before = None
        if self._previous is not None:
            number, held = self._previous
            before = held if number == frame - 1 and held.shape == exact.shape else None
        self._previous = (frame, exact)
        at_edge = None
        if confidence is not None:
            band = edge_band(exact)
            at_edge = confidence[band].astype(np.float64) if band.any() else None
        measured = FrameQuality(
            frame=frame,
            coverage=float(exact.mean(dtype=np.float64)),
            partial=float(((exact > 0.0) & (exact < 1.0)).mean()),
            flicker=flicker(exact, before),
            identity=_stated(attributes, "mattebox/identity"),
            residual=_stated(attributes, "mattebox/residual"),
            confidence=None if at_edge is None else float(at_edge.mean()),
            unsure=None if at_edge is None else float((at_edge < LOW_CONFIDENCE).mean()),
        )
        self._frames.append(measured)
        return measured


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


def _stated(attributes: Mapping[str, Any], name: str) -> float | None:
    value = attributes.get(name)
    return float(value) if isinstance(value, int | float) else None


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
    expected: Callable[[FloatArray, FloatArray], FloatArray]
    expected = _from_neighbours if figure.follows_motion else _from_shot
    usual = expected(numbers, values)
    off = values - usual
    centre = float(np.median(off))
    sigma = max(_MAD_TO_SIGMA * float(np.median(np.abs(off - centre))), figure.least)
    scores = (off - centre) / sigma
    scores = np.abs(scores) if figure.bad == 0 else scores * figure.bad
    return [
        (known[i][0], float(scores[i]), _words(figure, values[i], usual[i]))
        for i in np.flatnonzero(scores > STANDS_OUT)
    ]


def _from_shot(numbers: FloatArray, values: FloatArray) -> FloatArray:
    return np.full(numbers.shape, np.median(values))


def _from_neighbours(numbers: FloatArray, values: FloatArray) -> FloatArray:
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
    if figure.follows_motion:
        way = "jumps up" if value > usual else "drops"
        if usual > 0.0:
            return (
                f"{figure.label} {way} by {100.0 * abs(value / usual - 1.0):.1f} % against its "
                f"neighbours ({shown:.2f}{unit}, expected {normal:.2f})"
            )
        return f"{figure.label} {way} to {shown:.2f}{unit}, its neighbours have none"
    way = "high" if value > usual else "low"
    return f"{figure.label} is {way}: {shown:.3g}{unit}, the shot's median is {normal:.3g}"
