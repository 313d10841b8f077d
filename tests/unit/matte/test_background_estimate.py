"""A screen plate made from the shot, against the plate that was really there."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from tests.support.pictures import read_exr, rgb_of

from mattebox.colour_difference import colour_difference
from mattebox.matte.background_estimate import estimate_background
from mattebox.matte.statistics import Triple

SCREEN: Triple = (0.08, 0.43, 0.11)
HEIGHT, WIDTH = 120, 200


def uneven(folds: float = 0.05) -> torch.Tensor:
    """[1,3,H,W] a screen with a lamp at the left and three soft folds."""
    x = torch.linspace(0.0, 1.0, WIDTH)
    light = 1.2 - 0.5 * x + folds * torch.sin(20.0 * x)
    colour = torch.tensor(SCREEN).view(1, 3, 1, 1)
    return colour * light.expand(1, 1, HEIGHT, WIDTH)


def frames_of(
    plate: torch.Tensor, count: int, *, still: bool = False, gain: float = 0.0
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """A grey disc that crosses the picture, its soft edge 6 px wide, grain of 0.005."""
    generator = torch.Generator().manual_seed(2)
    y, x = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    frames, alphas = [], []
    for k in range(count):
        centre = WIDTH / 2 if still else WIDTH * (0.2 + 0.6 * k / max(1, count - 1))
        away = torch.hypot(x - centre, y - 0.6 * HEIGHT)
        alpha = ((30.0 - away) / 6.0).clamp(0.0, 1.0)[None, None]
        grain = 0.005 * torch.randn(plate.shape, generator=generator)
        light = 1.0 + gain * (-1) ** k
        frames.append(light * (alpha * 0.3 + (1.0 - alpha) * plate) + grain)
        alphas.append(alpha)
    return frames, alphas


def test_a_screen_that_is_seen_in_every_place_is_found_in_every_place() -> None:
    plate = uneven()
    found = estimate_background(frames_of(plate, 8)[0], SCREEN)
    assert float((found.known > 0).float().mean()) > 0.95
    assert float((found.background - plate).abs().mean()) < 0.002
    assert float((found.background - plate).abs().max()) < 0.03


@pytest.mark.parametrize("size", [(360, 600), (845, 1409), (1081, 1803), (1300, 725)])
def test_a_large_picture_gives_the_plate_that_a_small_one_gives(size: tuple[int, int]) -> None:
    """Screen is told on boxes of 2 x 2 from a shorter side of 720 on, of 3 x 3 from 1080; the last
    are cut."""
    plate = F.interpolate(uneven(), size=size, mode="bilinear")
    frames = [F.interpolate(one, size=size, mode="bilinear") for one in frames_of(uneven(), 6)[0]]
    generator = torch.Generator().manual_seed(3)
    grainy = [one + 0.005 * torch.randn(one.shape, generator=generator) for one in frames]
    found = estimate_background(grainy, SCREEN)
    assert float((found.known > 0).float().mean()) > 0.95
    assert float((found.background - plate).abs().mean()) < 0.002
    assert float((found.background - plate).abs().max()) < 0.03


def test_what_was_never_seen_continues_the_surface() -> None:
    plate = uneven(folds=0.0)  # a fold that is hidden altogether cannot be known
    frames, alphas = frames_of(plate, 6, still=True)
    found = estimate_background(frames, SCREEN)
    hidden = alphas[0] > 0.02
    assert float(found.known[hidden].max()) == 0.0
    error = (found.background - plate).abs().amax(1, keepdim=True)
    assert float(error[hidden].mean()) < 0.01
    steps = (found.background[..., 1:] - found.background[..., :-1]).abs()
    assert float(steps.max()) < 0.03  # no seam where the known part ends


def test_loose_strands_at_an_outline_do_not_darken_the_screen_behind() -> None:
    """Strands around a still head, too thin and too few to fail as screen."""
    plate = F.interpolate(uneven(folds=0.0), size=(270, 450), mode="bilinear")
    y, x = torch.meshgrid(torch.arange(270), torch.arange(450), indexing="ij")
    away = torch.hypot(x - 225.0, y - 135.0)
    head = ((70.0 - away) / 2.0).clamp(0.0, 1.0)
    generator = torch.Generator().manual_seed(4)
    rare = 0.2 * ((90.0 - away) / 20.0).clamp(0.0, 1.0)
    strands = 0.7 * (torch.rand(away.shape, generator=generator) < rare)
    alpha = torch.maximum(head[None, None], F.avg_pool2d(strands[None, None], 3, 1, 1))
    light = 0.02 * alpha + (1.0 - alpha) * plate
    frames = [light + 0.004 * torch.randn(plate.shape, generator=generator) for _ in range(4)]
    off = (estimate_background(frames, SCREEN).background / plate - 1.0)[:, 1:2]
    assert abs(float(off[alpha > 0.02].mean())) < 0.01
    assert abs(float(off[alpha == 0.0].mean())) < 0.003


def test_thin_smoke_that_stands_still_is_not_taken_for_screen() -> None:
    plate = uneven()
    frames, _ = frames_of(plate, 6, still=True)
    veil = torch.zeros(1, 1, HEIGHT, WIDTH)
    veil[..., 10:40, 20:60] = 0.1
    found = estimate_background([(1.0 - veil) * frame + veil * 0.5 for frame in frames], SCREEN)
    assert float(found.known[veil > 0].max()) == 0.0
    error = (found.background - plate).abs().amax(1, keepdim=True)
    assert float(error[veil > 0].mean()) < 0.01


def test_a_shirt_of_nearly_the_screens_colour_is_not_taken_for_screen() -> None:
    plate = uneven()
    shirt = torch.tensor((0.015, 0.13, 0.06)).view(1, 3, 1, 1)
    frames, _ = frames_of(plate, 6, still=True)
    worn = torch.zeros(1, 1, HEIGHT, WIDTH)
    worn[..., 50:, 60:140] = 1.0
    found = estimate_background([(1.0 - worn) * one + worn * shirt for one in frames], SCREEN)
    assert float(found.known[worn > 0].mean()) < 0.01
    error = (found.background - plate).abs().amax(1, keepdim=True)
    assert float(error[worn > 0].mean()) < 0.04


def test_a_screen_whose_colour_drifts_as_far_as_a_shirts_is_seen_whole() -> None:
    plate = uneven(folds=0.0)
    drift = torch.linspace(0.0, 0.25, WIDTH).expand(1, 1, HEIGHT, WIDTH)
    plate[:, 2:] += drift * plate[:, 1:2]
    found = estimate_background(frames_of(plate, 8)[0], SCREEN)
    assert float((found.known > 0).float().mean()) > 0.9
    assert float((found.background - plate).abs().mean()) < 0.004


def test_flickering_light_is_taken_out_before_frames_are_averaged() -> None:
    plate = uneven()
    found = estimate_background(frames_of(plate, 8, gain=0.06)[0], SCREEN)
    ratio = (found.background / plate)[:, 1]
    assert float(ratio.std()) < 0.01


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_frames_give_a_plate_as_well(count: int) -> None:
    plate = uneven()
    found = estimate_background(frames_of(plate, count)[0], SCREEN)
    assert float((found.background - plate).abs().mean()) < 0.006


def test_a_blue_screen_is_found_too() -> None:
    plate = uneven()[:, [0, 2, 1]]
    found = estimate_background(frames_of(plate, 6)[0], (0.08, 0.11, 0.43))
    assert float((found.background - plate).abs().mean()) < 0.003


def test_where_there_is_no_screen_the_colour_stands_in_and_nothing_is_known() -> None:
    found = estimate_background([torch.full((1, 3, 40, 60), 0.3)] * 3, SCREEN)
    assert float(found.known.max()) == 0.0
    torch.testing.assert_close(found.background[0, :, 7, 9], torch.tensor(SCREEN))


def test_the_same_frames_give_the_same_plate() -> None:
    frames, _ = frames_of(uneven(), 4)
    first, second = estimate_background(frames, SCREEN), estimate_background(frames, SCREEN)
    assert torch.equal(first.background, second.background)
    assert torch.equal(first.known, second.known)


def picture(folder: Path, name: str, frame: int, channels: str = "RGB") -> torch.Tensor:
    (path,) = folder.glob(f"{name}/*_{name}.{frame:04d}.exr")
    found = read_exr(path)
    pixels = torch.from_numpy(rgb_of(found) if channels == "RGB" else found["A"][..., None])
    return pixels.permute(2, 0, 1)[None].contiguous()


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "error", "known_error", "worse"),
    [("hair", 0.0040, 0.0011, 1.2), ("smoke_glass", 0.0022, 0.0012, 1.3)],
)
def test_a_real_shot_s_plate_keys_nearly_as_well_as_the_true_one(
    shared: Path, name: str, error: float, known_error: float, worse: float
) -> None:
    """``worse``: what the estimate costs in MAD x1e3; one colour for the screen costs 10 and 26."""
    folder = shared / "shots" / name
    frames = [picture(folder, "green_spill_grain", k) for k in (1, 2, 8, 9, 15, 16, 23, 24)]
    truth = picture(folder, "plate", 1)
    found = estimate_background(frames, SCREEN)
    away = (found.background - truth).abs()
    assert float(away.mean()) < error
    assert float(away[(found.known > 0).expand_as(away)].mean()) < known_error
    mads = [0.0, 0.0]
    for frame, source in zip((1, 8, 15, 23), frames[::2], strict=True):
        alpha = picture(folder, "fg", frame, "A")
        for index, plate in enumerate((found.background, truth)):
            key = colour_difference(source, plate)
            mads[index] += 250.0 * float((key - alpha).abs().mean())
    assert mads[0] - mads[1] < worse


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8])
def test_any_number_of_frames_knows_most_of_the_screen(count: int) -> None:
    known = estimate_background(frames_of(uneven(), count)[0], SCREEN).known
    assert float(known.mean()) > 0.5


@pytest.mark.slow
@pytest.mark.shared
def test_three_real_frames_know_as_much_as_two(shared: Path) -> None:
    # Each third sample is its pixel's own median; counted in, it halved the grain that was allowed.
    shot = shared / "shots/hair/green_spill_grain"

    def known(*numbers: int) -> float:
        frames = [
            torch.from_numpy(rgb_of(read_exr(shot / f"hair_green_spill_grain.{n:04d}.exr")))
            for n in numbers
        ]
        sources = [frame.permute(2, 0, 1)[None].contiguous() for frame in frames]
        return float(estimate_background(sources, (0.077, 0.408, 0.102)).known.mean())

    assert known(1, 3, 5) > 0.9 * known(1, 3)


def graded(light: torch.Tensor, strength: float) -> torch.Tensor:
    """A grade that takes colour out of what is bright."""
    grey = light.amax(1, keepdim=True)
    pale = (strength * grey).clamp(0.0, 1.0)
    return light + pale * (grey - light)


def test_a_graded_screen_is_seen_whole() -> None:
    x = torch.linspace(0.15, 1.6, WIDTH)
    falling = torch.tensor(SCREEN).view(1, 3, 1, 1) * x.expand(1, 1, HEIGHT, WIDTH)
    plate = graded(falling, 0.35)
    shares = plate[:, 0] / plate[:, 1]
    assert float(shares.max() - shares.min()) > 0.15  # what a linear screen never shows
    found = estimate_background(frames_of(plate, 8)[0], SCREEN)
    assert float((found.known > 0).float().mean()) > 0.8
    assert float((found.background - plate).abs().mean()) < 0.006


@pytest.mark.parametrize("screen", [(0.45, 0.44, 0.02), (0.03, 0.4, 0.42)], ids=["yellow", "cyan"])
def test_a_screen_that_is_dark_in_one_channel_is_estimated_like_any_other(screen: Triple) -> None:
    plate = torch.tensor(screen).view(1, 3, 1, 1) * (
        uneven() / uneven().mean((2, 3))[..., None, None]
    )
    found = estimate_background(frames_of(plate, 8)[0], screen)
    assert float((found.known > 0).float().mean()) > 0.9
    assert float((found.background - plate).abs().mean()) < 0.004


def test_what_a_matte_excludes_is_no_screen() -> None:
    plate = uneven()
    frames, _ = frames_of(plate, 6)
    excluded = torch.zeros(1, 1, HEIGHT, WIDTH, dtype=torch.bool)
    excluded[..., :60] = True
    found = estimate_background(frames, SCREEN, [excluded] * len(frames))
    assert float(found.known[..., :60].max()) == 0.0
    assert float(found.known[..., 80:].mean()) > 0.9
