"""How the files of a sequence are called.

A pattern follows the studio habit that one ``#`` (or ``@``) is one digit, as the library
``fileseq`` calls ``PAD_STYLE_HASH1``; ``%04d`` is the same as ``####``. A negative frame counts its
sign into the width when a name is made (``shot.-005.exr`` for ``####``, as printf and fileseq do
it); ``shot.-0005.exr`` is found on disk as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from fileseq.constants import PAD_STYLE_HASH1
from fileseq.exceptions import FileSeqException
from fileseq.filesequence import FileSequence

from mattebox.errors import UsageError, named
from mattebox.inputs import layer_behind
from mattebox.regular_files import is_there
from mattebox.sequences.frame_sets import parse_frames

STILL_FRAME = 1
"""The frame number of a picture whose name has none."""

_MOVIES = ".mov .mp4 .m4v .mxf .avi .mkv .webm .mpg .mpeg .mts .m2ts .ts .wmv .ogv .gif"

_CAMERA_RAW = ".r3d .braw .ari .arx .crm .rmf"

_PICTURES = """
    .exr .sxr .dpx .cin .png .tif .tiff .jpg .jpeg .jp2 .j2c .jxl .tga .hdr .bmp .webp .sgi .rgb
    .psd .avif .heic .heif .hif
"""

PICTURE_SUFFIXES = frozenset(_PICTURES.split())

MOVIE_SUFFIXES = frozenset(_MOVIES.split())
"""What ffmpeg reads."""

RAW_SUFFIXES = frozenset(_CAMERA_RAW.split())
"""Sensor data, which only their makers' tools make pictures of."""

_PADDING = re.compile(r"#+|@+|%[0-9]{0,2}d|\$F[0-9]{0,2}")

_VIEW = re.compile(r"%[vV]")

_NUMBERED = re.compile(
    # A number that stands alone before the suffix (`shot.1001.exr`, `shot_-0005.exr`, `1001.exr`),
    # or at least four digits glued to a word (`shot1001.exr`), which `v0012` is not.
    r"(?P<before>(?:.*[._ ])?)(?P<number>-?[0-9]+)(?P<after>\.[^.]+)"
    r"|(?P<before2>.*?(?:-|[^\W\d_]))(?<!v)(?<!V)(?P<number2>[0-9]{4,})(?P<after2>\.[^.]+)"
)


@dataclass(frozen=True)
class NamePattern:
    """The name that all files of a sequence share.

    Attributes:
        folder: where the files lie.
        before: the name up to the frame number.
        after: the name behind the frame number, suffix included.
        digits: least number of digits, or None where the name holds no frame number (a still).
        numbers: the frames written into the pattern (``shot.1001-1050####.exr``), or None.
    """

    folder: Path
    before: str
    after: str = ""
    digits: int | None = None
    numbers: tuple[int, ...] | None = None

    def __str__(self) -> str:
        return str(self.folder / self.name_with_hashes)

    @property
    def name_with_hashes(self) -> str:
        return f"{self.before}{'#' * (self.digits or 0)}{self.after}"

    def path(self, frame: int) -> Path:
        """The path of a frame; a still has the same for every frame."""
        number = "" if self.digits is None else f"{frame:0{self.digits}d}"
        return self.folder / f"{self.before}{number}{self.after}"

    def number_in(self, name: str) -> int | None:
        """The frame number a file name has by this pattern, or None where it does not match.

        A number longer than the padding matches only without leading zeros, so ``####`` takes
        ``10000`` and not ``00001``.
        """
        if self.digits is None:
            return STILL_FRAME if name == f"{self.before}{self.after}" else None
        if len(name) <= len(self.before) + len(self.after):
            return None
        if not (name.startswith(self.before) and name.endswith(self.after)):
            return None
        token = name[len(self.before) : len(name) - len(self.after)]
        if not re.fullmatch(r"-?[0-9]+", token):
            return None
        frame = int(token)
        signed = f"-{-frame:0{self.digits}d}" if frame < 0 else ""
        return frame if token in (f"{frame:0{self.digits}d}", signed) else None


def parse_pattern(text: str) -> NamePattern:
    """The pattern a text means, without looking at the disk.

    ``shot.####.exr``, ``shot.@@@@.exr``, ``shot.%04d.exr``, ``shot.$F4.exr``,
    ``shot.1001-1050####.exr`` (with a range), ``shot.1001.exr`` (one frame, its number kept) and
    ``plate.exr`` (a still).

    Raises:
        UsageError: a movie, a view placeholder, two paddings, no name.
    """
    if not text or "\0" in text:
        raise UsageError(f"{text!r} is not a file name", expected="a file, a pattern or a folder")
    path = Path(text)
    name = path.name
    refuse_movie(path)
    if _VIEW.search(text):
        raise UsageError(
            f"{text} asks for several views at once (%v)",
            next_step=f"run once per view, with the view's own files, or with {named('view')} NAME",
        )
    paddings = _PADDING.findall(name)
    if len(paddings) > 1:
        raise UsageError(
            f"{name} has more than one place for a frame number: {', '.join(paddings)}",
            expected="one, such as shot.####.exr",
        )
    if not paddings:
        return pattern_of_file(path)
    return _pattern_with_padding(path.parent, name, paddings[0])


