"""`--max-memory`: it refuses what cannot fit, and moves no pixel."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end.conftest import Run
from tests.support.pictures import HEIGHT, WIDTH, write_shot

from mattebox.pipeline.memory import Waiting, needed_memory


def test_a_limit_below_one_frame_ends_with_64_and_writes_none(
    tmp_path: Path, mattebox: Run
) -> None:
    shot = write_shot(tmp_path / "in")
    out = tmp_path / "out"
    done = mattebox("key", shot, "-o", out, "--screen", "auto", "--max-memory", "64M")
    assert done.returncode == 64, done.stdout + done.stderr
    assert "64 MiB" in done.stderr
    assert "next step" in done.stderr
    assert not list(out.glob("*.exr"))


def test_the_tightest_limit_gives_the_same_bytes(tmp_path: Path, mattebox: Run) -> None:
    shot = write_shot(tmp_path / "in")
    least = -(-needed_memory(WIDTH, HEIGHT, Waiting(1, 1)) // 2**20)
    kept = []
    for more in ([], ["--max-memory", f"{least}M"]):
        out = tmp_path / "out"
        done = mattebox("key", shot, "-o", out, "--screen", "auto", "--force", *more)
        assert done.returncode == 0, done.stdout + done.stderr
        kept.append({path.name: path.read_bytes() for path in out.glob("*.exr")})
    assert kept[0]
    assert kept[0] == kept[1]
