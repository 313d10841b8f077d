"""``mattebox check``: frames of a job that are whole, cut short, stale, not written."""

from __future__ import annotations

import json
from pathlib import Path

from tests.end_to_end.conftest import Run
from tests.support.pictures import plate_pixels, write_exr, write_shot


def test_whole_frames_are_told_from_missing_cut_and_stale_ones(
    tmp_path: Path, mattebox: Run
) -> None:
    shot, job = write_shot(tmp_path / "in"), tmp_path / "job.json"
    plate = ("--clean-plate", tmp_path / "in/clean.exr")
    done = mattebox("key", shot, "-o", tmp_path / "out/shot.####.exr", *plate, "--write-job", job)
    assert done.returncode == 0, done.stderr
    done = mattebox("key", "--job", job, "--frames", "1001-1003")
    assert done.returncode == 0, done.stderr
    cut = tmp_path / "out/shot.1002.exr"
    cut.write_bytes(cut.read_bytes()[:-2000])
    another = plate_pixels(9)
    write_exr(tmp_path / "in/shot.1003.exr", another, colorInteropID="lin_rec709_scene")

    done = mattebox("check", "--job", job, "--json")
    assert done.returncode == 66, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["frame"], one["fault"]) for one in found] == [
        (1001, None), (1002, "truncated"), (1003, "stale"), (1004, "missing"),
    ]  # fmt: skip
    assert found[2]["detail"] == "its input files have changed since"
