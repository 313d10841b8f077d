"""What fits into a limit, how many frames wait within it, and how a limit is written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.memory import STATUS, measure_memory
from benchmarks.shapes import Canvas
from mattebox.errors import UsageError
from mattebox.pipeline.memory import (
    Demand,
    Waiting,
    parse_memory,
    refuse_too_little,
    waiting_within,
)
from mattebox.settings import EngineName

SHOT = Demand(EngineName.SCREEN, 1920, 1080)
KEYING = SHOT.keying(Waiting(1, 1))
# As few frames as make the look the larger of the two phases.
MANY = next(count for count in range(2, 1000) if SHOT.analysis(count) > KEYING)
ANALYSIS = SHOT.analysis(MANY)


@pytest.mark.parametrize(
    ("text", "size"),
    [("512M", 2**29), ("8G", 2**33), ("8GiB", 2**33), ("1.5g", 3 * 2**29), (" 2 GB ", 2**31)],
)
def test_sizes_are_powers_of_1024(text: str, size: int) -> None:
    assert parse_memory(text) == size


@pytest.mark.parametrize("text", ["8", "G", "-1G", "0M", "8X", "much"])
def test_what_is_no_amount_is_refused_with_its_value(text: str) -> None:
    with pytest.raises(UsageError, match=text):
        parse_memory(text)


def _fewer_and_fewer(most: Waiting) -> list[Waiting]:
    choices = [most]
    while (fewer := choices[-1].fewer()) is not None:
        choices.append(fewer)
    return choices


@pytest.mark.parametrize("waiting", _fewer_and_fewer(Waiting.on("cuda", 16)), ids=str)
def test_just_enough_memory_for_a_choice_gives_that_choice(waiting: Waiting) -> None:
    assert waiting_within(SHOT.keying(waiting), SHOT, Waiting.on("cuda", 16)) == waiting


def test_frames_are_given_up_one_by_one_down_to_one_each_way() -> None:
    assert _fewer_and_fewer(Waiting(2, 2)) == [Waiting(2, 2), Waiting(2, 1), Waiting(1, 1)]
    many = _fewer_and_fewer(Waiting.on("cuda", 16))
    sums = [waiting.read_ahead + waiting.being_written for waiting in many]
    assert sums == list(range(16, 1, -1))


def test_passed_channels_take_memory_too() -> None:
    limit, passing = SHOT.keying(Waiting(2, 2)), replace(SHOT, passed=4)
    assert waiting_within(limit, passing, Waiting(2, 2)) != Waiting(2, 2)
    # four bytes each, in each of the frames
    assert passing.analysis(MANY) - ANALYSIS == 1920 * 1080 * MANY * 4 * 4


def test_one_byte_less_than_one_frame_is_refused() -> None:
    with pytest.raises(UsageError, match="1920x1080"):
        waiting_within(KEYING - 1, SHOT, Waiting())


@pytest.mark.parametrize("cores", [1, 2, 4, 16, 64])
def test_a_cpu_keys_with_two_frames_each_way_and_a_gpu_with_one_for_every_core(cores: int) -> None:
    assert Waiting.on("cpu", cores) == Waiting(2, 2)
    beside = Waiting.on("cuda", cores)
    assert beside.read_ahead + beside.being_written == max(4, cores)


def test_a_limit_has_to_hold_both_phases() -> None:
    refuse_too_little(ANALYSIS, SHOT, analysed=MANY)
    words = f"analysing the shot, which holds {MANY} frames"
    with pytest.raises(UsageError, match=words) as analysis:
        refuse_too_little(ANALYSIS - 1, SHOT, analysed=MANY)
    assert analysis.value.expected is not None
    assert f"{-(-ANALYSIS // 2**20)} MiB; keying alone takes {-(-KEYING // 2**20)}" in (
        analysis.value.expected
    )
    refuse_too_little(ANALYSIS - 1, SHOT, analysed=MANY - 1)
    with pytest.raises(UsageError, match="too little for frames of 1920x1080") as key:
        refuse_too_little(KEYING - 1, SHOT, analysed=MANY)
    assert key.value.expected == f"at least {-(-ANALYSIS // 2**20)} MiB"


@pytest.mark.parametrize("engine", EngineName)
def test_every_engine_has_its_figures_and_none_takes_less_than_screen(engine: EngineName) -> None:
    for size in ((64, 36), (3840, 2160)):
        own, least = Demand(engine, *size), Demand(EngineName.SCREEN, *size)
        assert own.keying(Waiting(1, 1)) >= least.keying(Waiting(1, 1))
        assert own.analysis(12) >= least.analysis(12)


@pytest.mark.slow
@pytest.mark.skipif(not STATUS.exists(), reason="resident memory is read from /proc")
def test_the_estimate_is_no_less_than_what_a_run_takes_and_not_twice_as_much() -> None:
    height, width, frames = 270, 480, 4
    peak = measure_memory(frames, Canvas(height, width)).peak * 2**10
    demand = Demand(EngineName.SCREEN, width, height)
    estimate = max(demand.keying(Waiting(2, 2)), demand.analysis(frames))
    assert peak <= 1.1 * estimate  # threads of their own take some more
    assert estimate <= 2.0 * peak
