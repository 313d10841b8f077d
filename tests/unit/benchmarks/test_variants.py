"""Variants of a shot: every pass changed alike, so that the truth stays the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.shapes import Canvas
from benchmarks.synthetic import write_synthetic
from benchmarks.variants import DIM, VIDEO, Variant, write_variant
from benchmarks.writing import write_shot
from mattebox.bench.baselines import SATURATED, excess, key_channel
from mattebox.bench.chromakey import find_ffmpeg
from mattebox.bench.grain import with_grain
from mattebox.bench.shots import BenchShot, read_shot
from mattebox.errors import InputError

Pixels = NDArray[np.float32]

SIZE = Canvas(38, 66)
SCREEN = np.array([0.0625, 0.5, 0.125], np.float32)
LENGTH = 7


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory) -> BenchShot:
    """Seven small frames of a person before an even green screen, without light from it."""
    folder = tmp_path_factory.mktemp("shot")
    drawn = read_shot(write_synthetic("skin_soft", folder, length=LENGTH, size=SIZE))
    truths = {n: drawn.truth.read(n) for n in drawn.truth.frames}
    plate = np.broadcast_to(SCREEN, (SIZE.height, SIZE.width, 3))
    keyed = {n: with_grain(composite(truth, plate), n) for n, truth in truths.items()}
    passes = {"fg": truths, "grain": keyed, "plate": {1: plate}}
    passes["plate_grain"] = {1: with_grain(plate, 100)}
    return read_shot(write_shot(folder / "person", passes, key="grain"))


def composite(truth: Pixels, plate: Pixels) -> Pixels:
    return np.asarray(truth[..., :3] + (1.0 - truth[..., 3:]) * plate, np.float32)


def made(shot: BenchShot, variant: Variant, folder: Path, length: int = LENGTH) -> BenchShot:
    return read_shot(write_variant(shot, variant, folder, length=length))


needs_ffmpeg = pytest.mark.skipif(
    find_ffmpeg() is None,
    reason="ffmpeg is not installed; it runs where it is (apt-get install ffmpeg)",
)


@pytest.mark.parametrize(
    "variant",
    [
        pytest.param(variant, marks=needs_ffmpeg if variant in VIDEO else ())
        for variant in Variant
        if variant not in (Variant.PHONE, Variant.HANDHELD)
    ],
)
def test_every_variant_is_a_shot_with_truth_and_plate(
    shot: BenchShot, variant: Variant, tmp_path: Path
) -> None:
    found = made(shot, variant, tmp_path, 3)
    assert found.name == f"person_{variant}"
    frames = found.common_frames(["grain", "plate_grain"], None)
    assert frames == (1, 2, 3)
    truth, keyed, plate = (found.passes[n].read(2) for n in ("fg", "grain", "plate_grain"))
    assert truth.shape[:2] == keyed.shape[:2] == plate.shape[:2]
    assert truth.shape[2] == 4
    assert key_channel(plate) == (2 if variant is Variant.SWAPPED else 1)
    # where nothing stands in front the pass to key is the plate, whatever was done to both
    empty = truth[..., 3] == 0.0
    within = 0.04 if variant in (*VIDEO, Variant.GRADED) else 0.02  # coding bleeds over edges
    assert np.mean(keyed[empty] / plate[empty], axis=0) == pytest.approx(1.0, abs=within)


@pytest.mark.parametrize(
    ("variant", "change"),
    [
        (Variant.SAME, lambda p: p),
        (Variant.MIRRORED, lambda p: p[:, ::-1]),
        (Variant.RIGHT_HALF, lambda p: p[:, 33:]),
        (Variant.CENTRE, lambda p: p[9:28, 16:49]),
        (Variant.SWAPPED, lambda p: p[..., [0, 2, 1, 3][: p.shape[2]]]),
        (Variant.BRIGHT, lambda p: np.concatenate([p[..., :3] * 4.0, p[..., 3:]], axis=2)),
        (Variant.DARK, lambda p: np.concatenate([p[..., :3] * 0.25, p[..., 3:]], axis=2)),
    ],
)
def test_every_pass_is_changed_alike(
    shot: BenchShot, variant: Variant, change: object, tmp_path: Path
) -> None:
    assert callable(change)
    found = made(shot, variant, tmp_path, 2)
    for name in ("fg", "grain", "plate_grain"):
        expected = change(shot.passes[name].read(1))
        # a quarter of the smallest half numbers is rounded
        assert found.passes[name].read(1) == pytest.approx(expected, abs=1e-7)


@needs_ffmpeg
def test_video_changes_what_is_keyed_and_the_plate_and_not_the_truth(
    shot: BenchShot, tmp_path: Path
) -> None:
    filmed = made(shot, Variant.H264_20, tmp_path, 3)
    for frame in (1, 2, 3):
        assert np.array_equal(filmed.truth.read(frame), shot.truth.read(frame))
    for name in ("grain", "plate_grain"):
        found, was = filmed.passes[name].read(1), shot.passes[name].read(1)
        assert not np.array_equal(found, was)
        assert found.mean(axis=(0, 1)) == pytest.approx(was.mean(axis=(0, 1)), rel=0.03)


def test_without_ffmpeg_there_is_no_video(
    shot: BenchShot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match="ffmpeg not found"):
        made(shot, Variant.H264_5, tmp_path)


def test_a_graded_shot_is_eight_bit_codes_whose_light_is_read(
    shot: BenchShot, tmp_path: Path
) -> None:
    graded = made(shot, Variant.GRADED, tmp_path, 2)
    assert graded.plate.path(1).suffix == ".jpg"
    assert (graded.plate.space, graded.truth.space) == ("srgb_rec709_scene", "lin_rec709_scene")
    truth, was = graded.truth.read(1), shot.truth.read(1)
    assert np.array_equal(truth[..., 3], was[..., 3])
    solid = truth[..., 3] == 1.0
    # what is solid reads as its truth says, but for grain and coding
    found = graded.plate.read(1)[solid].mean(axis=0)
    assert found == pytest.approx(truth[solid][:, :3].mean(axis=0), rel=0.15)


def test_a_phone_shows_the_shot_at_a_quarter_and_is_opaque_around_it(
    shot: BenchShot, tmp_path: Path
) -> None:
    phone = made(shot, Variant.PHONE, tmp_path, 2)
    assert "plate_grain" not in phone.passes
    assert phone.screen is not None
    assert key_channel(phone.screen.read(1)) == 1
    truth, was, seen = phone.truth.read(1), shot.truth.read(1), phone.plate.read(1)
    rows, columns = slice(14, 23), slice(25, 41)  # 9x16 in the middle of 38x66
    blocks = was[:36, :64].reshape(9, 4, 16, 4, 4).mean(axis=(1, 3))
    assert truth[rows, columns] == pytest.approx(blocks, abs=5e-4)
    around = np.ones(truth.shape[:2], np.bool_)
    around[rows, columns] = False
    assert np.array_equal(truth[around][:, :3], seen[around])
    assert (truth[around][:, 3] == 1.0).all()
    assert key_channel(seen) is None  # hardly any of it is screen


def test_a_held_camera_moves_the_room_and_not_the_subject(shot: BenchShot, tmp_path: Path) -> None:
    held = made(shot, Variant.HANDHELD, tmp_path, 3)
    assert held.keyed == "busy"
    assert held.passes["busy_plate"].is_still
    plate = held.passes["busy_plate"].read(1)
    for frame in (1, 2, 3):
        assert np.array_equal(held.truth.read(frame), shot.truth.read(frame))
        solid = held.truth.read(frame)[..., 3] == 1.0
        seen = held.plate.read(frame)
        assert seen[solid] == pytest.approx(held.truth.read(frame)[solid][:, :3], abs=0.1)
        assert np.abs(seen - plate)[~solid].mean() > 0.01


def test_crops_have_odd_sizes(shot: BenchShot, tmp_path: Path) -> None:
    assert made(shot, Variant.RIGHT_HALF, tmp_path, 1).truth.read(1).shape == (38, 33, 4)
    assert made(shot, Variant.CENTRE, tmp_path, 1).truth.read(1).shape == (19, 33, 4)


@pytest.mark.parametrize(
    ("variant", "length", "numbers"),
    [
        (Variant.REVERSED, 3, (3, 2, 1)),
        (Variant.FAST, 3, (1, 4, 7)),
        (Variant.FAST, 2, (1, 4)),
        (Variant.SAME, 99, (1, 2, 3, 4, 5, 6, 7)),
    ],
)
def test_frames_come_in_the_variants_order(
    shot: BenchShot, variant: Variant, length: int, numbers: tuple[int, ...], tmp_path: Path
) -> None:
    found = made(shot, variant, tmp_path, length)
    assert found.truth.frames == tuple(range(1, len(numbers) + 1))
    for frame, number in enumerate(numbers, start=1):
        assert np.array_equal(found.truth.read(frame), shot.truth.read(number))
        assert np.array_equal(found.plate.read(frame), shot.plate.read(number))


def test_without_grain_the_composite_is_exact(shot: BenchShot, tmp_path: Path) -> None:
    found = made(shot, Variant.NO_GRAIN, tmp_path, 1)
    truth, plate = found.truth.read(1), shot.passes["plate"].read(1)
    # half a step of a half
    assert found.plate.read(1) == pytest.approx(composite(truth, plate), abs=3e-4)
    assert np.array_equal(found.passes["plate_grain"].read(1), plate)


def test_the_screens_light_on_the_subject_is_kept_where_a_pass_shows_it(tmp_path: Path) -> None:
    truth = np.zeros((4, 4, 4), np.float32)
    truth[:, 2:] = (0.25, 0.25, 0.25, 1.0)
    plate = np.broadcast_to(SCREEN, (4, 4, 3))
    clean = composite(truth, plate)
    clean[:, 2:, 1] += 0.125
    passes = {"fg": {1: truth}, "x_grain": {1: clean}, "x": {1: clean}, "plate": {1: plate}}
    shot = read_shot(write_shot(tmp_path / "lit", passes, key="x_grain"))
    exact = made(shot, Variant.NO_GRAIN, tmp_path).plate.read(1)
    assert exact[0, 3].tolist() == [0.25, 0.375, 0.25]
    dim = made(shot, Variant.DIM_SCREEN, tmp_path).plate.read(1)[:, 2:].mean(axis=(0, 1))
    assert dim == pytest.approx([0.25, 0.25 + DIM * 0.125, 0.25], abs=0.01)


def test_more_grain_is_twice_the_grain(shot: BenchShot, tmp_path: Path) -> None:
    found = made(shot, Variant.MORE_GRAIN, tmp_path)
    plate = shot.passes["plate"].read(1)

    def deviation(of: BenchShot) -> Pixels:
        left = [of.plate.read(n) - composite(of.truth.read(n), plate) for n in of.plate.frames]
        return np.asarray(np.stack(left).std(axis=(0, 1, 2)), np.float32)

    assert deviation(found) == pytest.approx(2.0 * deviation(shot), rel=0.03)
    noisy = found.passes["plate_grain"].read(1) - plate
    assert noisy.std() == pytest.approx(
        2.0 * (shot.passes["plate_grain"].read(1) - plate).std(), rel=0.05
    )


def test_a_dim_and_a_pale_screen_are_still_screens(shot: BenchShot, tmp_path: Path) -> None:
    dim = made(shot, Variant.DIM_SCREEN, tmp_path, 1).passes["plate_grain"].read(1)
    assert dim.mean(axis=(0, 1)) == pytest.approx([0.025, 0.2, 0.05], abs=2e-3)
    pale = made(shot, Variant.PALE_SCREEN, tmp_path, 1).passes["plate_grain"].read(1)
    mean = (0.0625 + 0.5 + 0.125) / 3.0
    halfway = [(value + mean) / 2.0 for value in (0.0625, 0.5, 0.125)]
    assert pale.mean(axis=(0, 1)) == pytest.approx(halfway, abs=2e-3)
    assert excess(pale, 1).mean() > SATURATED * pale[..., 1].mean()


def test_a_shot_without_a_clean_plate_is_refused(shot: BenchShot, tmp_path: Path) -> None:
    passes = {"fg": {1: shot.truth.read(1)}, "grain": {1: shot.plate.read(1)}}
    bare = read_shot(write_shot(tmp_path / "bare", passes, key="grain"))
    with pytest.raises(InputError, match="no clean plate"):
        write_variant(bare, Variant.SAME, tmp_path, length=1)


def test_a_shot_whose_truth_has_other_frames_is_refused(shot: BenchShot, tmp_path: Path) -> None:
    other = {n: shot.plate.read(n) for n in (5, 6)}
    passes = {"fg": {1: shot.truth.read(1), 2: shot.truth.read(2)}, "grain": other}
    split = read_shot(write_shot(tmp_path / "split", passes, key="grain"))
    with pytest.raises(InputError, match="no frame has both"):
        write_variant(split, Variant.SAME, tmp_path, length=1)
