"""The grain model, measured from frames."""

from __future__ import annotations

import pytest
import torch

from mattebox.matte.noise import estimate_noise
from mattebox.matte.statistics import NoiseModel


def ramp(frames: int, gain: float, floor: float, *, seed: int = 1) -> torch.Tensor:
    """[N,3,180,320]: a static ramp from 0 to 1 under grain of the model's kind."""
    level = torch.linspace(0.0, 1.0, 320).expand(frames, 3, 180, 320)
    grain = torch.randn(level.shape, generator=torch.Generator().manual_seed(seed))
    return level + grain * (gain * level + floor).sqrt()


def test_variance_is_gain_times_light_plus_floor() -> None:
    model = NoiseModel((1e-3, 2e-3, 3e-3), (1e-5, 1e-5, 1e-5))
    picture = torch.tensor([-1.0, 0.0, 0.5]).view(1, 3, 1, 1)
    found = model.variance(picture).flatten()
    torch.testing.assert_close(found, torch.tensor([1e-5, 1e-5, 1.51e-3]), rtol=0.01, atol=0.0)


def test_the_model_is_found_again_from_consecutive_frames() -> None:
    model = estimate_noise([ramp(2, 2e-4, 1e-5)])
    for level in (0.1, 0.5, 0.9):
        found = model.variance(torch.full((1, 3, 1, 1), level)).flatten()
        expected = torch.full((3,), 2e-4 * level + 1e-5)
        torch.testing.assert_close(found, expected, rtol=0.2, atol=0.0)


def test_one_frame_is_enough() -> None:
    model = estimate_noise([ramp(1, 2e-4, 1e-5)])
    found = model.variance(torch.full((1, 3, 1, 1), 0.5)).flatten()
    torch.testing.assert_close(found, torch.full((3,), 1.1e-4), rtol=0.25, atol=0.0)


def test_motion_does_not_count_as_grain() -> None:
    frames = ramp(2, 2e-4, 1e-5)
    moving = frames.clone()
    moving[1] = frames[1].roll(40, dims=-1)
    found = estimate_noise([moving]).variance(torch.full((1, 3, 1, 1), 0.5)).flatten()
    torch.testing.assert_close(found, torch.full((3,), 1.1e-4), rtol=0.35, atol=0.0)


def test_a_noiseless_picture_has_hardly_any_grain() -> None:
    model = estimate_noise([torch.full((2, 3, 64, 64), 0.25)])
    assert float(model.variance(torch.full((1, 3, 1, 1), 0.25)).max()) < 1e-8


def test_exposure_scales_the_deviation() -> None:
    one = estimate_noise([ramp(2, 2e-4, 1e-5)])
    two = estimate_noise([2.0 * ramp(2, 2e-4, 1e-5)])
    at = torch.full((1, 3, 1, 1), 0.5)
    torch.testing.assert_close(two.variance(2.0 * at), 4.0 * one.variance(at), rtol=1e-3, atol=0.0)


def test_a_tiny_picture_gives_a_model_and_no_error() -> None:
    model = estimate_noise([torch.full((1, 3, 3, 3), 0.25)])
    assert bool((model.variance(torch.zeros(1, 3, 1, 1)) > 0.0).all())


def test_the_same_frames_give_the_same_model() -> None:
    assert estimate_noise([ramp(2, 2e-4, 1e-5)]) == estimate_noise([ramp(2, 2e-4, 1e-5)])


def in_codes(frames: torch.Tensor, bits: int) -> torch.Tensor:
    """Linear light as a display-referred file of so many bits holds it (gamma 2.2)."""
    most = 2**bits - 1
    codes = (most * frames.clamp(0.0, 1.0) ** (1.0 / 2.2)).round() / most
    light: torch.Tensor = codes**2.2
    return light


@pytest.mark.parametrize("bits", [8, 10])
def test_a_picture_of_few_code_values_has_at_least_half_a_step(bits: int) -> None:
    every_level = torch.linspace(0.0, 1.0, 320 * 180).view(180, 320).expand(2, 3, 180, 320)
    clean = in_codes(every_level, bits)
    model = estimate_noise([clean])
    for level in (0.2, 0.7):
        step = 2.2 * level ** (1.2 / 2.2) / (2**bits - 1)
        found = float(model.variance(torch.full((1, 3, 1, 1), level)).max()) ** 0.5
        assert 0.3 * step < found < 1.0 * step


def test_codes_finer_than_the_grain_change_nothing() -> None:
    grainy = ramp(2, 2e-4, 1e-5)
    at = torch.full((1, 3, 1, 1), 0.5)
    found = estimate_noise([in_codes(grainy, 10)]).variance(at)
    torch.testing.assert_close(found, estimate_noise([grainy]).variance(at), rtol=0.15, atol=0.0)
