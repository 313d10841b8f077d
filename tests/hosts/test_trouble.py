"""What an artist reads when something stands in the way, and keys that do not come to their end."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from tests.hosts.conftest import Blender
from tests.hosts.pictures import rgba
from tests.support.pictures import write_shot

pytestmark = pytest.mark.slow

FRAMES = 60
"""More than are keyed between a first frame and the stop that follows it."""


def test_every_refusal_says_what_to_do(blender: Blender, tmp_path: Path) -> None:
    write_shot(tmp_path / "plate", range(1001, 1003))
    words = blender.run("trouble.meet_every_refusal", folder=tmp_path)
    for expected, text in {
        "not saved": "has no place yet: save it, or choose another folder",
        "no clip": "no clip is chosen: pick an image sequence or a movie",
        "no group": "'Other' is not a Mattebox group: add one with Add > Mattebox",
        "no file": "painted is not a file (generated): pick an image sequence",
        "no Mattebox": "nowhere/python (from MATTEBOX_PYTHON) is not a program. Choose the python",
        "check: no Mattebox": "is not a program. Choose the python of the environment",
        "Mattebox not installed": "No module named mattebox",
        "check: not installed": "Is Mattebox installed in that environment (pip install mattebox-",
        "clips": "Clip black 0.8 must lie below Clip white 0.5",
        "cuts": "cuts are frame numbers with commas, not 'ten'",
        "other frames": "the clip has the frames 1001-1002, and none of them is asked for",
        "folder": "blocked",
    }.items():
        assert words[expected].startswith("Error: Mattebox: "), words[expected]
        assert text in words[expected], words[expected]
    assert "Traceback" not in "".join(words.values())
    assert not (tmp_path / "nowhere").exists()


def test_what_a_stopped_key_finished_is_shown_and_one_that_dies_says_so(
    blender: Blender, tmp_path: Path
) -> None:
    frames = write_shot(tmp_path / "few", range(1001, 1005)).parent
    (tmp_path / "plate").mkdir()
    for frame in range(1, FRAMES + 1):
        os.link(frames / f"shot.{1001 + frame % 4}.exr", tmp_path / f"plate/shot.{frame:04d}.exr")
    seen = blender.run("trouble.stop_and_die", folder=tmp_path, frames=FRAMES)

    done = seen["done"]
    assert seen["stopped"] == ["stopped", f"Mattebox: stopped {len(done)} of {FRAMES} frames"]
    assert seen["said"] == done
    assert 0 < len(done) < FRAMES
    assert [int(frame) for frame, state in seen["state"].items() if state == "current"] == done
    (keyed,) = (tmp_path / "mattebox").glob(f"*/shot.{done[0]:04d}.exr")
    shown = rgba(tmp_path / f"stopped/shot.{done[0]:04d}.exr")
    np.testing.assert_array_equal(shown, rgba(keyed))

    phase, status = seen["killed"]
    assert phase == "failed"
    assert "the core was ended by signal 9 and did not say why; frames that are written" in status
    assert "Out of memory is the usual cause" in status
    assert seen["left"] == [True, False, True]
