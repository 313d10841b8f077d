"""Keying small shots with the installed command, and looking at what was written."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
from tests.end_to_end.conftest import COMMAND, Run, key_clean
from tests.support.pictures import (
    HEIGHT,
    SCREEN,
    WIDTH,
    disc_alpha,
    header,
    plate_pixels,
    read_exr,
    rgb_of,
    spec_of,
    write_exr,
    write_picture,
    write_shot,
)

from mattebox.matte.identity import identity_error
from mattebox.matte.unmixing.weights_file import weights_sha256


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.exr"))}


def test_a_green_screen_with_its_plate_gives_alpha_layers_and_the_identity(
    tmp_path: Path, mattebox: Run
) -> None:
    shot = write_shot(tmp_path / "in")
    key_clean(mattebox, shot, tmp_path / "out", "--passes", "fg,spill,net,conf,plate")
    for frame in range(1001, 1005):
        keyed = read_exr(tmp_path / "out" / f"shot.{frame}.exr")
        assert list(keyed)[:4] == ["R", "G", "B", "A"]
        assert {"fg.R", "spill.G", "net.A", "conf.A", "plate.B"} <= keyed.keys()
        error = np.abs(keyed["A"] - disc_alpha(frame - 1000)).mean()
        assert error < 0.01
        source = read_exr(tmp_path / "in" / f"shot.{frame}.exr")
        rgba = np.concatenate([rgb_of(keyed), keyed["A"][..., None]], axis=2)
        report = identity_error(
            rgba, rgb_of(keyed, "spill."), rgb_of(keyed, "plate."), rgb_of(source)
        )
        assert report.max_steps <= 1.0


@pytest.mark.slow
def test_without_a_plate_the_screen_is_found_in_the_shot(tmp_path: Path, mattebox: Run) -> None:
    shot = write_shot(tmp_path / "in")
    done = mattebox("key", shot, "-o", tmp_path / "out", "--screen", "auto")
    assert done.returncode == 0, done.stderr
    assert "is estimated from the shot" in done.stderr
    assert header(tmp_path / "out/shot.1002.exr")["mattebox/plate"] == "estimated"
    keyed = read_exr(tmp_path / "out/shot.1002.exr")
    assert np.abs(keyed["A"] - disc_alpha(2)).mean() < 0.02


@pytest.mark.slow
def test_where_nothing_is_said_a_screen_in_the_picture_is_keyed(
    tmp_path: Path, mattebox: Run
) -> None:
    shot = write_shot(tmp_path / "in")
    done = mattebox("key", shot, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "a green screen covers" in done.stderr
    said = mattebox("key", shot, "-o", tmp_path / "said", "--engine", "screen", "--screen", "auto")
    assert said.returncode == 0, said.stderr
    assert bytes_of(tmp_path / "out") == bytes_of(tmp_path / "said")


@pytest.mark.slow
def test_two_runs_into_two_folders_are_byte_identical_and_a_third_computes_nothing(
    tmp_path: Path, mattebox: Run
) -> None:
    shot = write_shot(tmp_path / "in")
    key_clean(mattebox, shot, tmp_path / "a")
    time.sleep(1.1)  # a time stamp of now would show
    key_clean(mattebox, shot, tmp_path / "b")
    first = bytes_of(tmp_path / "a")
    assert len(first) == 4
    assert first == bytes_of(tmp_path / "b")
    events = key_clean(mattebox, shot, tmp_path / "a")
    frames = [event for event in events if event["event"] == "frame"]
    assert [frame["skipped"] for frame in frames] == [True] * 4
    assert bytes_of(tmp_path / "a") == first


@pytest.mark.slow
def test_a_chunk_equals_the_same_frames_of_the_whole(tmp_path: Path, mattebox: Run) -> None:
    shot = write_shot(tmp_path / "in")
    key_clean(mattebox, shot, tmp_path / "whole")
    key_clean(mattebox, shot, tmp_path / "part", "--frames", "1003-1004")
    whole, part = bytes_of(tmp_path / "whole"), bytes_of(tmp_path / "part")
    assert list(part) == ["shot.1003.exr", "shot.1004.exr"]
    assert all(part[name] == whole[name] for name in part)


@pytest.mark.slow
def test_a_changed_setting_or_source_frame_is_computed_again(tmp_path: Path, mattebox: Run) -> None:
    shot = write_shot(tmp_path / "in", frames=range(1001, 1025))

    def skipped(*more: object) -> list[object]:
        events = key_clean(mattebox, shot, tmp_path / "out", *more)
        frames = [event for event in events if event["event"] == "frame"]
        return [event["skipped"] for event in sorted(frames, key=lambda event: str(event["frame"]))]

    assert skipped() == [False] * 24
    # Rewritten between the frames that the per-shot analysis looks at.
    write_exr(tmp_path / "in/shot.1008.exr", plate_pixels(30), colorInteropID="lin_rec709_scene")
    # The frame itself, and the neighbours that the solver's temporal term reads it for.
    assert skipped() == [True] * 6 + [False] * 3 + [True] * 15
    assert skipped("--gamma", "1.1") == [False] * 24


@pytest.mark.slow
def test_a_job_file_gives_the_same_bytes_as_the_command_that_wrote_it(
    tmp_path: Path, mattebox: Run
) -> None:
    shot = write_shot(tmp_path / "in")
    job = tmp_path / "shot.json"
    key_clean(mattebox, shot, tmp_path / "direct")
    key_clean(mattebox, shot, tmp_path / "direct2", "--write-job", job)
    assert not (tmp_path / "direct2").exists()
    done = mattebox("key", "--job", job)
    assert done.returncode == 0, done.stderr
    assert bytes_of(tmp_path / "direct2") == bytes_of(tmp_path / "direct")


@pytest.mark.slow
def test_events_are_lines_of_the_published_schema(tmp_path: Path, mattebox: Run) -> None:
    from mattebox.events import EVENT_SCHEMA

    events = key_clean(mattebox, write_shot(tmp_path / "in"), tmp_path / "out")
    kinds = [EVENT_SCHEMA.validate_python(event).event for event in events]
    assert kinds[0] == "note"
    assert kinds.index("start") == kinds.count("note")
    assert kinds[-1] == "end"
    assert kinds.count("frame") == 4
    assert kinds.count("progress") == 4
    stages = events[-1]["seconds_by_stage"]
    assert isinstance(stages, dict)
    assert {"analysis", "read", "colour", "engine", "matte", "write"} <= stages.keys()
    waited = events[-1]["waited_by_stage"]
    assert isinstance(waited, dict)
    assert waited.keys() == stages.keys()
    wall = events[-1]["seconds"]
    assert isinstance(wall, float)
    assert sum(waited.values()) <= wall  # stages overlap; what is waited for does not


def test_every_run_ends_with_an_end_line_even_one_that_never_began(
    tmp_path: Path, mattebox: Run
) -> None:
    shot = write_shot(tmp_path / "in")
    done = mattebox("key", shot, "-o", tmp_path / "out", "--screen", "auto", "--json",
                    "--in-space", "nonsense")  # fmt: skip
    assert done.returncode == 64
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["event"] for event in events] == ["error", "end"]
    assert [event["exit_code"] for event in events] == [64, 64]


@pytest.mark.slow
def test_the_terminal_says_where_the_time_went(tmp_path: Path, mattebox: Run) -> None:
    shot = write_shot(tmp_path / "in")
    done = mattebox("key", shot, "-o", tmp_path / "out", "--screen", "auto")
    assert "time: " in done.stderr
    assert all(word in done.stderr for word in ("read", "colour", "engine", "matte", "write"))


@pytest.mark.slow
def test_the_header_keeps_the_source_and_says_where_the_pixels_come_from(
    tmp_path: Path, mattebox: Run
) -> None:
    shot = write_shot(tmp_path / "in", frames=range(1001, 1002))
    write_exr(
        tmp_path / "in/shot.1001.exr",
        plate_pixels(1),
        colorInteropID="lin_rec709_scene",
        DateTime="2026:01:02 03:04:05",
        **{"nuke/version": "16.0v4", "com.arri.camera.CameraModel": "ALEXA 35"},
    )
    key_clean(mattebox, shot, tmp_path / "out")
    kept = header(tmp_path / "out/shot.1001.exr")
    assert kept["nuke/version"] == "16.0v4"
    assert kept["com.arri.camera.CameraModel"] == "ALEXA 35"
    assert kept["DateTime"] == "2026:01:02 03:04:05"
    assert kept["colorInteropID"] == "lin_rec709_scene"
    assert kept["mattebox/engine"] == "screen"
    assert kept["mattebox/plate"] == "given"
    assert float(str(kept["mattebox/identity"])) <= 1.0
    assert len(str(kept["mattebox/job"])) == 32
    assert kept["mattebox/unmixing"] == weights_sha256()


@pytest.mark.slow
def test_where_no_plate_is_known_no_unmixing_weights_are_named(
    tmp_path: Path, mattebox: Run
) -> None:
    shot = write_shot(tmp_path / "in", frames=range(1001, 1002))
    hint = f"{tmp_path}/in/shot.1001.exr"
    done = mattebox("key", shot, "-o", tmp_path / "out", "--engine", "hint", "--hint", f"{hint}:R")
    assert done.returncode == 0, done.stderr
    kept = header(tmp_path / "out/shot.1001.exr")
    assert kept["mattebox/plate"] == "inpainted"
    assert "mattebox/unmixing" not in kept


@pytest.mark.slow
def test_a_crop_keys_only_what_is_there(tmp_path: Path, mattebox: Run) -> None:
    shot = write_shot(tmp_path / "in", frames=range(1001, 1002))
    spec = oiio.ImageSpec(40, 20, 3, "half")
    spec.x, spec.y = 8, 6
    spec.full_width, spec.full_height = WIDTH, HEIGHT
    spec.attribute("colorInteropID", "lin_rec709_scene")
    write_picture(tmp_path / "in/shot.1001.exr", spec, plate_pixels(1)[6:26, 8:48])
    key_clean(mattebox, shot, tmp_path / "out")
    keyed = read_exr(tmp_path / "out/shot.1001.exr")
    assert keyed["A"].shape == (HEIGHT, WIDTH)
    outside = np.ones((HEIGHT, WIDTH), bool)
    outside[6:26, 8:48] = False
    for name in ("R", "G", "B", "A", "spill.R", "spill.G", "spill.B"):
        assert np.abs(keyed[name][outside]).max() == 0.0
    box = np.s_[6:26, 8:48]
    error = np.abs(keyed["A"] - disc_alpha(1))[box].mean()
    assert error < 0.04  # the soft edge of the disc fills much of the crop
    assert error <= np.abs(keyed["net.A"] - disc_alpha(1))[box].mean()


@pytest.mark.slow
def test_overscan_is_kept_on_request_and_cropped_else(tmp_path: Path, mattebox: Run) -> None:
    shot = write_shot(tmp_path / "in", frames=range(1001, 1002))
    clean = np.broadcast_to(SCREEN, (HEIGHT, WIDTH, 3))
    for name, pixels in (("shot.1001", plate_pixels(1)), ("clean", clean)):
        spec = oiio.ImageSpec(WIDTH, HEIGHT, 3, "half")
        spec.x, spec.y = -4, -2
        spec.full_width, spec.full_height = WIDTH - 8, HEIGHT - 4
        spec.attribute("colorInteropID", "lin_rec709_scene")
        write_picture(tmp_path / f"in/{name}.exr", spec, pixels)
    key_clean(mattebox, shot, tmp_path / "cropped")
    assert read_exr(tmp_path / "cropped/shot.1001.exr")["A"].shape == (HEIGHT - 4, WIDTH - 8)
    key_clean(mattebox, shot, tmp_path / "whole", "--overscan")
    kept = spec_of(tmp_path / "whole/shot.1001.exr")
    assert (kept.x, kept.y, kept.width, kept.height) == (-4, -2, WIDTH, HEIGHT)
    assert (kept.full_width, kept.full_height) == (WIDTH - 8, HEIGHT - 4)


@pytest.mark.slow
@pytest.mark.parametrize("space", ["ACEScg", "ACES2065-1", "lin_rec709_scene"])
def test_where_alpha_is_one_half_pixels_pass_bit_for_bit(
    space: str, tmp_path: Path, mattebox: Run
) -> None:
    pixels = plate_pixels(1)
    pixels[16:20, 25:33] = np.array([40.0, 38.0, -0.25], np.float32)  # a highlight, a negative
    (tmp_path / "in").mkdir()
    write_exr(tmp_path / "in/shot.1001.exr", pixels)
    shot = tmp_path / "in/shot.####.exr"
    matte = np.zeros((HEIGHT, WIDTH, 1), np.float32)
    matte[14:22, 22:36] = 1.0
    write_exr(tmp_path / "in/matte.exr", matte, names="A")
    done = mattebox(
        "key", shot, "-o", tmp_path / "out", "--hint", tmp_path / "in/matte.exr",
        "--inside", tmp_path / "in/matte.exr", "--in-space", space,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    keyed = read_exr(tmp_path / "out/shot.1001.exr")
    source = read_exr(tmp_path / "in/shot.1001.exr")
    solid = keyed["A"] == 1.0
    assert solid.sum() >= 8 * 14
    for name in "RGB":
        written = keyed[name][solid].astype(np.float16).view(np.uint16)
        assert np.array_equal(written, source[name][solid].astype(np.float16).view(np.uint16))
    assert keyed["R"].max() == 40.0
    assert keyed["B"].min() == -0.25


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_request_leaves_whole_frames_and_75(
    number: signal.Signals, tmp_path: Path, mattebox: Run
) -> None:
    shot = write_shot(tmp_path / "in", frames=range(1001, 1201))
    plate = tmp_path / "in/clean.exr"
    arguments = ["key", str(shot), "-o", str(tmp_path / "out"), "--clean-plate", str(plate)]
    with subprocess.Popen(
        [str(COMMAND), *arguments, "--json"], stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if json.loads(line)["event"] == "frame":
                running.send_signal(number)
                break
        rest = running.stdout.read()
        assert running.wait(timeout=60) == 75
    assert [json.loads(line)["event"] for line in rest.splitlines()[-2:]] == ["error", "end"]
    written = bytes_of(tmp_path / "out")
    assert 0 < len(written) < 200
    assert len(list((tmp_path / "out").iterdir())) == len(written)
    resumed = mattebox(*arguments, "--frames", "1001-1012")
    assert resumed.returncode == 0, resumed.stderr
    assert all((tmp_path / "out" / name).read_bytes() == data for name, data in written.items())


@pytest.mark.slow
def test_a_line_on_standard_input_stops_the_run(tmp_path: Path) -> None:
    shot = write_shot(tmp_path / "in", frames=range(1001, 1201))
    arguments = ["key", str(shot), "-o", str(tmp_path / "out"), "--screen", "green", "--json"]
    with subprocess.Popen(
        [str(COMMAND), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stdin is not None
        for line in running.stdout:
            if json.loads(line)["event"] == "frame":
                running.stdin.write("stop\n")
                running.stdin.flush()
                break
        running.stdout.read()
        assert running.wait(timeout=60) == 75
    assert 0 < len(bytes_of(tmp_path / "out")) < 200


@pytest.mark.slow
def test_layers_of_the_plate_pass_through(tmp_path: Path, mattebox: Run) -> None:
    shot = write_shot(tmp_path / "in", frames=range(1001, 1002))
    depth = np.linspace(1.0, 90.0, HEIGHT * WIDTH, dtype=np.float32).reshape(HEIGHT, WIDTH, 1)
    spec = oiio.ImageSpec(WIDTH, HEIGHT, 4, "half")
    spec.channelnames = ("R", "G", "B", "depth.Z")
    spec.attribute("colorInteropID", "lin_rec709_scene")
    pixels = np.concatenate([plate_pixels(1), depth], axis=2)
    write_picture(tmp_path / "in/shot.1001.exr", spec, pixels)
    key_clean(mattebox, shot, tmp_path / "out", "--layers", "depth")
    kept = read_exr(tmp_path / "out/shot.1001.exr")["depth.Z"]
    assert np.array_equal(kept, depth[..., 0].astype(np.float16).astype(np.float32))


@pytest.mark.slow
def test_the_plates_own_alpha_multiplies_or_fills_on_request(tmp_path: Path, mattebox: Run) -> None:
    shot = write_shot(tmp_path / "in", frames=range(1001, 1002))
    own = np.zeros((HEIGHT, WIDTH, 1), np.float32)
    own[:, :30] = 1.0
    rgba = np.concatenate([plate_pixels(1), own], axis=2)
    write_exr(tmp_path / "in/shot.1001.exr", rgba, "RGBA", colorInteropID="lin_rec709_scene")
    found = {}
    for mode in ("ignore", "inside", "multiply"):
        key_clean(mattebox, shot, tmp_path / mode, "--source-alpha", mode)
        found[mode] = read_exr(tmp_path / mode / "shot.1001.exr")["A"]
    assert (found["inside"][:, :30] == 1.0).all()
    assert np.array_equal(found["inside"][:, 30:], found["ignore"][:, 30:])
    assert (found["multiply"][:, 30:] == 0.0).all()
    assert np.array_equal(found["multiply"][:, :30], found["ignore"][:, :30])


def test_the_preview_is_a_contact_sheet(tmp_path: Path, mattebox: Run) -> None:
    shot = write_shot(tmp_path / "in")
    key_clean(mattebox, shot, tmp_path / "out", "--preview", tmp_path / "sheet.png")
    spec = spec_of(tmp_path / "sheet.png")
    assert (spec.width, spec.height) == (5 * WIDTH + 4 * 4, 4 * HEIGHT + 3 * 4)


def test_info_says_the_windows_the_space_and_why(tmp_path: Path, mattebox: Run) -> None:
    shot = write_shot(tmp_path / "in")
    done = mattebox("info", shot)
    assert done.returncode == 0, done.stderr
    for words in ("64x36+0+0", "1001-1004", "Linear Rec.709", "colorInteropID", "half"):
        assert words in done.stdout


def test_doctor_reports_as_json(mattebox: Run) -> None:
    done = mattebox("doctor", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == (69 if report["faults"] else 0)
    assert report["devices"][0]["name"] == "cpu"
    assert report["libraries"]["torch"]
    assert report["ocio"]["source"] == "built-in"


@pytest.mark.slow
def test_doctor_names_the_unmixing_weights_by_their_digest(mattebox: Run) -> None:
    assert json.loads(mattebox("doctor", "--json").stdout)["unmixing"] == weights_sha256()
    assert f"unmixing network: {weights_sha256()}" in mattebox("doctor").stdout


@pytest.mark.slow
def test_doctor_names_the_cure_of_a_broken_config(
    tmp_path: Path, mattebox: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCIO", str(tmp_path / "none.ocio"))
    done = mattebox("doctor", "--json")
    assert done.returncode == 69
    assert "none.ocio" in json.loads(done.stdout)["faults"][0]["what"]


@pytest.mark.slow
def test_the_demo_keys_the_shipped_shot(tmp_path: Path, mattebox: Run) -> None:
    done = mattebox("demo", "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "hair.png").is_file()
    assert len(list((tmp_path / "keyed").glob("hair.*.exr"))) == 8
    assert "MAD" in done.stdout
