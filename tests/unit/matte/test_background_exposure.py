"""The gain between a clean plate and the shot: found where it is there, exactly 1 where not."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tests.support.pictures import read_exr, rgb_of

from mattebox.colour_difference import colour_difference
from mattebox.matte.background_exposure import (
    background_weight,
    fit_exposure,
    frame_gain,
    gained_background,
)
from mattebox.matte.registration import moved_background
from mattebox.matte.statistics import Registration

SCREEN = torch.tensor([0.08, 0.43, 0.11]).view(1, 3, 1, 1)


def screen(height: int = 144, width: int = 240) -> torch.Tensor:
    """[1,3,H,W] a green screen that is half as bright at one side."""
    return SCREEN * torch.linspace(1.0, 0.5, width).expand(1, 1, height, width)


def shot(plate: torch.Tensor, gain: float = 1.0, seed: int = 1) -> tuple[torch.Tensor, ...]:
    """A frame with a subject on a third of it and grain of 2 %, and its alpha."""
    alpha = torch.zeros_like(plate[:, :1])
    alpha[..., 40:, 60:150] = 1.0
    grain = torch.randn(plate.shape, generator=torch.Generator().manual_seed(seed))
    return gain * (plate * (1.0 + 0.02 * grain) * (1.0 - alpha) + 0.3 * alpha), alpha


@pytest.mark.parametrize("gain", [0.85, 0.95, 1.05, 1.15])
def test_an_exposure_difference_is_found_with_a_first_alpha_made_from_the_wrong_plate(
    gain: float,
) -> None:
    true = screen()
    source, _ = shot(true)
    plate = true * gain
    found = fit_exposure([source], plate, [colour_difference(source, plate)])
    assert found.accepted
    assert found.gain == pytest.approx((1 / gain,) * 3, rel=0.002)
    torch.testing.assert_close(gained_background(plate, found.gain), true, rtol=0.002, atol=0.0)


def test_a_white_difference_is_found_per_channel() -> None:
    true = screen()
    source, alpha = shot(true)
    found = fit_exposure([source], true / torch.tensor([0.9, 1.0, 1.1]).view(1, 3, 1, 1), [alpha])
    assert found.gain == pytest.approx((0.9, 1.0, 1.1), rel=0.003)
    assert found.gain[1] == 1.0


def test_a_plate_that_fits_is_not_touched() -> None:
    true = screen()
    source, alpha = shot(true)
    found = fit_exposure([source], true, [alpha])
    assert found.gain == (1.0, 1.0, 1.0)
    assert not found.accepted
    assert gained_background(true, found.gain) is true


def test_another_picture_has_no_gain() -> None:
    generator = torch.Generator().manual_seed(4)
    blocks = torch.rand(1, 3, 18, 30, generator=generator).repeat_interleave(8, 2)
    other = blocks.repeat_interleave(8, 3) + 0.01
    source, alpha = shot(screen())
    found = fit_exposure([source], other, [alpha])
    assert (found.accepted, found.gain) == (False, (1.0, 1.0, 1.0))
    assert "differ from place to place" in found.reason


def test_without_background_or_frames_there_is_no_gain() -> None:
    source, alpha = shot(screen())
    covered = fit_exposure([source], screen(), [torch.ones_like(alpha)])
    assert covered.reason == "too little background is seen"
    assert not fit_exposure([], screen(), []).accepted
    black = fit_exposure([source], torch.zeros_like(source), [alpha])
    assert black.gain == (1.0, 1.0, 1.0)


def test_steady_light_gives_exactly_one_in_every_frame() -> None:
    plate = screen()
    for seed in range(6):
        source, alpha = shot(plate, seed=seed)
        assert frame_gain(source, plate, alpha) == (1.0, 1.0, 1.0)


def test_flicker_is_followed_frame_by_frame() -> None:
    plate = screen()
    for gain in (0.93, 1.08):
        source, alpha = shot(plate, gain)
        green = frame_gain(source, plate, alpha)[1]
        assert green == pytest.approx(gain, rel=0.002)


def test_the_gain_leaves_its_deadband_without_a_step() -> None:
    plate = screen()
    alpha = torch.zeros_like(plate[:, :1])
    gains = [frame_gain(plate * g, plate, alpha)[1] for g in (1.003, 1.0039, 1.0041, 1.005)]
    assert gains[0] == gains[1] == 1.0
    assert 1.0 < gains[2] < 1.0003
    assert gains[2] < gains[3] < 1.005


def test_a_first_alpha_lifted_all_over_still_shows_the_background() -> None:
    alpha = torch.full((1, 1, 20, 20), 0.3)
    alpha[..., 10:, :] = 1.0
    weight = background_weight(alpha)
    assert float(weight[..., :10, :].min()) == 1.0
    assert float(weight[..., 10:, :].max()) == 0.0
    assert float(background_weight(torch.ones(1, 1, 9, 9)).max()) == 0.0


def picture(folder: Path, name: str, frame: int) -> torch.Tensor:
    (path,) = folder.glob(f"{name}/*_{name}.{frame:04d}.exr")
    return torch.from_numpy(rgb_of(read_exr(path)).copy()).permute(2, 0, 1)[None].contiguous()


@pytest.mark.shared
@pytest.mark.parametrize("name", ["hair", "smoke_glass"])
def test_the_brighter_plate_of_a_shot_comes_back_to_its_light(shared: Path, name: str) -> None:
    """``plate_offset`` is 5 % brighter; moved back it misses the true plate by 0.0104."""
    folder = shared / "shots" / name
    move = Registration("shift", (1, 0, 1.4, 0, 1, -0.8, 0, 0, 1), 0.0, 0.0, 0.0, "")
    plate = moved_background(picture(folder, "plate_offset", 1), move)
    frames = [picture(folder, "green_spill_grain", k) for k in (1, 9, 17)]
    found = fit_exposure(frames, plate, [colour_difference(f, plate) for f in frames])
    assert found.gain[1] == pytest.approx(1 / 1.05, rel=0.003)
    truth = picture(folder, "plate", 1)
    assert float((gained_background(plate, found.gain) - truth).abs().mean()) < 0.0006
    fitting = gained_background(plate, found.gain)
    for frame in frames:  # the light of these shots is steady
        gain = frame_gain(frame, fitting, colour_difference(frame, fitting))
        assert gain == pytest.approx((1.0, 1.0, 1.0), abs=0.003)
