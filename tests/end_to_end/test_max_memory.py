"""`--max-memory`: it refuses what cannot fit before the first picture, and moves no pixel."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.end_to_end.conftest import Run
from tests.support.pictures import HEIGHT, WIDTH, write_shot

from mattebox.pipeline.memory import Demand, Waiting
from mattebox.settings import EngineName

pytestmark = pytest.mark.slow

SHOT = Demand(EngineName.SCREEN, WIDTH, HEIGHT)
KEYING = SHOT.keying(Waiting(1, 1))
ANALYSIS = SHOT.analysis(4)  # all frames of the shot


def test_a_limit_below_one_frame_ends_with_64_before_the_analysis(
    tmp_path: Path, mattebox: Run
) -> None:
    shot = write_shot(tmp_path / "in")
    out = tmp_path / "out"
    done = mattebox("key", shot, "-o", out, "--screen", "auto", "--max-memory", "64M")
    assert done.returncode == 64, done.stdout + done.stderr
    assert "64 MiB" in done.stderr
    assert "next step" in done.stderr
    assert "analysing" not in done.stderr
    assert not out.exists()


def test_where_the_analysis_alone_does_not_fit_another_machine_may_take_it(
    tmp_path: Path, mattebox: Run
) -> None:
    # Many frames, so that what is held of each outweighs the network.
    shot, job = write_shot(tmp_path / "in", range(1001, 1013), scale=8), tmp_path / "job.json"
    width, height = 8 * WIDTH, 8 * HEIGHT
    demand = Demand(EngineName.SCREEN, width, height)
    analysis = demand.analysis(12)
    assert demand.keying(Waiting(1, 1)) < analysis
    limit = ("--max-memory", f"{(analysis - 1) // 1024}K")
    plate = ("key", shot, "-o", tmp_path / "out", "--screen", "auto")
    refused = mattebox(*plate, *limit)
    assert refused.returncode == 64, refused.stdout + refused.stderr
    words = " ".join(refused.stderr.split())
    assert f"analysing the shot, which holds 12 frames of {width}x{height}" in words
    assert "keying alone takes" in words
    assert "mattebox analyse" in words
    assert not (tmp_path / "out").exists()
    assert mattebox(*plate, "--write-job", job).returncode == 0
    keyed = mattebox("key", "--job", job, *limit)
    assert keyed.returncode == 0, keyed.stdout + keyed.stderr
    assert len(list((tmp_path / "out").glob("*.exr"))) == 12


def test_the_tightest_limit_gives_the_same_bytes(tmp_path: Path, mattebox: Run) -> None:
    shot = write_shot(tmp_path / "in")
    least = -(-max(KEYING, ANALYSIS) // 1024)
    kept = []
    for more in ([], ["--max-memory", f"{least}K"]):
        out = tmp_path / "out"
        done = mattebox("key", shot, "-o", out, "--screen", "auto", "--force", *more)
        assert done.returncode == 0, done.stdout + done.stderr
        kept.append({path.name: path.read_bytes() for path in out.glob("*.exr")})
    assert kept[0]
    assert kept[0] == kept[1]
