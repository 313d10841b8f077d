"""Errors by confidence, on mattes made by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.confidence import EDGES, confidence_bands, plot_bands


def test_each_band_holds_its_own_pixels_errors() -> None:
    confidence = np.array([[0.1, 0.1, 0.97, 1.0]], np.float32)
    alpha = np.array([[0.5, 0.7, 0.51, 1.0]], np.float32)
    truth = np.array([[0.0, 1.0, 0.50, 1.0]], np.float32)
    bands = {(band.low, band.high): band for band in confidence_bands([(confidence, alpha, truth)])}
    assert bands[0.0, 0.2].mean == pytest.approx(0.4)
    assert bands[0.0, 0.2].share == 0.5
    assert bands[0.95, 0.99].mean == pytest.approx(0.01, abs=1e-6)
    assert bands[0.99, 1.0].mean == 0.0
    assert bands[0.4, 0.6].mean is None


def test_frames_add_up_and_nothing_is_lost_at_the_ends() -> None:
    one = np.array([[0.0, 1.0]], np.float32)
    bands = confidence_bands([(one, one, one)] * 3)
    assert len(bands) == len(EDGES) - 1
    assert sum(band.share for band in bands) == pytest.approx(1.0)
    assert bands[0].share == pytest.approx(0.5)
    assert bands[-1].share == pytest.approx(0.5)


def test_the_plot_is_a_png(tmp_path: Path) -> None:
    one = np.linspace(0.0, 1.0, 50, dtype=np.float32).reshape(5, 10)
    plot_bands([("ramp", confidence_bands([(one, one, one * 0.9)]))], tmp_path / "c.png")
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
