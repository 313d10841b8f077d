"""The plot of a measured shot."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from mattebox.errors import UsageError, WriteError
from mattebox.measure.accuracy import Accuracy
from mattebox.measure.plot import require_plotting, write_plot
from mattebox.measure.sequences import Measurement


@pytest.fixture
def measurement() -> Measurement:
    accuracy = Accuracy()
    truth = np.zeros((24, 24, 4), np.float32)
    truth[:, 12:, 3] = 1.0
    frames = tuple(
        accuracy.add(truth * np.float32(gain), truth, frame=frame)
        for frame, gain in ((1001, 0.9), (1002, 0.95), (1003, 0.8))
    )
    return Measurement(frames, accuracy.summary())


def test_the_plot_is_a_png_and_equal_each_time(measurement: Measurement, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra 'plot', which the dev group has")
    first, second = tmp_path / "first.png", tmp_path / "second.PNG"
    write_plot(measurement, first, title="shot.$F4_$F.exr")
    write_plot(measurement, second, title="shot.$F4_$F.exr")
    assert first.read_bytes().startswith(b"\x89PNG\r\n")
    assert first.read_bytes() == second.read_bytes()


def test_without_matplotlib_the_command_that_installs_it_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(UsageError, match="not installed") as caught:
        require_plotting(Path("plot.png"))
    assert caught.value.next_step == 'pip install "mattebox[plot]"'
    assert caught.value.exit_code == 64


def test_only_png_is_written() -> None:
    with pytest.raises(UsageError, match=r"cannot plot to plot\.pdf"):
        require_plotting(Path("plot.pdf"))


def test_a_folder_that_is_not_there_is_a_write_error(
    measurement: Measurement, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib", reason="needs the extra 'plot', which the dev group has")
    with pytest.raises(WriteError) as caught:
        write_plot(measurement, tmp_path / "gone" / "plot.png")
    assert caught.value.exit_code == 74
