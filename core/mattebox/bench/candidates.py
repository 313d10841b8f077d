"""What a way of keying is to the bench, and the plain ones of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mattebox.bench import baselines, blender, chromakey
from mattebox.bench.grain import with_grain
from mattebox.bench.shots import CLEAN_PLATES, BenchShot, ShotPass

Pixels = NDArray[np.float32]

MEAN = "mean"
"""Stands for a plate in the table: its mean colour for every pixel."""

TUNED_FRAMES = 3
"""Frames, spread over those measured, on which the settings of a baseline are tuned: 81 runs of
ffmpeg over a whole shot would take most of the bench's time."""

_GRAIN_SEED = 7_700_000
"""First seed of the grain on both passes of a triangulation; two are used per frame."""


class NotAvailableError(Exception):
    """A method that cannot run here; the sentence stands in the table instead of numbers."""


@dataclass(frozen=True)
class Keyed:
    """A keyed shot, frame by frame.

    Attributes:
        picture: frame number -> HxWx4 premultiplied, linear Rec.709.
        matte_seconds: of the solver, per frame; None where there is none.
        whole_seconds: from reading to writing, per frame, wall-clock if the note says nothing
            else; None where it was not timed.
        prepare_seconds: of looking at the shot before its first frame.
        note: what a reader of the table must know.
    """

    picture: Callable[[int], Pixels]
    matte_seconds: float | None = None
    whole_seconds: float | None = None
    prepare_seconds: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Candidate:
    """One row of the table before it is measured.

    Attributes:
        method: its name on the command line.
        plate: what it knows of the background.
        needs: passes of the shot whose frames it needs.
        key: keys the given frames; raises NotAvailableError.
        judged_by: the plain row with the same knowledge, as (method, plate), or None.
    """

    method: str
    plate: str
    needs: tuple[str, ...]
    key: Callable[[tuple[int, ...]], Keyed]
    judged_by: tuple[str, str] | None = None

    @property
    def name(self) -> tuple[str, str]:
        return self.method, self.plate


PLAIN = {
    "difference": "colour difference in linear light",
    "difference-average": "the same, despilled to the mean of the other channels",
    "chromakey": "ffmpeg chromakey, best of 9x9 settings by the truth",
    "blender-keying": "Blender's Keying node as it is",
    "blender-keying-tuned": "Blender's Keying node, best clips and despill by the truth",
    "plate-difference": "difference from the plate, best of 20 thresholds by the truth",
    "two-pass": "two passes triangulated, grain on both",
}
"""Plain methods and what they are."""

OWN = {
    "screen": "engine screen",
    "hint": "engine hint on an untuned plate difference",
    "rvm": "engine rvm",
    "bgmv2": "engine bgmv2",
    "triangulate": "engine triangulate, passes without grain",
}
"""Mattebox's methods and what they are."""


def clean_plates(shot: BenchShot) -> tuple[str, ...]:
    """The clean plates a shot has for the pass to key."""
    return tuple(name for name in CLEAN_PLATES if name in shot.passes)


def spread(frames: Sequence[int], count: int) -> list[int]:
    """At most ``count`` frames spread evenly over those given, ends included."""
    places = np.linspace(0, len(frames) - 1, min(count, len(frames))).round().astype(int)
    return [frames[place] for place in places]


def plain_candidates(shot: BenchShot) -> Iterator[Candidate]:
    """All plain keyers a shot has the passes for."""
    plates, screen = clean_plates(shot), shot.screen
    key = None
    if screen is not None:
        key = baselines.key_channel(screen.read(shot.truth.frames[0]))
    if screen is not None and key is not None:
        needs = (shot.keyed, screen.name)
        yield Candidate("chromakey", MEAN, needs, _chromakey(shot, screen.name))
        for method, is_tuned in (("blender-keying", False), ("blender-keying-tuned", True)):
            yield Candidate(method, MEAN, needs, _blender(shot, screen.name, is_tuned=is_tuned))
        for method, rule in _DIFFERENCES.items():
            yield Candidate(method, MEAN, needs, _mean_difference(shot, screen.name, key, rule))
            for name in plates:
                needs_it = (shot.keyed, name)
                yield Candidate(method, name, needs_it, _difference(shot, name, key, rule))
    elif plates:
        yield _plate_candidate(shot, shot.keyed, plates[0])
    if {"busy", "busy_plate"} <= shot.passes.keys():
        yield _plate_candidate(shot, "busy", "busy_plate")
    if {"black", "white"} <= shot.passes.keys():
        yield Candidate("two-pass", "black, white", ("black", "white"), _two_passes(shot))


_DIFFERENCES = {
    "difference": baselines.Despill.LARGER,
    "difference-average": baselines.Despill.AVERAGE,
}
"""The plain colour differences by name. The first is what ours are judged by."""


def _difference(
    shot: BenchShot, name: str, key: int, rule: baselines.Despill
) -> Callable[[tuple[int, ...]], Keyed]:
    plate = shot.passes[name]
    return lambda _: Keyed(
        lambda frame: baselines.colour_difference(
            shot.plate.read(frame), plate.read(frame), key, rule
        )
    )


