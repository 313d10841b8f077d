"""Variants of a shot with truth: the same subject in other light, size, order, grain and screen.

Most changes are made in linear light to every pass alike, so the truth stays exact; video changes
what the camera saw and not the truth, a grade changes colours and not alpha, and in a room and in a
phone the truth is put before something else. They are held out: no constant of the product was
chosen on them.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.grading import graded_codes, graded_truth
from benchmarks.rooms import handheld, in_a_phone, phone_surroundings
from benchmarks.video import require_ffmpeg, through_h264
from benchmarks.writing import AnyPasses, as_stored, write_shot
from mattebox.bench.candidates import clean_plates
from mattebox.bench.grain import with_grain
from mattebox.bench.shots import SCREEN, TRUTH, BenchShot
from mattebox.errors import InputError

Pixels = NDArray[np.float32]
Change = Callable[[Pixels], Pixels]
Passes = dict[str, dict[int, Pixels]]
"""Name -> frame -> picture, linear Rec.709, as ``write_shot`` takes them."""

KEYED, CLEAN = "grain", "plate_grain"

EXPOSURE = 4.0  # two stops to either side: a scene lit for another stop, or one not yet balanced
FAST_STEP = 3  # every third frame: three times the motion between neighbours
MORE_GRAIN = 2.0  # times the shot's own deviation: two stops more sensitivity
DIM = 0.4  # of the screen's light: a screen one and a third stops under
PALE = 0.5  # of the way to grey; about 0.5 is left of the rendered screens' saturation of 0.75

_SEED = 61_000


class Variant(enum.StrEnum):
    """What is changed.

    Where the screen or the grain is made anew, the light that the screen throws on the subject is
    kept if the shot has the keyed pass without grain, and left out else.
    """

    SAME = "same"
    """Nothing but the length of the shot."""
    MIRRORED = "mirrored"
    RIGHT_HALF = "right_half"
    """An odd number of columns; the frame cuts the subject."""
    CENTRE = "centre"
    """Half the width and height, both odd: hardly any screen beside the subject."""
    BRIGHT = "bright"
    DARK = "dark"
    SWAPPED = "swapped"
    """Green and blue change places: the same shot before a screen of the other colour."""
    REVERSED = "reversed"
    FAST = "fast"
    NO_GRAIN = "no_grain"
    MORE_GRAIN = "more_grain"
    DIM_SCREEN = "dim_screen"
    PALE_SCREEN = "pale_screen"
    H264_20 = "h264_20"
    """Through 8-bit 4:2:0 video at 20 Mbit/s (``benchmarks/video.py``), a good consumer camera's;
    the clean plate as a film of its own, as the same camera would have filmed it."""
    H264_5 = "h264_5"
    """The same at 5 Mbit/s: a phone's, or a stream."""
    GRADED = "graded"
    """Display-referred JPEG with a look (``benchmarks/grading.py``), the clean plate too."""
    PHONE = "phone"
    """A small insert in a room (``benchmarks/rooms.py``); no clean plate."""
    HANDHELD = "handheld"
    """Before a room, by a held camera, its clean plate from a tripod (``benchmarks/rooms.py``)."""


VIDEO = (Variant.H264_20, Variant.H264_5)
"""Variants that need ffmpeg."""


def write_variant(shot: BenchShot, variant: Variant, folder: Path, *, length: int) -> Path:
    """Write a variant into a folder of its own in ``folder``; returns that.

    Args:
        shot: with a clean plate.
        variant: which.
        folder: where variants lie side by side.
        length: frames, fewer where the shot has fewer.

    Raises:
        InputError: the shot has no clean plate, or no frame with both truth and the pass to key;
            for video there is no ffmpeg, or it failed.
        WriteError: a file cannot be written.
    """
    numbers = dict(enumerate(_frames(shot, variant, length), start=1))
    if variant in _MORE:
        make, key = _MORE[variant]
        passes = make(shot, numbers)
    else:
        passes, key = _changed(shot, numbers, variant), KEYED
    return write_shot(folder / f"{shot.name}_{variant}", passes, key=key)


def _changed(shot: BenchShot, numbers: Mapping[int, int], variant: Variant) -> Passes:
    """Passes of a shot whose picture is changed and whose screen stays, or is of other light."""
    plate, grainy = _plates(shot)
    passes: Passes = {TRUTH: {}, KEYED: {}}
    for place, number in numbers.items():
        truth, keyed = shot.truth.read(number), shot.plate.read(number)[..., :3]
        seed = _SEED + place
        if variant in _SCREENS:
            behind = _SCREENS[variant](plate)
            spill = _SCREENS[variant](_spill(shot, number, plate))
            keyed = with_grain(_composite(truth, behind, spill), seed)
        elif variant is Variant.NO_GRAIN:
            keyed = _composite(truth, plate, _spill(shot, number, plate))
        elif variant is Variant.MORE_GRAIN:
            # independent grain adds by its variance
            keyed = with_grain(keyed, seed, strength=(MORE_GRAIN**2 - 1.0) ** 0.5)
        passes[TRUTH][place] = _PICTURES.get(variant, _same)(truth)
        passes[KEYED][place] = _PICTURES.get(variant, _same)(keyed)
    if variant in _SCREENS:
        grainy = with_grain(_SCREENS[variant](plate), _SEED)
    elif variant is Variant.NO_GRAIN:
        grainy = plate
    elif variant is Variant.MORE_GRAIN:
        grainy = with_grain(plate, _SEED, strength=MORE_GRAIN)
    passes[CLEAN] = {1: _PICTURES.get(variant, _same)(grainy)}
    return passes


