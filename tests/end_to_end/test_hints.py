"""`mattebox hint`: from EXR to a tool's pictures, and its mattes back as EXR; and how it fails."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
from tests.end_to_end.conftest import COMMAND, Run
from tests.support.hints import Made, made, stand_in, write_any
from tests.support.movies import needs_ffmpeg
from tests.support.pictures import (
    HEIGHT,
    WIDTH,
    disc_alpha,
    header,
    read_exr,
    write_exr,
    write_picture,
    write_shot,
)

from mattebox.hints.recipe import settings_folder

FRAMES = ["shot.1001.exr", "shot.1002.exr", "shot.1003.exr", "shot.1004.exr"]


def hard_matte(frame: int) -> np.ndarray:
    """What the stand-ins make of a frame, far from its soft edge."""
    return (disc_alpha(frame - 1000) > 0.5).astype(np.float32)


def holds_the_disc(path: Path, frame: int) -> bool:
    alpha, truth = read_exr(path)["A"], disc_alpha(frame - 1000)
    sure = (truth == 0.0) | (truth == 1.0)
    return bool(np.abs(alpha - hard_matte(frame))[sure].max() < 0.02)


def masks(folder: Path, frames: range = range(1001, 1005)) -> Path:
    """A mask for each frame; their pattern."""
    folder.mkdir()
    for frame in frames:
        write_exr(folder / f"mask.{frame}.exr", disc_alpha(frame - 1000)[..., None], "A")
    return folder / "mask.####.exr"


def run_any(tmp_path: Path, fault: str = "none", **wish: object) -> Made:
    if not (settings_folder() / "recipes/any.toml").exists():
        write_any(settings_folder())
    if not (tmp_path / "in").exists():
        write_shot(tmp_path / "in")
    plate = tmp_path / "in/shot.####.exr"
    return made("any", plate, tmp_path / "mattes", said={"fault": fault}, **wish)  # type: ignore[arg-type]


def test_mattes_come_back_under_the_plates_names_with_their_provenance(tmp_path: Path) -> None:
    done = run_any(tmp_path)
    assert done.error is None
    assert done.names == FRAMES
    for frame, name in enumerate(FRAMES, 1001):
        assert holds_the_disc(tmp_path / "mattes" / name, frame)
    said = header(tmp_path / "mattes" / FRAMES[0])
    assert said["mattebox/hintTool"] == "Any Tool 1.0"
    assert said["mattebox/hintLicence"] == "MIT"
    assert (done.counts.done, done.counts.total) == (4, 4)
    assert [path.name for path in (tmp_path / "mattes").iterdir() if path.suffix != ".exr"] == [
        "any.log"
    ]


def test_what_is_current_stays_and_what_changed_is_made_again(tmp_path: Path) -> None:
    run_any(tmp_path)
    again = run_any(tmp_path)
    assert (again.counts.skipped, again.counts.done) == (4, 4)
    assert again.notes == []
    write_exr(tmp_path / "in/shot.1002.exr", np.full((HEIGHT, WIDTH, 3), 0.2, np.float32))
    assert run_any(tmp_path).counts.skipped == 3
    assert run_any(tmp_path, fault="inverted").counts.skipped == 0
    assert run_any(tmp_path, fault="inverted", longest=32).counts.skipped == 0
    assert run_any(tmp_path, fault="inverted", longest=32, exposure=1.0).counts.skipped == 0
    assert run_any(tmp_path, fault="inverted", longest=32, exposure=1.0).counts.skipped == 4


def test_a_tool_that_remembers_gets_all_frames_where_one_is_not_current(tmp_path: Path) -> None:
    write_any(settings_folder(), memory="true")
    run_any(tmp_path)
    (tmp_path / "mattes" / FRAMES[2]).unlink()
    again = run_any(tmp_path)
    assert (again.counts.skipped, again.counts.done) == (0, 4)
    assert run_any(tmp_path).counts.skipped == 4


@pytest.mark.parametrize(
    "pictures",
    ["suffix = '.jpg'", "bits = 16", "start = 1", "digits = 4", "size = {exactly = [96, 72]}"],
)
def test_pictures_of_every_form_give_the_same_matte(tmp_path: Path, pictures: str) -> None:
    write_any(settings_folder(), pictures=pictures)
    done = run_any(tmp_path)
    assert done.error is None
    middle = read_exr(tmp_path / "mattes" / FRAMES[0])["A"]
    assert middle.shape == (HEIGHT, WIDTH)
    assert middle[18, 29] > 0.98
    assert middle[2, 2] < 0.02


def test_an_inverted_matte_is_turned_and_a_range_stretched(tmp_path: Path) -> None:
    write_any(settings_folder(), mattes="inverted = true\nwhite = 200.0")
    done = run_any(tmp_path, fault="inverted")
    assert done.error is None
    assert holds_the_disc(tmp_path / "mattes" / FRAMES[0], 1001)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("fails", "Any Tool failed (exit status 1): no checkpoint was found"),
        ("memory", "Any Tool ran out of memory (exit status 1): torch.OutOfMemoryError"),
        ("nothing", "Any Tool ended without an error and made no matte"),
        ("size", "the matte 00000.png of Any Tool is 64x34"),
        ("half", "the matte 00003.png of Any Tool cannot be used"),
        ("fewer", "Any Tool made 3 mattes for 4 frames; it left out 1002"),
        ("hangs", "Any Tool said nothing and made no matte for 2 s; it was ended"),
    ],
)
def test_each_failure_of_a_tool_is_told_and_leaves_no_wrong_matte(
    tmp_path: Path, fault: str, said: str
) -> None:
    done = run_any(tmp_path, fault=fault, patience=2.0 if fault == "hangs" else None)
    assert done.error is not None
    assert done.error.exit_code == 69
    assert said in done.error.message
    assert done.error.next_step
    for name in done.names:
        assert holds_the_disc(tmp_path / "mattes" / name, int(name.split(".")[1]))
    assert {"fewer": 3, "half": 3}.get(fault, 0) == len(done.names)
    assert not list((tmp_path / "mattes").glob(".*"))
    assert run_any(tmp_path).error is None
    assert (tmp_path / "mattes/any.log").stat().st_size > 0


def test_mattes_that_are_numbered_anew_and_too_few_are_all_refused(tmp_path: Path) -> None:
    write_any(settings_folder())
    path = settings_folder() / "recipes/any.toml"
    path.write_text(path.read_text().replace('match = "name"', 'match = "order"'))
    done = run_any(tmp_path, fault="fewer")
    assert done.error is not None
    assert "3 mattes for 4 frames" in done.error.message
    assert done.names == []


def test_a_stop_ends_the_tool_and_all_its_children(tmp_path: Path) -> None:
    stop = threading.Event()
    threading.Timer(3.0, stop.set).start()
    began = time.monotonic()
    done = run_any(tmp_path, fault="waits", stop=stop)
    assert done.error is not None
    assert done.error.exit_code == 75
    assert time.monotonic() - began < 60.0  # it would have slept for ten minutes
    assert done.names == []
    assert not list((tmp_path / "mattes").glob(".*"))


def test_a_plate_with_a_hole_gives_all_other_mattes_and_names_it(tmp_path: Path) -> None:
    write_shot(tmp_path / "in")
    (tmp_path / "in/shot.1003.exr").unlink()
    done = run_any(tmp_path)
    assert done.names == [name for name in FRAMES if "1003" not in name]
    assert done.error is not None
    assert done.error.exit_code == 66
    assert "1003" in done.error.message


@needs_ffmpeg
def test_a_movie_reaches_a_tool_that_wants_one(tmp_path: Path) -> None:
    write_any(settings_folder(), pictures="movie = true")
    done = run_any(tmp_path, fault="fails", keep=True)
    assert done.error is not None
    (movie,) = (tmp_path / "mattes/.any_work").glob("*.mov")
    from mattebox.sequences import find_sequence

    assert len(find_sequence(str(movie)).frames) == 4


@pytest.mark.parametrize(
    "tool", ["matanyone", "matanyone2", "rvm", "bgmv2", "videomama", "corridorkey"]
)
def test_a_stand_in_with_the_command_line_of_a_tool_gives_its_mattes(
    tool: str, tmp_path: Path
) -> None:
    plate = write_shot(tmp_path / "in")
    said = stand_in(tool, tmp_path / tool)
    wants_all = tool in ("videomama", "corridorkey")
    mask = masks(tmp_path / "masks") if wants_all or tool.startswith("matanyone") else None
    clean = tmp_path / "in/clean.exr" if tool == "bgmv2" else None
    done = made(tool, plate, tmp_path / "mattes", said=said, mask=mask, clean_plate=clean)
    assert done.error is None, str(done.error)
    assert done.names == FRAMES
    for frame, name in enumerate(FRAMES, 1001):
        assert holds_the_disc(tmp_path / "mattes" / name, frame)
    assert list((tmp_path / tool).rglob("*mattebox*")) == []


def test_a_clean_plate_in_a_space_of_its_own_is_sent_as_the_plate_is(tmp_path: Path) -> None:
    plate = write_shot(tmp_path / "in")
    codes = np.array([0.08, 0.43, 0.11], np.float32)  # of the screen, as sRGB codes below
    codes = np.where(codes <= 0.0031308, 12.92 * codes, 1.055 * codes ** (1 / 2.4) - 0.055)
    grey = np.broadcast_to(codes, (HEIGHT, WIDTH, 3)).astype(np.float32)
    spec = oiio.ImageSpec(WIDTH, HEIGHT, 3, "uint16")
    write_picture(tmp_path / "clean.png", spec, grey)
    sent = []
    for clean in (tmp_path / "in/clean.exr", tmp_path / "clean.png"):
        output = tmp_path / clean.suffix[1:]
        said = stand_in("bgmv2", tmp_path / f"clone_{clean.suffix[1:]}")
        done = made("bgmv2", plate, output, said=said, clean_plate=clean, keep=True)
        assert done.error is None, str(done.error)
        sent.append(read_exr(output / ".bgmv2_work/background/00000.png")["G"][5, 5])
    assert abs(sent[0] - sent[1]) < 0.006  # a code of 8 bits and a half


@pytest.mark.parametrize(
    ("tool", "given", "said"),
    [
        ("matanyone2", {}, "MatAnyone 2 wants a mask of the first frame"),
        ("videomama", {}, "VideoMaMa wants a mask for every frame"),
        ("rvm", {"mask": "mask"}, "RVM, the original takes no mask"),
        ("bgmv2", {}, "BGMv2, the original wants a clean plate"),
        ("rvm", {"clean_plate": "clean"}, "RVM, the original takes no clean plate"),
    ],
)
def test_what_a_tool_wants_is_asked_for_before_it_starts(
    tool: str, given: dict[str, str], said: str, tmp_path: Path
) -> None:
    plate = write_shot(tmp_path / "in")
    files = {"mask": masks(tmp_path / "masks"), "clean": tmp_path / "in/clean.exr"}
    wish = {name: files[what] for name, what in given.items()}
    places = stand_in(tool, tmp_path / tool)
    done = made(tool, plate, tmp_path / "mattes", said=places, **wish)  # type: ignore[arg-type]
    assert done.error is not None
    assert done.error.message == said
    assert done.error.exit_code == 64
    assert not (tmp_path / "mattes").exists()


def test_an_output_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    write_any(settings_folder())
    done = made("any", write_shot(tmp_path / "in"), tmp_path / "file" / "mattes")
    assert done.error is not None
    assert done.error.exit_code == 74
    assert "Not a directory" in done.error.message


def test_files_of_other_programs_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "mattes").mkdir()
    write_exr(tmp_path / "mattes/shot.1002.exr", np.zeros((HEIGHT, WIDTH, 3), np.float32))
    done = run_any(tmp_path)
    assert done.error is not None
    assert "shot.1002.exr is not a matte of `mattebox hint`" in done.error.message
    assert run_any(tmp_path, overwrite=True).error is None


@pytest.mark.slow
def test_the_command_keys_with_a_tools_hint_once_its_licence_is_accepted(
    tmp_path: Path, mattebox: Run
) -> None:
    write_any(settings_folder())
    plate, keyed = write_shot(tmp_path / "in"), tmp_path / "keyed"
    call = ("key", plate, "-o", keyed, "--hint-tool", "any", "--screen", "green")
    refused = mattebox(*call, input="")
    assert refused.returncode == 64
    assert "the licence MIT was not accepted; nothing was run" in refused.stderr
    done = mattebox("hint", "make", "any", plate, "-o", tmp_path / "mattes", "--accept-licence")
    assert done.returncode == 0, done.stderr
    done = mattebox(*call)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in keyed.glob("*.exr")) == FRAMES
    assert sorted(path.name for path in (keyed / "hint_any").glob("*.exr")) == FRAMES
    alpha, truth = read_exr(keyed / FRAMES[0])["A"], disc_alpha(1)
    assert np.abs(alpha - truth).mean() < 0.02
    assert "any: Any Tool, MIT\n  usable" in mattebox("hint", "list").stdout
    assert "--hint and --hint-tool" in mattebox(*call, "--hint", plate).stderr


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="SIGTERM is not sent on Windows; Linux and macOS do")
def test_a_terminated_command_takes_its_tool_with_it(tmp_path: Path) -> None:
    write_any(settings_folder())
    plate = write_shot(tmp_path / "in")
    command = [str(COMMAND), "hint", "make", "any", str(plate), "-o", str(tmp_path / "mattes")]
    command += ["--accept-licence", "--set", "fault=waits"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    log = tmp_path / "mattes/any.log"
    while not (log.exists() and log.read_text().endswith("0\n")):
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 75
    assert "Any Tool was stopped" in said
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert str(tmp_path / "mattes") not in running.stdout
