"""Runs of the real core beside a host: started, listened to, stopped, killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import REPOSITORY
from tests.support.jobs import prepared_job_of
from tests.support.pictures import write_shot

from mattebox_plugin import run as run_module
from mattebox_plugin.keyed_frames import FINGERPRINT, Status, frame_status, read_header
from mattebox_plugin.mattebox_command import BrokenError, Mattebox, find
from mattebox_plugin.request import Request
from mattebox_plugin.run import Phase, Progress, Run

HAIR = REPOSITORY / "examples" / "fixture_hair"

needs_signals = pytest.mark.skipif(os.name == "nt", reason="signals are of POSIX systems")


@pytest.fixture(scope="module")
def core() -> Mattebox:
    return find(sys.executable, {})


@dataclass(frozen=True)
class Keyed:
    """A shot that was keyed once, and what was heard of it."""

    request: Request
    run: AttentiveRun

    @property
    def progress(self) -> Progress:
        return self.run.progress


def hair(root: Path, **changes: Any) -> Request:
    plain = Request(
        name="hair",
        root=str(root),
        plate=str(HAIR / "green_spill_grain/fixture_hair_green_spill_grain.####.exr"),
        pictures={"clean_plate": str(HAIR / "plate/fixture_hair_plate.0001.exr")},
        in_space="lin_rec709_scene",
        device="cpu",
        settings={"engine": "screen", "gamma": 1.1},
    )
    return replace(plain, **changes)


class AttentiveRun(Run):
    """A run that keeps what its progress was after each event, however fast they came."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.phases: list[Phase] = []
        self.lines: list[str] = []

    def _heard(self, name: str, event: dict[str, Any]) -> None:
        super()._heard(name, event)
        self.phases.append(self.progress.phase)
        self.lines.append(self.progress.line)


@pytest.fixture(scope="module")
def keyed(core: Mattebox, tmp_path_factory: pytest.TempPathFactory) -> Keyed:
    request = hair(tmp_path_factory.mktemp("root ä"))
    run = AttentiveRun.start(core, request, frames="2-4")
    assert isinstance(run, AttentiveRun)
    run.wait()
    return Keyed(request, run)


def wait_for_frame(run: Run) -> None:
    """Stay until the first frame is on disk. Fails where the run ends before."""
    while not run.poll().frames:
        assert not run.progress.phase.is_over, run.progress.error
        time.sleep(0.01)


def assert_whole(request: Request, progress: Progress) -> list[int]:
    """Every frame that lies there is whole and the job's, and nothing else does; the frames."""
    assert progress.fingerprint is not None
    paths = sorted(request.folder.glob("*.exr"))
    for path in paths:
        assert frame_status(0, path, progress.fingerprint).status is Status.CURRENT
    hidden = {path.name for path in request.folder.iterdir()} - {path.name for path in paths}
    assert {n for n in hidden if not n.startswith(".mattebox-")} <= {
        "request.json",
        "prepared.json",
    }
    return [int(path.name.split(".")[-2]) for path in paths]


# To the end


@pytest.mark.slow
def test_a_shot_is_keyed_and_told_frame_by_frame(keyed: Keyed) -> None:
    progress = keyed.progress
    assert progress.phase is Phase.DONE, progress.error
    assert (progress.exit_code, progress.error) == (0, None)
    assert sorted(progress.frames) == [2, 3, 4]
    assert (progress.done, progress.total, progress.share) == (3, 3, 1.0)
    assert progress.frame == 4
    assert list(dict.fromkeys(keyed.run.phases)) == [Phase.ANALYSING, Phase.KEYING]
    assert keyed.run.lines[0] == "Mattebox: analysing the shot: analysing 8 of 8 frames"
    counted = [f"Mattebox: keying {n} of 3 frames: screen on cpu" for n in range(4)]
    assert [line for line in dict.fromkeys(keyed.run.lines) if "keying" in line] == counted
    assert progress.line == "Mattebox: done 3 of 3 frames"


