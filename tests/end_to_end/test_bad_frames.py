"""Frames that are bad stop no other."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from tests.end_to_end.conftest import of_bug
from tests.support.drawn_shot import drawn_shot
from tests.support.keying import keyed
from tests.support.pictures import plate_pixels, write_exr

from mattebox.errors import FaultyFramesError


def damage(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])


def test_bad_frames_do_not_stop_the_others(tmp_path: Path) -> None:
    shot = drawn_shot(tmp_path, 9)
    damage(tmp_path / "s.0004.exr")
    write_exr(tmp_path / "s.0006.exr", np.zeros((20, 30, 3), np.float32))
    write_exr(tmp_path / "s.0009.exr", plate_pixels(9), names=("x.R", "x.G", "x.B"))
    (tmp_path / "s.0008.exr").unlink()
    done = keyed(shot, tmp_path / "out", screen="auto")
    error = done.error
    assert isinstance(error, FaultyFramesError)
    assert error.exit_code == 66
    assert error.frames == (4, 6, 9)
    said = str(error)
    for words in ("frame 8; 3 frames", "s.0004.exr is damaged", "s.0006.exr is 30x20", "no R, G"):
        assert words in said
    assert done.names == [f"s.{frame:04d}.exr" for frame in (1, 2, 3, 5, 7)]
    assert (done.tally.done, done.tally.total) == (5, 9)
    assert any("the analysis leaves a frame out" in words for words in done.said)


def test_a_frame_brought_later_is_keyed_with_its_neighbours(tmp_path: Path) -> None:
    shot = drawn_shot(tmp_path / "whole", 5)
    broken = drawn_shot(tmp_path / "broken", 5)
    damage(tmp_path / "broken/s.0003.exr")
    job = {"exposure": "0", "screen": "green"}
    first = keyed(broken, tmp_path / "out", **job)
    assert isinstance(first.error, FaultyFramesError)
    (tmp_path / "broken/s.0003.exr").write_bytes((tmp_path / "whole/s.0003.exr").read_bytes())
    again = keyed(broken, tmp_path / "out", **job)
    assert again.error is None
    assert again.names == [f"s.{frame:04d}.exr" for frame in range(1, 6)]
    whole = keyed(shot, tmp_path / "reference", **job)
    for name in whole.names:
        assert np.array_equal(again.frame(name)["A"], whole.frame(name)["A"])


def test_a_bad_clean_plate_is_told_once(tmp_path: Path) -> None:
    shot = drawn_shot(tmp_path, 5)
    damage(tmp_path / "clean.exr")
    done = keyed(shot, tmp_path / "out", clean_plate=tmp_path / "clean.exr")
    assert "clean.exr is damaged" in str(done.error)
    assert not isinstance(done.error, FaultyFramesError)


@of_bug("damaged_frame")
def test_reported_frame_that_was_cut(bug: Path, tmp_path: Path) -> None:
    shutil.copytree(bug / "plate", tmp_path / "plate")
    shutil.copy(bug / "s.0004.cut.exr", tmp_path / "plate/s.0004.exr")
    done = keyed(tmp_path / "plate/s.####.exr", tmp_path / "out", screen="auto")
    assert isinstance(done.error, FaultyFramesError)
    assert done.names == [f"s.{frame:04d}.exr" for frame in (1, 2, 3, 5, 6)]
    assert (done.tally.done, done.tally.total) == (5, 6)
