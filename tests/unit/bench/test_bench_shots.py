"""Reading shots with truth: what is there, and what is said of a manifest that cannot be right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.pictures import write_exr

from benchmarks.writing import write_shot
from mattebox.bench.light import srgb_decoded
from mattebox.bench.shots import ENCODED_SPACE, SPACE, read_shot
from mattebox.errors import InputError, MatteboxError, MissingFramesError, UnreadableError

GOOD: dict[str, Any] = {
    "shot": "tiny",
    "colour_space": "Linear Rec.709, lin_rec709_scene",
    "passes": {
        "fg": {"pattern": "fg/fg.####.exr", "frames": [1, 2, 3]},
        "blue_spill_grain": {"pattern": "in/in.####.exr", "frames": [1, 2]},
        "plate": {"pattern": "plate/plate.####.exr", "frames": [1]},
        "busy": {"pattern": "nowhere/busy.####.exr", "frames": [1]},
    },
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A shot of three frames, its manifest as it should be."""
    for name, channels, frames in (("fg", "RGBA", 3), ("in", "RGB", 2), ("plate", "RGB", 1)):
        (tmp_path / name).mkdir()
        for frame in range(1, frames + 1):
            pixels = np.full((2, 4, len(channels)), 0.25 * frame, np.float32)
            write_exr(tmp_path / name / f"{name}.{frame:04d}.exr", pixels, channels)
    write(tmp_path, GOOD)
    return tmp_path


def write(folder: Path, values: object) -> None:
    (folder / "manifest.json").write_text(json.dumps(values), encoding="utf-8")


def test_a_shot_knows_its_passes_on_disk(folder: Path) -> None:
    shot = read_shot(folder)
    assert (shot.name, shot.keyed) == ("tiny", "blue_spill_grain")
    assert sorted(shot.passes) == ["blue_spill_grain", "fg", "plate"]
    assert shot.common_frames(["blue_spill_grain", "plate"], None) == (1, 2)
    assert shot.common_frames(["blue_spill_grain"], [2, 3, 9]) == (2,)
    assert shot.truth.read(2).shape == (2, 4, 4)
    assert np.all(shot.plate.read(2) == 0.5)
    assert np.all(shot.passes["plate"].read(2) == 0.25)  # a still serves all frames


def test_the_manifest_may_name_the_pass_to_key(folder: Path) -> None:
    write(folder, GOOD | {"key": "plate"})
    assert read_shot(folder).keyed == "plate"


@pytest.mark.parametrize(
    ("values", "kind", "words"),
    [
        ([], UnreadableError, "holds a list"),
        ({"passes": {}}, InputError, "colour space ''"),
        (GOOD | {"colour_space": "ACEScg"}, InputError, "'ACEScg'"),
        (GOOD | {"passes": "fg"}, UnreadableError, "no object 'passes'"),
        (GOOD | {"passes": {"fg": "RGBA"}}, UnreadableError, "pass 'fg' that is 'RGBA'"),
        (GOOD | {"passes": {"fg": {"pattern": "a", "frames": []}}}, UnreadableError, "pass 'fg'"),
        (GOOD | {"passes": {"fg": GOOD["passes"]["fg"]}}, UnreadableError, "neither 'key'"),
        (
            GOOD | {"passes": {"fg": GOOD["passes"]["fg"] | {"colour_space": "ACEScg"}}},
            UnreadableError,
            "pass 'fg' that is .*ACEScg",
        ),
        (GOOD | {"key": "green"}, MatteboxError, "there is no pass 'green'"),
    ],
)
def test_a_manifest_that_cannot_be_right_is_refused(
    folder: Path, values: object, kind: type[MatteboxError], words: str
) -> None:
    write(folder, values)
    with pytest.raises(kind, match=words):
        read_shot(folder)


def test_no_manifest_and_no_json_are_said(folder: Path) -> None:
    (folder / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(UnreadableError, match="not JSON"):
        read_shot(folder)
    with pytest.raises(InputError, match="cannot be read"):
        read_shot(folder / "fg")


def test_missing_frames_are_listed(folder: Path) -> None:
    (folder / "fg" / "fg.0002.exr").unlink()
    (folder / "fg" / "fg.0003.exr").unlink()
    with pytest.raises(MissingFramesError) as caught:
        read_shot(folder)
    assert caught.value.frames == (2, 3)


def test_a_written_shot_is_read_as_it_is_and_a_shorter_one_leaves_no_frames(tmp_path: Path) -> None:
    truth = {frame: np.full((2, 3, 4), 0.25 * frame, np.float32) for frame in (1, 2, 3)}
    passes = {"fg": truth, "x": {frame: truth[frame][..., :3] for frame in truth}}
    shot = read_shot(write_shot(tmp_path / "made", passes, key="x"))
    assert (shot.name, shot.keyed, shot.truth.frames) == ("made", "x", (1, 2, 3))
    assert np.array_equal(shot.truth.read(3), truth[3])
    assert np.array_equal(shot.plate.read(2), truth[2][..., :3])
    shorter = {name: {1: frames[1]} for name, frames in passes.items()}
    write_shot(tmp_path / "made", shorter, key="x")
    assert sorted(path.name for path in tmp_path.rglob("*.exr")) == ["fg.0001.exr", "x.0001.exr"]


def test_codes_are_written_as_jpeg_and_their_light_is_read(tmp_path: Path) -> None:
    codes = np.full((16, 16, 3), (40, 160, 60), np.uint8)
    truth = {1: np.zeros((16, 16, 4), np.float32)}
    shot = read_shot(write_shot(tmp_path / "made", {"fg": truth, "x": {1: codes}}, key="x"))
    assert (shot.plate.space, shot.truth.space) == (ENCODED_SPACE, SPACE)
    expected = np.broadcast_to(srgb_decoded(np.array([40, 160, 60]) / 255.0), (16, 16, 3))
    assert shot.plate.read(1) == pytest.approx(expected, abs=0.01)
    write_shot(tmp_path / "made", {"fg": truth, "x": {1: truth[1][..., :3]}}, key="x")
    assert not list(tmp_path.rglob("*.jpg"))


def test_the_screen_is_a_clean_plate_or_the_pass_for_it(folder: Path) -> None:
    screen = {"pattern": "in/in.####.exr", "frames": [1]}
    write(folder, GOOD | {"passes": GOOD["passes"] | {"screen": screen}})
    shot = read_shot(folder)
    assert shot.screen is shot.passes["plate"]
    without = {name: entry for name, entry in GOOD["passes"].items() if name != "plate"}
    write(folder, GOOD | {"passes": without})
    assert read_shot(folder).screen is None
    write(folder, GOOD | {"passes": without | {"screen": screen}})
    shot = read_shot(folder)
    assert shot.screen is shot.passes["screen"]


def test_the_shipped_shot_can_be_read(fixture_hair: Path) -> None:
    shot = read_shot(fixture_hair)
    assert shot.common_frames([shot.keyed, "plate"], None) == tuple(range(1, 9))