def test_the_frames_are_where_the_request_says_and_have_the_fingerprint(keyed: Keyed) -> None:
    request, fingerprint = keyed.request, keyed.progress.fingerprint
    for frame in (2, 3, 4):
        path = request.frame_path(frame)
        assert (
            frame_status(frame, path, fingerprint, request.inputs(frame)).status is Status.CURRENT
        )
        assert read_header(path).attributes[FINGERPRINT].decode() == fingerprint
    assert prepared_job_of(request.prepared).fingerprint == fingerprint
    assert assert_whole(request, keyed.progress) == [2, 3, 4]


@pytest.mark.slow
def test_the_command_line_makes_the_same_bytes_of_the_job(
    keyed: Keyed, core: Mattebox, tmp_path: Path
) -> None:
    job = keyed.request.folder / "request.json"
    subprocess.run(
        [*core.command, "key", "--job", job, "-o", f"{tmp_path}/", "--frames", "2-4"],
        check=True,
        capture_output=True,
    )
    for frame in (2, 3, 4):
        ours = keyed.request.frame_path(frame)
        there = tmp_path / Path(keyed.request.plate.replace("####", f"{frame:04d}")).name
        assert there.read_bytes() == ours.read_bytes()


@pytest.mark.slow
def test_a_second_run_takes_what_was_found_and_what_is_there(keyed: Keyed, core: Mattebox) -> None:
    before = {path: path.stat().st_mtime_ns for path in keyed.request.folder.glob("*.exr")}
    run = AttentiveRun.start(core, keyed.request, frames="2-4")
    assert isinstance(run, AttentiveRun)
    progress = run.wait()
    assert progress.phase is Phase.DONE, progress.error
    assert progress.frames == [2, 3, 4]
    assert progress.fingerprint == keyed.progress.fingerprint
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert run.lines[0].endswith(f"{keyed.request.prepared} is used; the shot was analysed already")
    assert not any("measuring" in line for line in run.lines)
    assert any("measuring" in line for line in keyed.run.lines)


@pytest.mark.slow
def test_a_frame_that_the_core_vouches_for_is_newer_than_its_plate(
    core: Mattebox, tmp_path: Path
) -> None:
    plate = write_shot(tmp_path / "in", frames=range(1001, 1004))
    request = hair(
        tmp_path, plate=str(plate), pictures={"clean_plate": str(tmp_path / "in/clean.exr")}
    )
    first = Run.start(core, request).wait()
    path, inputs = request.frame_path(1002), request.inputs(1002)
    for one in inputs:
        os.utime(one)  # copied anew, say, with the same content
    assert frame_status(1002, path, first.fingerprint, inputs).status is Status.STALE
    before = path.read_bytes()
    assert Run.start(core, request, frames="1002").wait().phase is Phase.DONE
    assert frame_status(1002, path, first.fingerprint, inputs).status is Status.CURRENT
    assert path.read_bytes() == before


def test_faults_are_told_in_the_words_of_panels(core: Mattebox, tmp_path: Path) -> None:
    request = hair(tmp_path, settings={"engine": "bgmv2", "clip_black": 0.5, "clip_white": 0.4})
    progress = Run.start(core, replace(request, pictures={})).wait()
    assert progress.error is not None
    assert "Clip black 0.5 must lie below Clip white 0.4" in progress.error
    assert "give Clean plate FILE or Screen auto|green|blue|R,G,B" in progress.error
    assert "--" not in progress.error


@pytest.mark.slow
def test_frames_before_zero_are_asked_for_and_found(core: Mattebox, tmp_path: Path) -> None:
    plate = write_shot(tmp_path / "in", frames=range(1001, 1005))
    for frame in range(-2, 2):
        (tmp_path / f"in/shot.{frame + 1003}.exr").rename(tmp_path / f"in/shot.{frame:04d}.exr")
    request = hair(
        tmp_path, plate=str(plate), pictures={"clean_plate": str(tmp_path / "in/clean.exr")}
    )
    progress = Run.start(core, request, frames="-2--1").wait()
    assert (progress.phase, sorted(progress.frames)) == (Phase.DONE, [-2, -1]), progress.error
    for frame in (-2, -1):
        path, inputs = request.frame_path(frame), request.inputs(frame)
        assert frame_status(frame, path, progress.fingerprint, inputs).status is Status.CURRENT
        assert all(one.is_file() for one in inputs)


# To no good end


