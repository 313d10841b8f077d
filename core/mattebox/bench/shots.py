"""Shots with exact truth: a folder with ``manifest.json`` and one sequence per pass.

The manifest is a JSON object. Read of it are ``shot`` (its name), ``colour_space`` (must name
``lin_rec709_scene``: the plain keyers are defined in linear Rec.709), ``passes`` and, optionally,
``key``. A pass is ``{"pattern": "fg/hair_fg.####.exr", "frames": [1, 2]}``, relative to the folder;
``key`` names the pass to key, by default the one whose name ends in ``_spill_grain``. A pass with
``"colour_space": "srgb_rec709_scene"`` holds sRGB codes, and light is read of them.

======================================  ==========================================================
pass                                    what it is
======================================  ==========================================================
fg                                      truth: premultiplied RGBA without the screen's light
plate, plate_grain, plate_offset        clean plates of the pass to key; stills
screen                                  nothing but the screen, of any size, where there is no clean
                                        plate: its mean is the colour that the plain keyers know
busy, busy_plate                        the subject over a detailed background, and that
black, white                            the subject over 0 and over 1
======================================  ==========================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.bench.light import srgb_decoded
from mattebox.documents import json_of, read_text
from mattebox.errors import InputError, MissingFramesError, UnknownNameError, UnreadableError
from mattebox.frames import read_frame
from mattebox.sequences import parse_pattern

Pixels = NDArray[np.float32]

MANIFEST = "manifest.json"
SPACE = "lin_rec709_scene"
"""CIE/ASWF interop id of linear Rec.709, scene-referred: the light of every bench shot."""

ENCODED_SPACE = "srgb_rec709_scene"
"""Interop id of the same light by the sRGB curve: that of display-referred pictures."""

TRUTH = "fg"
SCREEN = "screen"
CLEAN_PLATES = ("plate", "plate_grain", "plate_offset")
KEYED_SUFFIX = "_spill_grain"


@dataclass(frozen=True)
class ShotPass:
    """One pass of a shot: a picture sequence on disk.

    Attributes:
        name: its key in the manifest.
        pattern: where its frames lie.
        frames: the frame numbers it has, rising.
        space: interop id of the colour space of its files: ``SPACE`` or ``ENCODED_SPACE``.
    """

    name: str
    pattern: Path
    frames: tuple[int, ...]
    space: str = SPACE

    @property
    def is_still(self) -> bool:
        """Whether its one frame stands for all frames of the shot."""
        return len(self.frames) == 1

    def path(self, frame: int) -> Path:
        """The file of a frame; that of a still for any frame."""
        number = self.frames[0] if self.is_still else frame
        return parse_pattern(str(self.pattern)).path(number)

    def read(self, frame: int) -> Pixels:
        """HxWx3, or HxWx4 premultiplied where the file has alpha; float32, linear Rec.709."""
        picture = read_frame(self.path(frame))
        count = 4 if picture.channels[:4] == ("R", "G", "B", "A") else 3
        pixels = picture.placed(picture.display_window)[..., :count]
        return srgb_decoded(pixels).astype(np.float32) if self.space == ENCODED_SPACE else pixels


@dataclass(frozen=True)
class BenchShot:
    """A shot with truth.

    Attributes:
        name: what it is called in tables.
        folder: where it lies.
        keyed: name of the pass to key.
        passes: those of the manifest that are on disk.
    """

    name: str
    folder: Path
    keyed: str
    passes: Mapping[str, ShotPass]

    @property
    def truth(self) -> ShotPass:
        return self.passes[TRUTH]

    @property
    def plate(self) -> ShotPass:
        """The pass to key."""
        return self.passes[self.keyed]

    @property
    def screen(self) -> ShotPass | None:
        """What shows the screen alone: a clean plate of the pass to key, else the pass for it."""
        return next((self.passes[n] for n in (*CLEAN_PLATES, SCREEN) if n in self.passes), None)

    def common_frames(self, names: Sequence[str], asked: Sequence[int] | None) -> tuple[int, ...]:
        """Frames of the shot that the truth and all named passes have; stills have every frame.

        Args:
            names: passes of the shot.
            asked: frames to keep; None keeps all.
        """
        frames = set(self.truth.frames)
        for name in names:
            if not self.passes[name].is_still:
                frames &= set(self.passes[name].frames)
        if asked is not None:
            frames &= set(asked)
        return tuple(sorted(frames))


def read_shot(folder: Path) -> BenchShot:
    """The shot in a folder.

    Raises:
        InputError: no manifest, not in linear Rec.709, or a pass that is needed is missing.
        UnreadableError: a manifest that is not what this module says.
        MissingFramesError: frames of a pass that is there are not on disk, all of them listed.
    """
    values = _manifest(folder)
    space = str(values.get("colour_space", ""))
    if SPACE not in space:
        raise InputError(
            f"{folder / MANIFEST} says the colour space {space!r}",
            expected=f"one that names {SPACE}; the plain keyers are defined in that light",
            path=folder / MANIFEST,
        )
    listed = values.get("passes")
    if not isinstance(listed, dict):
        raise _fault(folder, "has no object 'passes'")
    passes = {}
    for name, entry in listed.items():
        found = _pass(folder, name, entry)
        if found.pattern.parent.is_dir():  # a manifest may list passes that were not handed out
            passes[name] = found
    keyed = values.get("key")
    if keyed is None:
        keyed = next((name for name in passes if name.endswith(KEYED_SUFFIX)), None)
        if keyed is None:
            raise _fault(folder, f"has neither 'key' nor a pass that ends in {KEYED_SUFFIX}")
    for name in (TRUTH, str(keyed)):
        if name not in passes:
            raise UnknownNameError("pass", name, passes, next_step=f"look at {folder / MANIFEST}")
    _require_on_disk(passes.values())
    return BenchShot(str(values.get("shot", folder.name)), folder, str(keyed), passes)


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        values = json_of(read_text(path))
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}",
            expected="a folder of a shot with truth",
            next_step="name the folder that holds manifest.json",
            path=path,
        ) from error
    except ValueError as error:
        raise UnreadableError(f"{path} is not JSON: {error}", path=path) from error
    if not isinstance(values, dict):
        raise _fault(folder, f"holds a {type(values).__name__}")
    return values


def _pass(folder: Path, name: str, entry: object) -> ShotPass:
    pattern = entry.get("pattern") if isinstance(entry, dict) else None
    frames = entry.get("frames") if isinstance(entry, dict) else None
    space = entry.get("colour_space", SPACE) if isinstance(entry, dict) else None
    if (
        not isinstance(pattern, str)
        or not isinstance(frames, list)
        or not frames
        or not all(isinstance(frame, int) for frame in frames)
        or space not in {SPACE, ENCODED_SPACE}
    ):
        raise _fault(folder, f"has a pass {name!r} that is {entry!r}")
    return ShotPass(name, folder / pattern, tuple(sorted(set(frames))), space)


def _require_on_disk(passes: Any) -> None:
    missing = [
        (frame, shot_pass.path(frame))
        for shot_pass in passes
        for frame in shot_pass.frames
        if not shot_pass.path(frame).is_file()
    ]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise MissingFramesError(
            f"frames of the shot are not on disk: {missing[0][1]}{more}",
            [frame for frame, _ in missing],
            next_step="bring the missing files, or take them out of the manifest",
        )


def _fault(folder: Path, what: str) -> UnreadableError:
    return UnreadableError(
        f"{folder / MANIFEST} {what}",
        expected='passes such as {"fg": {"pattern": "fg/hair_fg.####.exr", "frames": [1, 2]}}',
        path=folder / MANIFEST,
    )
