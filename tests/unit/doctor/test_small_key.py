"""The small key: right or wrong, and its time in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from mattebox.cli import small_key as module
from mattebox.cli.small_key import EXPECTED_MAD, convolution_seconds, small_key
from mattebox.doctor.report import Fault, SmallKey
from mattebox.doctor.words import _small_key
from mattebox.errors import InputError


def key(frame_seconds: float, expected: float | None) -> SmallKey:
    device = "cuda" if expected is None else "cpu"
    return SmallKey(device, 8, 4.0, frame_seconds, expected, EXPECTED_MAD, EXPECTED_MAD)


@pytest.mark.parametrize(
    ("found", "expected", "words"),
    [
        (0.1, 0.125, "100 ms, expected 125 ms or less by this machine's own arithmetic: as it"),
        (0.249, 0.125, "as it should be"),
        (0.25, 0.125, "2.0 times slower than its own arithmetic explains"),
        (0.02, None, "a frame computes for 20 ms; nothing to compare it with on cuda"),
    ],
)
def test_its_time_is_told_against_what_was_expected(
    found: float, expected: float | None, words: str
) -> None:
    assert words in "\n".join(_small_key(key(found, expected)))


def test_arithmetic_is_timed_and_leaves_the_threads_alone() -> None:
    import torch

    torch.set_num_threads(2)
    assert convolution_seconds() > 0.0
    assert torch.get_num_threads() == 2


@pytest.mark.slow
def test_the_shipped_shot_is_keyed_right_on_the_cpu() -> None:
    done = small_key("cpu")
    assert isinstance(done, SmallKey)
    assert (done.device, done.frames) == ("cpu", 8)
    assert done.mad == pytest.approx(EXPECTED_MAD, rel=0.02)
    assert 0.0 < done.frame_seconds * done.frames < done.seconds
    assert done.slowness is not None


@pytest.mark.slow
def test_a_device_that_is_not_there_is_a_fault_in_its_own_words() -> None:
    fault = small_key("cuda:77")
    assert isinstance(fault, Fault)
    assert fault.what.startswith("a small key on cuda:77 ended with ")
    assert "cuda" in fault.what.partition(": ")[2]


@pytest.mark.slow
def test_wrong_pixels_are_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "demo_plate", lambda shot: shot / "fg" / "fixture_hair_fg.####.exr")
    fault = small_key("cpu")
    assert isinstance(fault, Fault)
    assert fault.what.startswith("a small key on cpu is wrong: MAD ")
    assert f"expected {EXPECTED_MAD}" in fault.what


def test_a_shot_that_is_not_installed_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost() -> Path:
        raise InputError("the example shot is not installed", next_step="install the wheel again")

    monkeypatch.setattr(module, "example_shot", lost)
    fault = small_key("cpu")
    assert isinstance(fault, Fault)
    assert fault.what == "a small key cannot be tried: the example shot is not installed"
    assert fault.cure == "install the wheel again"


def test_a_full_disk_is_a_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    fault = small_key("cpu")
    assert isinstance(fault, Fault)
    assert fault.what.startswith("a small key cannot be tried: ")
    assert "TMPDIR" in fault.cure
