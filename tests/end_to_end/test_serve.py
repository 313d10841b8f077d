"""`mattebox serve`: one warm process, single frames, the bytes of `mattebox key`."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.end_to_end.conftest import COMMAND, Run
from tests.support.jobs import prepared_job_of
from tests.support.pictures import header, plate_pixels, write_exr, write_shot

from mattebox.job import Job
from mattebox.settings import FINISHING, KeySettings

pytestmark = pytest.mark.slow

SECONDS = 120
"""A process that has not answered by then hangs."""

needs_signals = pytest.mark.skipif(os.name == "nt", reason="signals are of POSIX systems")


class Served:
    """A process that serves, and the lines that it prints."""

    def __init__(self, *words: str) -> None:
        self.process = subprocess.Popen(
            [str(COMMAND), "serve", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        assert self.process.stdout is not None
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        assert self.event()["message"] == "ready"

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def event(self) -> dict[str, Any]:
        """The next line."""
        said: dict[str, Any] = json.loads(self._lines.get(timeout=SECONDS))
        return said

    def say(self, *requests: object) -> None:
        """Write requests, all at once."""
        lines = (one if isinstance(one, str) else json.dumps(one) for one in requests)
        assert self.process.stdin is not None
        self.process.stdin.write("".join(f"{line}\n" for line in lines))
        self.process.stdin.flush()

    def answer(self) -> list[dict[str, Any]]:
        """All lines up to the end of a request."""
        events = [self.event()]
        while events[-1]["event"] != "end":
            events.append(self.event())
        assert len({event.get("request") for event in events}) == 1
        return events

    def ask(self, request: str, frame: int, **more: object) -> list[dict[str, Any]]:
        self.say({"request": request, "frame": frame, **more})
        events = self.answer()
        assert events[0]["request"] == request
        return events

    def ended(self) -> int:
        return self.process.wait(SECONDS)


@pytest.fixture
def served() -> Iterator[Served]:
    one = Served()
    yield one
    close(one)


def close(one: Served) -> None:
    one.process.kill()
    one.process.wait()
    for stream in (one.process.stdin, one.process.stdout, one.process.stderr):
        assert stream is not None
        with contextlib.suppress(OSError):  # what it did not read is lost
            stream.close()


@pytest.fixture
def job(tmp_path: Path) -> dict[str, Any]:
    """A job as a host sends it."""
    plate = write_shot(tmp_path / "in", frames=range(1001, 1005), scale=2)
    write_exr(tmp_path / "in/half.exr", plate_pixels(1)[..., :1].repeat(2, 0).repeat(2, 1), "A")
    return {
        "plate": str(plate),
        "output": f"{tmp_path}/served/",
        "clean_plate": str(plate.parent / "clean.exr"),
        "protect": {"pattern": str(plate.parent / "half.exr")},
        "device": "cpu",
        "settings": {"engine": "screen"},
    }


def by_command(mattebox: Run, job: dict[str, Any], folder: Path, frame: int) -> bytes:
    """The frame as the command keys it alone."""
    folder.mkdir(exist_ok=True)
    path = folder / "job.json"
    path.write_text(json.dumps(job))
    done = mattebox("key", "--job", path, "-o", f"{folder}/", "--frames", frame, "--force")
    assert done.returncode == 0, done.stderr
    return (folder / f"shot.{frame}.exr").read_bytes()


def codes(events: list[dict[str, Any]]) -> list[str]:
    return [event["code"] for event in events if event["event"] == "error"]


def test_turned_knobs_and_other_frames_have_the_bytes_of_the_command(
    served: Served, job: dict[str, Any], tmp_path: Path, mattebox: Run
) -> None:
    turns: list[tuple[int, dict[str, object]]] = [
        (1002, {}),
        (1002, {"gamma": 1.4, "clip_black": 0.05, "erode": 1.5, "blur": 0.7}),
        (1003, {}),
        (1003, {"shadows": "remove", "markers": "remove", "spill_rule": "hue"}),
        (1002, {"pixel_type": "float", "passes": ["plate", "conf"], "despill": 0.5}),
        (1002, {"match_exposure": "off", "proxy": "2"}),
        (1003, {"match_exposure": "auto", "proxy": "1", "despill": 1.0}),
    ]
    settings = dict(job["settings"])
    for number, (frame, changed) in enumerate(turns):
        settings |= changed
        more: dict[str, object] = {"settings": changed, "force": True}
        if number == 0 or "proxy" in changed:  # a proxy does not replace a full frame
            output = f"{tmp_path}/proxy{settings.get('proxy', 1)}/"
            more = {"job": {**job, "output": output, "settings": settings}}
        events = served.ask(str(number), frame, **more)
        assert events[-1]["exit_code"] == 0, events
        frames = [event for event in events if event["event"] == "frame"]
        assert [event["frame"] for event in frames] == [frame]
        ours = Path(frames[0]["path"]).read_bytes()
        alone = tmp_path / f"key{settings.get('proxy', 1)}"
        wanted = by_command(mattebox, {**job, "settings": settings}, alone, frame)
        assert ours == wanted, changed


def test_what_comes_after_the_solve_is_turned_without_analysis_reading_or_network(
    served: Served, job: dict[str, Any]
) -> None:
    first = served.ask("0", 1002, job=job)
    assert {"read", "engine"} <= first[-1]["seconds_by_stage"].keys()
    turned = served.ask("1", 1002, settings={"gamma": 1.4})
    assert turned[-1]["exit_code"] == 0
    assert not {"read", "engine"} & turned[-1]["seconds_by_stage"].keys()
    assert not any("analysing" in str(event.get("message")) for event in turned)
    assert (
        turned[0]["fingerprint"] != next(e for e in first if e["event"] == "start")["fingerprint"]
    )
    back = served.ask("2", 1002, settings={"gamma": 1.4})
    assert back[-1]["skipped"] == 1  # it is on disk, and current


def test_a_file_that_changed_is_seen(
    served: Served, job: dict[str, Any], tmp_path: Path, mattebox: Run
) -> None:
    served.ask("0", 1002, job=job)
    plate = tmp_path / "in/shot.1002.exr"
    pixels = plate_pixels(7).repeat(2, 0).repeat(2, 1)
    write_exr(plate, pixels, colorInteropID="lin_rec709_scene")
    later = plate.stat().st_mtime_ns + 10**9
    os.utime(plate, ns=(later, later))
    events = served.ask("1", 1002, job=job)
    assert events[-1]["skipped"] == 0
    ours = (tmp_path / "served/shot.1002.exr").read_bytes()
    assert ours == by_command(mattebox, job, tmp_path / "key", 1002)

    write_exr(tmp_path / "in/shot.1005.exr", pixels, colorInteropID="lin_rec709_scene")
    served.ask("2", 1002, job=job)
    ours = (tmp_path / "served/shot.1002.exr").read_bytes()
    assert ours == by_command(mattebox, job, tmp_path / "key", 1002)


def test_a_prepared_job_is_kept_where_the_request_says_and_reused_as_key_does(
    served: Served, job: dict[str, Any], tmp_path: Path, mattebox: Run
) -> None:
    kept, again = tmp_path / "one/prepared.json", tmp_path / "two/prepared.json"
    served.ask("0", 1002, job=job, prepared=str(kept))
    events = served.ask("1", 1002, settings={"gamma": 1.5}, prepared=str(again))
    start = next(event for event in events if event["event"] == "start")
    assert prepared_job_of(again).fingerprint == start["fingerprint"]
    assert prepared_job_of(again).settings.gamma == 1.5
    path = tmp_path / "job.json"
    Job.checked({**job, "settings": {"engine": "screen", "gamma": 1.5}}).write(path)
    done = mattebox("key", "--job", path, "--prepared", again, "--frames", "1002-1003", "--json")
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert said[0]["message"] == f"{again} is used; the shot was analysed already"
    assert said[-1]["skipped"] == 1


def test_a_newer_request_for_a_frame_takes_the_place_of_older_ones(
    served: Served, job: dict[str, Any], tmp_path: Path
) -> None:
    served.ask("0", 1002, job=job)
    turned = [{"request": f"g{n}", "frame": 1002, "settings": {"gamma": 1 + n / 10}}
              for n in range(1, 9)]  # fmt: skip
    served.say(*turned)
    answers = [served.answer() for _ in turned]
    assert [answer[0]["request"] for answer in answers] == [one["request"] for one in turned]
    superseded = [answer for answer in answers if codes(answer) == ["superseded"]]
    assert len(superseded) >= 6  # all but the newest, and those that were done before it came
    assert {answer[-1]["exit_code"] for answer in superseded} == {75}
    assert answers[-1][-1]["exit_code"] == 0
    start = next(event for event in answers[-1] if event["event"] == "start")
    written = header(tmp_path / "served/shot.1002.exr")["mattebox/job"]
    assert written == start["fingerprint"]


def test_a_bad_request_is_one_error_and_the_process_goes_on(
    served: Served, job: dict[str, Any]
) -> None:
    bad: list[tuple[object, str, int]] = [
        ("nonsense", "request", 64),
        ({"request": "1"}, "request", 64),
        ({"request": "2", "frame": 1002, "jobs": {}}, "request", 64),
        ({"request": "3", "frame": 1002}, "usage", 64),
        ({"request": "4", "frame": 1002, "job": {"plate": "a"}}, "job", 64),
        (
            {"request": "5", "frame": 1002, "job": {**job, "plate": "no.####.exr"}},
            "missing_frames",
            66,
        ),
    ]
    for request, code, exit_code in bad:
        served.say(request)
        events = served.answer()
        assert codes(events) == [code], events
        assert [event["event"] for event in events][-2:] == ["error", "end"]
        assert events[-1]["exit_code"] == exit_code
    assert served.ask("6", 1002, job=job)[-1]["exit_code"] == 0
    faults = served.ask("7", 1002, settings={"gamma": 99, "clip_black": 2})
    assert codes(faults) == ["job"]
    assert len(faults[0]["faults"]) == 2
    assert faults[0]["faults"][0].startswith("Clip black: ")  # as a panel says it
    assert codes(served.ask("8", 1099, settings={"gamma": 1.2})) == ["missing_frames"]
    assert served.ask("9", 1002, settings={"gamma": 1.2})[-1]["exit_code"] == 0


def test_it_ends_on_stop_with_its_input_and_when_nothing_is_asked() -> None:
    stopped, closed, idle = Served(), Served(), Served("--idle", "0.01")
    stopped.say("stop")
    assert closed.process.stdin is not None
    closed.process.stdin.close()
    assert stopped.ended() == 0
    assert closed.ended() == 0
    assert idle.event()["message"] == "nothing was asked for 0.01 minutes; ended"
    assert idle.ended() == 0
    for one in (stopped, closed, idle):
        close(one)


@needs_signals
def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """A sibling holds its input open: the parent alone tells."""
    words = (
        "import subprocess, sys, time\n"
        f"one = subprocess.Popen([{str(COMMAND)!r}, 'serve'], stdin=subprocess.PIPE,"
        " stdout=subprocess.PIPE)\n"
        "one.stdout.readline()\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'],"
        " pass_fds=(one.stdin.fileno(),), stdout=subprocess.DEVNULL)\n"
        "print(one.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", words], stdout=subprocess.PIPE, text=True) as host:
        assert host.stdout is not None
        serving = int(host.stdout.readline())
        host.kill()
    deadline = time.monotonic() + SECONDS
    while _runs(serving):
        assert time.monotonic() < deadline, "it is still there"
        time.sleep(0.1)


def _runs(process: int) -> bool:
    status = Path(f"/proc/{process}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@needs_signals
def test_a_kill_while_it_keys_leaves_whole_frames_or_none(
    job: dict[str, Any], tmp_path: Path, mattebox: Run
) -> None:
    for _ in range(3):
        one = Served()
        one.say({"request": "0", "frame": 1002, "job": job})
        while one.event()["event"] != "start":
            pass
        os.kill(one.process.pid, signal.SIGKILL)
        close(one)
        there = list((tmp_path / "served").glob("shot.*.exr"))
        wanted = by_command(mattebox, job, tmp_path / "key", 1002)
        assert all(path.read_bytes() == wanted for path in there)


def test_frames_kept_in_memory_are_bounded(job: dict[str, Any]) -> None:
    one = Served("--max-memory", "1M")
    one.ask("0", 1002, job=job)
    one.ask("1", 1003)
    again = one.ask("2", 1002, settings={"gamma": 1.5})  # 1002 had to go for 1003
    assert "engine" in again[-1]["seconds_by_stage"]
    turned = one.ask("3", 1002, settings={"gamma": 1.6})  # the last one stays, whatever it takes
    assert "engine" not in turned[-1]["seconds_by_stage"]
    close(one)


def test_every_knob_that_counts_as_after_the_solve_is_one() -> None:
    groups = {
        name: KeySettings.model_fields[name].json_schema_extra["group"]  # type: ignore[index]
        for name in FINISHING
    }
    assert set(groups.values()) == {"Matte", "Spill", "Output"}
    left = {"non_finite", "overscan", "proxy"}
    extras = {n: f.json_schema_extra for n, f in KeySettings.model_fields.items()}
    every = {n for n, e in extras.items() if e["group"] in groups.values()}  # type: ignore[index]
    assert every - set(FINISHING) == left