def _mean_difference(
    shot: BenchShot, name: str, key: int, rule: baselines.Despill
) -> Callable[[tuple[int, ...]], Keyed]:
    def keyed(frames: tuple[int, ...]) -> Keyed:
        colour = _mean_colour(shot, name, frames)
        return Keyed(
            lambda frame: baselines.colour_difference(shot.plate.read(frame), colour, key, rule),
            note=f"one colour, the mean of {name}",
        )

    return keyed


def _mean_colour(shot: BenchShot, name: str, frames: Sequence[int]) -> NDArray[np.float64]:
    """(3,): the mean of a clean plate, linear Rec.709."""
    plate = shot.passes[name].read(frames[0])
    return np.asarray(plate[..., :3].reshape(-1, 3).mean(axis=0, dtype=np.float64))


def _blender(shot: BenchShot, name: str, *, is_tuned: bool) -> Callable[[tuple[int, ...]], Keyed]:
    def keyed(frames: tuple[int, ...]) -> Keyed:
        python = blender.find_bpy_python()
        if python is None:
            raise NotAvailableError(
                f"no bpy: {blender.VARIABLE} is not set and {blender.IN_REPOSITORY} is not there"
            )
        colour = _mean_colour(shot, name, frames)
        settings = blender.DEFAULT
        if is_tuned:
            chosen = spread(frames, TUNED_FRAMES)
            sources = [shot.plate.read(frame)[..., :3] for frame in chosen]
            truths = [shot.truth.read(frame) for frame in chosen]
            settings = blender.best_settings(python, sources, truths, colour)
        whole = [shot.plate.read(frame)[..., :3] for frame in frames]
        ran = blender.keyed_by_blender(python, whole, colour, [settings])
        found = dict(zip(frames, ran.pictures[0], strict=True))
        turned = ", ".join(f"{knob} {value:g}" for knob, value in settings.items())
        by_truth = f"; {turned}, by truth" if is_tuned else ""
        return Keyed(
            lambda frame: found[frame].astype(np.float32),
            whole_seconds=ran.cpu_seconds[0],
            note=f"Blender {ran.version.split()[0]}, CPU seconds{by_truth}",
        )

    return keyed


def _chromakey(shot: BenchShot, name: str) -> Callable[[tuple[int, ...]], Keyed]:
    def keyed(frames: tuple[int, ...]) -> Keyed:
        ffmpeg = chromakey.find_ffmpeg()
        if ffmpeg is None:
            raise NotAvailableError("ffmpeg not found")
        colour = chromakey.key_colour(shot.passes[name].read(frames[0]))
        sources, truths = _tuning(shot, shot.plate, frames)
        settings = chromakey.best_settings(ffmpeg, sources, truths, colour)

        def picture(frame: int) -> Pixels:
            source = shot.plate.read(frame)
            size = (source.shape[0], source.shape[1])
            encoded = chromakey.encoded_frames([source])
            alpha = chromakey.keyed_alpha(ffmpeg, encoded, size, settings)[0]
            # The filter leaves the colour as it was: nothing is unmixed or despilled.
            return np.concatenate([source[..., :3] * alpha[..., None], alpha[..., None]], axis=2)

        return Keyed(
            picture, note=f"similarity {settings.similarity:g}, blend {settings.blend:g}, by truth"
        )

    return keyed


def _plate_candidate(shot: BenchShot, name: str, plate_name: str) -> Candidate:
    def keyed(frames: tuple[int, ...]) -> Keyed:
        plate = shot.passes[plate_name].read(frames[0])
        sources, truths = _tuning(shot, shot.passes[name], frames)
        full = baselines.best_plate_difference(sources, truths, plate)
        return Keyed(
            lambda frame: baselines.plate_difference(shot.passes[name].read(frame), plate, full),
            note=f"full at {full:.3g}, by truth",
        )

    return Candidate("plate-difference", plate_name, (name, plate_name), keyed)


def _two_passes(shot: BenchShot) -> Callable[[tuple[int, ...]], Keyed]:
    black, white = np.zeros(3, np.float32), np.ones(3, np.float32)

    def picture(frame: int) -> Pixels:
        first, second = (
            with_grain(shot.passes[name].read(frame)[..., :3], _GRAIN_SEED + 2 * frame + index)
            for index, name in enumerate(("black", "white"))
        )
        return baselines.triangulated(first, second, black, white)

    return lambda _: Keyed(picture)


def _tuning(
    shot: BenchShot, source: ShotPass, frames: Sequence[int]
) -> tuple[list[Pixels], list[Pixels]]:
    """Sources HxWx3 and true alphas HxW of the frames that settings are tuned on."""
    chosen = spread(frames, TUNED_FRAMES)
    return (
        [source.read(frame)[..., :3] for frame in chosen],
        [shot.truth.read(frame)[..., 3] for frame in chosen],
    )
