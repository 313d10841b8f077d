"""A shot measured frame by frame."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from mattebox.measure.accuracy import FIGURES, Accuracy, Figures
from mattebox.measure.metrics import Convention

Picture = NDArray[np.float32]


def disc(radius: float, colour: float = 0.4) -> Picture:
    """A premultiplied grey disc with a soft edge, 48x64x4."""
    y, x = np.mgrid[:48, :64].astype(np.float32)
    alpha = np.clip(radius - np.hypot(x - 32, y - 24), 0.0, 1.0)
    return np.stack([alpha * colour] * 3 + [alpha], axis=2).astype(np.float32)


def test_a_perfect_shot_is_all_zero() -> None:
    accuracy = Accuracy()
    for radius in (10, 12, 14):
        accuracy.add(disc(radius), disc(radius), background=np.array([0.1, 0.2, 0.3]))
    assert set(dataclasses.astuple(accuracy.summary().mean)) == {0.0}


def test_the_first_frames_dtssd_is_0_and_is_averaged_in() -> None:
    """Alternating gains of 1 and 0.9 on a flat matte of 0.5: a change of 0.05 on 3 of 4 frames."""
    accuracy = Accuracy()
    truth = np.full((8, 8), 0.5)
    frames = [accuracy.add(truth * gain, truth) for gain in (1.0, 0.9, 1.0, 0.9)]
    assert [f.figures.dtssd for f in frames] == pytest.approx([0.0, 5.0, 5.0, 5.0])
    assert accuracy.summary().mean.dtssd == pytest.approx(3.75)


def test_means_are_plain_means_and_the_worst_frame_is_named() -> None:
    accuracy = Accuracy()
    truth = np.ones((8, 8))
    for frame, gain in ((1001, 0.9), (1002, 0.7), (1003, 0.8), (1004, 0.7)):
        accuracy.add(truth * gain, truth, frame=frame)
    summary = accuracy.summary()
    assert summary.frames == 4
    assert summary.worst_frame == 1002
    assert summary.mean.mad == pytest.approx((100 + 300 + 200 + 300) / 4)
    assert summary.convention is Convention.FLOAT


def test_frames_are_counted_from_one_where_no_number_is_given() -> None:
    accuracy = Accuracy()
    assert [accuracy.add(disc(9), disc(9)).frame for _ in range(3)] == [1, 2, 3]


def test_frames_without_an_edge_do_not_dilute_the_edge_figures() -> None:
    accuracy = Accuracy()
    flat = np.ones((48, 64), np.float32)
    assert accuracy.add(flat, flat).figures.edge_mad is None
    with_edge = accuracy.add(disc(10)[..., 3] * 0.9, disc(10)[..., 3]).figures
    assert with_edge.edge_mad is not None
    assert with_edge.edge_mad > with_edge.mad
    assert accuracy.summary().mean.edge_mad == with_edge.edge_mad


def test_frames_without_an_inside_do_not_dilute_the_holes() -> None:
    accuracy = Accuracy()
    smoke = disc(10)
    smoke[..., 3] *= 0.5
    assert accuracy.add(smoke, smoke).figures.core is None
    holed = disc(10)
    holed[20:28, 28:36] = 0.0
    figures = accuracy.add(holed, disc(10)).figures
    assert figures.core is not None
    assert figures.core > 20.0
    summary = accuracy.summary().mean
    assert summary.core == figures.core
    assert summary.residue == 0.0
    assert summary.de95 is not None


def test_mattes_alone_have_no_comp_errors() -> None:
    figures = Accuracy().add(disc(9)[..., 3], disc(9), background=np.zeros(3)).figures
    assert (figures.comp_grey, figures.comp_red, figures.comp_background) == (None, None, None)
    assert figures.de95 is None
    assert (figures.core, figures.residue) == (0.0, 0.0)
    assert figures.mad == 0.0


def test_the_8_bit_convention_rounds_alpha_and_hides_gain_from_grad() -> None:
    true, predicted = disc(10), disc(10)
    predicted[..., 3] *= 0.98
    exact = Accuracy().add(predicted, true).figures
    rounded = Accuracy(Convention.RVM_LR_8BIT).add(predicted, true).figures
    assert exact.mad == pytest.approx(20.0 * true[..., 3].mean(), rel=1e-5)
    assert rounded.mad != exact.mad
    assert rounded.mad == pytest.approx(exact.mad, abs=1e3 / 255 / 2)
    assert rounded.grad < exact.grad / 10
    assert rounded.comp_grey == exact.comp_grey


def test_8_bit_errors_are_whole_levels() -> None:
    """0.2501 and 0.2499 are levels 64 and 64; 0.2501 and 0.248 are 64 and 63."""
    accuracy = Accuracy(Convention.RVM_LR_8BIT)
    flat = np.ones((6, 6))
    assert accuracy.add(flat * 0.2501, flat * 0.2499).figures.mad == 0.0
    assert accuracy.add(flat * 0.2501, flat * 0.248).figures.mad == pytest.approx(1e3 / 255)


def test_every_figure_has_a_heading_a_scale_and_a_meaning() -> None:
    assert [info.name for info in FIGURES] == [field.name for field in dataclasses.fields(Figures)]
    assert all(info.label and info.scale and info.meaning for info in FIGURES)


def test_only_the_last_mattes_are_kept() -> None:
    accuracy = Accuracy()
    for _ in range(3):
        accuracy.add(disc(9), disc(9))
    kept = [v for v in vars(accuracy).values() if isinstance(v, (list, tuple))]
    assert sum(len(part) for part in kept) == 2


def test_what_cannot_be_measured_is_refused() -> None:
    accuracy = Accuracy()
    with pytest.raises(ValueError, match="no frame"):
        accuracy.summary()
    with pytest.raises(ValueError, match="HxWx4"):
        accuracy.add(disc(9)[..., :3], disc(9))
    with pytest.raises(ValueError, match="shapes differ"):
        accuracy.add(disc(9)[:-1], disc(9))
    broken = disc(9)
    broken[3, 3, 0] = np.nan
    with pytest.raises(ValueError, match="predicted has values that are not finite"):
        accuracy.add(broken, disc(9))
