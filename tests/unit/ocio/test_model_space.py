"""What a network is shown."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from mattebox_ocio.model_space import (
    BRIGHTEST,
    KNEE,
    SHOULDER,
    ModelSpace,
    exposure_for,
    srgb_decode,
    srgb_encode,
)


def codes_of(*light: float, exposure: float = 1.0) -> list[int]:
    encoded = ModelSpace(exposure).encode(torch.tensor(light))
    return [int(c) for c in (encoded * 255.0).round().tolist()]


def test_light_gets_the_codes_that_were_measured_to_work() -> None:
    assert codes_of(0.0, 0.18, 0.5, 1.0, 4.0, 16.0) == [0, 118, 188, 215, 238, 255]


def test_below_the_knee_codes_are_plain_srgb() -> None:
    light = torch.linspace(0.0, KNEE, 100)
    assert torch.equal(ModelSpace().encode(light), srgb_encode(light))


def test_the_shoulder_ends_at_one_for_light_of_sixteen() -> None:
    assert math.isclose(
        KNEE + SHOULDER * math.log1p((BRIGHTEST - KNEE) / SHOULDER), 1.0, abs_tol=1e-15
    )


def test_the_shoulder_leaves_the_knee_without_a_corner() -> None:
    step = 1e-4
    light = torch.tensor([KNEE - step, KNEE, KNEE + step], dtype=torch.float64)
    below, above = srgb_decode(ModelSpace().encode(light)).diff().tolist()
    assert below == pytest.approx(step, rel=1e-6)
    assert above == pytest.approx(step, rel=2e-3)


@pytest.mark.parametrize("exposure", [1.0, 0.25, 5.3])
def test_decode_is_the_inverse_of_encode(exposure: float) -> None:
    space = ModelSpace(exposure)
    light = torch.logspace(-14, 3.99, 2000, base=2.0, dtype=torch.float64) / exposure
    back = space.decode(space.encode(light))
    assert float(((back - light) / light).abs().max()) < 1e-12
    back32 = space.decode(space.encode(light.float())).double()
    assert float(((back32 - light) / light).abs().max()) < 2e-5


def test_light_outside_the_range_is_held_and_nan_stays() -> None:
    light = torch.tensor([-1.0, -1e-6, 17.0, 65504.0, math.inf, -math.inf, math.nan])
    codes = ModelSpace().encode(light)
    assert codes[:6].tolist() == pytest.approx([0.0, 0.0, 1.0, 1.0, 1.0, 0.0], abs=1e-6)
    assert math.isnan(codes[6])
    assert float(codes[:6].max()) <= 1.0


def test_codes_outside_the_range_are_held() -> None:
    assert ModelSpace().decode(torch.tensor([-0.5, 1.5])).tolist() == pytest.approx(
        [0.0, 16.0], rel=1e-5
    )


def test_exposure_is_a_gain_of_linear_light() -> None:
    assert codes_of(0.36, exposure=0.5) == codes_of(0.18)
    assert ModelSpace(0.5).decode(ModelSpace(0.5).encode(torch.tensor([20.0]))).item() == (
        pytest.approx(20.0, rel=1e-5)
    )


@pytest.mark.parametrize("exposure", [0.0, -1.0, math.nan, math.inf])
def test_an_exposure_that_is_no_gain_is_refused(exposure: float) -> None:
    with pytest.raises(ValueError, match="gain above 0"):
        ModelSpace(exposure)


def test_shapes_and_dtype_are_kept() -> None:
    for shape in [(), (3,), (1, 3, 0, 4), (2, 3, 4, 5)]:
        encoded = ModelSpace().encode(torch.zeros(shape))
        assert (encoded.shape, encoded.dtype) == (shape, torch.float32)


def test_srgb_is_the_standards_curve_and_extends_below_and_above() -> None:
    assert srgb_encode(torch.tensor([0.0031308, 0.18, 1.0, 4.0, -0.01])).tolist() == pytest.approx(
        [0.040450, 0.461356, 1.0, 1.055 * 4.0 ** (1 / 2.4) - 0.055, -0.1292], abs=1e-6
    )
    x = torch.linspace(-0.5, 8.0, 1001)
    assert torch.allclose(srgb_decode(srgb_encode(x)), x, rtol=2e-6, atol=1e-6)


def shot(middle: float, *, stops: float = 0.0, frames: int = 3) -> list[np.ndarray]:
    """Frames of log-normal light around a middle luminance: one stop and a half of spread."""
    rng = np.random.default_rng(11)
    light = middle * np.exp2(rng.normal(stops, 1.5, (frames, 64, 64, 1)))
    return list(np.repeat(light, 3, axis=-1).astype(np.float32))


@pytest.mark.parametrize("middle", [0.02, 0.05, 0.1, 0.18, 0.3])
def test_a_normally_exposed_shot_is_left_alone(middle: float) -> None:
    assert exposure_for(shot(middle)) == 1.0


@pytest.mark.parametrize("stops", [2, 3, 4])
def test_a_shot_that_is_too_bright_comes_down_to_one_stop_above_grey(stops: int) -> None:
    gain = exposure_for(shot(0.18, stops=float(stops)))
    assert math.log2(gain) == pytest.approx(1.0 - stops, abs=0.2)


def test_highlights_above_four_are_brought_to_four() -> None:
    frame = np.full((100, 100, 3), 0.1, np.float32)
    frame[:5] = 16.0
    assert exposure_for([frame]) == 0.25


def test_a_few_lamps_do_not_darken_a_shot() -> None:
    frame = np.full((100, 100, 3), 0.1, np.float32)
    frame[0, :50] = 500.0
    assert exposure_for([frame]) == 1.0


def test_a_shot_more_than_four_stops_too_dark_comes_up_to_that() -> None:
    flat = np.full((50, 50, 3), 0.18 / 64.0, np.float32)
    assert exposure_for([flat]) == 4.0


def test_a_dark_shot_with_bright_parts_keeps_them() -> None:
    frame = np.full((100, 100, 3), 0.18 / 256.0, np.float32)
    frame[:10] = 0.9
    assert exposure_for([frame]) == pytest.approx(2.0**0.2)


def test_a_render_over_black_is_judged_by_its_lit_pixels() -> None:
    frame = np.zeros((100, 100, 3), np.float32)
    frame[:10] = 0.18
    assert exposure_for([frame]) == 1.0


def test_one_flash_frame_does_not_decide_for_the_shot() -> None:
    frames = shot(0.18, frames=5)
    frames[2] = frames[2] * 64.0
    assert exposure_for(frames) == 1.0


@pytest.mark.parametrize(
    "samples",
    [
        [],
        [np.zeros((4, 4, 3), np.float32)],
        [np.full((4, 4, 3), np.nan, np.float32)],
        [np.full((4, 4, 3), -1.0, np.float32)],
        [np.zeros((0, 4, 3), np.float32)],
    ],
    ids=["none", "black", "nan", "negative", "empty"],
)
def test_a_shot_without_light_has_gain_one(samples: list[np.ndarray]) -> None:
    assert exposure_for(samples) == 1.0


def test_nan_and_infinity_do_not_count_and_order_does_not_matter() -> None:
    frames = shot(0.18, stops=3.0)
    spoilt = [frame.copy() for frame in frames]
    spoilt[0][0, :8] = np.nan
    spoilt[1][0, :8] = np.inf
    assert exposure_for(spoilt) == pytest.approx(exposure_for(frames), rel=0.08)
    assert exposure_for(frames) == exposure_for(frames[::-1])
