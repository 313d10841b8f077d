"""Real pictures beside other keyers: crops read, colours picked, cleanness in closed form."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.cleanness import (
    Cleanness,
    cleaner_elsewhere,
    cleanness,
    last_line,
    markdown,
)
from benchmarks.crops import Crop, read_crops
from benchmarks.looks import write_looks
from benchmarks.real import BLENDER, CHROMAKEY, MATTEBOX, Compared, Keyed, compare, picked_colour
from mattebox.bench import blender
from mattebox.bench.chromakey import find_ffmpeg
from mattebox.bench.pictures import GAP
from mattebox.errors import InputError, UnreadableError
from mattebox.frames import read_frame, write_frame, write_png
from mattebox.images import Frame, Window
from mattebox.measure.cleanness import interior

GREEN, SKIN = (20, 160, 40), (200, 150, 120)
SIZE = (48, 64)


def drawn() -> NDArray[np.uint8]:
    """48x64x3: green with a little grain, and a solid square 24 pixels wide in the middle."""
    grain = np.random.default_rng(7).integers(-2, 3, (*SIZE, 3))
    picture = np.asarray(GREEN) + grain
    picture[12:36, 20:44] = np.asarray(SKIN) + grain[12:36, 20:44]
    return picture.astype(np.uint8)


def write_crop(folder: Path, arguments: str = "--screen auto", **more: object) -> Path:
    folder.mkdir(parents=True)
    write_png(folder / "plate.png", drawn())
    expect = {"arguments": arguments, "empty": [[0.0, 0.0, 0.25, 1.0]], **more}
    (folder / "expect.json").write_text(json.dumps(expect), encoding="utf-8")
    return folder


def only_crop(folder: Path) -> Crop:
    (crop,) = read_crops(folder)
    return crop


def test_the_plate_is_what_the_arguments_do_not_name(tmp_path: Path) -> None:
    folder = write_crop(tmp_path / "a", "--screen auto --outside 'outside.png:R'", kind="gold")
    write_png(folder / "outside.png", drawn())
    crop = only_crop(tmp_path)
    assert (crop.name, crop.kind) == ("a", "gold")
    assert crop.arguments == ("--screen", "auto", "--outside", "outside.png:R")
    assert crop.pictures.pattern.name_with_hashes == "plate.png"
    (codes,) = crop.codes().values()
    assert codes == pytest.approx(drawn() / 255.0, abs=1e-6)


def test_numbered_pictures_are_one_plate(tmp_path: Path) -> None:
    folder = write_crop(tmp_path / "a", "--clean-plate plate.png")
    for frame in (1001, 1002):
        write_png(folder / f"shot.{frame}.png", drawn())
    crop = only_crop(tmp_path)
    assert crop.pictures.pattern.name_with_hashes == "shot.####.png"
    assert list(crop.codes()) == [1001, 1002]


def test_two_plates_and_no_crop_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no crop"):
        read_crops(tmp_path)
    folder = write_crop(tmp_path / "a")
    write_png(folder / "other.png", drawn())
    with pytest.raises(InputError, match="2 sequences that its arguments do not name"):
        read_crops(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "holds no crop"),
        ('{"arguments": "--screen auto"}', "holds no crop"),
        ('{"arguments": "", "empty": [[0, 0, 1]]}', "the empty box"),
        ('{"arguments": "", "empty": [[0.5, 0, 0.5, 1]]}', "the empty box"),
        ('{"arguments": "", "empty": [[0, 0, 1, 1.5]]}', "the empty box"),
        ('{"arguments": "", "empty": [[0, 0, 1, "x"]]}', "the empty box"),
    ],
)
def test_a_wrong_expect_file_is_said(text: str, said: str, tmp_path: Path) -> None:
    folder = write_crop(tmp_path / "a")
    (folder / "expect.json").write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableError, match=said):
        read_crops(tmp_path)


def test_the_screens_colour_is_the_median_of_the_boxes(tmp_path: Path) -> None:
    write_crop(tmp_path / "a")
    crop = only_crop(tmp_path)
    assert picked_colour(crop, crop.codes(), {}) == pytest.approx(GREEN, abs=1)


def test_without_boxes_it_is_that_of_what_the_plain_key_calls_screen(tmp_path: Path) -> None:
    write_crop(tmp_path / "a", empty=[])
    crop = only_crop(tmp_path)
    plain = np.zeros(SIZE, np.float32)
    plain[:, :50] = 1.0
    assert picked_colour(crop, crop.codes(), {1: plain}) == pytest.approx(GREEN, abs=1)
    assert picked_colour(crop, crop.codes(), {1: np.ones(SIZE, np.float32)}) is None
    assert picked_colour(crop, crop.codes(), {}) is None


def compared(crop: Crop) -> Compared:
    """Ours with half of the box at 0.1 and a tenth of the interior cut out; another without."""
    plain = np.zeros(SIZE, np.float32)
    plain[12:36, 20:44] = 1.0  # interior: 16x16 from (16, 24)
    ours = np.repeat(plain[..., None], 4, axis=2)
    ours[:24, :16, 3] = 0.1
    ours[16:24, 24:28] = 0.5  # 32 of 256
    clean = np.repeat(plain[..., None], 4, axis=2)
    keyed = (
        Keyed(MATTEBOX, {1: ours}, plain={1: plain}),
        Keyed(CHROMAKEY, {1: clean}),
        Keyed(BLENDER, note="no bpy"),
    )
    return Compared(crop, crop.codes(), keyed)


def test_cleanness_is_measured_in_the_boxes_and_in_the_interior(tmp_path: Path) -> None:
    write_crop(tmp_path / "a")
    ours, theirs, absent = cleanness(compared(only_crop(tmp_path)))
    assert (ours.crop, ours.keyer, ours.frames) == ("a", MATTEBOX, 1)
    assert ours.empty_mean == pytest.approx(5.0)
    assert ours.empty_share == 50.0
    assert ours.interior_share == 12.5
    assert (theirs.empty_mean, theirs.empty_share, theirs.interior_share) == (0.0, 0.0, 0.0)
    assert (absent.empty_mean, absent.interior_share, absent.note) == (None, None, "no bpy")


def test_a_garbage_matte_decides_what_is_solid(tmp_path: Path) -> None:
    folder = write_crop(tmp_path / "a", "--screen auto --outside outside.png")
    write_png(folder / "outside.png", drawn())
    rows = cleanness(compared(only_crop(tmp_path)))
    assert [one.interior_share for one in rows] == [None] * 3
    assert rows[0].empty_share == 50.0


def row(
    keyer: str, mean: float | None, share: float | None, holes: float | None, *, crop: str = "a"
) -> Cleanness:
    return Cleanness(crop, keyer, 1, mean, share, holes)


def test_a_cleaner_keyer_is_named_with_what_it_costs() -> None:
    rows = [
        row(MATTEBOX, 1.0, 5.0, 0.0),
        row(CHROMAKEY, 0.9, 4.0, 0.1),  # cleaner in the share alone, its holes are within a step
        row(BLENDER, 0.0, 0.0, 60.0),
        row(MATTEBOX, 0.0, 0.0, 3.0, crop="b"),
        row(CHROMAKEY, None, None, 1.0, crop="b"),
        row(MATTEBOX, 0.1, 0.2, 0.0, crop="c"),
        row(CHROMAKEY, 0.0, 0.0, None, crop="c"),
    ]
    assert cleaner_elsewhere(rows) == {
        "a": ["chromakey in empty", "blender-keying in empty, worse in interior"],
        "b": ["chromakey in interior"],
    }
    assert last_line(rows).startswith("another keyer is cleaner in 2 of the crops: a (chromakey")
    assert last_line(rows[-2:]) == "no other keyer is cleaner in any crop"
    assert "| a | mattebox | 1 | 1.00 | 5.00 | 0.00 |" in markdown(rows)


def test_the_interior_is_that_of_the_reference_script(shared: Path, tmp_path: Path) -> None:
    script = shared / "real/score.py"
    if not script.is_file():
        pytest.skip(f"{script} is not there; it runs where MATTEBOX_SHARED has real pictures")
    folder = write_crop(tmp_path / "a")
    crop = only_crop(tmp_path)
    noise = np.random.default_rng(3).uniform(0.85, 1.0, SIZE).astype(np.float32)
    plain = np.where(noise > 0.87, 1.0, noise) * (compared(crop).keyed[0].plain[1] > 0.0)
    alpha = np.random.default_rng(4).uniform(0.0, 1.1, SIZE).astype(np.float32)
    window = Window(0, 0, SIZE[1], SIZE[0])
    pixels = np.dstack([alpha, alpha, alpha, alpha, plain]).astype(np.float32)
    channels = ("R", "G", "B", "A", "net.A")
    picture = Frame(pixels, channels, data_window=window, display_window=window)
    write_frame(tmp_path / "keyed.exr", picture, pixel_type="float")
    done = subprocess.run(
        [sys.executable, script, tmp_path / "keyed.exr", folder / "expect.json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    theirs = json.loads(done.stdout)
    keyed = Keyed(MATTEBOX, {1: pixels[..., :4]}, plain={1: plain})
    (ours,) = cleanness(Compared(crop, crop.codes(), (keyed,)))
    assert theirs["interior_pixels"] == interior(plain).sum() > 100
    assert ours.interior_share == pytest.approx(theirs["interior_under_.95_%"], abs=1e-3)
    assert ours.empty_share == pytest.approx(theirs["empty_over_.02_%"], abs=1e-2)
    assert ours.empty_mean == pytest.approx(100.0 * theirs["empty_mean"], abs=1e-2)


def test_looks_have_a_row_for_each_keyer_that_keyed(tmp_path: Path) -> None:
    write_crop(tmp_path / "a")
    (path,) = write_looks(tmp_path / "looks", compared(only_crop(tmp_path)))
    assert path.name == "a.0001.png"
    sheet = np.rint(read_frame(path).pixels * 255.0)
    height, width = SIZE
    assert sheet.shape == (2 * height + GAP, 5 * width + 4 * GAP, 3)
    assert np.array_equal(sheet[:height, :width], drawn())
    assert np.array_equal(sheet[height + GAP :, :width], drawn())
    over_red = sheet[height + GAP :, 3 * (width + GAP) :][:height, :width]
    assert over_red[0, 0] == pytest.approx([203, 39, 39], abs=1)  # 0.6, 0.02, 0.02 by the curve
    assert np.array_equal(over_red[24, 32], [255, 255, 255])


@pytest.mark.slow
@pytest.mark.blender
def test_a_crop_is_keyed_by_all_three(tmp_path: Path) -> None:
    if find_ffmpeg() is None or blender.find_bpy_python() is None:
        pytest.skip(
            f"needs ffmpeg and bpy; runs where ffmpeg is installed and {blender.VARIABLE} names one"
        )
    write_crop(tmp_path / "a")
    found = compare(only_crop(tmp_path), threads=1)
    assert [keyed.keyer for keyed in found.keyed] == [MATTEBOX, CHROMAKEY, BLENDER]
    for keyed in found.keyed:
        assert keyed.pictures[1][24, 32, 3] == pytest.approx(1.0, abs=0.02), keyed
    rows = cleanness(found)
    assert not any(one.failed for one in rows)
    assert all(one.interior_share is not None and one.interior_share < 5.0 for one in rows)


@pytest.mark.slow
def test_what_cannot_be_keyed_is_a_row_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_crop(tmp_path / "a", "--screen purple", empty=[])
    monkeypatch.setenv("PATH", "")
    ours, *others = cleanness(compare(only_crop(tmp_path), threads=1))
    assert ours.note.startswith("ended with 64: ")
    assert "purple" in ours.note
    assert not ours.failed
    assert [one.note for one in others] == ["no screen to pick a colour in"] * 2
