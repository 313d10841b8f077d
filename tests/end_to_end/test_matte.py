"""What the matte promises of a shot: interiors, markers, shadows, plates beside their place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage
from tests.end_to_end.conftest import Run, key_clean
from tests.support.foreign_files import write_foreign
from tests.support.pictures import (
    HEIGHT,
    WIDTH,
    disc_alpha,
    plate_pixels,
    read_exr,
    rgb_of,
    write_exr,
    write_shot,
)

from mattebox.images import Window
from mattebox.measure.cleanness import interior


@pytest.mark.slow
def test_shadows_stay_unless_they_are_to_be_removed(tmp_path: Path, mattebox: Run) -> None:
    shot = write_shot(tmp_path / "in", frames=range(1001, 1003))
    for path in (tmp_path / "in").glob("shot.*.exr"):
        shaded = rgb_of(read_exr(path))
        shaded[:, 50:] *= 0.6  # beside the disc
        write_exr(path, shaded, colorInteropID="lin_rec709_scene")
    key_clean(mattebox, shot, tmp_path / "kept")
    key_clean(mattebox, shot, tmp_path / "removed", "--shadows", "remove")
    kept, removed = (
        read_exr(tmp_path / folder / "shot.1001.exr")["A"] for folder in ("kept", "removed")
    )
    assert np.abs(kept[:, 56:] - 0.4).mean() < 0.06  # black of its density
    assert removed[:, 56:].max() == 0.0
    disc = disc_alpha(1) == 1.0
    assert removed[disc].min() > 0.95  # no hole, as the bench counts them


def test_no_hole_is_keyed_where_the_plain_key_is_solid_within_a_closed_outline(
    tmp_path: Path, mattebox: Run
) -> None:
    """Blond curls with gaps between them, in grain: what the plain key calls solid stays so."""
    random = np.random.default_rng(5)
    lines = ndimage.gaussian_filter(random.normal(size=(120, 160)), 3)
    y, x = np.mgrid[:120, :160]
    head = np.hypot(y - 60, x - 80) < 50
    curls = (np.abs(lines) < 0.7 * lines.std()) | (np.hypot(y - 60, x - 80) > 46)
    alpha = ndimage.gaussian_filter((head & curls).astype(np.float32), 0.7)[..., None]
    clean = np.broadcast_to(np.array([0.08, 0.43, 0.11], np.float32), (120, 160, 3))
    shot = alpha * np.array([0.5, 0.4, 0.15], np.float32) + (1.0 - alpha) * clean
    grain = 0.006 * random.normal(size=shot.shape)
    (tmp_path / "in").mkdir()
    linear = "lin_rec709_scene"
    write_exr(tmp_path / "in/clean.exr", clean.copy(), colorInteropID=linear)
    noisy = (shot + grain).astype(np.float32)
    write_exr(tmp_path / "in/shot.1001.exr", noisy, colorInteropID=linear)
    key_clean(mattebox, tmp_path / "in/shot.1001.exr", tmp_path / "out", "--passes", "net")
    keyed = read_exr(tmp_path / "out/shot.1001.exr")
    inside = interior(keyed["net.A"])
    assert inside.sum() > 1000
    assert (keyed["A"][inside] < 0.95).mean() < 0.001


def test_tracking_markers_are_named_and_go_where_that_is_asked_for(
    tmp_path: Path, mattebox: Run
) -> None:
    shot = write_shot(tmp_path / "in", frames=range(1001, 1003), scale=3)
    for path in (tmp_path / "in").glob("shot.*.exr"):
        marked = rgb_of(read_exr(path))
        marked[12:18, 120:126] = marked[12:18, 140:146] = 0.5
        write_exr(path, marked, colorInteropID="lin_rec709_scene")
    kept = key_clean(mattebox, shot, tmp_path / "kept")
    removed = key_clean(mattebox, shot, tmp_path / "removed", "--markers", "remove")
    said = [event["message"] for event in kept if event.get("code") == "islands"]
    assert len(said) == 1
    assert "2 of 2 frames, up to 2 in a frame" in str(said[0])
    assert not [event for event in removed if event.get("code") == "islands"]
    before, after = (
        read_exr(tmp_path / folder / "shot.1001.exr")["A"] for folder in ("kept", "removed")
    )
    assert before[15, 123] > 0.5
    assert after[:22, 116:].max() == 0.0
    assert np.array_equal(after[30:], before[30:])


@pytest.mark.slow
@pytest.mark.shared
def test_a_plate_out_of_place_and_too_bright_is_fitted_and_reported(
    shared: Path, tmp_path: Path, mattebox: Run
) -> None:
    shot = shared / "shots/hair"
    arguments = [
        "key", shot / "green_spill_grain/hair_green_spill_grain.####.exr",
        "--clean-plate", shot / "plate_offset/hair_plate_offset.0001.exr", "--frames", "1",
        "--in-space", "lin_rec709_scene",
    ]  # fmt: skip
    fitted = mattebox(*arguments, "-o", tmp_path / "fitted")
    assert "the clean plate is moved (shift)" in fitted.stderr
    assert "the clean plate is multiplied by 0.95" in fitted.stderr
    left = mattebox(
        *arguments, "-o", tmp_path / "left", "--register-plate", "off", "--match-exposure", "off"
    )
    assert "clean plate is" not in left.stderr
    name = "hair_green_spill_grain.0001.exr"
    truth = read_exr(shot / "fg/hair_fg.0001.exr")["A"]
    errors = {
        folder: np.abs(read_exr(tmp_path / folder / name)["A"] - truth).mean()
        for folder in ("fitted", "left")
    }
    assert errors["fitted"] < errors["left"]
    assert errors["fitted"] < 0.02


@pytest.mark.slow
def test_flickering_light_is_followed_frame_by_frame(tmp_path: Path, mattebox: Run) -> None:
    shot = write_shot(tmp_path / "in", frames=range(1001, 1009))
    for frame in range(1002, 1009, 2):
        write_exr(
            tmp_path / f"in/shot.{frame}.exr",
            plate_pixels(frame - 1000) * np.float32(0.85),
            colorInteropID="lin_rec709_scene",
        )
    errors = {}
    for mode in ("auto", "off"):
        key_clean(mattebox, shot, tmp_path / mode, "--match-exposure", mode)
        keyed = read_exr(tmp_path / mode / "shot.1004.exr")["A"]
        errors[mode] = np.abs(keyed - disc_alpha(4)).mean()
    assert errors["auto"] < 0.02
    assert errors["auto"] < 0.5 * errors["off"]


@pytest.mark.slow
def test_despill_leaves_protected_colours_alone(tmp_path: Path, mattebox: Run) -> None:
    shot = write_shot(tmp_path / "in", frames=range(1001, 1002))
    prop = plate_pixels(1)
    prop[14:22, 24:34] = (0.20, 0.32, 0.10)  # a green prop on the subject
    write_exr(tmp_path / "in/shot.1001.exr", prop, colorInteropID="lin_rec709_scene")
    matte = np.zeros((HEIGHT, WIDTH, 1), np.float32)
    matte[14:22, 24:34] = 1.0
    write_exr(tmp_path / "in/prop.exr", matte, "A")
    inside = ("--inside", tmp_path / "in/prop.exr", "--spill-rule", "hue")
    key_clean(mattebox, shot, tmp_path / "taken", *inside)
    key_clean(mattebox, shot, tmp_path / "kept", *inside, "--protect", tmp_path / "in/prop.exr")
    middle = np.s_[16:20, 26:32]
    assert read_exr(tmp_path / "taken/shot.1001.exr")["G"][middle].mean() < 0.25
    np.testing.assert_allclose(
        read_exr(tmp_path / "kept/shot.1001.exr")["G"][middle], 0.32, rtol=1e-3
    )


def test_a_room_around_a_small_screen_keeps_its_colours(tmp_path: Path, mattebox: Run) -> None:
    """Whose green is no screen's light: that of a warm wall, far from a screen of a phone."""
    random = np.random.default_rng(3)
    wall = np.array([0.42, 0.36, 0.22], np.float32)
    (tmp_path / "in").mkdir()
    for frame in (1, 2, 3):
        shot = np.broadcast_to(wall, (180, 320, 3)).copy()
        shot[66:114, 120:200] = (0.08, 0.43, 0.11)
        shot += 0.004 * random.normal(size=shot.shape)
        path = tmp_path / f"in/phone.{frame:04d}.exr"
        write_exr(path, shot.astype(np.float32), colorInteropID="lin_rec709_scene")
    given = (tmp_path / "in/phone.####.exr", "--screen", "auto", "--frames", "2")
    far = np.ones((180, 320), bool)
    far[20:160, 74:246] = False  # beyond half of its width, and the edge's own
    light = {}
    for rule in ("learned", "hue-average"):
        done = mattebox("key", *given, "-o", tmp_path / rule, "--spill-rule", rule)
        assert done.returncode == 0, done.stderr
        keyed = read_exr(tmp_path / rule / "phone.0002.exr")
        assert keyed["A"][70:110, 124:196].max() < 0.02
        assert keyed["A"][far].min() == 1.0
        light[rule] = rgb_of(keyed)[far]
    shot = rgb_of(read_exr(tmp_path / "in/phone.0002.exr"))[far]
    np.testing.assert_allclose(light["learned"], shot, rtol=1e-3)
    # A rule by its name holds all over the picture.
    assert (shot - light["hue-average"])[:, 1].mean() > 0.01


