"""`mattebox key --prepared FILE`: a prepared job is stored, and reused while it holds."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.end_to_end.conftest import Run
from tests.support.jobs import prepared_job_of
from tests.support.pictures import plate_pixels, write_exr, write_shot

from mattebox.job import Job

pytestmark = pytest.mark.slow

REUSED = "is used; the shot was analysed already"


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """A job that is not prepared yet."""
    shot = write_shot(tmp_path / "in", frames=range(1001, 1003))
    path = tmp_path / "job.json"
    Job.checked(
        {
            "plate": str(shot),
            "output": f"{tmp_path}/out/",
            "clean_plate": str(shot.parent / "clean.exr"),
            "device": "cpu",
            "settings": {"engine": "screen"},
        }
    ).write(path)
    return path


def key(mattebox: Run, job: Path, prepared: Path, *more: object) -> list[dict[str, object]]:
    """Key the job, and give back its events."""
    done = mattebox("key", "--job", job, "--prepared", prepared, "--json", *more)
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def notes(events: list[dict[str, object]]) -> list[str]:
    return [str(event["message"]) for event in events if event["event"] == "note"]


def fingerprint(events: list[dict[str, object]]) -> object:
    return next(event["fingerprint"] for event in events if event["event"] == "start")


def skipped(events: list[dict[str, object]]) -> object:
    return next(event["skipped"] for event in events if event["event"] == "end")


def test_the_shot_is_analysed_once_and_again_when_its_files_or_its_settings_change(
    job: Path, tmp_path: Path, mattebox: Run
) -> None:
    kept = tmp_path / "made/for/it/prepared.json"
    first = key(mattebox, job, kept)
    assert not any(REUSED in note for note in notes(first))
    assert any("measuring" in note for note in notes(first))
    assert prepared_job_of(kept).fingerprint == fingerprint(first)
    written = kept.stat().st_mtime_ns

    second = key(mattebox, job, kept)
    assert notes(second) == [f"{kept} {REUSED}"]
    assert (fingerprint(second), skipped(second)) == (fingerprint(first), 2)
    assert kept.stat().st_mtime_ns == written

    plate = tmp_path / "in/shot.1002.exr"
    write_exr(plate, plate_pixels(7), colorInteropID="lin_rec709_scene")
    later = plate.stat().st_mtime_ns + 10**9
    os.utime(plate, ns=(later, later))
    third = key(mattebox, job, kept, "--frames", "1001")
    assert not any(REUSED in note for note in notes(third))
    assert fingerprint(third) != fingerprint(first)
    assert prepared_job_of(kept).fingerprint == fingerprint(third)

    Job.checked(Job.read(job).model_dump() | {"settings": {"gamma": 1.5}}).write(job)
    kept_before = kept.read_bytes()
    fourth = key(mattebox, job, kept, "--frames", "1001")
    assert not any(REUSED in note for note in notes(fourth))
    assert Job.read(kept).settings.gamma == 1.5
    assert kept.read_bytes() != kept_before


def test_a_kept_file_that_is_damaged_is_made_again_with_the_same_bytes(
    job: Path, tmp_path: Path, mattebox: Run
) -> None:
    kept = tmp_path / "prepared.json"
    key(mattebox, job, kept, "--frames", "1001")
    whole = kept.read_bytes()
    kept.write_bytes(whole[: len(whole) // 2])
    events = key(mattebox, job, kept, "--frames", "1001")
    assert not any(REUSED in note for note in notes(events))
    assert skipped(events) == 1
    assert kept.read_bytes() == whole


def test_a_place_that_cannot_be_written_is_74_and_told(
    job: Path, tmp_path: Path, mattebox: Run
) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    done = mattebox("key", "--job", job, "--prepared", tmp_path / "file/p.json", "--json")
    assert done.returncode == 74
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["event"] for event in told[-2:]] == ["error", "end"]
    assert "cannot make the folder of the job file" in told[-2]["message"]
    assert not (tmp_path / "out").exists()


def test_preparing_and_keying_are_not_asked_for_at_once(
    job: Path, tmp_path: Path, mattebox: Run
) -> None:
    done = mattebox(
        "key", "--job", job, "--prepared", tmp_path / "p", "--write-job", tmp_path / "w"
    )
    assert done.returncode == 64
    assert "--prepared keys, and --write-job only prepares" in done.stderr
    assert not (tmp_path / "p").exists()
    assert not (tmp_path / "w").exists()


def test_a_job_that_cannot_be_is_told_to_hosts_as_an_event(tmp_path: Path, mattebox: Run) -> None:
    job = tmp_path / "job.json"
    job.write_text('{"plate": "a.####.exr", "output": "o", "settings": {"gamma": 99}}')
    done = mattebox("key", "--job", job, "--prepared", tmp_path / "p.json", "--json")
    assert done.returncode == 64
    error, end = [json.loads(line) for line in done.stdout.splitlines()]
    assert (error["code"], error["exit_code"], end["exit_code"]) == ("job", 64, 64)
    assert error["faults"] == [
        "settings.gamma: Input should be less than or equal to 10 (found 99)"
    ]
    assert done.stderr == ""
