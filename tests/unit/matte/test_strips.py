"""Strips: every row once and in order, whatever the threads; torch keeps its thread count."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch

from mattebox.matte import strips
from mattebox.matte.strips import in_strips


@pytest.fixture(params=[1, 2, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def of_size(height: int, width: int) -> torch.Tensor:
    """A picture that takes no memory."""
    return torch.zeros(1, 1, 1, 1).expand(1, 1, height, width)


@pytest.mark.parametrize("height", [1, 7, 64, 65])
def test_every_row_comes_once_and_in_order(
    threads: int, height: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strips, "STRIP_PIXELS", 10 * 4)
    rows = torch.arange(height)
    assert torch.equal(torch.cat(in_strips(lambda strip: rows[strip], of_size(height, 4))), rows)


def test_a_picture_wider_than_a_strip_goes_by_two_rows(threads: int) -> None:
    assert in_strips(lambda rows: (rows.start, rows.stop), of_size(4, 10**6)) == [(0, 2), (2, 4)]


@pytest.mark.parametrize("width", [1, 1360, 1920, 4096, 10**6])
def test_strips_begin_at_even_rows(threads: int, width: int) -> None:
    starts = in_strips(lambda rows: rows.start, of_size(200, width))
    assert starts[0] == 0
    assert all(start % 2 == 0 for start in starts)


def test_each_strip_is_worked_on_by_one_thread_and_torch_keeps_its_count(
    threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strips, "STRIP_PIXELS", 1)
    seen = in_strips(lambda _: (threading.get_ident(), torch.get_num_threads()), of_size(50, 1))
    assert {count for _, count in seen} == {1}
    assert len({thread for thread, _ in seen}) <= threads
    assert torch.get_num_threads() == threads


def test_inference_mode_reaches_every_strip(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strips, "STRIP_PIXELS", 1)
    for asked in (False, True):
        with torch.inference_mode(asked):
            seen = in_strips(lambda _: torch.is_inference_mode_enabled(), of_size(50, 1))
        assert set(seen) == {asked}


def test_a_device_of_its_own_takes_the_picture_whole() -> None:
    whole = torch.empty(1, 1, 4096, 4096, device="meta")
    assert in_strips(lambda rows: (rows.start, rows.stop), whole) == [(0, 4096)]


def test_a_fault_in_a_strip_reaches_the_caller(threads: int) -> None:
    def fail(rows: slice) -> int:
        return 1 // int(rows.start - 2)

    with pytest.raises(ZeroDivisionError):
        in_strips(fail, of_size(4, 10**6))
