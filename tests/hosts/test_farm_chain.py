"""A farm: the bundle that Blender wrote keys a shot, then Blender renders it in chunks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from tests.hosts.conftest import REPOSITORY, Blender
from tests.hosts.pictures import over, rgb, rgba
from tests.support.farm_tools import openjd_command
from tests.support.pictures import write_shot

pytestmark = pytest.mark.slow

RENDER_CHUNK = REPOSITORY / "examples/blender_farm/render_chunk.py"


def add_comp(bundle: Path, blend: Path, python: Path) -> Path:
    """A template with one more step: Blender renders in chunks once every frame is checked."""
    template: dict[str, Any] = yaml.safe_load((bundle / "template.yaml").read_text())
    assert [step["name"] for step in template["steps"]] == ["Analyse", "Key", "Check"]
    piece = {"defaultTaskCount": 2, "rangeConstraint": "CONTIGUOUS"}
    chunks = {
        "name": "Chunk", "type": "CHUNK[INT]", "range": "{{Param.Frames}}", "chunks": piece,
    }  # fmt: skip
    words = [str(RENDER_CHUNK), str(blend), "{{Task.Param.Chunk}}"]
    comp = {
        "name": "Comp",
        "dependencies": [{"dependsOn": "Check"}],
        "parameterSpace": {"taskParameterDefinitions": [chunks]},
        "script": {"actions": {"onRun": {"command": str(python), "args": words, "timeout": 300}}},
    }
    template["steps"].append(comp)
    target = bundle / "with_comp.yaml"
    target.write_text(yaml.safe_dump(template, sort_keys=False))
    return target


def run(template: Path, blender: Blender) -> tuple[int, list[str]]:
    """Run a template on this machine: exit code and log without time stamps."""
    done = subprocess.run(
        [
            *(str(openjd_command()), "run", str(template)),
            *("-p", f"file://{template.parent / 'openjd_values.json'}"),
            *("-p", f"Command={Path(sys.executable).with_name('mattebox')}"),
        ],
        env=blender.environment(),
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    lines = [line.partition("\t")[2] for line in (done.stdout + done.stderr).splitlines()]
    return done.returncode, lines


def test_a_shot_is_keyed_and_rendered_in_chunks_once_no_frame_is_missing(
    newest_blender: Blender, tmp_path: Path
) -> None:
    shot = write_shot(tmp_path / "plate")
    late = tmp_path / "plate/shot.1003.exr"
    results = Path(
        newest_blender.run("farm.write_job_and_save", folder=tmp_path, first=1001, last=1004)
    )
    template = add_comp(tmp_path / "bundle", tmp_path / "shot.blend", newest_blender.python)
    kept = late.rename(tmp_path / "late.exr")

    code, lines = run(template, newest_blender)
    assert code != 0
    assert any("missing in the input: frame 1003" in line for line in lines), "\n".join(lines)
    assert not (tmp_path / "composite").exists()

    kept.rename(late)
    code, lines = run(template, newest_blender)
    assert code == 0, "\n".join(lines)
    assert [line for line in lines if line.startswith("openjd_status: rendered")] == [
        "openjd_status: rendered 1001-1002",
        "openjd_status: rendered 1003-1004",
    ]
    progress = [line for line in lines if line.startswith("openjd_progress")]
    assert progress[-4:] == ["openjd_progress: 50.0", "openjd_progress: 100.0"] * 2
    background = rgb(shot.parent / "clean.exr")
    for frame in range(1001, 1005):
        keyed = rgba(results / f"shot.{frame}.exr")
        rendered = rgb(tmp_path / f"composite/shot.{frame}.exr")
        np.testing.assert_array_equal(rendered, over(keyed, background))

    (results / "shot.1004.exr").unlink()
    (tmp_path / "composite/shot.1004.exr").unlink()
    chunk = subprocess.run(
        [str(newest_blender.python), str(RENDER_CHUNK), str(tmp_path / "shot.blend"), "1003-1004"],
        env=newest_blender.environment(),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert chunk.returncode == 66
    assert "openjd_fail: Mattebox: Mattebox: missing 1004" in chunk.stdout
    assert not (tmp_path / "composite/shot.1004.exr").exists()
