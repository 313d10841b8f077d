"""The clock of a run: what is computed beside it is no time that it stood still for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from mattebox.events import EndEvent, stage_lines
from mattebox.pipeline.clock import StageClock


def test_work_of_the_run_itself_is_computed_and_waited_for() -> None:
    clock = StageClock()
    with clock.stage("matte"):
        pass
    assert clock.computed["matte"] > 0.0
    assert clock.waited == clock.computed


def test_work_beside_the_run_is_not_waited_for_and_waiting_computes_nothing() -> None:
    clock = StageClock()
    with clock.beside("read"):
        pass
    with clock.waiting("write"):
        pass
    assert clock.computed["read"] > 0.0 == clock.waited["read"]
    assert clock.waited["write"] > 0.0 == clock.computed["write"]


def test_a_stage_that_fails_is_counted_too() -> None:
    clock = StageClock()
    with pytest.raises(ValueError, match="bad"), clock.stage("matte"):
        raise ValueError("bad")
    assert clock.computed["matte"] > 0.0


def test_no_second_of_many_threads_is_lost() -> None:
    clock = StageClock()

    def work(_: int) -> None:
        clock._add("read", computed=1.0)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(4000)))
    assert clock.computed["read"] == 4000.0


def test_shares_are_of_the_wall_and_add_up_to_it() -> None:
    end = EndEvent(
        exit_code=0,
        done=4,
        skipped=0,
        total=4,
        seconds=10.0,
        cpu_seconds=14.5,
        seconds_by_stage={"read": 2.1, "matte": 8.0, "write": 5.0},
        waited_by_stage={"read": 0.5, "matte": 8.0, "write": 1.0},
    )
    assert stage_lines(end) == [
        "  time: 10.0 s, 14.5 s of processor time",
        "  matte: computed 8.0 s, waited for 8.0 s (80 %)",
        "  write: computed 5.0 s, waited for 1.0 s (10 %)",
        "  read: computed 2.1 s, waited for 0.5 s (5 %)",
        "  everything else: 0.5 s (5 %)",
    ]