def steps_of_a_hand(index: int) -> tuple[float, float]:
    """Rows and columns by which a frame is beside the wall."""
    return 3.0 * np.sin(index), 4.0 * np.cos(1.3 * index)


def write_before_a_wall(folder: Path, step: Callable[[int], tuple[float, float]]) -> Path:
    """Six grainy frames of a disc before a textured wall, their truth, and the wall; the shot."""
    random = np.random.default_rng(7)
    wall = ndimage.gaussian_filter(random.normal(size=(144, 208, 3)), (2, 2, 0))
    wall = (0.3 + 0.06 * wall / wall.std()).clip(0.02, None).astype(np.float32)
    middle = np.s_[8:-8, 8:-8]
    folder.mkdir()
    linear = "lin_rec709_scene"
    write_exr(folder / "wall.exr", wall[middle], colorInteropID=linear)
    y, x = np.mgrid[:144, :208]
    for index in range(6):
        alpha = (30.0 - np.hypot(y - 80, x - 100 - 2 * index)).clip(0.0, 1.0)[..., None]
        scene = alpha * np.array([0.7, 0.2, 0.1]) + (1.0 - alpha) * wall
        frame, cover = (
            ndimage.shift(one, (*step(index), 0.0), order=3, mode="nearest")
            for one in (scene, alpha)
        )
        frame = frame + random.normal(0.0, 0.004, frame.shape)
        for name, picture, channels in (("shot", frame, "RGB"), ("truth", cover, "A")):
            path = folder / f"{name}.{1001 + index}.exr"
            write_exr(path, picture[middle].astype(np.float32), channels, colorInteropID=linear)
    return folder / "shot.####.exr"


