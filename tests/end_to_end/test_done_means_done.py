"""What counts as done is whole, of this job, and made of the bytes that its digest names."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.end_to_end.conftest import Run
from tests.support.pictures import plate_pixels, read_exr, write_exr, write_shot

from mattebox.engines.networks.rvm_decoder import RvmState
from mattebox.engines.state_files import (
    StateOwner,
    read_owner,
    read_state,
    state_file,
    write_state,
)
from mattebox.errors import InputError, StaleError, UnreadableError, WriteError
from mattebox.events import Event, FrameEvent
from mattebox.frames import Clip
from mattebox.images import Frame
from mattebox.job import Job, PreparedJob
from mattebox.pipeline.check import Fault, check
from mattebox.pipeline.prepare import prepare
from mattebox.pipeline.run import RunResult, run
from mattebox.shot import Shot

OnFrame = Callable[[Path], None]


class Listener:
    """Does something where a frame is on disk."""

    def __init__(self, on_frame: OnFrame) -> None:
        self._on_frame = on_frame

    def emit(self, event: Event) -> None:
        if isinstance(event, FrameEvent):
            self._on_frame(Path(event.path))


def job_of(folder: Path, **settings: object) -> PreparedJob:
    """A prepared job of a shot with a clean plate; frames go to ``out``."""
    if not (folder / "in").exists():
        write_shot(folder / "in")
    values = {
        "plate": str(folder / "in/shot.####.exr"),
        "clean_plate": str(folder / "in/clean.exr"),
        "output": f"{folder}/out/",
        "device": "cpu",
        "settings": settings,
    }
    return prepare(Job.checked(values), Listener(lambda _: None))


def run_with(job: PreparedJob, on_frame: OnFrame = lambda _: None) -> RunResult:
    return run(job, Listener(on_frame))


def spoil_middle(data: bytearray) -> None:
    middle = len(data) // 2
    data[middle : middle + 512] = bytes(512)


def flip_one_bit(data: bytearray) -> None:
    data[-20] ^= 1


def name_another_engine(data: bytearray) -> None:
    at = data.index(b"screen")
    data[at : at + 6] = b"triang"


@pytest.mark.parametrize("spoil", [spoil_middle, flip_one_bit, name_another_engine])
def test_a_frame_with_one_byte_changed_anywhere_is_told_and_keyed_again(
    spoil: Callable[[bytearray], None], tmp_path: Path
) -> None:
    job = job_of(tmp_path)
    run_with(job)
    victim = tmp_path / "out/shot.1002.exr"
    whole = victim.read_bytes()
    data = bytearray(whole)
    spoil(data)
    victim.write_bytes(data)
    assert [one.fault for one in check(job)] == [None, Fault.TRUNCATED, None, None]
    assert run_with(job).written == (1002,)
    assert victim.read_bytes() == whole
    assert [one.fault for one in check(job)] == [None] * 4


def test_frames_that_are_deleted_while_others_are_keyed_are_told(tmp_path: Path) -> None:
    job = job_of(tmp_path)

    def delete_early_ones(path: Path) -> None:
        if path.name == "shot.1004.exr":
            for name in ("shot.1001.exr", "shot.1002.exr"):
                (path.parent / name).unlink()

    with pytest.raises(WriteError, match="deleted before the run ended: 2 frames 1001-1002"):
        run_with(job, delete_early_ones)
    assert run_with(job).written == (1001, 1002)


def test_of_two_jobs_that_write_into_one_folder_the_loser_is_told(tmp_path: Path) -> None:
    other, mine = job_of(tmp_path, gamma=1.5), job_of(tmp_path)
    run_with(other)
    shutil.copytree(tmp_path / "out", tmp_path / "theirs")

    def write_too(path: Path) -> None:
        if path.name == "shot.1003.exr":
            shutil.copy(tmp_path / "theirs/shot.1001.exr", tmp_path / "out/shot.1001.exr")

    with pytest.raises(StaleError, match=r"another job wrote .*frame 1001"):
        run_with(mine, write_too)


def test_the_digest_of_a_frame_is_that_of_the_bytes_that_were_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_of(tmp_path)
    shot, plate = Shot.open(job), tmp_path / "in/shot.1002.exr"
    before = shot.digest(1002)
    once = iter([True])
    plain = Clip.read

    def read_and_replace(self: Clip, frame: int, **how: Any) -> Frame:
        picture = plain(self, frame, **how)
        if next(once, False):
            attributes = {"colorInteropID": "lin_rec709_scene"}
            write_exr(tmp_path / "new.exr", plate_pixels(40), **attributes)
            (tmp_path / "new.exr").replace(plate)
        return picture

    monkeypatch.setattr(Clip, "read", read_and_replace)
    read = shot.read(1002).source
    assert np.array_equal(read[..., 0], read_exr(plate)["R"])
    assert shot.digest(1002) == Shot.open(job).digest(1002)
    assert shot.digest(1002) != before


def test_a_frame_that_never_stands_still_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shot, plate = Shot.open(job_of(tmp_path)), tmp_path / "in/shot.1002.exr"
    plain = Clip.read

    def read_and_touch(self: Clip, frame: int, **how: Any) -> Frame:
        picture = plain(self, frame, **how)
        plate.write_bytes(plate.read_bytes() + b"more")
        return picture

    monkeypatch.setattr(Clip, "read", read_and_touch)
    with pytest.raises(InputError, match="changes while it is read") as caught:
        shot.read(1002)
    assert caught.value.frame == 1002


def test_a_clean_plate_that_is_replaced_while_frames_are_keyed_ends_the_run(
    tmp_path: Path,
) -> None:
    job, clean = job_of(tmp_path), tmp_path / "in/clean.exr"

    shot = Shot.open(job)
    shot.read(1001)
    write_exr(clean, plate_pixels(9), colorInteropID="lin_rec709_scene")
    with pytest.raises(InputError, match=r"clean\.exr has changed since the run began") as caught:
        shot.read(1002)
    assert caught.value.frame is None


def a_state() -> RvmState:
    draw = torch.Generator().manual_seed(1)
    sizes = ((1, 16, 9, 16), (1, 20, 5, 8), (1, 40, 3, 4), (1, 64, 2, 2))
    return RvmState(*(torch.rand(size, generator=draw) for size in sizes))


def test_a_state_file_of_whole_bytes_comes_back_as_it_was(tmp_path: Path) -> None:
    path, owner = tmp_path / "a.state", StateOwner("job", 1004, "files")
    write_state(state_file(path), owner, a_state())
    assert read_owner(path) == owner
    found = read_state(path, torch.device("cpu"))
    assert found is not None
    assert all(torch.equal(x, y) for x, y in zip(found.maps, a_state().maps, strict=True))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"shape":[1,16,9,16]', b'"shape":[1,16,16,9]'),
        (b'"dtype":"F32","shape":[1,64,2,2]', b'"dtype":"I32","shape":[1,64,2,2]'),
        (None, None),
    ],
)
def test_a_state_file_whose_content_or_shape_changed_is_refused(
    before: bytes | None, after: bytes | None, tmp_path: Path
) -> None:
    path = tmp_path / "a.state"
    write_state(state_file(path), StateOwner("job", 1004, "files"), a_state())
    data = path.read_bytes()
    if before is None or after is None:
        changed = data[:-3] + bytes([data[-3] ^ 4]) + data[-2:]
    else:
        assert before in data
        changed = data.replace(before, after)
    path.write_bytes(changed)
    with pytest.raises(UnreadableError, match="is damaged"):
        read_owner(path)


NO_FSYNC = """
import os, stat
fsync = os.fsync
def refuse(handle):
    if {of_folders_alone} and not stat.S_ISDIR(os.fstat(handle).st_mode):
        return fsync(handle)
    raise OSError({number}, os.strerror({number}))
