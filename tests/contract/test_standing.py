"""Chunks that are done already are found done without torch, and by the same rules."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.pictures import write_shot

from mattebox.engines.registry import engine_info
from mattebox.matte.steady import WINDOW
from mattebox.pipeline.standing import NEIGHBOURS, REMEMBERING
from mattebox.settings import EngineName

COMMAND = (
    "import sys, atexit; from mattebox.cli import main\n"
    "heavy = ('torch', 'PyOpenColorIO', 'onnxruntime', 'scipy', 'cv2')\n"
    "atexit.register(lambda: print([name for name in heavy if name in sys.modules], "
    "file=sys.stderr))\n"
    "sys.argv[0] = 'mattebox'; main()"
)


def key(*arguments: object) -> tuple[list[dict[str, object]], str]:
    """Events of ``mattebox key``, and which heavy modules it ended with."""
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "key", "--json", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    return [json.loads(line) for line in lines], done.stderr.splitlines()[-1]


@pytest.mark.parametrize("engine", EngineName)
def test_engines_are_known_to_remember_without_being_loaded(engine: EngineName) -> None:
    assert (engine in REMEMBERING) == engine_info(engine).recurrent


def test_neighbours_are_known_without_the_solver() -> None:
    assert NEIGHBOURS == WINDOW


@pytest.mark.slow
def test_a_chunk_whose_frames_are_all_current_loads_nothing_that_computes(tmp_path: Path) -> None:
    shot, job = write_shot(tmp_path / "in"), tmp_path / "shot.json"
    key(shot, "-o", tmp_path / "out", "--screen", "auto", "--write-job", job)
    chunk = ("--job", job, "--frames", "1001-1003")
    events, loaded = key(*chunk)
    assert "torch" in loaded
    again, loaded = key(*chunk)
    assert loaded == "[]"
    # It tells the run as ever.
    assert [event["event"] for event in again] == ["start", *["frame", "progress"] * 3, "end"]
    assert again[0] == next(event for event in events if event["event"] == "start")
    end = again[-1]
    assert (end["exit_code"], end["done"], end["skipped"], end["total"]) == (0, 3, 3, 3)
    # A frame that is stale, missing or forced is keyed, whatever the others are.
    (tmp_path / "out/shot.1002.exr").unlink()
    events, loaded = key(*chunk)
    assert "torch" in loaded
    skipped = {event["frame"]: event["skipped"] for event in events if event["event"] == "frame"}
    assert skipped == {1001: True, 1002: False, 1003: True}
    events, loaded = key(*chunk, "--force")
    assert "torch" in loaded
    assert not any(event.get("skipped") for event in events if event["event"] == "frame")


@pytest.mark.slow
def test_a_chunk_with_a_changed_plate_is_no_standing_one(tmp_path: Path) -> None:
    shot, job = write_shot(tmp_path / "in"), tmp_path / "shot.json"
    key(shot, "-o", tmp_path / "out", "--screen", "auto", "--write-job", job)
    key("--job", job)
    changed = tmp_path / "in/shot.1004.exr"
    changed.write_bytes((tmp_path / "in/shot.1001.exr").read_bytes())
    events, _ = key("--job", job)
    skipped = {event["frame"]: event["skipped"] for event in events if event["event"] == "frame"}
    assert skipped == {1001: True, 1002: True, 1003: False, 1004: False}  # and its neighbour
