"""Events as lines that an Open Job Description session reads."""

from __future__ import annotations

import io

from mattebox.errors import MissingFramesError
from mattebox.events import (
    EndEvent,
    Event,
    NoteEvent,
    ProgressEvent,
    StartEvent,
    WarningEvent,
    error_event,
    stage_lines,
)
from mattebox.farm.openjd_lines import OpenJdReporter


def lines(*events: Event) -> list[str]:
    stream = io.StringIO()
    reporter = OpenJdReporter(stream)
    for event in events:
        reporter.emit(event)
    return stream.getvalue().splitlines()


def test_progress_is_a_share_of_the_chunk_in_percent() -> None:
    told = lines(*(ProgressEvent(frame=1000 + n, done=n, total=8) for n in (1, 4, 8)))
    assert told == ["openjd_progress: 12.5", "openjd_progress: 50.0", "openjd_progress: 100.0"]


def test_the_status_says_what_runs_where_and_how_it_ended() -> None:
    start = StartEvent(total=2, engine="screen", device="cpu", fingerprint="0", output="out")
    end = EndEvent(exit_code=0, done=2, skipped=1, total=2, seconds=1.25)
    assert lines(start, NoteEvent(message="looking"), end) == [
        "openjd_status: screen on cpu, 2 frames -> out",
        "openjd_status: looking",
        "openjd_status: 2 of 2 frames are there, 1 of them were already current, 1.2 s",
    ]


def test_the_log_says_where_the_time_of_a_run_went() -> None:
    end = EndEvent(
        exit_code=0,
        done=2,
        skipped=0,
        total=2,
        seconds=8.0,
        seconds_by_stage={"read": 3.0, "matte": 6.0},
        waited_by_stage={"read": 1.0, "matte": 6.0},
    )
    assert lines(end)[1:] == stage_lines(end)


def test_a_failure_is_one_line_with_the_next_step_and_the_exit_code() -> None:
    error = MissingFramesError("missing:\nframe 1007", [1007], next_step="bring it")
    end = EndEvent(exit_code=66, done=1, skipped=0, total=2, seconds=1.0)
    assert lines(error_event(error), end) == [
        "openjd_fail: missing: frame 1007; next step: bring it (exit code 66)",
        "1 of 2 frames are there, 0 of them were already current, 1.0 s",
    ]


def test_a_warning_is_a_line_of_the_log_and_no_status() -> None:
    warning = WarningEvent(code="clamped", message="3 values", frame=1001)
    assert lines(warning) == ["warning: 3 values (frame 1001)"]


def test_a_chunk_without_frames_is_done_at_once() -> None:
    nothing = EndEvent(exit_code=0, done=0, skipped=0, total=0, seconds=0.0)
    assert lines(nothing) == ["openjd_progress: 100.0"]
    assert lines(nothing.model_copy(update={"exit_code": 64})) == []
