"""Blender's Keying node: a real Blender where one is at hand, and a machine without."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mattebox.bench import blender
from mattebox.bench.blender import best_settings, find_bpy_python, keyed_by_blender
from mattebox.errors import InputError

GREEN = np.array([0.08, 0.43, 0.11], np.float32)
SUBJECT = np.array([0.5, 0.3, 0.2], np.float32)


@pytest.fixture
def python() -> Path:
    found = find_bpy_python()
    if found is None:
        pytest.skip(
            f"no bpy; runs where {blender.VARIABLE} names one, after `make blender-environments`"
        )
    return found


def ramp() -> np.ndarray:
    """16x64x3: screen on the left, subject on the right, a soft edge in the middle."""
    alpha = np.clip((np.arange(64) - 24.0) / 16.0, 0.0, 1.0)[None, :, None]
    return np.asarray(np.tile(alpha * SUBJECT + (1.0 - alpha) * GREEN, (16, 1, 1)), np.float32)


@pytest.mark.slow
@pytest.mark.blender
def test_a_real_blender_keys_frames_and_says_how_long_it_took(python: Path) -> None:
    upside = ramp()
    upside[:4] = GREEN  # rows stay where they are
    upside[10:] = 0.3 * SUBJECT + 0.7 * GREEN  # the node leaves edges unclipped, so a flat part
    hdr = ramp()
    hdr[:, 60:] = (6.0, 4.0, 3.0)  # light above 1 is handed through
    ran = keyed_by_blender(python, [upside, hdr], GREEN, [{}, {"clip_black": 0.3}])
    assert ran.version.startswith("4.")
    assert len(ran.cpu_seconds) == 2
    assert all(0.0 < seconds < 20.0 for seconds in ran.cpu_seconds)
    plain, clipped = ran.pictures
    assert [picture.shape for picture in (*plain, *clipped)] == [(16, 64, 4)] * 4
    assert plain[0][:4, :, 3].max() < 0.01
    assert plain[0][8, 63, 3] == pytest.approx(1.0, abs=0.02)
    assert plain[1][8, 62, :3] == pytest.approx([6.0, 4.0, 3.0], rel=0.01)
    thin = plain[0][14, 32]
    assert thin[0] == pytest.approx(thin[3] * upside[14, 32, 0], rel=0.02)  # premultiplied
    assert 0.2 < plain[0][14, 32, 3] < 0.9
    assert clipped[0][14, 32, 3] < plain[0][14, 32, 3] - 0.1


@pytest.mark.slow
@pytest.mark.blender
def test_the_best_settings_are_those_that_made_the_truth(python: Path) -> None:
    made = {**blender.CLIPS[12], **blender.DESPILLS[7]}
    source = ramp()
    truth = keyed_by_blender(python, [source], GREEN, [made]).pictures[0][0].astype(np.float32)
    found = best_settings(python, [source], [truth], GREEN)
    again = keyed_by_blender(python, [source], GREEN, [found]).pictures[0][0]
    assert again == pytest.approx(truth, abs=1e-3)


@pytest.mark.blender
def test_a_knob_that_the_node_has_not_is_blenders_error(python: Path) -> None:
    with pytest.raises(InputError, match="clip_blue"):
        keyed_by_blender(python, [ramp()], GREEN, [{"clip_blue": 1.0}])


def test_a_python_without_bpy_is_said(tmp_path: Path) -> None:
    other = tmp_path / "python"
    other.write_text("#!/bin/sh\necho \"No module named 'bpy'\" >&2\nexit 1\n")
    other.chmod(0o755)
    with pytest.raises(InputError, match=r"Blender failed \(1\): No module named 'bpy'"):
        keyed_by_blender(other, [ramp()], GREEN, [{}])
    with pytest.raises(InputError, match="does not start"):
        keyed_by_blender(tmp_path / "gone", [ramp()], GREEN, [{}])


def test_the_variable_comes_before_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = tmp_path / "python"
    named.touch()
    monkeypatch.setenv(blender.VARIABLE, str(named))
    assert find_bpy_python() == named
    monkeypatch.setenv(blender.VARIABLE, str(tmp_path / "gone"))
    with pytest.raises(InputError, match="which is not a file"):
        find_bpy_python()
    monkeypatch.delenv(blender.VARIABLE)
    in_repository = Path(__file__).parents[3] / blender.IN_REPOSITORY
    assert find_bpy_python() == (in_repository if in_repository.is_file() else None)