os.fsync = refuse
"""
"""Started with Python: no file system here refuses, so the call answers as one that does."""


def environment_without_fsync(
    folder: Path, number: int, *, of_folders_alone: bool
) -> dict[str, str]:
    (folder / "start").mkdir()
    text = NO_FSYNC.format(number=number, of_folders_alone=of_folders_alone)
    (folder / "start/sitecustomize.py").write_text(text)
    return {**os.environ, "PYTHONPATH": str(folder / "start")}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="folders are not flushed there; Linux runs it")
@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_folders_that_are_not_flushed_are_one_warning_and_no_frame_less(
    number: int, tmp_path: Path, mattebox: Run
) -> None:
    shot = write_shot(tmp_path / "in")
    environ = environment_without_fsync(tmp_path, number, of_folders_alone=True)
    words = ["key", shot, "--clean-plate", tmp_path / "in/clean.exr", "--frames", "1001-1002", "-o"]
    lines = mattebox(*words, tmp_path / "out", "--json", env=environ)
    assert lines.returncode == 0, lines.stdout + lines.stderr
    events = [json.loads(line) for line in lines.stdout.splitlines()]
    warnings = [event for event in events if event["event"] == "warning"]
    assert [event["code"] for event in warnings] == ["not_flushed"]
    assert f"{tmp_path}/out is on a file system" in warnings[0]["message"]
    assert os.strerror(number) in warnings[0]["message"]
    assert events[-1]["event"] == "end"
    read_exr(tmp_path / "out/shot.1002.exr")
    page = mattebox(
        "report", tmp_path / "out", "-o", tmp_path / "page.html", "--pictures", "0", env=environ
    )
    assert page.returncode == 0, page.stderr
    assert page.stderr.count("warning") == 1
    assert "next step: if the machine" in page.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="folders are not flushed there; Linux runs it")
@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_a_disk_that_fails_to_flush_is_an_error(number: int, tmp_path: Path, mattebox: Run) -> None:
    shot = write_shot(tmp_path / "in")
    environ = environment_without_fsync(tmp_path, number, of_folders_alone=False)
    words = ["key", shot, "--clean-plate", tmp_path / "in/clean.exr", "--frames", "1001", "-o"]
    done = mattebox(*words, tmp_path / "out", env=environ)
    assert done.returncode == 74, done.stderr
    assert os.strerror(number) in done.stderr
    assert not list((tmp_path / "out").glob("*.exr"))
