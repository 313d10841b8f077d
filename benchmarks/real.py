"""Real pictures keyed by Mattebox and by others, as a user of each would at first."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.crops import Crop
from mattebox.bench import blender, chromakey
from mattebox.bench.light import srgb_decoded
from mattebox.bench.methods import read_keyed
from mattebox.errors import MatteboxError, UnreadableError
from mattebox.events import EVENT_SCHEMA, ErrorEvent, Event, FrameEvent, StartEvent, WarningEvent
from mattebox.frames import read_matte

Pixels = NDArray[np.float32]
Pictures = Mapping[int, Pixels]
"""Frame number -> a picture."""

Colour = tuple[int, int, int]
"""Red, green and blue, 8-bit sRGB."""

MATTEBOX, CHROMAKEY, BLENDER = "mattebox", "chromakey", "blender-keying"

SIMILARITY, BLEND = 0.10, 0.06
"""The two knobs of ffmpeg's chromakey as they suit most screens; turned for no picture."""

PLAIN_SCREEN = 0.02
"""The plain key's alpha up to which a crop without empty boxes shows its screen's colour."""

USUAL_WARNINGS = ("colour", "estimated_plate")
"""Codes of the warnings that nearly all these pictures cause: they do not say their colour space,
and have no clean plate."""


@dataclass(frozen=True)
class Keyed:
    """A crop keyed one way.

    Attributes:
        keyer: the way.
        pictures: HxWx4 premultiplied, linear Rec.709; empty where it could not.
        note: what a reader of the table must know.
        failed: whether the keyer broke, and did not refuse with a reason.
        plain: HxW 0..1, the engine screen's own alpha; empty for other keyers and engines.
    """

    keyer: str
    pictures: Pictures = field(default_factory=dict)
    note: str = ""
    failed: bool = False
    plain: Pictures = field(default_factory=dict)


@dataclass(frozen=True)
class Compared:
    """A crop keyed all ways.

    Attributes:
        crop: which.
        codes: HxWx3 as stored, 0..1, sRGB; empty where it cannot be read.
        keyed: one entry per keyer, ours first.
    """

    crop: Crop
    codes: Pictures
    keyed: tuple[Keyed, ...]


def compare(crop: Crop, *, threads: int) -> Compared:
    """Key a crop with Mattebox, with ffmpeg's chromakey and with Blender's Keying node.

    Ours gets the crop's own arguments. The others get the screen's colour, picked in the picture:
    the median in the empty boxes, or of what our plain key calls screen where the crop has none.
    """
    ours = keyed_by_mattebox(crop, threads=threads)
    try:
        codes = crop.codes()
    except UnreadableError:  # what our row says is all that can be said
        return Compared(crop, {}, (ours,))
    colour = picked_colour(crop, codes, ours.plain)
    if colour is None:
        others = tuple(Keyed(k, note="no screen to pick a colour in") for k in (CHROMAKEY, BLENDER))
    else:
        others = tuple(_tried(k, key, codes, colour) for k, key in _OTHERS.items())
    return Compared(crop, codes, (ours, *others))


def picked_colour(crop: Crop, codes: Pictures, plain: Pictures) -> Colour | None:
    """The median colour of the screen, as an artist picks it; None where there is nothing to pick.

    Args:
        crop: its empty boxes are screen.
        codes: HxWx3 0..1, sRGB.
        plain: HxW alpha of the plain key; where the crop has no boxes, what it calls screen is.
    """
    if crop.empty:
        found = [box.of(picture).reshape(-1, 3) for picture in codes.values() for box in crop.empty]
    else:
        found = [codes[frame][alpha <= PLAIN_SCREEN] for frame, alpha in plain.items()]
    pixels = np.concatenate([np.empty((0, 3), np.float32), *found])
    if not len(pixels):
        return None
    red, green, blue = (int(code) for code in np.rint(np.median(pixels, axis=0) * 255.0))
    return red, green, blue


