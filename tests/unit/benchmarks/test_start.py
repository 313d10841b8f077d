"""The start bench: ratios round by round, and processes that fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.start import Process, StartTime, measure_starts
from mattebox.errors import MatteboxError


def test_a_ratio_compares_what_ran_in_the_same_round() -> None:
    torch = StartTime("torch", (1.0, 4.0, 2.0), (1.0, 1.0, 1.0))
    mine = StartTime("mine", (3.0, 8.0, 3.0), (1.0, 1.0, 1.0))
    # ratios 3, 2 and 1.5; those of the medians would be 3 / 2
    assert mine.ratio_to(torch) == 2.0
    assert torch.ratio_to(torch) == 1.0


def test_every_process_is_started_once_per_round_and_they_take_turns(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    processes = [
        Process(name, ("-c", f"open({str(log)!r}, 'a').write({name!r})")) for name in ("a", "b")
    ]
    times = measure_starts(processes, 3)
    assert log.read_text() == "ababab"
    assert [(one.name, len(one.seconds), len(one.cpu_seconds)) for one in times] == [
        ("a", 3, 3),
        ("b", 3, 3),
    ]
    assert all(seconds > 0.0 for one in times for seconds in one.seconds)


def test_a_process_that_fails_is_no_figure() -> None:
    broken = Process("broken", ("-c", "import sys; sys.exit('no such thing')"))
    with pytest.raises(MatteboxError, match="ended with 1: no such thing"):
        measure_starts([broken], 1)
