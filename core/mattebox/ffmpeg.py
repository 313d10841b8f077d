"""ffmpeg and ffprobe, which read and write movies: where they are, and what they say.

They are programs of their own on the PATH, called and never linked: Mattebox has no codec.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

from mattebox.errors import InputError, UnreadableError, UsageError

OLDEST = (5, 1)
"""The first ffmpeg with ``-fps_mode``; ``-vsync`` before it is gone from new ones."""

_TOLD = 300  # characters of what a program says that are handed on
_CODEC_NOISE = re.compile(r"\[[^\]]* @ 0x[0-9a-f]+\]\s*")


@dataclass(frozen=True)
class Programs:
    """Both programs of one ffmpeg."""

    ffmpeg: Path
    ffprobe: Path


def find_programs() -> Programs | None:
    """The ffmpeg of this machine, or None where one of its two programs is not on the PATH.

    Raises:
        UsageError: it is too old.
    """
    ffmpeg, ffprobe = shutil.which("ffmpeg"), shutil.which("ffprobe")
    if ffmpeg is None or ffprobe is None:
        return None
    _refuse_old(Path(ffmpeg))
    return Programs(Path(ffmpeg), Path(ffprobe))


@dataclass(frozen=True)
class PixelFormat:
    """How a movie's samples are stored, by ffmpeg's name for it.

    Attributes:
        name: ``yuv422p10le``.
        components: of a pixel, alpha included.
        bits: of the deepest component.
        halved: how often chroma is halved across and down, ``(1, 0)`` for 4:2:2.
        is_rgb, has_alpha: what the components are.
        is_readable: False for formats that only a graphics card has, sensor data and X'Y'Z'.
    """

    name: str
    components: int
    bits: int
    halved: tuple[int, int]
    is_rgb: bool
    has_alpha: bool
    is_readable: bool

    @property
    def is_float(self) -> bool:
        return "f32" in self.name or "f16" in self.name


@cache
def pixel_formats(ffprobe: Path) -> dict[str, PixelFormat]:
    """All formats that an ffmpeg knows, by name."""
    listed = json.loads(_output([str(ffprobe), "-v", "error", *_AS_JSON, "-show_pixel_formats"]))
    return {entry["name"]: _pixel_format(entry) for entry in listed["pixel_formats"]}


def probe(programs: Programs, path: Path, *arguments: str) -> tuple[dict[str, Any], str]:
    """What ffprobe finds in a file, and what it complains of without giving up.

    Raises:
        UnreadableError: it is no movie, or one that nobody can read any more.
    """
    command = [str(programs.ffprobe), "-v", "error", *_AS_JSON, *arguments, _name_of(path)]
    process = start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with process:
        written, complaint = process.communicate()
    said = tell(complaint.decode("utf-8", "replace").replace(f"{command[-1]}: ", ""))
    if process.returncode:
        raise UnreadableError(
            f"{path} is not a movie that can be read: {said}",
            expected="a whole movie of a codec that ffmpeg knows",
            next_step="copy the file again, or split it into pictures with the program that "
            "made it",
            path=path,
        )
    return json.loads(written), said


def start(
    command: Sequence[str],
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
    stderr: int | IO[bytes] = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start a program. Ctrl-C in a terminal reaches us alone: the frame in hand is finished.

    Raises:
        InputError: it does not run.
    """
    try:
        return subprocess.Popen(  # noqa: S603 - a program of the PATH, no shell
            command,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=os.name != "nt",
            creationflags=_NEW_GROUP,
        )
    except OSError as error:
        raise InputError(
            f"{command[0]} does not run: {error.strerror}",
            next_step="install ffmpeg anew, or give a picture sequence",
        ) from error


def tell(text: str) -> str:
    """A program's complaint in one line, short, without addresses and doubles."""
    lines = (_CODEC_NOISE.sub("", line).strip() for line in text.splitlines())
    return "; ".join(dict.fromkeys(line for line in lines if line))[:_TOLD]


def file_name(path: Path) -> str:
    """A file as ffmpeg takes it: never as a protocol or an option."""
    return f"file:{_name_of(path)}"


def _name_of(path: Path) -> str:
    # An absolute path begins with no dash, which would be an option.
    return os.path.abspath(path)  # noqa: PTH100 - links stay, they may say the suffix


_NEW_GROUP = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # Windows alone has it

_AS_JSON = ("-print_format", "json=compact=1")


@cache
def version_of(ffmpeg: Path) -> str:
    """What an ffmpeg says of its version: ``5.1.9-0+deb12u1``. Raises InputError."""
    first = _output([str(ffmpeg), "-version"]).partition("\n")[0]
    return first.removeprefix("ffmpeg version ").partition(" ")[0]


def encoders(ffmpeg: Path) -> frozenset[str]:
    """Names of the encoders that an ffmpeg was built with. Raises InputError."""
    listed = _output([str(ffmpeg), "-hide_banner", "-encoders"])
    return frozenset(re.findall(r"^ [A-Z.]{6} (\S+)", listed, re.MULTILINE))


def _refuse_old(ffmpeg: Path) -> None:
    version = version_of(ffmpeg)
    found = re.match(r"n?(\d+)\.(\d+)", version)  # builds of a day have no such number
    if found is not None and (int(found[1]), int(found[2])) < OLDEST:
        raise UsageError(
            f"{ffmpeg} is ffmpeg {found[1]}.{found[2]}",
            expected=f"{OLDEST[0]}.{OLDEST[1]} or newer",
            next_step="install a newer one, or give a picture sequence",
        )


def _output(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - a program of the PATH, no shell
            command, stdin=subprocess.DEVNULL, capture_output=True, check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        said = tell(getattr(error, "stderr", b"").decode("utf-8", "replace")) or str(error)
        raise InputError(
            f"{command[0]} does not run: {said}",
            next_step="install ffmpeg anew, or take it from the PATH and give a picture sequence",
        ) from error
    return done.stdout.decode("utf-8", "replace")


def _pixel_format(entry: dict[str, Any]) -> PixelFormat:
    name, flags = str(entry["name"]), entry["flags"]
    depths = [int(one["bit_depth"]) for one in entry.get("components", ())]
    return PixelFormat(
        name=name,
        components=int(entry["nb_components"]),
        bits=max(depths, default=0),
        halved=(int(entry.get("log2_chroma_w", 0)), int(entry.get("log2_chroma_h", 0))),
        is_rgb=bool(flags["rgb"]) or bool(flags["palette"]),
        has_alpha=bool(flags["alpha"]),
        is_readable=not flags["hwaccel"] and not name.startswith(("bayer", "xyz")),
    )
