"""Which frames an engine with memory looks at before one, and what makes a frame stale."""

from __future__ import annotations

from pathlib import Path

import pytest

from mattebox.errors import UsageError
from mattebox.job import Analysis, Job, Prepared, PreparedColour, PreparedJob
from mattebox.pipeline.plan import Plan
from mattebox.pipeline.setup import ShotSetup

FRAMES = (1001, 1002, 1003, 1005, 1006, 1007, 1008)  # 1004 is missing

PREPARED = Prepared(
    colour=PreparedColour(
        config_identity="none",
        in_space="linear",
        reason="said",
        out_space=None,
        chromaticities=(),
        interop_id=None,
    ),
    weights=None,
    unmixing="1" * 64,
    analysis=Analysis(
        frames=(1001,), digest="", exposure=1.0, screen=None, plate="inpainted", statistics=None
    ),
)


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    """A sequence whose files hold their own number."""
    for frame in FRAMES:
        (tmp_path / f"shot.{frame}.exr").write_text(str(frame))
    return tmp_path / "shot.####.exr"


def plan_of(plate: Path, *cuts: int, engine: str = "rvm", **settings: str) -> Plan:
    job = Job.checked(
        {
            "plate": str(plate),
            "output": str(plate.parent / "out") + "/",
            "cuts": cuts,
            "settings": {"engine": engine, "screen": "green"} | settings,
        }
    )
    prepared = PreparedJob.of(job, PREPARED, device="cpu")
    return ShotSetup(prepared).plan(prepared, None)


@pytest.mark.parametrize("said", [{}, {"preroll": "whole"}, {"preroll": "auto"}])
def test_the_preroll_begins_at_the_scenes_first_frame(plate: Path, said: dict[str, str]) -> None:
    plan = plan_of(plate, **said)
    assert plan.remembered(1001) == ()
    assert plan.remembered(1007) == (1001, 1002, 1003, 1005, 1006)
    cut = plan_of(plate, 1003, 1007, **said)
    assert cut.remembered(1002) == (1001,)
    assert cut.remembered(1003) == ()
    assert cut.remembered(1006) == (1003, 1005)
    assert cut.remembered(1008) == (1007,)


def test_a_preroll_in_numbers_counts_frames_that_are_there_and_stops_at_a_cut(plate: Path) -> None:
    assert plan_of(plate, preroll="2").remembered(1006) == (1003, 1005)
    assert plan_of(plate, 1005, preroll="2").remembered(1006) == (1005,)
    assert plan_of(plate, preroll="9").remembered(1003) == (1001, 1002)
    assert plan_of(plate, preroll="0").remembered(1006) == ()


def test_an_engine_without_memory_has_no_preroll(plate: Path) -> None:
    assert plan_of(plate, engine="screen").remembered(1008) == ()


def test_a_frame_of_the_preroll_that_changes_makes_a_frame_stale(plate: Path) -> None:
    before = {name: plan_of(plate, preroll=name).inputs(1008) for name in ("whole", "2")}
    plate.with_name("shot.1001.exr").write_text("another")
    after = {name: plan_of(plate, preroll=name).inputs(1008) for name in ("whole", "2")}
    assert before["whole"] != after["whole"]
    assert before["2"] == after["2"]


def test_what_a_full_disk_left_of_a_frame_is_replaced_and_other_peoples_files_are_not(
    plate: Path,
) -> None:
    plan = plan_of(plate, engine="screen")
    there = plan.output.path(1003)
    there.parent.mkdir()
    for left in (b"", b"\x76\x2f", b"\x76\x2f\x31\x01\x02\0\0\0channels\0chl"):
        there.write_bytes(left)
        plan.refuse_foreign_files(overwrite=False)
        assert not plan.is_current(1003)
    there.write_bytes(b"somebody's notes")
    with pytest.raises(UsageError, match="was not written by Mattebox and would be replaced"):
        plan.refuse_foreign_files(overwrite=False)
    plan.refuse_foreign_files(overwrite=True)
