"""How wrong a matte is that was carried to a frame from key frames, and what keying makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.writing import as_stored, write_shot
from mattebox.bench.grain import with_grain
from mattebox.bench.methods import read_keyed
from mattebox.bench.shots import TRUTH, BenchShot, ShotPass, read_shot
from mattebox.errors import InputError
from mattebox.events import CollectingReporter
from mattebox.job import Job
from mattebox.measure.metrics import mad
from mattebox.pipeline.prepare import prepare
from mattebox.pipeline.run import run
from mattebox.pipeline.setup import ShotSetup
from mattebox.sequences import find_sequence, format_frames

Pixels = NDArray[np.float32]

DISTANCES = (1, 5, 10, 20)
"""Frames from a key to the frame that is measured."""

BETWEEN = 20
"""Frames from one of two keys to the other."""

BUSY, BUSY_PLATE = "busy", "busy_plate"
GRAIN_SEED = 17


@dataclass(frozen=True)
class CarriedError:
    """Mean absolute errors of alpha x1e3, at one distance from the nearest key.

    Attributes:
        shot, source: what was keyed.
        keys: 1 or 2.
        distance: in frames.
        held: of the nearest key's matte as it is.
        carried: of the matte that flow carries.
        expected: what it says of its own error.
        ours: of alpha keyed with it as hint, against the clean plate.
    """

    shot: str
    source: str
    keys: int
    distance: int
    held: float
    carried: float
    expected: float
    ours: float


def measure_propagation(
    shot: BenchShot, folder: Path, *, threads: int, distances: Sequence[int] = DISTANCES
) -> Iterator[CarriedError]:
    """Carry the truth of single frames of a shot to others, on its plate and over a busy one.

    Means of two frames on either side of the key or keys. Raises InputError for a shot that is too
    short or has no busy plate.
    """
    sources = [shot.plate]
    if BUSY_PLATE in shot.passes:
        sources.append(_busy(shot, folder / f"{shot.name}_busy").plate)
    for source in sources:
        plate = BUSY_PLATE if source.name == BUSY else "plate_grain"
        clean = shot.passes[plate].path(1)
        for count in (1, 2):
            yield from _measured(shot, source, clean, count, distances, folder, threads)


def _busy(shot: BenchShot, folder: Path) -> BenchShot:
    """The whole shot over its busy plate, with grain: the pass on disk is short."""
    behind = shot.passes[BUSY_PLATE].read(1)[..., :3]
    truths = {frame: shot.truth.read(frame) for frame in shot.truth.frames}
    frames = {
        frame: as_stored(
            with_grain(one[..., :3] + (1.0 - one[..., 3:]) * behind, GRAIN_SEED + frame)
        )
        for frame, one in truths.items()
    }
    return read_shot(write_shot(folder, {TRUTH: truths, BUSY: frames}, key=BUSY))


def _measured(
    shot: BenchShot,
    source: ShotPass,
    clean: Path,
    count: int,
    distances: Sequence[int],
    folder: Path,
    threads: int,
) -> Iterator[CarriedError]:
    first, last = source.frames[0], source.frames[-1]
    needed = BETWEEN if count == 2 else max(distances)
    if last - first < needed:
        raise InputError(
            f"{shot.name} has {len(source.frames)} frames", expected=f"more than {needed}"
        )
    ways: list[tuple[tuple[int, ...], int]]
    if count == 2:
        ways = [((first, first + BETWEEN), +1), ((first, first + BETWEEN), -1)]
        reached = [distance for distance in distances if distance <= BETWEEN // 2]
    else:
        ways, reached = [((first,), +1), ((last,), -1)], list(distances)
    errors: dict[int, list[tuple[float, ...]]] = {distance: [] for distance in reached}
    for number, (keys, sign) in enumerate(ways):
        start = keys[0] if sign > 0 else keys[-1]
        place = folder / f"{shot.name}_{source.name}_{count}_{number}"
        frames = [start + sign * distance for distance in reached]
        found = _errors(shot, source, clean, keys, frames, place, threads)
        for distance, one in zip(reached, found, strict=True):
            errors[distance].append(one)
    for distance, ones in errors.items():
        means = [float(mean) for mean in np.mean(ones, axis=0)]
        yield CarriedError(shot.name, source.name, count, distance, *means)


def _errors(
    shot: BenchShot,
    source: ShotPass,
    clean: Path,
    keys: Sequence[int],
    frames: Sequence[int],
    folder: Path,
    threads: int,
) -> Iterator[tuple[float, ...]]:
    """Held, carried, expected and ours, for each frame."""
    drawn = folder / "keys"
    for key in keys:
        (drawn / f"key.{key:04d}.exr").parent.mkdir(parents=True, exist_ok=True)
        (drawn / f"key.{key:04d}.exr").write_bytes(shot.truth.path(key).read_bytes())
    job = Job.checked(
        {
            "plate": str(source.pattern),
            "output": str(folder / "keyed.####.exr"),
            "clean_plate": str(clean),
            "hint_keys": {"pattern": str(drawn / "key.####.exr"), "channel": "A"},
            "colour": {"in_space": source.space},
            "device": "cpu",
            "threads": threads,
            "settings": {"engine": "hint"},
        }
    )
    setup, reporter = ShotSetup(job), CollectingReporter()
    prepared = prepare(job, reporter, setup=setup)
    run(prepared, reporter, setup=setup, frames=format_frames(frames))
    keyed = find_sequence(job.output)
    for frame in frames:
        truth = shot.truth.read(frame)[..., 3]
        nearest = min(keys, key=lambda key: abs(key - frame))
        hinted = setup.hinted(setup.shot.read(frame), prepared.prepared.colour)
        carried = hinted.input("hint")
        assert carried is not None
        assert hinted.hint_error is not None
        yield (
            mad(shot.truth.read(nearest)[..., 3], truth),
            mad(carried, truth),
            1e3 * float(hinted.hint_error.mean()),
            mad(read_keyed(keyed.path(frame))[..., 3], truth),
        )


def propagation_markdown(rows: Sequence[CarriedError]) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| shot | over | keys | frames away | key held | carried | it expects | ours from it |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.shot} | {row.source} | {row.keys} | {row.distance} | {row.held:.1f} | "
        f"{row.carried:.1f} | {row.expected:.1f} | {row.ours:.1f} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"
