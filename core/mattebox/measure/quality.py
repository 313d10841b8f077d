"""What can be said of a keyed shot without its truth, frame by frame."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mattebox import header_words
from mattebox.measure import cleanness
from mattebox.measure.cleanness import Box
from mattebox.measure.metrics import FloatArray, Mask, edge_band, mad

LOW_CONFIDENCE = 0.5
"""Half way between sure and unusable; at an alpha error of 12 % (``matte.solve``)."""


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
        holes: share of the subject's inside that is not whole, as ``cleanness.holes``; None where
            the plain key is not known.
        residue: share of the empty boxes that shows, as ``cleanness.residue``; None without boxes.
        empty_mean: mean alpha in them.
    """

    frame: int
    coverage: float
    partial: float
    flicker: float | None
    identity: float | None
    residual: float | None
    confidence: float | None
    unsure: float | None
    holes: float | None = None
    residue: float | None = None
    empty_mean: float | None = None


class Usual(enum.Enum):
    """What a frame is compared with.

    Attributes:
        NEIGHBOURS: what the frames around it let expect; for what follows the action.
        SHOT: the median of the shot; for what should stay put.
    """

    NEIGHBOURS = enum.auto()
    SHOT = enum.auto()


@dataclass(frozen=True)
class QualityFigure:
    """How a figure is shown and judged.

    Attributes:
        name: attribute of ``FrameQuality``.
        label: short name for people.
        unit: what ``scale`` makes of it.
        scale: factor from the value to the unit.
        meaning: one sentence for who reads the plot.
        usual: what a frame is compared with.
        bad: which way is worse: 1 high, -1 low, 0 both.
        least: a deviation that nobody would look at; MAD is not taken smaller than this.
    """

    name: str
    label: str
    unit: str
    scale: float
    meaning: str
    usual: Usual
    bad: Literal[-1, 0, 1]
    least: float


FIGURES: tuple[QualityFigure, ...] = (
    QualityFigure(
        "coverage", "alpha coverage", "%", 100.0,
        "Mean alpha. It follows the action; a jump is a hole or a leak.",
        Usual.NEIGHBOURS, 0, 0.001,
    ),
    QualityFigure(
        "partial", "partial alpha", "%", 100.0,
        "Share of pixels that are neither 0 nor 1. A jump is grain let through, or a lost edge.",
        Usual.NEIGHBOURS, 0, 0.001,
    ),
    QualityFigure(
        "flicker", "flicker", "x 1e3", 1.0,
        "Change of alpha at the edge since the frame before; motion counts too.",
        Usual.SHOT, 1, 2.0,
    ),
    QualityFigure(
        "identity", "identity error", "half steps", 1.0,
        "How far the layers are from adding up to the source; up to 1 is right.",
        Usual.SHOT, 1, 0.25,
    ),
    QualityFigure(
        "residual", "plate residual", "x 1e3", 1000.0,
        "Light behind the matte that the plate does not explain: grain, or a plate that moved.",
        Usual.SHOT, 1, 0.0002,
    ),
    QualityFigure(
        "confidence", "edge confidence", "", 1.0,
        "Mean confidence at the edge; 1 is sure.",
        Usual.SHOT, -1, 0.01,
    ),
    QualityFigure(
        "unsure", "low confidence", "% of the edge", 100.0,
        "Share of the edge with a confidence under 0.5.",
        Usual.SHOT, 1, 0.01,
    ),
    QualityFigure(
        "holes", "hole area", "% of the inside", 100.0,
        "Share of the subject's inside under 0.95, where the plain key is solid; 0 is right.",
        Usual.SHOT, 1, 0.0005,
    ),
    QualityFigure(
        "residue", "residue", "% of the boxes", 100.0,
        "Share of the empty boxes over 0.02, where it shows; 0 is right.",
        Usual.SHOT, 1, 0.001,
    ),
    QualityFigure(
        "empty_mean", "alpha in the boxes", "%", 100.0,
        "Mean alpha of the empty boxes; 0 is right.",
        Usual.SHOT, 1, 0.0005,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class _Held:
    """A frame's number, alpha HxW and edge band HxW, kept for the next frame's flicker."""

    frame: int
    alpha: NDArray[np.float32]
    band: Mask


class ShotQuality:
    """Takes the frames of a shot in order, one at a time; holds one alpha."""

    def __init__(self, empty: Sequence[Box] = ()) -> None:
        """``empty``: where there is nothing but screen."""
        self._empty = empty
        self._frames: list[FrameQuality] = []
        self._previous: _Held | None = None

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
        *,
        plain: FloatArray | None = None,
    ) -> FrameQuality:
        """Measure one frame.

        Args:
            frame: its number; flicker is measured against the frame before only.
            alpha: HxW float, 0..1, finite, at least one pixel.
            confidence: HxW float, 0..1, or None where the file has no such layer.
            attributes: the file's header; ``mattebox/identity`` and ``mattebox/residual`` are used.
            plain: HxW float, 0..1, the engine screen's own alpha, where nothing but the solver
                should change it inside the subject; or None.

        Raises:
            ValueError: alpha without pixels, or a confidence of another size.
        """
        if alpha.size == 0 or alpha.ndim != 2:
            raise ValueError(f"alpha is HxW with at least one pixel, not {alpha.shape}")
        if confidence is not None and confidence.shape != alpha.shape:
            raise ValueError(f"confidence is {confidence.shape}, alpha {alpha.shape}")
        exact = alpha.astype(np.float32)
        band = edge_band(exact)
        now = _Held(frame, exact, band)
        before, self._previous = self._previous, now
        cleared = cleanness.residue(exact, self._empty)
        at_edge = None
        if confidence is not None and band.any():
            at_edge = confidence[band].astype(np.float64)
        measured = FrameQuality(
            frame=frame,
            coverage=float(exact.mean(dtype=np.float64)),
            partial=float(((exact > 0.0) & (exact < 1.0)).mean()),
            flicker=_flicker(now, before),
            identity=_stated(attributes, header_words.IDENTITY),
            residual=_stated(attributes, header_words.RESIDUAL),
            confidence=None if at_edge is None else float(at_edge.mean()),
            unsure=None if at_edge is None else float((at_edge < LOW_CONFIDENCE).mean()),
            holes=None if plain is None else cleanness.holes(exact, plain),
            residue=None if cleared is None else cleared[1],
            empty_mean=None if cleared is None else cleared[0],
        )
        self._frames.append(measured)
        return measured


def _flicker(now: _Held, before: _Held | None) -> float | None:
    """As ``metrics.flicker``, of bands that are there already: they cost most of the time."""
    if before is None or before.frame != now.frame - 1 or before.alpha.shape != now.alpha.shape:
        return None
    band = now.band | before.band
    return mad(now.alpha, before.alpha, band) if band.any() else None


def _stated(attributes: Mapping[str, Any], name: str) -> float | None:
    value = attributes.get(name)
    return float(value) if isinstance(value, int | float) else None
