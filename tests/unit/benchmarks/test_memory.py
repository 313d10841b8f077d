"""The memory bench's figures, on samples with a known slope."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import cost
from benchmarks.memory import MemoryUse
from mattebox.errors import UsageError


def test_the_slope_is_that_of_the_frames_after_the_first_fifth() -> None:
    settling = (0, 90_000)
    use = MemoryUse(settling + tuple(1000 + 3 * frame for frame in range(8)), peak=90_000)
    assert use.slope == pytest.approx(3.0)


def test_flat_memory_has_no_slope() -> None:
    assert MemoryUse((500,) * 10, peak=500).slope == pytest.approx(0.0, abs=1e-9)


def test_a_plot_that_cannot_be_drawn_is_refused_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def measured(*_: object) -> None:
        raise AssertionError("it was measured first")

    monkeypatch.setattr(cost, "measure_memory", measured)
    with pytest.raises(UsageError, match=r"cannot plot to memory\.pdf"):
        cost.memory(plot=Path("memory.pdf"))
