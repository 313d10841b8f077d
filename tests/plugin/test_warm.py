"""The warm process beside a host: single frames, the bytes of a run, and what comes without it."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import REPOSITORY
from tests.support.jobs import prepared_job_of

from mattebox_plugin import warm
from mattebox_plugin.keyed_frames import Status, frame_status
from mattebox_plugin.mattebox_command import BrokenError, Mattebox, find
from mattebox_plugin.request import Request
from mattebox_plugin.run import Phase, Run
from mattebox_plugin.warm import FrameKey

pytestmark = pytest.mark.slow

HAIR = REPOSITORY / "examples" / "fixture_hair"

needs_signals = pytest.mark.skipif(os.name == "nt", reason="signals are of POSIX systems")


@pytest.fixture(scope="module")
def core() -> Iterator[Mattebox]:
    yield find(sys.executable, {})
    warm.end_all()


def hair(root: Path, **settings: object) -> Request:
    return Request(
        name="hair",
        root=str(root),
        plate=str(HAIR / "green_spill_grain/fixture_hair_green_spill_grain.####.exr"),
        pictures={"clean_plate": str(HAIR / "plate/fixture_hair_plate.0001.exr")},
        in_space="lin_rec709_scene",
        device="cpu",
        settings={"engine": "screen", **settings},
    )


def test_turned_knobs_are_keyed_by_one_process_with_the_bytes_of_a_run(
    core: Mattebox, tmp_path: Path
) -> None:
    keyed, processes = [], set()
    for gamma in (1.0, 1.2, 1.4):
        request = hair(tmp_path / "warm", gamma=gamma)
        keying = FrameKey.start(core, request, 3)
        progress = keying.wait()
        assert progress.phase is Phase.DONE, progress.error
        assert keying.is_warm
        assert (progress.frames, progress.done, progress.total) == ([3], 1, 1)
        assert frame_status(3, request.frame_path(3), progress.fingerprint).status is Status.CURRENT
        assert prepared_job_of(request.prepared).fingerprint == progress.fingerprint
        keyed.append(request.frame_path(3).read_bytes())
        processes.add(keying.process_id)
    assert len(processes) == 1
    assert len(set(keyed)) == 3
    alone = hair(tmp_path / "alone", gamma=1.4)
    assert Run.start(core, alone, frames="3").wait().phase is Phase.DONE
    assert alone.frame_path(3).read_bytes() == keyed[-1]


def test_a_newer_key_of_the_frame_stops_the_one_before(core: Mattebox, tmp_path: Path) -> None:
    FrameKey.start(core, hair(tmp_path), 3).wait()
    turned = [FrameKey.start(core, hair(tmp_path, gamma=1.0 + n / 10), 3) for n in range(1, 7)]
    phases = [keying.wait().phase for keying in turned]
    assert phases[-1] is Phase.DONE
    assert set(phases[:-1]) <= {Phase.STOPPED, Phase.DONE}
    assert Phase.STOPPED in phases
    assert all(keying.progress.error is None for keying in turned)


def test_what_the_core_refuses_is_told_in_its_words(core: Mattebox, tmp_path: Path) -> None:
    progress = FrameKey.start(core, hair(tmp_path, clip_black=0.9, clip_white=0.1), 3).wait()
    assert progress.phase is Phase.FAILED
    assert "Clip black 0.9 must lie below Clip white 0.1" in str(progress.error)
    assert FrameKey.start(core, hair(tmp_path), 3).wait().phase is Phase.DONE


@needs_signals
def test_where_the_process_dies_another_keys_the_frame_and_says_so(
    core: Mattebox, tmp_path: Path
) -> None:
    FrameKey.start(core, hair(tmp_path), 3).wait()
    keying = FrameKey.start(core, hair(tmp_path, gamma=1.3, proxy="2"), 4)
    os.kill(keying.process_id, signal.SIGKILL)
    progress = keying.wait()
    assert progress.phase is Phase.DONE, progress.error
    assert not keying.is_warm
    assert any(
        "the Mattebox that keeps running does not answer" in warning
        for warning in progress.warnings
    )
    after = FrameKey.start(core, hair(tmp_path, gamma=1.5), 3)
    assert after.wait().phase is Phase.DONE
    assert after.is_warm


@pytest.mark.parametrize("ends_before_it_is_asked", [False, True])
def test_a_core_that_cannot_serve_keys_all_the_same(
    core: Mattebox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends_before_it_is_asked: bool
) -> None:
    """A core of before, which does not know the command."""
    ask = warm.WarmProcess.ask

    def ask_when_it_has_ended(process: warm.WarmProcess, *words: Any) -> None:
        while not process.has_ended:
            time.sleep(0.01)
        ask(process, *words)

    if ends_before_it_is_asked:
        monkeypatch.setattr(warm.WarmProcess, "ask", ask_when_it_has_ended)
    older = tmp_path / "older.py"
    older.write_text(
        "import sys\n"
        "if 'serve' in sys.argv: sys.exit('no such command: serve')\n"
        "from mattebox.cli import main\n"
        "main()\n"
    )
    old = core._replace(command=(sys.executable, str(older)))
    keying = FrameKey.start(old, hair(tmp_path / "root"), 3)
    progress = keying.wait()
    assert progress.phase is Phase.DONE, progress.error
    assert any("no such command: serve" in warning for warning in progress.warnings)


def test_no_core_at_all_is_an_error(core: Mattebox, tmp_path: Path) -> None:
    with pytest.raises(BrokenError, match="does not start"):
        FrameKey.start(replace_command(core, "/no/such/mattebox"), hair(tmp_path), 3)


def replace_command(core: Mattebox, command: str) -> Mattebox:
    return core._replace(command=(command,))


def test_a_stop_ends_the_process_and_the_next_key_starts_another(
    core: Mattebox, tmp_path: Path
) -> None:
    first = FrameKey.start(core, replace(hair(tmp_path), name="stopped"), 3)
    while first.poll().phase is Phase.STARTING:
        time.sleep(0.01)
    first.stop()
    assert first.wait().phase is Phase.STOPPED
    second = FrameKey.start(core, replace(hair(tmp_path), name="stopped"), 3)
    assert second.wait().phase is Phase.DONE
    assert second.process_id != first.process_id
    assert second.is_warm