@pytest.mark.slow
@needs_signals
def test_a_stopped_run_and_a_killed_one_leave_whole_frames_and_say_how_they_ended(
    core: Mattebox, tmp_path: Path
) -> None:
    plate = write_shot(tmp_path / "in", frames=range(1001, 1201))
    request = hair(
        tmp_path, plate=str(plate), pictures={"clean_plate": str(tmp_path / "in/clean.exr")}
    )

    run = Run.start(core, request)
    wait_for_frame(run)
    run.stop()
    run.stop()  # once more changes nothing
    assert run.progress.phase is Phase.STOPPING
    stopped = run.wait(every=0.01)
    assert (stopped.phase, stopped.error, stopped.exit_code) == (Phase.STOPPED, None, 75)
    assert "Mattebox: stopped" in stopped.line
    left = assert_whole(request, stopped)
    assert 0 < len(left) < 200
    assert sorted(stopped.frames) == left
    assert not list(request.folder.glob(".*"))

    run = Run.start(core, request)
    wait_for_frame(run)
    os.kill(run.process_id, signal.SIGKILL)
    killed = run.wait(every=0.01)
    assert (killed.phase, killed.exit_code) == (Phase.FAILED, -9)
    assert killed.fingerprint == stopped.fingerprint
    assert killed.error is not None
    assert killed.error.startswith("the core was ended by signal 9 and did not say why")
    assert "Out of memory" in killed.error
    assert killed.line.startswith("Mattebox: the core was ended by signal 9")
    assert {*left} <= {*assert_whole(request, killed)}
    run.stop()  # too late, and no harm
    assert run.poll().phase is Phase.FAILED

    run = Run.start(core, request)
    run.kill()
    assert run.wait().phase is Phase.STOPPED


@pytest.mark.slow
def test_a_setting_that_cannot_be_is_named(core: Mattebox, tmp_path: Path) -> None:
    request = hair(tmp_path, settings={"engine": "screen", "gamma": 99.0, "shadow": "keep"})
    progress = Run.start(core, request).wait()
    assert (progress.phase, progress.exit_code, progress.frames) == (Phase.FAILED, 64, [])
    assert progress.error is not None
    first, *faults = progress.error.splitlines()
    assert first == f"2 faults in {request.folder / 'request.json'}:"
    assert faults == [
        "- settings.gamma: Input should be less than or equal to 10 (found 99.0)",
        "- settings.shadow: unknown entry",
    ]
    assert progress.line.endswith(
        "- settings.gamma: Input should be less than or equal to 10 (found 99.0)"
    )


@pytest.mark.slow
def test_a_space_that_is_not_there_comes_with_the_next_step(core: Mattebox, tmp_path: Path) -> None:
    progress = Run.start(core, hair(tmp_path, in_space="ACEScgg")).wait()
    assert (progress.phase, progress.exit_code) == (Phase.FAILED, 64)
    assert progress.error is not None
    lines = progress.error.splitlines()
    assert "ACEScgg" in lines[0]
    assert any(line.startswith("next step: ") and "ACEScg" in line for line in lines)


def test_a_plate_that_is_not_there_is_66_with_the_next_step(core: Mattebox, tmp_path: Path) -> None:
    progress = Run.start(core, hair(tmp_path, plate=f"{tmp_path}/none/a.####.exr")).wait()
    assert (progress.phase, progress.exit_code) == (Phase.FAILED, 66)
    assert progress.error is not None
    assert f"{tmp_path}/none" in progress.error
    assert "next step: " in progress.error
    assert progress.line.startswith("Mattebox: ")
    assert "\n" not in progress.line


# Programs that are no core, or a strange one


def test_the_core_is_asked_for_these_words(tmp_path: Path) -> None:
    script, words = tmp_path / "core.py", tmp_path / "words.json"
    script.write_text(f"import json, sys; json.dump(sys.argv[1:], open({str(words)!r}, 'w'))")
    parrot = Mattebox((sys.executable, "-S", str(script)), "PATH")
    request = hair(tmp_path / "root")
    files = ["--job", str(request.folder / "request.json"), "--prepared", str(request.prepared)]
    Run.start(parrot, request).wait()
    assert json.loads(words.read_text()) == ["key", *files, "--json"]
    Run.start(parrot, request, frames="-5--3", force=True).wait()
    assert json.loads(words.read_text()) == ["key", *files, "--json", "--frames=-5--3", "--force"]