def keyed_by_mattebox(crop: Crop, *, threads: int) -> Keyed:
    """A crop keyed by ``mattebox key`` in a process of its own, with the crop's arguments."""
    with tempfile.TemporaryDirectory(prefix="mattebox_real_") as output:
        command = (
            *(sys.executable, "-m", "mattebox", "key", crop.pictures.pattern.name_with_hashes),
            *("--output", output + os.sep, *crop.arguments),
            *("--device", "cpu", "--threads", str(threads), "--json"),
        )
        done = subprocess.run(  # noqa: S603 - our own interpreter
            command,
            cwd=crop.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        events = [EVENT_SCHEMA.validate_json(line) for line in done.stdout.splitlines()]
        if done.returncode:
            return _without_frames(done, events)
        files = {e.frame: Path(e.path) for e in events if isinstance(e, FrameEvent)}
        is_screen = any(isinstance(e, StartEvent) and e.engine == "screen" for e in events)
        warned = dict.fromkeys(e.code for e in events if isinstance(e, WarningEvent))
        said = ", ".join(code for code in warned if code not in USUAL_WARNINGS)
        return Keyed(
            MATTEBOX,
            {frame: read_keyed(path) for frame, path in files.items()},
            note=f"warned: {said}" if said else "",
            plain={n: _plain(path) for n, path in files.items()} if is_screen else {},
        )


def _without_frames(done: subprocess.CompletedProcess[str], events: list[Event]) -> Keyed:
    """A refusal with its reason; a fault where there is none, or where it is our own."""
    reasons = [event.message for event in events if isinstance(event, ErrorEvent)]
    said = reasons[0] if reasons else done.stderr.strip().splitlines()[-1]
    is_fault = not reasons or done.returncode == MatteboxError.exit_code
    return Keyed(MATTEBOX, note=f"ended with {done.returncode}: {said}", failed=is_fault)


def _plain(path: Path) -> Pixels:
    """HxW 0..1: the engine's own alpha in a keyed frame."""
    matte = read_matte(path, "net.A")
    return matte.placed(matte.display_window)[..., 0]


def _keyed_by_chromakey(codes: Pictures, colour: Colour) -> Keyed:
    ffmpeg = chromakey.find_ffmpeg()
    if ffmpeg is None:
        return Keyed(CHROMAKEY, note="ffmpeg not found")
    settings = chromakey.ChromaKey(colour, SIMILARITY, BLEND)
    keyed = {}
    for frame, picture in codes.items():
        linear = srgb_decoded(picture)
        height, width = picture.shape[:2]
        encoded = chromakey.encoded_frames([linear])
        (alpha,) = chromakey.keyed_alpha(ffmpeg, encoded, (height, width), settings)
        # The filter leaves the colour as it was: nothing is unmixed or despilled.
        keyed[frame] = np.dstack([linear * alpha[..., None], alpha]).astype(np.float32)
    return Keyed(CHROMAKEY, keyed, note=f"{SIMILARITY:g}:{BLEND:g}, {_named(colour)}")


def _keyed_by_blender(codes: Pictures, colour: Colour) -> Keyed:
    python = blender.find_bpy_python()
    if python is None:
        return Keyed(
            BLENDER,
            note=f"no bpy: {blender.VARIABLE} is not set and {blender.IN_REPOSITORY} is not there",
        )
    linear = [srgb_decoded(picture) for picture in codes.values()]
    picked = srgb_decoded(np.array(colour) / 255.0)
    ran = blender.keyed_by_blender(python, linear, picked, [blender.DEFAULT])
    pictures = (picture.astype(np.float32) for picture in ran.pictures[0])
    keyed = dict(zip(codes, pictures, strict=True))
    return Keyed(BLENDER, keyed, note=f"Blender {ran.version.split()[0]}, {_named(colour)}")


_OTHERS: dict[str, Callable[[Pictures, Colour], Keyed]] = {
    CHROMAKEY: _keyed_by_chromakey,
    BLENDER: _keyed_by_blender,
}
"""The keyers beside ours, each at one setting for all pictures."""


def _tried(
    keyer: str, key: Callable[[Pictures, Colour], Keyed], codes: Pictures, colour: Colour
) -> Keyed:
    """A keyer's answer, or why there is none: one that breaks takes no other row away."""
    try:
        return key(codes, colour)
    except MatteboxError as error:
        return Keyed(keyer, note=f"failed: {error.message}", failed=True)


def _named(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
