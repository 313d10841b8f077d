"""The errors of a shot, frame by frame as it streams past, and of the whole."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from mattebox.measure import metrics, visible
from mattebox.measure.metrics import Convention, FloatArray


def _figure(label: str, scale: str, meaning: str) -> Any:
    return dataclasses.field(metadata={"label": label, "scale": scale, "meaning": meaning})


@dataclass(frozen=True)
class Figures:
    """All errors of one frame, or their means; 0 is perfect. None where there was nothing to do.

    Attributes:
        edge_mad: None where the true matte has no edge.
        edge_mse: None where the true matte has no edge.
        core: None where nothing in the true matte is opaque but outlines.
        residue: None where nothing in the true matte is empty but outlines.
        comp_grey: None where only mattes were compared.
        comp_red: None where only mattes were compared.
        comp_background: None where only mattes were compared or no background was given.
        de95: None where only mattes were compared, or where both are empty.
    """

    mad: float = _figure("MAD", "x1e3", "mean absolute difference of alpha")
    mse: float = _figure("MSE", "x1e3", "mean squared difference of alpha")
    sad: float = _figure("SAD", "/1e3", "sum of absolute differences of alpha")
    grad: float = _figure("Grad", "/1e3", "sum of squared differences of gradient magnitudes")
    conn: float = _figure("Conn", "/1e3", "sum of differences of connectedness")
    dtssd: float = _figure("dtSSD", "x1e2", "error of the change since the last frame")
    edge_mad: float | None = _figure("MAD edge", "x1e3", "MAD in the band around the true edge")
    edge_mse: float | None = _figure("MSE edge", "x1e3", "MSE in the band around the true edge")
    core: float | None = _figure("core", "%", "share of the true inside under 0.95")
    residue: float | None = _figure("residue", "%", "share of the true outside over 0.02")
    comp_grey: float | None = _figure("comp grey", "x1e3", "comp error over 0.18 grey")
    comp_red: float | None = _figure("comp red", "x1e3", "comp error over (0.60, 0.02, 0.02)")
    comp_background: float | None = _figure("comp bg", "x1e3", "comp error over the background")
    de95: float | None = _figure("dE95", "dE00", "95th percentile of CIEDE2000 over 0.18 grey")


@dataclass(frozen=True)
class FigureInfo:
    """How a figure is headed and what it means.

    Attributes:
        name: its attribute of ``Figures`` and its key in JSON.
        label: its heading in tables and plots.
        scale: what the plain value was multiplied with, or its unit.
        meaning: half a sentence.
    """

    name: str
    label: str
    scale: str
    meaning: str


FIGURES: tuple[FigureInfo, ...] = tuple(
    FigureInfo(field.name, **field.metadata) for field in dataclasses.fields(Figures)
)


@dataclass(frozen=True)
class FrameAccuracy:
    """The errors of one frame, by its number."""

    frame: int
    figures: Figures


@dataclass(frozen=True)
class AccuracySummary:
    """The errors of a whole shot.

    Attributes:
        convention: how alpha was prepared.
        frames: how many frames were measured.
        mean: plain means over the frames, dtSSD's 0 of the first frame included; figures that
            were None on some frames are averaged over the others.
        worst_frame: number of the frame with the largest MAD, the first of equals.
    """

    convention: Convention
    frames: int
    mean: Figures
    worst_frame: int


class Accuracy:
    """Measures frames in order and keeps sums and the last pair of mattes, no more."""

    def __init__(self, convention: Convention = Convention.FLOAT) -> None:
        self._convention = convention
        self._frames = 0
        self._sums = dict.fromkeys((info.name for info in FIGURES), 0.0)
        self._counts = dict.fromkeys((info.name for info in FIGURES), 0)
        self._worst: FrameAccuracy | None = None
        self._last: tuple[FloatArray, FloatArray] | None = None

    def add(
        self,
        predicted: FloatArray,
        truth: FloatArray,
        *,
        frame: int | None = None,
        background: FloatArray | None = None,
    ) -> FrameAccuracy:
        """Measures the next frame.

        Args:
            predicted: HxWx4 premultiplied, linear, or HxW alpha alone; finite.
            truth: the same for the true picture; of equal height and width.
            frame: its number; by default it is counted from 1.
            background: (3,) or HxWx3, linear; finite.

        The comp errors are of the pictures as they are, whatever the convention; with alpha
        alone on either side they are None.
        """
        for name, picture in (("predicted", predicted), ("truth", truth)):
            if picture.ndim != 2 and (picture.ndim != 3 or picture.shape[2] != 4):
                raise ValueError(f"{name} is {picture.shape}, expected HxWx4 or HxW")
            if not np.isfinite(picture).all():
                raise ValueError(f"{name} has values that are not finite")
        if predicted.shape[:2] != truth.shape[:2]:
            raise ValueError(f"shapes differ: predicted {predicted.shape}, truth {truth.shape}")
        mattes = (
            self._convention.prepared(_alpha(predicted)),
            self._convention.prepared(_alpha(truth)),
        )
        edge = metrics.edge_band(mattes[1])
        has_edge = bool(edge.any())
        comps = _comp_errors(predicted, truth, background)
        figures = Figures(
            mad=metrics.mad(*mattes),
            mse=metrics.mse(*mattes),
            sad=metrics.sad(*mattes),
            grad=metrics.grad(*mattes, stretch=self._convention.stretches_grad),
            conn=metrics.conn(*mattes),
            dtssd=metrics.dtssd(*mattes, *(self._last or ())),
            edge_mad=metrics.mad(*mattes, edge) if has_edge else None,
            edge_mse=metrics.mse(*mattes, edge) if has_edge else None,
            core=visible.core(*mattes),
            residue=visible.residue(*mattes),
            comp_grey=comps[0],
            comp_red=comps[1],
            comp_background=comps[2],
            de95=_colour_error(predicted, truth),
        )
        self._last = mattes
        measured = FrameAccuracy(self._frames + 1 if frame is None else frame, figures)
        self._remember(measured)
        return measured

    def summary(self) -> AccuracySummary:
        """The errors of all frames so far.

        Raises:
            ValueError: no frame has been measured.
        """
        if self._worst is None:
            raise ValueError("no frame has been measured")
        means: dict[str, Any] = {
            name: self._sums[name] / count if count else None
            for name, count in self._counts.items()
        }
        return AccuracySummary(
            convention=self._convention,
            frames=self._frames,
            mean=Figures(**means),
            worst_frame=self._worst.frame,
        )

    def _remember(self, measured: FrameAccuracy) -> None:
        self._frames += 1
        for info in FIGURES:
            value = getattr(measured.figures, info.name)
            if value is not None:
                self._sums[info.name] += value
                self._counts[info.name] += 1
        if self._worst is None or measured.figures.mad > self._worst.figures.mad:
            self._worst = measured


def _alpha(picture: FloatArray) -> FloatArray:
    return picture[..., 3] if picture.ndim == 3 else picture


def _colour_error(predicted: FloatArray, truth: FloatArray) -> float | None:
    if predicted.ndim == 2 or truth.ndim == 2:
        return None
    return visible.colour_error(predicted, truth)


def _comp_errors(
    predicted: FloatArray, truth: FloatArray, background: FloatArray | None
) -> tuple[float | None, float | None, float | None]:
    """Over grey, over red, over the background."""
    if predicted.ndim == 2 or truth.ndim == 2:
        return None, None, None
    return (
        metrics.comp_error(predicted, truth, np.asarray(metrics.GREY)),
        metrics.comp_error(predicted, truth, np.asarray(metrics.RED)),
        None if background is None else metrics.comp_error(predicted, truth, background),
    )
