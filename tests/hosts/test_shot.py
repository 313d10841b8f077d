"""The example shot in real Blenders: keyed by the core, composited, rendered, and gone wrong."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from tests.hosts.conftest import Blender
from tests.hosts.pictures import edit, over, rgb, rgba
from tests.support.pictures import Pixels, header, read_exr, rgb_of

pytestmark = pytest.mark.slow

FRAMES = (2, 3, 4)
LIGHT = 40.0
LIT = np.s_[86:90, 158:162]
"""Within the subject in all frames."""


class Shot(NamedTuple):
    """A keyed and composited shot on disk.

    Attributes:
        folder: holds shot.blend, plate, background.0001.exr, mattebox, composite, sockets.
        answer: what the scenario said.
    """

    folder: Path
    answer: dict[str, Any]

    @property
    def background(self) -> Pixels:
        return rgb(self.folder / "background.0001.exr")

    @property
    def results(self) -> Path:
        """The folder of keyed frames."""
        (found,) = (self.folder / "mattebox").iterdir()
        return found

    def keyed(self, frame: int) -> Path:
        return self.results / f"hair.{frame:04d}.exr"

    def assert_composite(self, frame: int, folder: str = "composite") -> Pixels:
        """A rendered frame is the keyed one over the background; the frame."""
        rendered = rgb(self.folder / folder / f"hair.{frame:04d}.exr")
        expected = over(rgba(self.keyed(frame)), self.background)
        np.testing.assert_array_equal(rendered, expected)
        return rendered


def write_light(channels: dict[str, Pixels]) -> None:
    for name in "RGB":
        channels[name][LIT] = LIGHT


@pytest.fixture(scope="module")
def keyed(blender: Blender, fixture_hair: Path, tmp_path_factory: pytest.TempPathFactory) -> Shot:
    """The shot keyed through the add-on. Its plate has a light of 40 in the subject."""
    folder = tmp_path_factory.mktemp(f"shot_{blender.version}")
    (folder / "plate").mkdir()
    for frame in range(1, 9):
        source = fixture_hair / f"green_spill_grain/fixture_hair_green_spill_grain.{frame:04d}.exr"
        edit(Path(shutil.copy(source, folder / f"plate/hair.{frame:04d}.exr")), write_light)
    shutil.copy(fixture_hair / "plate/fixture_hair_plate.0001.exr", folder / "background.0001.exr")
    answer = blender.run("shot.key_and_composite", folder=folder, first=FRAMES[0], last=FRAMES[-1])
    return Shot(folder, answer)


@pytest.fixture
def moved(keyed: Shot, tmp_path: Path) -> Shot:
    """A copy of the shot in another folder, to spoil."""
    shutil.copytree(keyed.folder, tmp_path / "moved")
    return Shot(tmp_path / "moved", keyed.answer)


def test_the_key_is_rendered_over_a_background_to_the_last_bit(
    keyed: Shot,
) -> None:
    assert keyed.answer["before"] == {"2": "missing"}
    assert keyed.answer["after"] == dict.fromkeys("234", "current")
    assert keyed.answer["status"] == "Mattebox: done 3 of 3 frames"
    for frame in FRAMES:
        rendered = keyed.assert_composite(frame)
        np.testing.assert_allclose(rendered[LIT], LIGHT, rtol=2e-3)


def test_the_key_is_that_of_the_shot(keyed: Shot, fixture_hair: Path) -> None:
    truth = rgba(fixture_hair / "fg/fixture_hair_fg.0003.exr")
    difference = np.abs(rgba(keyed.keyed(3)) - truth)
    difference[LIT] = 0.0
    assert difference[..., 3].mean() < 0.01
    assert difference[..., :3].mean() < 0.01


def test_every_output_of_the_node_carries_its_layer(keyed: Shot) -> None:
    channels = read_exr(keyed.keyed(FRAMES[-1]))
    last = f"{FRAMES[-1]:04d}"
    shown = {
        name: read_exr(keyed.folder / f"sockets/{name}.{last}.exr")
        for name in ("Image", "Alpha", "Foreground", "Spill", "Confidence")
    }
    for name in "RGBA":
        np.testing.assert_array_equal(shown["Image"][name], channels[name])
    for name in "RGB":
        np.testing.assert_array_equal(shown["Alpha"][name], channels["A"])
        np.testing.assert_array_equal(shown["Foreground"][name], channels[f"fg.{name}"])
        np.testing.assert_array_equal(shown["Spill"][name], channels[f"spill.{name}"])
        np.testing.assert_array_equal(shown["Confidence"][name], channels["conf.A"])
    assert np.ptp(channels["A"]) == 1.0
    assert np.ptp(channels["conf.A"]) > 0.1
    assert rgb_of(channels, "spill.").max() > 0.01


def test_the_frames_are_those_of_the_command_line(keyed: Shot, tmp_path: Path) -> None:
    request = keyed.results / "request.json"
    target = tmp_path / "elsewhere"
    target.mkdir()
    subprocess.run(
        [
            *(sys.executable, "-m", "mattebox", "key", "--job", str(request)),
            *("--output", str(target / "hair.####.exr"), "--frames", "2-4"),
        ],
        check=True,
        capture_output=True,
        timeout=240,
    )
    for frame in FRAMES:
        assert (target / f"hair.{frame:04d}.exr").read_bytes() == keyed.keyed(frame).read_bytes()
    assert json.loads(request.read_text())["plate"] == str(keyed.folder / "plate/hair.####.exr")


def test_a_moved_shot_renders_its_own_frames_without_the_add_on_and_settings_survive(
    blender: Blender, moved: Shot
) -> None:
    def write_flame(channels: dict[str, Pixels]) -> None:
        for name, value in zip("RGBA", (2.0, 3.0, LIGHT, 0.0), strict=True):
            channels[name][:4, :4] = value

    edit(moved.keyed(3), write_flame)
    blender.run(
        "shot.render_shot",
        has_add_on=False,
        blend=moved.folder / "shot.blend",
        pattern=moved.folder / "plain/hair.####.exr",
        saved_as=moved.folder / "saved.blend",
    )
    for frame in FRAMES:
        moved.assert_composite(frame, "plain")
    lit = rgb(moved.folder / "plain/hair.0003.exr")[:4, :4]
    light = np.array((2.0, 3.0, LIGHT), np.float32)
    np.testing.assert_array_equal(lit, moved.background[:4, :4] + light)

    seen = blender.run(
        "shot.look_and_render",
        blend=moved.folder / "saved.blend",
        pattern=moved.folder / "again/hair.####.exr",
    )
    assert seen["kept"] == {"engine": "screen", "screen": "automatic", "image": "hair.0001.exr"}
    assert seen["states"] == dict.fromkeys("234", "current")
    for frame in FRAMES:
        moved.assert_composite(frame, "again")


def lose_a_frame(shot: Shot) -> dict[str, Any]:
    shot.keyed(3).unlink()
    return {}


def cut_a_frame_short(shot: Shot) -> dict[str, Any]:
    whole = shot.keyed(3).read_bytes()
    shot.keyed(3).write_bytes(whole[: len(whole) - 100])
    return {}


def rewrite_a_plate_frame(shot: Shot) -> dict[str, Any]:
    shutil.copyfile(shot.folder / "plate/hair.0007.exr", shot.folder / "plate/hair.0003.exr")
    return {}


def turn_a_knob(shot: Shot) -> dict[str, Any]:
    return {"erode": 2.0}


def mix_two_jobs(shot: Shot) -> dict[str, Any]:
    """Frame 3 is of an earlier analysis of the plate than its neighbours, which came later."""
    path = shot.keyed(4)
    job = str(header(path)["mattebox/job"]).encode()
    other = job.translate(bytes.maketrans(b"0123456789abcdef", b"123456789abcdef0"))
    path.write_bytes(path.read_bytes().replace(job, other))
    return {}


@pytest.mark.parametrize(
    ("spoil", "code", "words", "rendered"),
    [
        (lose_a_frame, 66, "missing 3", [2]),
        (cut_a_frame_short, 66, "cut short 3", [2]),
        (rewrite_a_plate_frame, 65, "stale 3", [2]),
        (turn_a_knob, 65, "stale 2", []),
        (mix_two_jobs, 65, "stale 2", []),
    ],
)
def test_a_render_ends_at_a_frame_that_is_not_the_keys(
    blender: Blender,
    moved: Shot,
    spoil: Callable[[Shot], dict[str, Any]],
    code: int,
    words: str,
    rendered: list[int],
) -> None:
    knobs = spoil(moved)
    ran = blender.try_run(
        "shot.render_shot",
        blend=moved.folder / "shot.blend",
        pattern=moved.folder / "refused/hair.####.exr",
        knobs=knobs,
    )
    assert ran.code == code, ran.text
    assert f"Mattebox: Mattebox: {words} (" in ran.text
    assert "Press Key in the compositor's Mattebox panel, or key on the farm." in ran.text
    assert "openjd_fail: Mattebox: Mattebox: " in ran.text
    files = sorted(path.name for path in (moved.folder / "refused").glob("*"))
    assert files == [f"hair.{frame:04d}.exr" for frame in rendered]


def test_a_render_that_may_key_shows_the_new_pixels_of_a_changed_plate(
    blender: Blender, moved: Shot
) -> None:
    old = [rgba(moved.keyed(frame)) for frame in FRAMES]
    seen = blender.run(
        "shot.render_rewrite_render",
        blend=moved.folder / "shot.blend",
        new_frame=moved.folder / "plate/hair.0007.exr",
        folder=moved.folder,
    )
    assert seen["between"] == {"2": "stale", "3": "current", "4": "missing"}
    assert seen["after"] == dict.fromkeys("234", "current")
    for frame, before in zip(FRAMES, old, strict=True):
        shown = rgb(moved.folder / f"old/hair.{frame:04d}.exr")
        np.testing.assert_array_equal(shown, over(before, moved.background))
        moved.assert_composite(frame, "new")
    assert np.abs(rgba(moved.keyed(2)) - old[0]).max() > 0.1
