"""A shot through real video: range, matrix, chroma at half size, and what fails."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.video import require_ffmpeg, through_h264
from mattebox.bench.chromakey import find_ffmpeg
from mattebox.bench.light import srgb_encoded
from mattebox.errors import InputError

FINE = 4000.0  # megabits per second of 1080p: next to nothing is lost

COLOURS = (
    (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), (0.18, 0.18, 0.18), (0.02, 0.02, 0.02),
    (0.08, 0.43, 0.11), (0.07, 0.11, 0.43), (0.5, 0.1, 0.1), (0.9, 0.8, 0.2),
)  # fmt: skip


@pytest.fixture
def ffmpeg() -> Path:
    found = find_ffmpeg()
    if found is None:
        pytest.skip("ffmpeg is not installed; it runs where it is (apt-get install ffmpeg)")
    return found


def chart(tile: int = 32) -> np.ndarray:
    """2x4 flat colours, linear."""
    small = np.array(COLOURS, np.float32).reshape(2, 4, 3)
    return small.repeat(tile, axis=0).repeat(tile, axis=1)


def codes(linear: np.ndarray) -> np.ndarray:
    return srgb_encoded(linear) * 255.0


def test_flat_colours_come_back_within_two_codes(ffmpeg: Path) -> None:
    """A wrong range is off by 16 codes at black, BT.601 for BT.709 by 20 at the green."""
    sent = chart()
    back = through_h264(ffmpeg, [sent, sent], megabits=FINE)
    assert len(back) == 2
    assert back[1].dtype == np.float32
    middles = np.s_[16::32, 16::32]
    assert codes(back[1])[middles] == pytest.approx(codes(sent)[middles], abs=2.0)


def test_chroma_is_halved_and_luma_is_not(ffmpeg: Path) -> None:
    """Single columns of green and red of one luma: a picture's colour is gone, its light is not."""
    grey = np.full((32, 32, 3), 0.2, np.float32)
    grey[:, ::2] = 0.05
    sharp = codes(through_h264(ffmpeg, [grey], megabits=FINE)[0])[16]
    assert abs(sharp[10, 1] - sharp[11, 1]) > 0.8 * (codes(np.array(0.2)) - codes(np.array(0.05)))
    striped = np.empty((32, 32, 3), np.float32)
    striped[:, ::2], striped[:, 1::2] = (0.45, 0.05, 0.05), (0.02, 0.17, 0.05)
    mixed = codes(through_h264(ffmpeg, [striped], megabits=FINE)[0])[16]
    sent = codes(striped)[16]
    gone = abs((mixed[10, 0] - mixed[10, 1]) - (mixed[11, 0] - mixed[11, 1]))
    assert gone < 0.15 * abs((sent[10, 0] - sent[10, 1]) - (sent[11, 0] - sent[11, 1]))


def test_light_above_one_is_clipped_and_odd_sizes_stay(ffmpeg: Path) -> None:
    bright = np.full((17, 31, 3), 5.0, np.float32)
    (back,) = through_h264(ffmpeg, [bright], megabits=FINE)
    assert back.shape == (17, 31, 3)
    assert back == pytest.approx(1.0, abs=0.02)


def test_equal_frames_give_equal_films_and_worse_ones_are_worse(ffmpeg: Path) -> None:
    random = np.random.default_rng(5)
    grey = random.uniform(0.0, 1.0, (3, 32, 48, 1)).astype(np.float32)
    frames = list(np.repeat(grey, 3, axis=3))  # colour of single pixels is lost at any rate
    first, again = (through_h264(ffmpeg, frames, megabits=FINE) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    worse = through_h264(ffmpeg, frames, megabits=200.0)
    errors = [np.abs(np.stack(back) - np.stack(frames)).mean() for back in (first, worse)]
    assert errors[1] > 1.3 * errors[0]


def test_no_frames_and_unequal_ones_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one size"):
        through_h264(tmp_path / "ffmpeg", [], megabits=20.0)
    with pytest.raises(ValueError, match="one size"):
        through_h264(tmp_path / "ffmpeg", [chart(), chart(8)], megabits=20.0)


def test_what_ffmpeg_complains_of_is_in_the_error(tmp_path: Path) -> None:
    broken = tmp_path / "ffmpeg"
    broken.write_text("#!/bin/sh\ncat >/dev/null\necho 'Unknown encoder libx264' >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(InputError, match="Unknown encoder libx264") as caught:
        through_h264(broken, [chart(2)], megabits=20.0)
    assert "libx264" in str(caught.value.next_step)


def test_a_film_that_loses_frames_is_an_error(tmp_path: Path) -> None:
    silent = tmp_path / "ffmpeg"
    silent.write_text("#!/bin/sh\nexit 0\n")
    silent.chmod(0o755)
    with pytest.raises(InputError, match="0 of 2 frames"):
        through_h264(silent, [chart(2), chart(2)], megabits=20.0)


def test_no_ffmpeg_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match="ffmpeg not found"):
        require_ffmpeg()
