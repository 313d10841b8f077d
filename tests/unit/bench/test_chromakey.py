"""ffmpeg's chromakey: what it is handed, what comes back, and a machine without it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mattebox.bench import chromakey
from mattebox.bench.chromakey import ChromaKey
from mattebox.bench.light import srgb_decoded, srgb_encoded
from mattebox.errors import InputError

GREEN = np.array([0.08, 0.43, 0.11], np.float32)


def halves() -> np.ndarray:
    """16x32x3: screen on the left, a red subject on the right."""
    picture = np.tile(GREEN, (16, 32, 1))
    picture[:, 16:] = (0.5, 0.1, 0.1)
    return picture


def test_codes_are_srgb() -> None:
    linear = np.array([-1.0, 0.0, 0.0031308, 0.18, 1.0, 7.0])
    codes = srgb_encoded(linear)
    assert codes == pytest.approx([0.0, 0.0, 0.04045, 0.46136, 1.0, 1.0], abs=1e-5)
    assert srgb_decoded(codes[1:5]) == pytest.approx(linear[1:5], abs=1e-6)


def test_frames_are_handed_over_as_sixteen_bit_rgb() -> None:
    handed = chromakey.encoded_frames([np.array([[[0.0, 1.0, 0.18]]])])
    assert np.frombuffer(handed, "<u2").tolist() == [0, 65535, 30235]


def test_the_key_colour_is_the_mean_of_the_plate() -> None:
    colour = chromakey.key_colour(np.tile(GREEN, (4, 4, 1)))
    assert colour == (80, 175, 93)
    assert ChromaKey(colour, 0.03, 0.1).filter == (
        "format=yuva444p16le,chromakey=0x50af5d:0.03:0.1"
    )


def test_no_ffmpeg_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert chromakey.find_ffmpeg() is None


def test_what_ffmpeg_complains_of_is_in_the_error(tmp_path: Path) -> None:
    broken = tmp_path / "ffmpeg"
    broken.write_text("#!/bin/sh\necho 'no such filter' >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(InputError, match="no such filter"):
        chromakey.keyed_alpha(broken, b"", (1, 1), ChromaKey((0, 255, 0), 0.1, 0.1))


def test_a_screen_is_nothing_and_a_subject_all() -> None:
    ffmpeg = chromakey.find_ffmpeg()
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed; it runs where it is (apt-get install ffmpeg)")
    picture = halves()
    truth = np.zeros((16, 32), np.float32)
    truth[:, 16:] = 1.0
    frames = chromakey.encoded_frames([picture, picture])
    settings = ChromaKey(chromakey.key_colour(picture[:, :16]), 0.05, 0.05)
    alpha = chromakey.keyed_alpha(ffmpeg, frames, (16, 32), settings)
    assert alpha.shape == (2, 16, 32)
    # The filter looks at 3x3 pixels, also beyond the borders.
    assert np.array_equal(alpha[1][2:-2, 2:15], truth[2:-2, 2:15])
    assert np.array_equal(alpha[1][2:-2, 17:-2], truth[2:-2, 17:-2])
