"""The alpha solver: bounds that any useful weights keep, reach, determinism."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import OpenImageIO as oiio
import pytest
import torch

from mattebox.colour_difference import colour_difference
from mattebox.matte import strips
from mattebox.matte.analyse import MAX_PLATE_NOISE, analyse_shot
from mattebox.matte.solve import LEAST_ALPHA, REACH, WORST_ERROR, Solution, solve_alpha
from mattebox.matte.statistics import NoiseModel, ShotStatistics
from mattebox.matte.steady import steady_mean
from mattebox.matte.unmixing import network as unmixing
from mattebox.matte.unmixing.network import CANDIDATES, OUTPUTS, UnmixingNetwork
from mattebox.matte.unmixing.weights import networks_for, unmixing_network
from mattebox.screen_key import ScreenKey

GRAIN = NoiseModel((1e-4, 1e-4, 1e-4), (2e-6, 2e-6, 2e-6))
GREEN = ScreenKey(1)
SCREEN = ShotStatistics(
    noise=GRAIN,
    plate_noise=0.0,
    key=GREEN,
    screen=True,
    sure_inside=False,
    brightness=0.35,
)
HAIR = (0.20, 0.14, 0.09)


def flat(*colour: float, size: int = 64) -> torch.Tensor:
    return torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, size, size).contiguous()


def screen(size: int = 64) -> torch.Tensor:
    return flat(0.05, 0.35, 0.08, size=size)


def grainy(picture: torch.Tensor, seed: int = 3) -> torch.Tensor:
    noise = torch.randn(picture.shape, generator=torch.Generator().manual_seed(seed))
    return picture + noise * GRAIN.variance(picture).sqrt()


def solved(
    source: torch.Tensor,
    plate: torch.Tensor,
    statistics: ShotStatistics = SCREEN,
    network: UnmixingNetwork | None = None,
    neighbours: Sequence[torch.Tensor] = (),
) -> Solution:
    network = network if network is not None else unmixing_network(torch.device("cpu"))
    first = colour_difference(source, plate, statistics.key)
    with torch.inference_mode():
        return solve_alpha(source, plate, first, statistics, network, neighbours=neighbours)


GUIDE = 2
"""Place among the candidates of what the network starts from: without a screen, the first alpha."""


def follower() -> UnmixingNetwork:
    """A network that follows its guide to the letter, whatever it is shown."""
    network = UnmixingNetwork((4, 4, 4, 4)).eval().requires_grad_(requires_grad=False)
    assert network.leave.bias is not None
    network.leave.bias[: 4 * OUTPUTS].view(4, OUTPUTS)[:, GUIDE] = 60.0  # phase by phase
    return network


# Closed forms: with a network that only ever says one thing, the frame around it is exact.


def test_alpha_has_exact_ends_and_every_level_between_them() -> None:
    levels = torch.tensor([0.0, 0.5 * LEAST_ALPHA, 0.01, 0.5, 0.99, 1.0 - 0.5 * LEAST_ALPHA, 1.0])
    first = levels.repeat(16, 1).view(1, 1, 16, len(levels))
    with torch.inference_mode():
        plate = flat(0.05, 0.35, 0.08, size=16)[..., : len(levels)]
        any_plate = replace(SCREEN, screen=False)
        found = solve_alpha(plate, plate, first, any_plate, follower()).alpha[0, 0, 0].tolist()
    assert found == pytest.approx([0.0, 0.0, 0.01, 0.5, 0.99, 1.0, 1.0], abs=1e-5)
    assert found[:2] == [0.0, 0.0]
    assert found[5:] == [1.0, 1.0]


@pytest.mark.parametrize("error", [0.01, 0.1, 0.9])
def test_confidence_falls_with_the_error_that_the_network_expects(error: float) -> None:
    network = follower()
    assert network.leave.bias is not None
    bias = network.leave.bias[: 4 * OUTPUTS].view(4, OUTPUTS)  # phase by phase
    bias[:, CANDIDATES + 1] = float(torch.tensor(error).log())
    found = solved(screen(), screen(), network=network).confidence
    expected = max(0.0, 1.0 - error / WORST_ERROR)
    torch.testing.assert_close(found, torch.full_like(found, expected), atol=1e-4, rtol=0)


# Useful weights: margins wide enough for any of them.


def away(found: torch.Tensor, expected: float) -> float:
    return float((found - expected).abs().mean())


@pytest.mark.parametrize("thickest", [0.3, 0.8])
def test_neutral_smoke_is_solved(thickest: float) -> None:
    alpha = (1.2 * thickest * torch.linspace(-0.2, 1.0, 128)).clamp(0.0, thickest)
    alpha = alpha.expand(1, 1, 128, 128)
    source = grainy(alpha * flat(0.5, 0.5, 0.5, size=128) + (1.0 - alpha) * screen(128))
    assert float((solved(source, screen(128)).alpha - alpha).abs().mean()) < 0.08


def test_an_opaque_subject_with_half_the_screens_hue_is_better_solved_than_keyed() -> None:
    source = screen(128)
    source[..., 24:104, 24:104] = flat(0.25, 0.30, 0.10, size=80)  # olive
    source, plate = grainy(source), grainy(screen(128), 5)
    inside = (..., slice(32, 96), slice(32, 96))
    plain = away(colour_difference(source, plate, GREEN)[inside], 1.0)
    assert plain > 0.1
    assert away(solved(source, plate).alpha[inside], 1.0) < 0.5 * plain


@pytest.mark.parametrize("colour", [(0.4, 0.4, 0.4), HAIR, (0.5, 0.1, 0.1)], ids=str)
def test_an_opaque_subject_is_exactly_one_in_most_places_and_sure(
    colour: tuple[float, float, float],
) -> None:
    source = screen(128)
    source[..., 16:112, 16:112] = flat(*colour, size=96)
    answer = solved(grainy(source), screen(128))
    inside = (..., slice(32, 96), slice(32, 96))
    assert float((answer.alpha[inside] == 1.0).float().mean()) > 0.6
    assert away(answer.alpha[inside], 1.0) < 0.02
    assert float(answer.confidence[inside].mean()) > 0.8


def test_grain_in_the_background_gives_no_alpha() -> None:
    answer = solved(grainy(screen(128)), screen(128))
    assert float(answer.alpha.mean()) < 3e-3
    assert float((answer.alpha == 0.0).float().mean()) > 0.9
    assert float(answer.confidence.mean()) > 0.8


def test_an_hdr_highlight_on_glass_is_no_solid_subject() -> None:
    source = screen()
    source[..., 28:36, 28:36] = 0.9 * source[..., 28:36, 28:36] + 6.0
    assert float(solved(source, screen()).alpha[..., 30:34, 30:34].mean()) < 0.5


def test_negative_values_stay_in_range() -> None:
    source = screen()
    source[..., 8:16, 8:16] = -0.05
    answer = solved(source, screen())
    for picture in (answer.alpha, answer.confidence, answer.spill):
        assert bool(torch.isfinite(picture).all())
        assert float(picture.min()) >= 0.0
        assert float(picture.max()) <= 1.0


def test_a_known_subject_before_a_busy_plate_is_not_thrown_away() -> None:
    plate = 0.1 + 0.8 * torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(5))
    natural = replace(SCREEN, screen=False, sure_inside=True, brightness=0.5)
    truth = torch.zeros(1, 1, 96, 96)
    truth[..., 24:72, 24:72] = 1.0
    source = truth * flat(0.3, 0.2, 0.15, size=96) + (1.0 - truth) * plate
    network = unmixing_network(torch.device("cpu"))
    with torch.inference_mode():
        found = solve_alpha(source, plate, truth, natural, network).alpha
    assert float((found - truth).abs().mean()) < 0.05


# Reach, batches, repeats.


@pytest.mark.parametrize("is_screen", [True, False], ids=["screen", "any plate"])
def test_nothing_beyond_the_reach_changes_a_pixel(is_screen: bool) -> None:
    length = REACH + 48
    plate = grainy(screen(length), 1)[..., :48]
    statistics = replace(SCREEN, screen=is_screen)
    source = grainy(0.5 * flat(*HAIR, size=length)[..., :48] + 0.5 * plate, 2)
    changed = source.clone()
    changed[..., 0, 0] = 3.0
    near = grainy(source, 4)
    network, _ = networks_for(statistics, torch.device("cpu"))
    one, other = (
        solved(picture, plate, statistics, network, (near,)) for picture in (source, changed)
    )
    beyond = (..., slice(REACH + 1, None), slice(None))
    for name in ("alpha", "confidence", "spill"):
        assert torch.equal(getattr(one, name)[beyond], getattr(other, name)[beyond])
    assert not torch.equal(one.alpha, other.alpha)


def test_runs_repeat_whatever_was_solved_between_them() -> None:
    plate = screen()
    one, other = (grainy(0.5 * flat(*HAIR) + 0.5 * plate, seed) for seed in (1, 2))
    first, between, again = (solved(frame, plate) for frame in (one, other, one))
    assert torch.equal(first.alpha, again.alpha)
    assert torch.equal(first.spill, again.spill)
    assert not torch.equal(first.alpha, between.alpha)


@pytest.mark.parametrize("frames", [0, 2])
def test_frames_are_solved_one_by_one(frames: int) -> None:
    with pytest.raises(ValueError, match=f"one by one, got {frames}"):
        solved(screen().expand(frames, -1, -1, -1), screen())


@pytest.mark.parametrize("height", [1, 15, 33])
def test_a_picture_of_any_size_comes_back_in_its_size(height: int) -> None:
    source = grainy(screen())[..., :height, :41]
    answer = solved(source, screen()[..., :height, :41])
    assert answer.alpha.shape == (1, 1, height, 41)
    assert answer.spill.shape == (1, unmixing.SPILL_RULES, height, 41)


@pytest.mark.parametrize("pixels", [1, 64, 5 * 33])
def test_a_picture_solved_in_strips_is_the_one_solved_whole(
    pixels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, plate = grainy(flat(0.18, 0.13, 0.09)), screen()
    source[..., 20:, :] = grainy(plate)[..., 20:, :]
    whole = solved(source, plate)
    monkeypatch.setattr(strips, "STRIP_PIXELS", pixels)
    cut = solved(source, plate)
    torch.testing.assert_close(cut.alpha, whole.alpha, atol=2.0 * LEAST_ALPHA, rtol=0)
    assert float((cut.alpha - whole.alpha).abs().mean()) < 1e-6
    torch.testing.assert_close(cut.confidence, whole.confidence, atol=1e-4, rtol=0)


def test_the_temporal_mean_takes_still_neighbours_and_leaves_moving_ones() -> None:
    still = screen(64)
    moved = still.clone()
    moved[..., 20:44, 30:32] = 0.4
    mean, left = steady_mean(grainy(moved, 1), (grainy(still, 2), grainy(moved, 3)), GRAIN)
    assert float(left[..., 5:15, 5:15].mean()) < 0.45
    strand = (slice(None), slice(None), slice(24, 40), slice(30, 32))
    assert float(left[strand].min()) > 0.45
    assert float((mean[strand] - 0.4).abs().mean()) < 0.02


# The analysis of a shot.


@pytest.mark.parametrize(
    ("colour", "key"),
    [
        ((0.05, 0.35, 0.08), ScreenKey(1)),
        ((0.05, 0.08, 0.35), ScreenKey(2)),
        ((0.40, 0.36, 0.04), ScreenKey(2, -1)),
        ((0.05, 0.36, 0.40), ScreenKey(0, -1)),
    ],
    ids=["green", "blue", "yellow", "cyan"],
)
def test_a_shots_analysis_finds_its_screen_and_its_brightness(
    colour: tuple[float, float, float], key: ScreenKey
) -> None:
    plate = flat(*colour, size=96)
    source = grainy(plate)
    found = analyse_shot([source], [plate], [colour_difference(source, plate)])
    assert found.screen
    assert found.key == key
    assert not found.sure_inside
    assert found.brightness == pytest.approx(max(colour), rel=1e-3)


def test_a_shots_analysis_says_what_a_plate_is_no_screen_and_whose_subject_is_known() -> None:
    plate = flat(0.30, 0.33, 0.28, size=96)
    first = torch.zeros(1, 1, 96, 96)
    found = analyse_shot([grainy(plate)], [plate], [first], sure_inside=True)
    assert not found.screen
    assert found.sure_inside


@pytest.mark.parametrize("share", [0.0, 1.0, 3.0])
def test_a_shots_analysis_measures_the_plates_own_grain(share: float) -> None:
    flat_plate = screen(160)
    plate = flat_plate + share**0.5 * (grainy(flat_plate, 9) - flat_plate)
    source = grainy(flat_plate)
    first = torch.zeros(1, 1, 160, 160)
    found = analyse_shot([source], [plate], [first], noise=GRAIN)
    assert found.plate_noise == pytest.approx(share, abs=0.1 + 0.1 * share)
    assert found.noise == GRAIN


def test_a_plate_that_does_not_fit_is_wrong_and_not_noisy_without_end() -> None:
    first = torch.zeros(1, 1, 96, 96)
    found = analyse_shot([grainy(screen(96))], [screen(96) + 0.3], [first], noise=GRAIN)
    assert found.plate_noise == MAX_PLATE_NOISE


def test_grain_that_a_codec_froze_is_told_from_the_plate() -> None:
    """Frames of such a video are alike where nothing moves; every still has other grain."""
    still = GRAIN.scaled((1e-3, 1e-3, 1e-3))
    source, plate = grainy(screen(160)), grainy(screen(160), 9)
    first = torch.zeros(1, 1, 160, 160)
    found = analyse_shot([source], [plate], [first], noise=still)
    level = screen(8)
    apart = (1.0 + found.plate_noise) * found.noise.variance(level)
    torch.testing.assert_close(apart, 2.0 * GRAIN.variance(level), rtol=0.1, atol=0.0)
    wrong = analyse_shot([source], [screen(160) + 0.3], [first], noise=still)
    grey = torch.full((1, 3, 1, 1), wrong.brightness)
    assert float(wrong.noise.variance(grey).max()) < (0.0101 * wrong.brightness) ** 2


def test_where_no_background_is_seen_a_plate_counts_as_noisy_as_the_source() -> None:
    first = torch.ones(1, 1, 96, 96)
    found = analyse_shot([grainy(screen(96))], [screen(96)], [first], noise=GRAIN)
    assert found.plate_noise == 1.0


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


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.parametrize(
    ("shot", "most_share_of_difference"), [("hair", 0.8), ("smoke_glass", 0.9)]
)
@pytest.mark.parametrize("plate_name", ["plate", "plate_grain"])
def test_rendered_shots_are_solved_better_than_by_the_plain_key(
    shared: Path, shot: str, plate_name: str, most_share_of_difference: float
) -> None:
    folder = shared / "shots" / shot
    numbers = (3, 4, 12, 13, 21, 22)
    truths = [frame[:, 3:] for frame in _frames(folder / "fg", numbers)]
    sources = _frames(folder / "green_spill_grain", numbers)
    plate = _frames(folder / plate_name, (1,))[0]
    firsts = [colour_difference(source, plate, GREEN) for source in sources]
    pieces = [torch.cat(sources[i : i + 2]) for i in (0, 2, 4)]
    statistics = analyse_shot(
        pieces, [plate] * 3, [torch.cat(firsts[i : i + 2]) for i in (0, 2, 4)]
    )
    solved_error, plain_error = 0.0, 0.0
    for i in (0, 2, 4):
        answer = solved(sources[i], plate, statistics)
        error = (answer.alpha - truths[i]).abs()
        solved_error += float(error.mean())
        plain_error += float((firsts[i] - truths[i]).abs().mean())
        # high confidence means low error
        sure = answer.confidence > 0.9
        assert float(error[sure].mean()) < 0.01
        assert float(error[~sure].mean()) > 2.0 * float(error[sure].mean())
    assert solved_error < most_share_of_difference * plain_error