@pytest.fixture
def spoken(tmp_path: Path) -> Callable[[str], Run]:
    """A run of the given Python lines in the core's place."""

    def start(lines: str) -> Run:
        script = tmp_path / "core.py"
        script.write_text(lines, encoding="utf-8")
        return Run.of_words(
            Mattebox((sys.executable, "-S", str(script)), "PATH"), [], folder=tmp_path
        )

    return start


def test_what_does_not_listen_is_ended_after_the_patience(
    spoken: Callable[[str], Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "PATIENCE_SECONDS", 0.5)
    run = spoken(
        "import json, time\n"
        "print(json.dumps({'event': 'note', 'message': 'deaf'}), flush=True)\n"
        "time.sleep(600)\n"
    )
    while run.poll().phase is not Phase.ANALYSING:
        time.sleep(0.01)
    assert run.progress.line == "Mattebox: analysing the shot: deaf"
    began = time.monotonic()
    run.stop()
    assert run.poll().phase is Phase.STOPPING  # not at once
    stopped = run.wait(every=0.01)
    assert time.monotonic() - began >= 0.5
    assert (stopped.phase, stopped.error) == (Phase.STOPPED, None)
    assert stopped.exit_code not in (0, 75)


def test_a_stop_that_comes_too_late_for_the_last_frame_is_still_done(
    spoken: Callable[[str], Run],
) -> None:
    run = spoken("import sys; sys.stdin.readline()")
    run.stop()
    assert run.wait(every=0.01).phase is Phase.DONE


def test_lines_that_are_no_events_and_events_of_a_later_core_are_passed_over(
    spoken: Callable[[str], Run],
) -> None:
    run = spoken(
        "import json, sys\n"
        "def say(**event): print(json.dumps(event), flush=True)\n"
        "print('a library says hello'); print('[1]'); print('3'); print('{\"a\": 1}')\n"
        "sys.stdout.flush(); sys.stdout.buffer.write(b'\\xff\\xfe\\n'); sys.stdout.flush()\n"
        "say(event='weather', sun=True)\n"
        "say(event='start', total=2, engine='screen', device='cpu', fingerprint='f', more=1)\n"
        "for _ in 'ab': say(event='warning', code='x', message='grain is high')\n"
        "say(event='frame', frame=-5, path='p', skipped=False)\n"
        "say(event='progress', frame=-5, done=1, total=2)\n"
        "say(event='end', exit_code=0)\n"
    )
    progress = run.wait(every=0.01)
    assert (progress.phase, progress.error) == (Phase.DONE, None)
    assert (progress.frames, progress.frame, progress.share) == ([-5], -5, 0.5)
    assert progress.warnings == ["grain is high"]
    assert (progress.note, progress.fingerprint) == ("screen on cpu", "f")


def test_an_end_without_a_word_quotes_what_was_printed(spoken: Callable[[str], Run]) -> None:
    run = spoken(
        "import sys\nfor number in range(40): print('line', number, file=sys.stderr)\nsys.exit(3)\n"
    )
    progress = run.wait(every=0.01)
    assert (progress.phase, progress.exit_code) == (Phase.FAILED, 3)
    assert progress.error == (
        "the core ended with 3 and did not say why; frames that are written are whole.\n"
        "line 35\nline 36\nline 37\nline 38\nline 39"
    )


def test_an_error_is_told_with_its_faults_and_what_was_expected() -> None:
    sentence = run_module._sentence(
        {"message": "no", "faults": ["a", "n"], "expected": "yes", "next_step": "ask again"}
    )
    assert sentence == "no\n- a\nexpected: yes\nnext step: ask again"


def test_a_core_that_does_not_start_is_broken(tmp_path: Path) -> None:
    absent = Mattebox((str(tmp_path / "absent"),), "preferences")
    with pytest.raises(BrokenError, match="absent does not start: "):
        Run.of_words(absent, [], folder=tmp_path)


def test_a_folder_that_cannot_be_made_is_an_error_of_the_system(
    core: Mattebox, tmp_path: Path
) -> None:
    (tmp_path / "root").write_bytes(b"a file")
    with pytest.raises(OSError, match="root"):
        Run.start(core, hair(tmp_path / "root"))
