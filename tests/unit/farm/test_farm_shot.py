"""From a job file to a submission: chunks and time limits of engines with memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from mattebox.cli.farm_shot import FarmOptions, submission_of
from mattebox.farm.submission import SECONDS_TO_START, Submission
from mattebox.job import Job

FRAMES = range(1001, 1301)


@pytest.fixture
def plate(tmp_path: Path) -> str:
    """A sequence whose files nobody reads."""
    for frame in FRAMES:
        (tmp_path / f"shot.{frame}.exr").touch()
    return str(tmp_path / "shot.####.exr")


def submitted(plate: str, chunk: str = "auto", **settings: str) -> Submission:
    path = Path(plate).with_name("shot.json")
    Job.checked({"plate": plate, "output": "keyed/", "device": "cpu", "settings": settings}).write(
        path
    )
    return submission_of(
        path,
        FarmOptions(
            frames=None,
            chunk=chunk,
            device=None,
            memory_mib=1024,
            gpu_memory_mib=1024,
            seconds_per_frame=10,
            command="mattebox",
            name=None,
        ),
    )


@pytest.mark.parametrize(
    ("preroll", "size"),
    [("whole", 120), ("auto", 120), ("24", 120), ("40", 200), ("3", 25), ("0", 25)],
)
def test_chunks_of_an_engine_with_memory_are_as_long_as_it_takes_to_settle_often(
    plate: str, preroll: str, size: int
) -> None:
    assert submitted(plate, engine="rvm", preroll=preroll).chunks.size == size


def test_an_engine_without_memory_has_chunks_of_a_second_whatever_the_preroll(plate: str) -> None:
    submission = submitted(plate, engine="screen", screen="green", preroll="40")
    assert submission.chunks.size == 25
    assert submission.longest_preroll == 0


def test_one_task_is_given_only_where_it_is_asked_for(plate: str) -> None:
    submission = submitted(plate, "whole", engine="rvm")
    assert submission.chunks.cut(submission.frames) == ("1001-1300",)
    assert submission.longest_preroll == 0


def test_a_task_has_time_for_the_preroll_of_the_last_chunk(plate: str) -> None:
    whole = submitted(plate, engine="rvm")
    # chunks begin at 960, 1080 and 1200: before the last lie 1001-1199
    assert whole.key_seconds == SECONDS_TO_START + 10 * (199 + 120)
    some = submitted(plate, engine="rvm", preroll="24")
    assert some.key_seconds == SECONDS_TO_START + 10 * (24 + 120)
