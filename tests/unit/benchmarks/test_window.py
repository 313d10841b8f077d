"""The table of knobs turned in a Blender with a window; the turns themselves want one."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.shapes import Canvas
from benchmarks.window import VARIABLE, Turned, measure_window, window_markdown
from mattebox.errors import ToolError


def test_a_turn_is_told_from_its_knob_to_its_picture() -> None:
    row = Turned(1, ("Image", "Spill"), (0.1, 0.1, 0.2), (0.2, 0.3, 0.4), (0.3, 0.45, 0.9))
    told = window_markdown([row]).splitlines()[-1]
    assert told == "| 1 | Image, Spill | 3 | 0.10 | 0.30 | 0.45 | 0.90 | 0.35 |"


def test_without_a_blender_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(ToolError, match="there is no blender on this machine"):
        measure_window(tmp_path, Canvas(72, 128), (1,), 1)
