"""A short fault drill; `make drill` runs the long one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.name == "nt", reason="kills and file-size limits are POSIX; runs on Linux and macOS"
    ),
]


def test_frames_are_whole_or_absent_whatever_happens(tmp_path: Path) -> None:
    from tests.drill.drill import drill

    found = drill(tmp_path, faults=16, frames=12, seed=3)
    assert sum(found.faults.values()) == 16
    assert (found.lost, found.stale, found.differing) == (0, 0, 0)


def test_files_with_bytes_changed_at_random_are_read_or_refused(tmp_path: Path) -> None:
    from tests.drill.fuzz import fuzz

    ended, faults = fuzz(tmp_path, cases=150, seed=11)
    assert [f"case {fault.number} ({fault.kind}): {fault.what}" for fault in faults] == []
    assert sum(ended.values()) == 150
    # Both happen to every kind: a change that no reader looks at tries nothing.
    assert {"frame read", "frame refused", "job read", "job refused"} <= ended.keys()
