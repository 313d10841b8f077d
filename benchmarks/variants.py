"""Variants of a shot with truth: the same subject in other light, size, order, grain and screen.

All changes are made in linear light to every pass alike, so the truth stays exact; video alone
changes what the camera saw and not the truth. They are held out: no constant of the product was
chosen on them.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.video import require_ffmpeg, through_h264
from benchmarks.writing import as_stored, write_shot
from mattebox.bench.candidates import clean_plates
from mattebox.bench.grain import with_grain
from mattebox.bench.shots import TRUTH, BenchShot
from mattebox.errors import InputError

Pixels = NDArray[np.float32]
Change = Callable[[Pixels], Pixels]

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
    H264 = "h264"
    """Through 8-bit 4:2:0 video (``benchmarks/video.py``), the clean plate as a film of its own, as
    the same camera would have filmed it."""


def write_variant(shot: BenchShot, variant: Variant, folder: Path, *, length: int) -> Path:
    """Write a variant into a folder of its own in ``folder``; returns that.

    Args:
        shot: with a clean plate.
        variant: which.
        folder: where variants lie side by side.
        length: frames, fewer where the shot has fewer.

    Raises:
        InputError: the shot has no clean plate, or no frame with both truth and the pass to key;
            for ``H264`` there is no ffmpeg, or it failed.
        WriteError: a file cannot be written.
    """
    numbers = _frames(shot, variant, length)
    plate, grainy = _plates(shot)
    passes: dict[str, dict[int, Pixels]] = {TRUTH: {}, KEYED: {}}
    for place, number in enumerate(numbers, start=1):
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
    if variant is Variant.H264:
        filmed = through_h264(require_ffmpeg(), list(passes[KEYED].values()))
        passes[KEYED] = dict(zip(passes[KEYED], filmed, strict=True))
        (grainy,) = through_h264(require_ffmpeg(), [grainy])
    passes[CLEAN] = {1: _PICTURES.get(variant, _same)(grainy)}
    return write_shot(folder / f"{shot.name}_{variant}", passes, key=KEYED)


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
