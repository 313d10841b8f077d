"""The unmixing network: what changes nothing, how far it sees, what no picture breaks.

Most of it holds for any weights: it is asked of those of the package and of random ones, which
answer wildly.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from mattebox.colour_difference import colour_difference
from mattebox.matte import strips
from mattebox.matte.chroma import restored
from mattebox.matte.solve import LEAST_ALPHA, Solution, solve_alpha
from mattebox.matte.statistics import NoiseModel, ShotStatistics, Triple
from mattebox.matte.unmixing.answer import UNDECIDED, Answer, answer
from mattebox.matte.unmixing.closed_form import closed_form, shared_products
from mattebox.matte.unmixing.colours import BRIGHTEST, shows_something
from mattebox.matte.unmixing.features import ALIGNMENT, Scene, relative
from mattebox.matte.unmixing.inference import unmixed
from mattebox.matte.unmixing.network import REACH, SPILL_RULES, UnmixingNetwork, seen
from mattebox.matte.unmixing.weights import Part, network_of, networks_for, unmixing_network
from mattebox.screen_key import ScreenKey

CPU = torch.device("cpu")
ROUNDING = 5e-5
"""Sums are added in another order where a picture is cut; colours that are collected from a coarse
alpha carry that on. An eightieth of a step of an 8-bit matte."""
GREEN = (0.05, 0.35, 0.08)
GREEN_KEY = ScreenKey(1)


def random_network() -> UnmixingNetwork:
    """As a network begins, but with layers that say something."""
    with torch.random.fork_rng():
        torch.manual_seed(11)
        network = UnmixingNetwork((8, 12, 16, 20)).eval()
        for layer in (network.leave, network.coarse):
            torch.nn.init.normal_(layer.weight, std=0.2)
        return network.requires_grad_(requires_grad=False)


@pytest.fixture(params=["package", "random"], scope="module")
def network(request: pytest.FixtureRequest) -> UnmixingNetwork:
    return unmixing_network(CPU) if request.param == "package" else random_network()


def flat(colour: Triple, height: int, width: int) -> torch.Tensor:
    return torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, height, width).contiguous()


def shot(height: int, width: int, seed: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    """Source and plate: blobs of every alpha and several colours over a grainy green screen."""
    generator = torch.Generator().manual_seed(seed)

    def blobs(channels: int, cells: int) -> torch.Tensor:
        small = torch.rand(1, channels, cells, cells, generator=generator)
        return torch.nn.functional.interpolate(small, size=(height, width), mode="bilinear")

    alpha = (3.0 * blobs(1, 9) - 1.0).clamp(0.0, 1.0)
    plate = flat(GREEN, height, width) * (0.8 + 0.4 * blobs(1, 3))
    source = alpha * 0.6 * blobs(3, 5) + (1.0 - alpha) * plate
    grain = torch.randn(2, 3, height, width, generator=generator)
    return source + 0.004 * grain[:1], plate + 0.002 * grain[1:]


def scene_of(source: torch.Tensor, plate: torch.Tensor, *, first_gain: float = 1.0) -> Scene:
    order = list(GREEN_KEY.order)

    def number(value: float) -> torch.Tensor:
        return torch.full((1, 1, 1, 1), value)

    return Scene(
        source=source[:, order],
        background=plate[:, order],
        variance=1e-4 * plate[:, order].clamp_min(0.0) + 2e-6,
        first=first_gain * colour_difference(source, plate, GREEN_KEY),
        doubt=number(0.0),
        brightness=number(0.35),
        sign=number(1.0),
        screen=number(1.0),
        hinted=number(0.0),
    )


def asked(network: UnmixingNetwork, scene: Scene) -> Answer:
    with torch.inference_mode():
        return unmixed(network, scene)


def statistics_of(key: ScreenKey, exposure: float = 1.0) -> ShotStatistics:
    return ShotStatistics(
        noise=NoiseModel((1e-4 * exposure,) * 3, (2e-6 * exposure * exposure,) * 3),
        plate_noise=0.3,
        key=key,
        screen=True,
        sure_inside=False,
        brightness=0.35 * exposure,
    )


def solved(
    network: UnmixingNetwork,
    source: torch.Tensor,
    plate: torch.Tensor,
    statistics: ShotStatistics | None = None,
) -> Solution:
    known = statistics if statistics is not None else statistics_of(GREEN_KEY)
    with torch.inference_mode():
        first = colour_difference(source, plate, known.key)
        return solve_alpha(source, plate, first, known, network)


def lit(scene: Scene, exposure: float) -> Scene:
    """The same scene in more light."""
    return replace(
        scene,
        source=scene.source * exposure,
        background=scene.background * exposure,
        variance=scene.variance * exposure**2,
        brightness=scene.brightness * exposure,
    )


# What changes nothing.


@pytest.mark.parametrize("exposure", [2.0**-6, 0.5, 4.0, 2.0**8])
def test_whole_stops_of_exposure_change_no_bit(network: UnmixingNetwork, exposure: float) -> None:
    source, plate = shot(64, 96)
    scene = scene_of(source, plate)
    one, other = asked(network, scene), asked(network, lit(scene, exposure))
    for part in fields(Answer):
        assert torch.equal(getattr(one, part.name), getattr(other, part.name)), part.name
    brighter = solved(
        network, source * exposure, plate * exposure, statistics_of(GREEN_KEY, exposure)
    )
    assert torch.equal(solved(network, source, plate).alpha, brighter.alpha)


@pytest.mark.parametrize("exposure", [3.7, 0.11])
def test_any_exposure_changes_nothing_but_rounding(
    network: UnmixingNetwork, exposure: float
) -> None:
    scene = scene_of(*shot(64, 96))
    one, other = asked(network, scene), asked(network, lit(scene, exposure))
    # A twentieth of a step of an 8-bit matte: rounding in the closed forms, where colours are near.
    torch.testing.assert_close(one.alpha, other.alpha, atol=2e-4, rtol=0)


@pytest.mark.parametrize(
    ("channels", "key"),
    [((0, 2, 1), ScreenKey(2)), ((1, 0, 2), ScreenKey(0))],
    ids=["blue", "red"],
)
def test_a_screen_of_another_channel_is_solved_to_the_same_bits(
    network: UnmixingNetwork, channels: tuple[int, ...], key: ScreenKey
) -> None:
    source, plate = shot(64, 96)
    green = solved(network, source, plate)
    order = list(channels)
    other = solved(network, source[:, order], plate[:, order], statistics_of(key))
    assert torch.equal(green.alpha, other.alpha)
    assert torch.equal(green.confidence, other.confidence)
    assert torch.equal(green.spill, other.spill)


@pytest.mark.parametrize("light", [1.0, 8.0, 60.0])
def test_light_far_brighter_than_the_screen_keeps_its_hue_and_its_alpha(light: float) -> None:
    alpha, hue = 0.5, (1.0, 0.8, 0.6)
    plate = flat(GREEN, 32, 32)
    source = alpha * light * flat(hue, 32, 32) + (1.0 - alpha) * plate
    scene = relative(scene_of(source, plate))
    assert float(scene.source.max()) <= BRIGHTEST + 1e-5
    shared = shared_products(scene.source, scene.background)
    colour = flat((hue[1], hue[0], hue[2]), 32, 32)  # in key order
    solved = closed_form(colour, scene.background, shared, torch.zeros_like(scene.noise))
    assert float(solved[0, 0, 16, 16]) == pytest.approx(alpha, abs=0.06)


def test_the_same_picture_gives_the_same_bytes(network: UnmixingNetwork) -> None:
    scene = scene_of(*shot(80, 112))
    one, other = asked(network, scene), asked(network, scene)
    assert one.alpha.numpy().tobytes() == other.alpha.numpy().tobytes()
    assert one.spill.numpy().tobytes() == other.spill.numpy().tobytes()


@pytest.mark.parametrize("pixels", [1, 7 * 112, 24 * 112])
@pytest.mark.parametrize("threads", [1, 2])
def test_strips_and_threads_change_nothing_that_shows(
    network: UnmixingNetwork, pixels: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = scene_of(*shot(80, 112))
    whole = asked(network, scene)
    before = torch.get_num_threads()
    monkeypatch.setattr(strips, "STRIP_PIXELS", pixels)
    torch.set_num_threads(threads)
    try:
        cut = asked(network, scene)
    finally:
        torch.set_num_threads(before)
    torch.testing.assert_close(cut.alpha, whole.alpha, atol=ROUNDING, rtol=0)
    # A logarithm that runs down to -7, and a softmax of what the last layer gives.
    torch.testing.assert_close(cut.log_error, whole.log_error, atol=ROUNDING, rtol=2 * ROUNDING)
    torch.testing.assert_close(cut.spill, whole.spill, atol=4 * ROUNDING, rtol=0)


def aside() -> Scene:
    """Two subjects with a wide empty screen between and below them."""
    source, plate = shot(112, 272)
    source[..., 64:208], source[..., 64:, :] = plate[..., 64:208], plate[..., 64:, :]
    grain = torch.randn(source.shape, generator=torch.Generator().manual_seed(5))
    return scene_of(source + 0.002 * grain, plate)


def test_what_is_not_looked_at_again_would_have_been_empty() -> None:
    network, scene = unmixing_network(CPU), aside()
    with torch.inference_mode():
        given = seen(scene)
        said = network(given)
        every = answer(network, given, said)
        something = shows_something(said.looked.coarse)
    assert 0.2 < float(something.float().mean()) < 0.9
    empty = ~something.repeat_interleave(2, -1).repeat_interleave(2, -2)
    assert float(every.alpha[empty].max()) < LEAST_ALPHA
    found = asked(network, scene)
    assert float(found.alpha[empty].abs().max()) == 0.0
    torch.testing.assert_close(found.alpha[~empty], every.alpha[~empty], atol=ROUNDING, rtol=0)


def test_an_empty_frame_is_nothing() -> None:
    plate = flat(GREEN, 64, 96)
    found, nothing = (
        asked(unmixing_network(CPU), scene_of(plate, plate)),
        Answer.nothing(1, 64, 96, plate),
    )
    for part in fields(Answer):
        assert torch.equal(getattr(found, part.name), getattr(nothing, part.name)), part.name


@pytest.mark.parametrize("width", [1360, 1376, 2064])
def test_widths_at_which_a_strip_does_not_divide_evenly_are_solved(width: int) -> None:
    found = asked(random_network(), scene_of(*shot(96, width)))
    assert found.alpha.shape == (1, 1, 96, width)
    assert bool(torch.isfinite(found.alpha).all())


# How far it sees.


Change = Callable[[Scene], Scene]


def _with_source(scene: Scene) -> Scene:
    source = scene.source.clone()
    source[..., :8, :8] = 2.0
    return replace(scene, source=source)


def _with_plate(scene: Scene) -> Scene:
    plate = scene.background.clone()
    plate[..., :8, :8] *= 0.3
    return replace(scene, background=plate)


def _with_first(scene: Scene) -> Scene:
    first = scene.first.clone()
    first[..., :8, :8] = 1.0 - first[..., :8, :8]
    return replace(scene, first=first, screen=torch.zeros(1, 1, 1, 1))


@pytest.mark.parametrize("change", [_with_source, _with_plate, _with_first])
@pytest.mark.parametrize("sideways", [False, True], ids=["down", "sideways"])
def test_a_change_reaches_no_further_than_stated(change: Change, sideways: bool) -> None:
    network = random_network()  # its answers move everywhere that a change can reach
    length = ALIGNMENT * (-(-(REACH + 8 + 32) // ALIGNMENT))
    source, plate = shot(32, length) if sideways else shot(length, 32)
    scene = scene_of(source, plate)
    if change is _with_first:
        scene = replace(scene, screen=torch.zeros(1, 1, 1, 1))
    before, after = asked(network, scene), asked(network, change(scene))
    far = (
        (..., slice(None), slice(8 + REACH, None))
        if sideways
        else (..., slice(8 + REACH, None), slice(None))
    )
    near = (..., slice(8, 32), slice(8, 32))
    for part in fields(Answer):
        one, other = getattr(before, part.name), getattr(after, part.name)
        assert torch.equal(one[far], other[far]), part.name
        assert not torch.equal(one[near], other[near]), part.name


@pytest.mark.parametrize("start", [ALIGNMENT, 3 * ALIGNMENT])
@pytest.mark.parametrize("sideways", [False, True], ids=["down", "sideways"])
def test_a_crop_agrees_with_the_whole_beyond_its_reach(
    network: UnmixingNetwork, start: int, sideways: bool
) -> None:
    length = start + ALIGNMENT * -(-(REACH + 48) // ALIGNMENT)
    source, plate = shot(48, length) if sideways else shot(length, 48)
    scene = scene_of(source, plate)
    cut = (
        (..., slice(None), slice(start, None))
        if sideways
        else (..., slice(start, None), slice(None))
    )
    crop = replace(
        scene,
        **{
            name: getattr(scene, name)[cut]
            for name in ("source", "background", "variance", "first")
        },
    )
    inner = (
        (..., slice(None), slice(REACH, None))
        if sideways
        else (..., slice(REACH, None), slice(None))
    )
    whole, part = asked(network, scene).alpha[cut][inner], asked(network, crop).alpha[inner]
    assert whole.numel() > 0
    torch.testing.assert_close(part, whole, atol=ROUNDING, rtol=0)


# What no picture breaks.


def _black_plate(source: torch.Tensor, plate: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return source, torch.zeros_like(plate)


def _half_black_plate(
    source: torch.Tensor, plate: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    dark = plate.clone()
    dark[..., plate.shape[-1] // 2 :] = 0.0
    return source, dark


def _hdr(source: torch.Tensor, plate: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    bright = source.clone()
    bright[..., ::3, ::2] = 60.0
    bright[..., :4, :4] = 65504.0
    return bright, plate


def _negative(source: torch.Tensor, plate: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return source - 0.5, plate - 0.05


def _everything_black(
    source: torch.Tensor, plate: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.zeros_like(source), torch.zeros_like(plate)


def _grey_plate(source: torch.Tensor, plate: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return source, plate.mean(1, keepdim=True).expand_as(plate)


@pytest.mark.parametrize("size", [(1, 1), (16, 16), (17, 33), (40, 61)], ids=str)
@pytest.mark.parametrize(
    "harm",
    [_black_plate, _half_black_plate, _hdr, _negative, _everything_black, _grey_plate],
    ids=["black plate", "half black", "hdr", "negative", "all black", "grey plate"],
)
def test_extremes_give_finite_answers_in_range(
    network: UnmixingNetwork,
    harm: Callable[[torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]],
    size: tuple[int, int],
) -> None:
    source, plate = harm(*shot(*size))
    for screen in (True, False):
        known = replace(statistics_of(GREEN_KEY), screen=screen)
        answer = solved(network, source, plate, known)
        assert answer.alpha.shape == (1, 1, *size)
        assert answer.confidence.shape == (1, 1, *size)
        assert answer.spill.shape == (1, SPILL_RULES, *size)
        for part in (answer.alpha, answer.confidence, answer.spill):
            assert bool(torch.isfinite(part).all())
            assert float(part.min()) >= 0.0
            assert float(part.max()) <= 1.0


def test_the_shares_of_the_spill_rules_are_shares(network: UnmixingNetwork) -> None:
    shares = asked(network, scene_of(*shot(64, 96))).spill
    assert float(shares.min()) >= 0.0
    assert float(shares.max()) <= 1.0
    total = shares.sum(1)
    torch.testing.assert_close(total, torch.ones_like(total), atol=4 * UNDECIDED, rtol=0)


# What reaches it.


@pytest.mark.parametrize("name", ["screen", "hinted", "sign"])
def test_what_is_known_of_the_shot_reaches_the_answer(name: str) -> None:
    network, scene = random_network(), scene_of(*shot(48, 64))
    turned = replace(
        scene, **{name: -getattr(scene, name) if name == "sign" else 1.0 - getattr(scene, name)}
    )
    assert not torch.equal(asked(network, scene).alpha, asked(network, turned).alpha)


def test_the_solver_tells_the_network_whether_plate_and_engine_know_their_subject() -> None:
    network = random_network()
    source, plate = shot(48, 64)
    known = statistics_of(GREEN_KEY)
    answers = [
        solved(network, source, plate, one).alpha
        for one in (known, replace(known, screen=False), replace(known, sure_inside=True))
    ]
    assert not torch.equal(answers[0], answers[1])
    assert not torch.equal(answers[0], answers[2])


def test_where_the_plate_was_never_seen_the_network_is_told_so() -> None:
    network = random_network()
    source, plate = shot(48, 64)
    first = colour_difference(source, plate, GREEN_KEY)
    unseen = torch.zeros(1, 1, 48, 64)
    unseen[..., 20:30, 20:30] = 1.0
    known = statistics_of(GREEN_KEY)
    with torch.inference_mode():
        plain = solve_alpha(source, plate, first, known, network)
        same = solve_alpha(source, plate, first, known, network, unseen=torch.zeros_like(unseen))
        told = solve_alpha(source, plate, first, known, network, unseen=unseen)
    assert torch.equal(plain.alpha, same.alpha)
    assert not torch.equal(plain.alpha, told.alpha)


def test_a_fresh_network_is_the_plain_key() -> None:
    scene = scene_of(*shot(48, 64))
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = UnmixingNetwork().eval()
    answer = asked(network, scene)
    near = (answer.alpha - scene.first).abs().mean()
    assert float(near) < 0.1


# Which network.


def test_the_package_holds_a_network_of_its_own_for_each_kind_of_footage() -> None:
    scene = scene_of(*shot(48, 64))
    answers = [asked(unmixing_network(CPU, part), scene).alpha for part in Part]
    assert len(answers) == 3
    assert not any(torch.equal(*pair) for pair in itertools.combinations(answers, 2))


def test_a_shot_is_solved_by_the_networks_of_its_footage() -> None:
    screen = statistics_of(GREEN_KEY)
    screens, rooms, video = (unmixing_network(CPU, part) for part in Part)
    assert networks_for(screen, CPU) == (screens, None)
    assert networks_for(replace(screen, subsampled=True), CPU) == (screens, video)
    assert networks_for(replace(screen, screen=False), CPU) == (rooms, None)
    assert networks_for(replace(screen, screen=False, subsampled=True), CPU) == (rooms, None)


def test_video_is_solved_again_with_the_colour_of_its_edges_restored() -> None:
    source, plate = shot(48, 64)
    known = replace(statistics_of(GREEN_KEY), subsampled=True)
    network, for_video = networks_for(known, CPU)
    first = colour_difference(source, plate, known.key)
    with torch.inference_mode():
        once = solve_alpha(source, plate, first, known, network)
        twice = solve_alpha(source, plate, first, known, network, for_video=for_video)
        shown = restored(source, plate, once.alpha)
    assert once.source is None
    assert twice.source is not None
    assert torch.equal(twice.source, shown)
    assert not torch.equal(shown, source)
    assert not torch.equal(once.alpha, twice.alpha)


def test_a_network_has_the_widths_of_its_file(tmp_path: Path) -> None:
    given = random_network()
    state = {name: value.half() for name, value in given.state_dict().items()}
    save_file(state, tmp_path / "small.safetensors")
    read = network_of(tmp_path / "small.safetensors")
    assert read.enter.out_channels == 8
    scene = scene_of(*shot(32, 48))
    torch.testing.assert_close(
        asked(read, scene).alpha, asked(given, scene).alpha, atol=0.05, rtol=0
    )
