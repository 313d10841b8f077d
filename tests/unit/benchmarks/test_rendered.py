"""Shots that Blender renders: what of a rendered picture is keyed, by a real Blender."""

from __future__ import annotations

import subprocess
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from benchmarks import rendered
from benchmarks.rendered import PREFIX, RENDERED, render_shots
from mattebox.bench.blender import VARIABLE, find_bpy_python
from mattebox.bench.shots import read_shot
from mattebox.errors import InputError

NO_BPY = f"no bpy; runs where {VARIABLE} names one, after `make blender-environments`"


def test_without_blender_the_next_step_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendered, "find_bpy_python", lambda: None)
    with pytest.raises(InputError, match="no Blender") as caught:
        render_shots(["rendered_man"], tmp_path, length=1)
    assert "make blender-environments" in str(caught.value.next_step)


@pytest.mark.slow
@pytest.mark.blender
def test_names_are_those_that_blender_knows() -> None:
    python = find_bpy_python()
    if python is None:
        pytest.skip(NO_BPY)
    asked = "from benchmarks.rendered_subjects import SUBJECTS; print('subjects:', *SUBJECTS)"
    said = subprocess.run(
        [str(python.absolute()), "-c", asked], capture_output=True, text=True, check=True
    )
    line = next(line for line in said.stdout.splitlines() if line.startswith("subjects:"))
    assert tuple(PREFIX + name for name in line.split()[1:]) == RENDERED


@pytest.mark.slow
@pytest.mark.blender
def test_a_rendered_shot_has_its_truth_and_the_screens_light(tmp_path: Path) -> None:
    if find_bpy_python() is None:
        pytest.skip(NO_BPY)
    (folder,) = render_shots(["rendered_plant"], tmp_path, length=2, size=(96, 54), samples=4)
    shot = read_shot(folder)
    truths = [shot.truth.read(frame) for frame in (1, 2)]
    assert not np.array_equal(truths[0], truths[1])  # it moves
    truth, keyed = truths[0], shot.plate.read(1)[..., :3]
    plate = shot.passes["plate_grain"].read(1)[..., :3]
    empty, opaque = truth[..., 3] == 0.0, truth[..., 3] == 1.0
    assert 0.2 < empty.mean() < 0.8
    assert opaque.mean() > 0.1
    assert abs((keyed - plate)[empty].mean()) < 3e-3  # both have grain of their own
    thrown = (keyed - truth[..., :3])[opaque].mean(0)
    assert 1e-4 < thrown[2] < 0.1  # before a blue screen
    assert thrown[2] > 2.0 * thrown[0]


@pytest.mark.slow
@pytest.mark.blender
def test_what_is_there_is_not_rendered_again(tmp_path: Path) -> None:
    if find_bpy_python() is None:
        pytest.skip(NO_BPY)
    glassware = partial(render_shots, ["rendered_glassware"], tmp_path, size=(48, 27), samples=1)
    (folder,) = glassware(length=2)
    before = {path: path.stat().st_mtime_ns for path in (folder / "rendered").iterdir()}
    assert not [path for path in before if "partial" in path.name]
    glassware(length=1)
    assert {path: path.stat().st_mtime_ns for path in (folder / "rendered").iterdir()} == before
    assert read_shot(folder).truth.frames == (1,)  # a shorter shot is asked for, and given