def test_a_hand_held_shot_before_a_clean_plate_is_keyed_frame_by_frame(
    tmp_path: Path, mattebox: Run
) -> None:
    shot = write_before_a_wall(tmp_path / "in", steps_of_a_hand)
    wall = tmp_path / "in/wall.exr"
    arguments = ("key", shot, "--clean-plate", wall, "--json")
    done = mattebox(*arguments, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "camera_moves" in done.stdout
    for frame in range(1001, 1007):
        alpha = read_exr(tmp_path / f"out/shot.{frame}.exr")["A"]
        truth = read_exr(tmp_path / f"in/truth.{frame}.exr")["A"]
        assert np.abs(alpha - truth).mean() < 0.01
        assert (alpha[truth < 0.01] > 0.1).mean() < 0.005
    alone = mattebox(*arguments, "-o", tmp_path / "alone", "--frames", "1004")
    assert alone.returncode == 0, alone.stderr
    name = "shot.1004.exr"
    assert (tmp_path / "alone" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()
    still = mattebox(*arguments, "-o", tmp_path / "still", "--register-plate", "off")
    assert "camera_moves" not in still.stdout


def test_a_clean_plate_that_covers_a_part_of_a_room_is_moved_into_place(
    tmp_path: Path, mattebox: Run
) -> None:
    shot = write_before_a_wall(tmp_path / "in", lambda _: (2.0, -1.5))
    wall = rgb_of(read_exr(tmp_path / "in/wall.exr"))
    height, width = wall.shape[:2]
    part = write_foreign(
        tmp_path / "part.exr",
        wall[:, : width - 40].astype(np.float16),
        "half",
        display=Window(0, 0, width, height),
        attributes=[("colorInteropID", "lin_rec709_scene")],
    )
    done = mattebox("key", shot, "--clean-plate", part, "--json", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    said = {json.loads(line).get("code") for line in done.stdout.splitlines()}
    assert {"plate_moved", "plate_too_small"} <= said
    for frame in range(1001, 1007):
        alpha = read_exr(tmp_path / f"out/shot.{frame}.exr")["A"]
        truth = read_exr(tmp_path / f"in/truth.{frame}.exr")["A"]
        assert np.abs(alpha - truth).mean() < 0.01


@pytest.mark.slow
@pytest.mark.shared
def test_a_plates_grain_is_taken_out_and_an_exact_plate_stays(
    shared: Path, tmp_path: Path, mattebox: Run
) -> None:
    shot, name = shared / "shots/hair", "hair_green_spill_grain.0001.exr"
    truth = read_exr(shot / "fg/hair_fg.0001.exr")["A"]
    errors, found = {}, {}
    for plate in ("plate", "plate_grain"):
        job = tmp_path / f"{plate}.json"
        mattebox(
            "key", shot / "green_spill_grain/hair_green_spill_grain.####.exr",
            "--clean-plate", shot / f"{plate}/hair_{plate}.0001.exr",
            "--in-space", "lin_rec709_scene", "-o", tmp_path / plate, "--write-job", job,
        )  # fmt: skip
        mattebox("key", "--job", job, "--frames", "1")
        found[plate] = json.loads(job.read_text())["prepared"]["analysis"]["plate_grain"]
        errors[plate] = np.abs(read_exr(tmp_path / plate / name)["A"] - truth).mean()
    assert found["plate"] is None
    manifest = json.loads((shot / "manifest.json").read_text())
    level = np.array(manifest["screen_mean_rgb"])
    grain = {key: np.array(value) for key, value in found["plate_grain"].items()}
    # variance = A x + B, as the manifest's grain_model has it
    true = np.array([1.6e-4, 1e-4, 2.4e-4]) * level + np.array([3e-6, 2e-6, 4e-6])
    assert grain["gain"] * level + grain["floor"] == pytest.approx(true, rel=0.25)
    assert errors["plate_grain"] < 1.06 * errors["plate"]
