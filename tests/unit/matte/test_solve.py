"""The alpha solver: closed forms, bounds on rendered shots, reach, determinism."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import OpenImageIO as oiio
import pytest
import torch

from mattebox.colour_difference import colour_difference
from mattebox.matte import strips
from mattebox.matte.analyse import analyse_shot
from mattebox.matte.solve import REACH, Solution, solve_alpha
from mattebox.matte.statistics import Material, NoiseModel, ShotStatistics
from mattebox.matte.steady import steady_mean

GRAIN = NoiseModel((1e-4, 1e-4, 1e-4), (2e-6, 2e-6, 2e-6))
HAIR = Material((0.20, 0.14, 0.09), 0.01, 1.0)
SCREEN = ShotStatistics(
    noise=GRAIN,
    plate_noise=0.0,
    key=1,
    screen=True,
    sure_inside=True,
    materials=(),
    brightness=0.35,
)
WITH_HAIR = replace(SCREEN, materials=(HAIR,))


def flat(*colour: float, size: int = 32) -> torch.Tensor:
    return torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, size, size).contiguous()


def screen(size: int = 32) -> torch.Tensor:
    return flat(0.05, 0.35, 0.08, size=size)


def grainy(picture: torch.Tensor, seed: int = 3) -> torch.Tensor:
    noise = torch.randn(picture.shape, generator=torch.Generator().manual_seed(seed))
    return picture + noise * GRAIN.variance(picture).sqrt()


def solved(
    source: torch.Tensor, plate: torch.Tensor, statistics: ShotStatistics = SCREEN
) -> Solution:
    return solve_alpha(source, plate, colour_difference(source, plate, 1), statistics)


@pytest.mark.parametrize("alpha", [0.2, 0.5, 0.8])
def test_neutral_smoke_without_any_known_colour_is_exact(alpha: float) -> None:
    source = alpha * flat(0.5, 0.5, 0.5) + (1.0 - alpha) * screen()
    found = solved(source, screen()).alpha
    torch.testing.assert_close(found, torch.full_like(found, alpha), atol=2e-3, rtol=0)


@pytest.mark.parametrize("density", [0.2, 0.5, 0.7])
def test_a_shadow_is_black_of_its_density_whatever_the_subject_is_made_of(density: float) -> None:
    found = solved((1.0 - density) * screen(), screen(), WITH_HAIR).alpha
    torch.testing.assert_close(found, torch.full_like(found, density), atol=0.03, rtol=0)


@pytest.mark.parametrize("alpha", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("light", [0.7, 1.0, 1.4])
def test_a_known_material_is_solved_in_any_light_where_colour_difference_errs(
    alpha: float, light: float
) -> None:
    source = screen()
    lock = (slice(None), slice(None), slice(None), slice(12, 20))
    source[lock] = alpha * light * flat(*HAIR.colour)[lock] + (1.0 - alpha) * screen()[lock]
    inside = (slice(None), slice(None), slice(None), slice(14, 18))
    found = solved(source, screen(), WITH_HAIR).alpha[inside]
    assert float((found - alpha).abs().max()) < 0.035


def test_the_exponent_corrects_smoke_that_scatters_the_screens_light() -> None:
    kept = 0.5**2.0  # two layers, each of which shows a half of the screen
    source = (1.0 - 0.5) * flat(0.5, 0.5, 0.5) + 0.5 * screen()
    found = solved(source, screen(), replace(SCREEN, soft_exponent=2.0)).alpha
    torch.testing.assert_close(found, torch.full_like(found, 1.0 - kept), atol=2e-3, rtol=0)


def test_an_opaque_subject_is_exactly_one_and_sure() -> None:
    answer = solved(grainy(flat(*HAIR.colour)), screen(), WITH_HAIR)
    assert bool((answer.alpha == 1.0).all())
    assert bool((answer.confidence == 1.0).all())


def test_an_opaque_subject_of_unknown_colour_is_one_but_for_its_grain() -> None:
    answer = solved(grainy(flat(0.4, 0.4, 0.4)), screen())
    assert float(answer.alpha.min()) > 0.98
    assert float(answer.alpha.mean()) > 0.995


def test_grain_in_the_background_gives_no_alpha() -> None:
    source = grainy(screen(128))
    answer = solved(source, screen(128), WITH_HAIR)
    assert float(answer.alpha.mean()) < 1e-3
    assert float((answer.alpha == 0.0).float().mean()) > 0.97
    assert float(answer.confidence.mean()) > 0.95


def test_an_hdr_highlight_on_glass_adds_no_alpha() -> None:
    source = screen()
    source[..., 12:20, 12:20] = 0.9 * source[..., 12:20, 12:20] + 6.0
    answer = solved(source, screen(), WITH_HAIR)
    inside = answer.alpha[..., 14:18, 14:18]
    torch.testing.assert_close(inside, torch.full_like(inside, 0.1), atol=0.03, rtol=0)


def test_negative_values_stay_in_range() -> None:
    source = screen()
    source[..., 8:16, 8:16] = -0.05
    answer = solved(source, screen(), WITH_HAIR)
    for picture in (answer.alpha, answer.confidence):
        assert bool(torch.isfinite(picture).all())
        assert float(picture.min()) >= 0.0
        assert float(picture.max()) <= 1.0


def test_a_users_foreground_colour_serves_as_a_material() -> None:
    colour = (0.25, 0.30, 0.10)  # olive: half of it looks like screen to the colour difference
    source = 0.6 * flat(*colour) + 0.4 * screen()
    first = colour_difference(source, screen(), 1)
    given = torch.tensor(colour).view(1, 3, 1, 1)
    found = solve_alpha(source, screen(), first, SCREEN, foreground=given).alpha
    assert float((found - 0.6).abs().max()) < 0.03
    assert float((first - 0.6).abs().min()) > 0.08


def test_the_detail_of_a_busy_plate_tells_alpha_where_the_first_alpha_is_wrong() -> None:
    plate = 0.1 + 0.8 * torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(5))
    natural = replace(SCREEN, screen=False, brightness=0.5)
    source = 0.4 * flat(0.3, 0.3, 0.3, size=64) + 0.6 * plate
    first = torch.full((1, 1, 64, 64), 0.9)
    found = solve_alpha(source, plate, first, natural).alpha[..., 16:-16, 16:-16]
    assert float((found - 0.4).abs().mean()) < 0.02


def test_nothing_beyond_the_reach_changes_a_pixel() -> None:
    size = 2 * REACH + 9
    plate = grainy(screen(size), 1)
    for statistics in (WITH_HAIR, replace(WITH_HAIR, screen=False)):
        source = grainy(0.5 * flat(*HAIR.colour, size=size) + 0.5 * plate, 2)
        changed = source.clone()
        changed[..., 0, 0] = 3.0
        answers = []
        for picture in (source, changed):
            first = colour_difference(picture, plate, 1)
            near = grainy(source, 4)
            answers.append(solve_alpha(picture, plate, first, statistics, neighbours=(near,)))
        beyond = (slice(None), slice(None), slice(REACH + 1, None), slice(REACH + 1, None))
        assert torch.equal(answers[0].alpha[beyond], answers[1].alpha[beyond])
        assert torch.equal(answers[0].confidence[beyond], answers[1].confidence[beyond])
        assert not torch.equal(answers[0].alpha, answers[1].alpha)


def test_frames_of_a_batch_do_not_know_each_other_and_runs_repeat() -> None:
    plate = screen()
    frames = torch.cat([grainy(0.5 * flat(*HAIR.colour) + 0.5 * plate, seed) for seed in (1, 2)])
    first = colour_difference(frames, plate, 1)
    together = solve_alpha(frames, plate, first, WITH_HAIR)
    again = solve_alpha(frames, plate, first, WITH_HAIR)
    alone = solve_alpha(frames[1:], plate, first[1:], WITH_HAIR)
    assert torch.equal(together.alpha, again.alpha)
    torch.testing.assert_close(together.alpha[1:], alone.alpha, atol=1e-6, rtol=0)


def test_no_frames_give_no_answers() -> None:
    none = torch.zeros(0, 3, 16, 16)
    answer = solve_alpha(none, screen(16), torch.zeros(0, 1, 16, 16), SCREEN)
    assert answer.alpha.shape == (0, 1, 16, 16)


def test_the_temporal_mean_takes_still_neighbours_and_leaves_moving_ones() -> None:
    still = screen(64)
    moved = still.clone()
    moved[..., 20:44, 30:32] = 0.4
    mean, left = steady_mean(grainy(moved, 1), (grainy(still, 2), grainy(moved, 3)), GRAIN)
    assert float(left[..., 5:15, 5:15].mean()) < 0.45
    strand = (slice(None), slice(None), slice(24, 40), slice(30, 32))
    assert float(left[strand].min()) > 0.45
    assert float((mean[strand] - 0.4).abs().mean()) < 0.02


def test_a_shots_analysis_finds_its_materials_and_its_grain() -> None:
    plate = screen(160)
    source = grainy(plate)
    source[..., 40:120, 40:120] = grainy(flat(*HAIR.colour, size=80), 8)
    found = analyse_shot([source], [plate], [colour_difference(source, plate, 1)])
    assert found.screen
    assert found.key == 1
    heaviest = torch.tensor(found.materials[0].colour)
    torch.testing.assert_close(heaviest, torch.tensor(HAIR.colour), atol=0.01, rtol=0)


def test_an_analysis_of_unequal_lists_is_refused() -> None:
    with pytest.raises(ValueError, match="as many"):
        analyse_shot([screen()], [], [])


def _read(path: Path) -> torch.Tensor:
    file = oiio.ImageInput.open(str(path))
    assert file is not None, oiio.geterror()
    pixels, names = file.read_image("float"), file.spec().channelnames
    assert pixels is not None, file.geterror()
    file.close()
    order = [names.index(name) for name in "RGBA" if name in names]
    return torch.from_numpy(pixels[..., order]).permute(2, 0, 1)[None].contiguous()


def _frames(folder: Path, numbers: tuple[int, ...]) -> list[torch.Tensor]:
    return [_read(folder / f"{folder.parent.name}_{folder.name}.{n:04d}.exr") for n in numbers]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("shot", "plate_name", "most_mad", "most_share_of_difference"),
    [
        ("hair", "plate", 5.5, 0.45),
        ("hair", "plate_grain", 6.0, 0.45),
        ("smoke_glass", "plate", 26.0, 0.65),
        ("smoke_glass", "plate_grain", 28.0, 0.70),
    ],
)
def test_rendered_shots_stay_within_their_figures(
    shared: Path, shot: str, plate_name: str, most_mad: float, most_share_of_difference: float
) -> None:
    folder = shared / "shots" / shot
    numbers = (3, 4, 12, 13, 21, 22)
    truths = [frame[:, 3:] for frame in _frames(folder / "fg", numbers)]
    sources = _frames(folder / "green_spill_grain", numbers)
    plate = _frames(folder / plate_name, (1,))[0]
    firsts = [colour_difference(source, plate, 1) for source in sources]
    pieces = [torch.cat(sources[i : i + 2]) for i in (0, 2, 4)]
    statistics = analyse_shot(
        pieces, [plate] * 3, [torch.cat(firsts[i : i + 2]) for i in (0, 2, 4)]
    )
    solved_mad, plain_mad = 0.0, 0.0
    for i in (0, 2, 4):
        answer = solve_alpha(sources[i], plate, firsts[i], statistics)
        error = (answer.alpha - truths[i]).abs()
        solved_mad += float(error.mean()) * 1e3 / 3
        plain_mad += float((firsts[i] - truths[i]).abs().mean()) * 1e3 / 3
        # high confidence means low error
        sure = answer.confidence > 0.95
        assert float(error[sure].mean()) < 0.003
        assert float(error[~sure].mean()) > 5.0 * float(error[sure].mean())
    assert solved_mad < most_mad
    assert solved_mad < most_share_of_difference * plain_mad


@pytest.mark.parametrize("pixels", [1, 33, 64, 5 * 33])
def test_a_picture_solved_in_strips_has_the_bits_of_one_solved_whole(
    pixels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, plate = grainy(flat(0.18, 0.13, 0.09, size=33)), screen(33)
    source[..., 20:, :] = grainy(plate)[..., 20:, :]
    statistics = replace(WITH_HAIR, materials=(HAIR, Material((0.1, 0.2, 0.5), 0.03, 0.5)))
    whole = solved(source, plate, statistics)
    monkeypatch.setattr(strips, "STRIP_PIXELS", pixels)
    cut = solved(source, plate, statistics)
    assert torch.equal(cut.alpha, whole.alpha)
    assert torch.equal(cut.confidence, whole.confidence)
