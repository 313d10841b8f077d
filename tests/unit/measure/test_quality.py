"""Figures of a keyed shot without its truth, and the frames that stand out."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from mattebox.measure.metrics import FloatArray, flicker
from mattebox.measure.quality import FrameQuality, ShotQuality
from mattebox.measure.suspects import find_suspects


def disc(x: float, size: int = 40) -> FloatArray:
    """HxW alpha: a disc of radius 9 with an edge of 2 pixels."""
    rows, columns = np.mgrid[:size, :size]
    distance = np.hypot(columns - x, rows - size / 2)
    return np.asarray(np.clip((10.0 - distance) / 2.0, 0.0, 1.0), np.float32)


def shot(count: int = 12) -> list[FrameQuality]:
    """A steady shot whose coverage grows by 1 % of the frame each frame."""
    return [
        FrameQuality(
            frame=1001 + i,
            coverage=0.2 + 0.01 * i,
            partial=0.05,
            flicker=None if i == 0 else 10.0 + 0.1 * (i % 3),
            identity=0.5,
            residual=0.002,
            confidence=0.9,
            unsure=0.01,
        )
        for i in range(count)
    ]


def changed(frames: list[FrameQuality], frame: int, **values: Any) -> list[FrameQuality]:
    return [dataclasses.replace(f, **values) if f.frame == frame else f for f in frames]


def test_coverage_is_mean_alpha_and_partial_the_share_between() -> None:
    alpha = np.zeros((4, 5), np.float32)
    alpha[0] = 1.0
    alpha[1] = 0.5
    measured = ShotQuality().add(7, alpha, None, {})
    assert measured.frame == 7
    assert measured.coverage == pytest.approx((5 + 2.5) / 20)
    assert measured.partial == pytest.approx(5 / 20)
    assert measured.flicker is None
    assert measured.confidence is None
    assert measured.identity is None


def test_identity_and_residual_are_what_the_header_states() -> None:
    stated = {"mattebox/identity": 0.5, "mattebox/residual": 0.002, "mattebox/job": "abc"}
    measured = ShotQuality().add(1, disc(20), None, stated)
    assert (measured.identity, measured.residual) == (0.5, 0.002)


def test_flicker_is_that_of_the_metrics_between_neighbours_only() -> None:
    quality = ShotQuality()
    quality.add(1, disc(18), None, {})
    second = quality.add(2, disc(19), None, {})
    after_a_gap = quality.add(4, disc(21), None, {})
    assert second.flicker == flicker(disc(19), disc(18))
    assert after_a_gap.flicker is None
    assert [measured.frame for measured in quality.frames] == [1, 2, 4]


def test_confidence_counts_at_the_edge_alone() -> None:
    alpha = disc(20)
    confidence = np.where((alpha > 0.0) & (alpha < 1.0), 0.25, 1.0).astype(np.float32)
    confidence[0, 0] = 0.0  # far from the edge
    measured = ShotQuality().add(1, alpha, confidence, {})
    assert measured.confidence is not None
    assert 0.25 < measured.confidence < 1.0
    only_far = np.ones_like(alpha)
    only_far[0, 0] = 0.0
    assert ShotQuality().add(1, alpha, only_far, {}).confidence == 1.0
    assert ShotQuality().add(1, alpha, confidence, {}).unsure == pytest.approx(
        1.0 - (measured.confidence - 0.25) / 0.75
    )


def test_without_an_edge_there_is_no_confidence_and_no_flicker() -> None:
    quality = ShotQuality()
    empty = np.zeros((8, 8), np.float32)
    quality.add(1, empty, empty, {})
    measured = quality.add(2, empty, empty, {})
    assert (measured.flicker, measured.confidence, measured.unsure) == (None, None, None)


def test_pictures_that_cannot_be_measured_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one pixel"):
        ShotQuality().add(1, np.zeros((0, 4), np.float32), None, {})
    with pytest.raises(ValueError, match="confidence is"):
        ShotQuality().add(1, disc(20), np.zeros((3, 3), np.float32), {})


def test_in_a_steady_shot_no_frame_stands_out_though_coverage_grows() -> None:
    assert find_suspects(shot()) == ()


@pytest.mark.parametrize("frame", [1001, 1002, 1006, 1012])
def test_a_jump_of_coverage_names_that_frame_alone_and_says_how_much(frame: int) -> None:
    usual = 0.2 + 0.01 * (frame - 1001)
    (suspect,) = find_suspects(changed(shot(), frame, coverage=1.06 * usual))
    assert suspect.frame == frame
    assert suspect.reasons[0].startswith("alpha coverage jumps up by 6.0 % against its neighbours")


def test_the_worst_reason_and_the_worst_frame_come_first() -> None:
    frames = changed(shot(), 1004, residual=0.02, confidence=0.8)
    frames = changed(frames, 1009, residual=0.005)
    first, second = find_suspects(frames)
    assert (first.frame, second.frame) == (1004, 1009)
    assert "plate residual is high: 20 x 1e3, the shot's median is 2" in first.reasons[0]
    assert "edge confidence is low: 0.8, the shot's median is 0.9" in first.reasons[1]


def test_better_than_usual_is_no_fault() -> None:
    frames = changed(shot(), 1004, residual=0.0, confidence=1.0, unsure=0.0, flicker=0.0)
    assert find_suspects(frames) == ()


@pytest.mark.parametrize("identity", [1.5, float("inf"), float("nan")])
def test_an_identity_that_does_not_hold_comes_first_in_a_shot_of_any_length(
    identity: float,
) -> None:
    (suspect,) = find_suspects(changed(shot(2), 1002, identity=identity))
    assert suspect.frame == 1002
    assert "the layers miss the source" in suspect.reasons[0]


def test_a_short_shot_has_no_outliers_and_no_frames_none() -> None:
    assert find_suspects(changed(shot(4), 1002, coverage=0.9)) == ()
    assert find_suspects(()) == ()
