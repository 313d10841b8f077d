"""Movies that are none, or not whole."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end.bad_input.case import Cases
from tests.support.movies import MOVING, needs_ffmpeg, run_ffmpeg

CASES = Cases()
case = CASES.add


@case("a movie on a machine without ffmpeg", environment={"PATH": ""})
def _(folder: Path) -> list[object]:
    (folder / "shot.mov").write_bytes(b"\0" * 100)
    return ["key", folder / "shot.mov", "-o", folder / "out", "--screen", "auto"]


@case("a movie that is none", marks=[needs_ffmpeg])
def _(folder: Path) -> list[object]:
    (folder / "shot.mov").write_bytes(b"\0" * 100)
    return ["key", folder / "shot.mov", "-o", folder / "out", "--screen", "auto"]


@case("a movie that is cut short", marks=[needs_ffmpeg])
def _(folder: Path) -> list[object]:
    run_ffmpeg(*MOVING, "-c:v", "libx264", "-movflags", "+faststart", folder / "shot.mp4")
    whole = (folder / "shot.mp4").read_bytes()
    (folder / "shot.mp4").write_bytes(whole[: len(whole) // 3])
    return ["key", folder / "shot.mp4", "-o", folder / "out", "--screen", "0,0.3,0"]


@case("a movie without the timecode that is asked for", marks=[needs_ffmpeg])
def _(folder: Path) -> list[object]:
    run_ffmpeg(*MOVING, "-frames:v", 2, "-c:v", "ffv1", folder / "shot.mkv")
    return ["key", folder / "shot.mkv", "-o", folder / "out", "--screen", "auto", "--timecode"]