def has_padding(name: str) -> bool:
    """Whether a file name has a place for frame numbers."""
    return _PADDING.search(name) is not None


def split_number(name: str) -> tuple[str, str, str] | None:
    """A file name before, at and behind its frame number, or None where it has none."""
    match = _NUMBERED.fullmatch(name)
    if match is None:
        return None
    if match["number"] is not None:
        return match["before"], match["number"], match["after"]
    return match["before2"], match["number2"], match["after2"]


def pattern_of_file(path: Path) -> NamePattern:
    """The pattern of one file, whatever its name: its own number, or a still."""
    split = split_number(path.name)
    if split is None:
        return NamePattern(path.parent, path.stem, path.suffix)
    before, token, after = split
    return NamePattern(path.parent, before, after, len(token.lstrip("-")), (int(token),))


def split_channel(text: str) -> tuple[str, str | None]:
    """``FILE[:channel]`` or ``FILE[:layer]`` as file and name: the text after the last colon,
    unless it is a path.

    A drive letter (``C:\\plates``) and a file whose own name has a colon are left whole.
    """
    behind = layer_behind(text)
    if behind is None or is_there(Path(text)):
        return text, None
    return text[: -len(behind) - 1], behind


def is_movie(path: Path) -> bool:
    """Whether a file is a movie by its suffix, sensor data left out."""
    return path.suffix.casefold() in MOVIE_SUFFIXES


def refuse_movie(path: Path) -> None:
    """Refuse a movie where the name of a picture is wanted.

    Raises:
        UsageError: the suffix is a movie's or a camera's.
    """
    if path.suffix.casefold() in RAW_SUFFIXES:
        raise UsageError(
            f"{path} is camera raw; Mattebox reads pictures and movies",
            expected="a sequence such as shot.####.exr",
            next_step="debayer it to EXR with its maker's own tool, then give "
            f"{path.stem}.####.exr",
            path=path,
        )
    if is_movie(path):
        raise UsageError(
            f"{path} is a movie, where a picture or a pattern of pictures is wanted",
            expected="a name such as shot.####.exr, or a movie that is there as an input",
            next_step="name the pictures; inputs of a key may be movies",
            path=path,
        )


def no_ffmpeg_error(movie: Path) -> UsageError:
    """The error for a movie on a machine without ffmpeg, with the command that splits it."""
    stem = movie.stem
    return UsageError(
        f"{movie} is a movie, and ffmpeg, which reads movies, is not on the PATH here",
        expected="ffmpeg and ffprobe, or a sequence such as shot.####.exr",
        next_step="install ffmpeg and give the movie itself; or split it where ffmpeg is: "
        f'ffmpeg -i "{movie}" -vf scale=in_color_matrix=bt709:flags=accurate_rnd+full_chroma_int '
        f'-start_number 1001 -pix_fmt rgb48be "{stem}.%04d.png", then give {stem}.####.png '
        "(bt709 is the matrix of untagged HD and above, and of what was scaled down from it; "
        "SD: smpte170m, HDR: bt2020)",
        path=movie,
    )


def _pattern_with_padding(folder: Path, name: str, padding: str) -> NamePattern:
    before, after = name.split(padding)
    width = re.fullmatch(r"%(0?)([0-9]*)d", padding)
    if width is not None and width[2] and not width[1]:
        raise UsageError(
            f"{name} pads with blanks ({padding})", expected=f"%0{width[2]}d or {'#' * 4}"
        )
    try:
        parsed = FileSequence(name, pad_style=PAD_STYLE_HASH1, allow_subframes=False)
    except (FileSeqException, ValueError) as error:
        raise UsageError(
            f"{name} is not understood: {error}", expected="a pattern such as shot.####.exr"
        ) from error
    # Not fileseq's: it takes %04d behind a bracket or a plus for one digit.
    digits = len(padding) if padding[0] in "#@" else int(padding.strip("%d$F") or 1)
    written = before.removeprefix(parsed.basename())
    glued = parsed.basename()[-1:].isalnum() and written.isdecimal()
    if not parsed.frameRange() or glued or parsed.extension() != after:
        return NamePattern(folder, before, after, digits)
    return NamePattern(folder, parsed.basename(), after, digits, parse_frames(written))