def _filmed(shot: BenchShot, numbers: Mapping[int, int], *, megabits: float) -> Passes:
    """The shot as video, and its clean plate filmed as long, of which the last frame is taken."""
    passes = _changed(shot, numbers, Variant.SAME)
    ffmpeg, frames = require_ffmpeg(), passes[KEYED]
    filmed = through_h264(ffmpeg, list(frames.values()), megabits=megabits)
    clean = through_h264(ffmpeg, [passes[CLEAN][1]] * len(frames), megabits=megabits)
    return {**passes, KEYED: dict(zip(frames, filmed, strict=True)), CLEAN: {1: clean[-1]}}


def _graded(shot: BenchShot, numbers: Mapping[int, int]) -> AnyPasses:
    passes = _changed(shot, numbers, Variant.SAME)
    return {
        TRUTH: {place: graded_truth(truth) for place, truth in passes[TRUTH].items()},
        KEYED: {place: graded_codes(light) for place, light in passes[KEYED].items()},
        CLEAN: {1: graded_codes(passes[CLEAN][1])},
    }


def _phone(shot: BenchShot, numbers: Mapping[int, int]) -> Passes:
    """Around the insert all is opaque, and its truth is what the camera saw."""
    passes = _changed(shot, numbers, Variant.NO_GRAIN)
    around = phone_surroundings(*passes[KEYED][1].shape[:2])
    for place, light in passes[KEYED].items():
        seen = as_stored(with_grain(in_a_phone(light, around), _SEED + place))
        opaque = np.concatenate([seen, np.ones_like(seen[..., :1])], axis=2)
        passes[TRUTH][place] = in_a_phone(passes[TRUTH][place], opaque)
        passes[KEYED][place] = seen
    return {TRUTH: passes[TRUTH], KEYED: passes[KEYED], SCREEN: passes[CLEAN]}


def _handheld(shot: BenchShot, numbers: Mapping[int, int]) -> Passes:
    truths = {place: shot.truth.read(number) for place, number in numbers.items()}
    return handheld(truths, seed=_SEED)


def _same(picture: Pixels) -> Pixels:
    return picture


def _exposed(gain: float) -> Change:
    def change(picture: Pixels) -> Pixels:
        brighter = picture.copy()
        brighter[..., :3] *= gain
        return brighter

    return change


def _centre(picture: Pixels) -> Pixels:
    height, width = (size // 2 | 1 for size in picture.shape[:2])
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    return picture[top : top + height, left : left + width]


_PICTURES: dict[Variant, Change] = {
    Variant.MIRRORED: lambda picture: picture[:, ::-1],
    Variant.RIGHT_HALF: lambda picture: picture[:, -(picture.shape[1] // 2 | 1) :],
    Variant.CENTRE: _centre,
    Variant.BRIGHT: _exposed(EXPOSURE),
    Variant.DARK: _exposed(1.0 / EXPOSURE),
    Variant.SWAPPED: lambda picture: picture[..., [0, 2, 1, 3][: picture.shape[2]]],
}
"""What is done to every pass, HxWx3 or HxWx4."""

_SCREENS: dict[Variant, Change] = {
    Variant.DIM_SCREEN: lambda light: as_stored(DIM * light),
    Variant.PALE_SCREEN: lambda light: as_stored(
        light + PALE * (light.mean(axis=2, keepdims=True) - light)
    ),
}
"""What is done to the screen and to its light on the subject, HxWx3."""

_MORE: dict[Variant, tuple[Callable[[BenchShot, Mapping[int, int]], AnyPasses], str]] = {
    Variant.H264_20: (partial(_filmed, megabits=20.0), KEYED),
    Variant.H264_5: (partial(_filmed, megabits=5.0), KEYED),
    Variant.GRADED: (_graded, KEYED),
    Variant.PHONE: (_phone, KEYED),
    Variant.HANDHELD: (_handheld, "busy"),
}
"""Variants that are more than a change of light: how their passes are made of the shot's frames by
their number in the variant, and which pass is keyed."""


def _frames(shot: BenchShot, variant: Variant, length: int) -> tuple[int, ...]:
    """The shot's frames in the variant's order."""
    numbers = shot.common_frames([shot.keyed], None)
    if not numbers:
        raise InputError(
            f"{shot.folder}: no frame has both its truth and {shot.keyed}", path=shot.folder
        )
    if variant is Variant.FAST:
        return numbers[::FAST_STEP][:length]
    numbers = numbers[:length]
    return numbers[::-1] if variant is Variant.REVERSED else numbers


def _plates(shot: BenchShot) -> tuple[Pixels, Pixels]:
    """The clean plate as exact as it is there, and one with grain; HxWx3."""
    names = clean_plates(shot)
    if not names:
        raise InputError(
            f"{shot.folder} has no clean plate", expected="a pass 'plate'", path=shot.folder
        )
    first = shot.truth.frames[0]
    plate = shot.passes[names[0]].read(first)[..., :3]
    if CLEAN in names:
        return plate, shot.passes[CLEAN].read(first)[..., :3]
    return plate, with_grain(plate, _SEED)


def _composite(truth: Pixels, plate: Pixels, spill: Pixels) -> Pixels:
    return np.asarray(truth[..., :3] + (1.0 - truth[..., 3:]) * plate + spill, np.float32)


def _spill(shot: BenchShot, frame: int, plate: Pixels) -> Pixels:
    """HxWx3: the screen's light on the subject, 0 where the shot has no pass that shows it."""
    truth = shot.truth.read(frame)
    none = np.zeros_like(plate)
    clean = shot.passes.get(shot.keyed.removesuffix("_grain"))
    if clean is None or clean.name == shot.keyed or frame not in clean.frames:
        return none
    return np.asarray(clean.read(frame)[..., :3] - _composite(truth, plate, none), np.float32)
