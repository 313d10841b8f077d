"""Every control is neutral by default, does what it says, and reaches a finite way."""

from __future__ import annotations

import pytest
import torch

from mattebox.matte.controls import MatteControls, control_alpha, gaussian_blur


def ramp() -> torch.Tensor:
    return torch.linspace(0.0, 1.0, 11).view(1, 1, 1, 11)


def dot(size: int = 21) -> torch.Tensor:
    picture = torch.zeros(1, 1, size, size)
    picture[..., size // 2, size // 2] = 1.0
    return picture


def test_neutral_controls_return_the_alpha_itself() -> None:
    alpha = ramp()
    assert control_alpha(alpha, MatteControls()) is alpha


def test_clips_stretch_what_lies_between() -> None:
    result = control_alpha(ramp(), MatteControls(clip_black=0.2, clip_white=0.8)).flatten()
    assert result[2] == 0.0
    assert result[8] == 1.0
    assert float(result[5]) == pytest.approx(0.5)


def test_gamma_above_one_makes_the_matte_denser() -> None:
    result = control_alpha(torch.tensor([0.25]).view(1, 1, 1, 1), MatteControls(gamma=2.0))
    assert float(result) == pytest.approx(0.5)


def test_erode_shrinks_a_square_by_its_radius() -> None:
    square = torch.zeros(1, 1, 20, 20)
    square[..., 5:15, 5:15] = 1.0
    assert control_alpha(square, MatteControls(erode=2.0)).sum() == 36.0
    assert control_alpha(square, MatteControls(erode=-1.0)).sum() == 144.0


def test_a_fraction_of_a_pixel_lies_between_the_radii() -> None:
    square = torch.zeros(1, 1, 20, 20)
    square[..., 5:15, 5:15] = 1.0
    assert control_alpha(square, MatteControls(erode=0.5)).sum() == pytest.approx((100 + 64) / 2)


def test_blur_keeps_the_sum_and_stays_within_three_sigma() -> None:
    blurred = gaussian_blur(dot(), 2.0)
    assert float(blurred.sum()) == pytest.approx(1.0, abs=1e-5)
    assert blurred[..., 10, 3] == 0.0
    assert blurred[..., 10, 4] > 0.0


def test_outside_wins_over_inside() -> None:
    half, one = torch.full((1, 1, 1, 1), 0.5), torch.ones(1, 1, 1, 1)
    assert control_alpha(half, MatteControls(), inside=one) == 1.0
    assert control_alpha(half, MatteControls(), inside=one, outside=one) == 0.0


def test_crossed_clips_are_refused_with_both_values() -> None:
    with pytest.raises(ValueError, match=r"clip_black 0\.8 .* clip_white 0\.2"):
        MatteControls(clip_black=0.8, clip_white=0.2)
