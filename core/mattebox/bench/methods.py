"""Mattebox's own ways of keying a shot: each as its user would run it, through the pipeline."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from mattebox.bench import baselines
from mattebox.bench.candidates import MEAN, Candidate, Keyed, clean_plates
from mattebox.bench.shots import BenchShot, Pixels, ShotPass
from mattebox.errors import WeightsError
from mattebox.events import CollectingReporter, WarningEvent
from mattebox.frames import read_frame, write_frame
from mattebox.images import Frame, Window
from mattebox.job import Job
from mattebox.pipeline.prepare import prepare
from mattebox.pipeline.run import run
from mattebox.pipeline.setup import ShotSetup
from mattebox.sequences import find_sequence, format_frames

HINT_FULL = 0.1
"""Linear light at which the plate difference that starts the hint engine is full: not tuned by any
truth, about half of middle grey (0.18), some ten times the grain of a well exposed plate."""


def own_candidates(
    shot: BenchShot, folder: Path, *, weights: Sequence[Path], threads: int
) -> Iterator[Candidate]:
    """All ways Mattebox has to key a shot with the passes it has.

    Args:
        shot: the shot.
        folder: where keyed frames go; each candidate makes a folder in it.
        weights: checkpoints of networks; their engines are found from their content.
        threads: for arithmetic.
    """
    runner = _Runner(shot, folder, threads)
    plates = clean_plates(shot)
    screen = None if shot.screen is None else shot.screen.read(shot.truth.frames[0])
    is_screen = screen is not None and baselines.key_channel(screen) is not None
    plain = "difference" if is_screen else "plate-difference"
    for name in plates if is_screen else ():
        yield runner.candidate("screen", shot.keyed, name, judged_by=(plain, name))
    if is_screen:
        yield runner.candidate(
            "screen", shot.keyed, None, {"screen": "auto"}, judged_by=(plain, MEAN)
        )
    if {"busy", "busy_plate"} <= shot.passes.keys():
        judged_by = ("plate-difference", "busy_plate")
        yield runner.candidate("screen", "busy", "busy_plate", judged_by=judged_by)
        yield runner.candidate("hint", "busy", "busy_plate", judged_by=judged_by)
    # A plate as it was shot, with its own grain, where there is one.
    likeliest = next((name for name in ("plate_grain", "plate") if name in plates), None)
    for path in weights:
        engine = _engine_of(path)
        if likeliest is not None:
            judged_by = (plain, likeliest)
            yield runner.candidate(engine, shot.keyed, likeliest, weights=path, judged_by=judged_by)
        if engine == "rvm":
            # It is told of no plate, but the screen is known: the plain keyer of its mean judges.
            beside = (plain, MEAN) if is_screen else None
            yield runner.candidate(engine, shot.keyed, None, weights=path, judged_by=beside)
    if {"black", "white"} <= shot.passes.keys():
        yield runner.triangulation()


def _engine_of(weights: Path) -> str:
    from mattebox.engines.weights_file import read_weights

    network = read_weights(weights).network
    if network is None:
        raise WeightsError(
            f"the weights {weights} are of a network that takes no part",
            expected="weights of RVM or BGMv2",
            path=weights,
        )
    return network.partition("_")[0]


class _Runner:
    """Runs jobs on one shot and hands out their frames."""

    def __init__(self, shot: BenchShot, folder: Path, threads: int) -> None:
        self._shot = shot
        self._folder = folder
        self._threads = threads

    def candidate(
        self,
        engine: str,
        source: str,
        plate: str | None,
        settings: dict[str, Any] | None = None,
        *,
        weights: Path | None = None,
        judged_by: tuple[str, str] | None = None,
    ) -> Candidate:
        """A run of one engine on a pass, with a clean plate or without."""
        known = plate or ("--screen auto" if settings else "none")
        values: dict[str, Any] = {"settings": {"engine": engine, **(settings or {})}}
        if plate is not None:
            plate_pass = self._shot.passes[plate]
            values["clean_plate"] = _pattern(plate_pass)
        if weights is not None:
            values["weights"] = str(weights)
        prepare: Callable[[Path], dict[str, Any]] | None = None
        if engine == "hint":
            prepare = self._hint(source, str(plate))
        needs = (source,) if plate is None else (source, plate)
        return Candidate(
            engine, known, needs, self._keyed(source, values, prepare), judged_by=judged_by
        )

    def triangulation(self) -> Candidate:
        """The exact alpha of two renders."""
        values = {
            "settings": {"engine": "triangulate"},
            "clean_plate": "0,0,0",
            "plate2": _pattern(self._shot.passes["white"]),
            "background2": "1,1,1",
        }
        return Candidate(
            "triangulate", "black, white", ("black", "white"), self._keyed("black", values, None)
        )

    def _keyed(
        self,
        source: str,
        values: dict[str, Any],
        prepare: Callable[[Path], dict[str, Any]] | None,
    ) -> Callable[[tuple[int, ...]], Keyed]:
        def keyed(frames: tuple[int, ...]) -> Keyed:
            folder = self._folder / str(len(list(self._folder.iterdir())))
            folder.mkdir()
            more = {} if prepare is None else prepare(folder)
            job = Job.checked(
                {
                    "plate": str(self._shot.passes[source].pattern),
                    "output": str(folder / "keyed.####.exr"),
                    "colour": {"in_space": self._shot.passes[source].space},
                    "device": "cpu",
                    "threads": self._threads,
                    **values,
                    **more,
                }
            )
            return run_job(job, frames)

        return keyed

    def _hint(self, source: str, plate: str) -> Callable[[Path], dict[str, Any]]:
        """Writes a plate difference for every frame: the analysis looks at all of them."""
        shot_pass = self._shot.passes[source]

        def prepare(folder: Path) -> dict[str, Any]:
            clean = self._shot.passes[plate].read(shot_pass.frames[0])
            for frame in shot_pass.frames:
                keyed = baselines.plate_difference(shot_pass.read(frame), clean, HINT_FULL)
                write_frame(folder / f"hint.{frame:04d}.exr", _picture(keyed[..., 3:], ("A",)))
            return {"hint": {"pattern": str(folder / "hint.####.exr")}}

        return prepare


def run_job(job: Job, frames: Sequence[int]) -> Keyed:
    """Prepare and run a job on some frames of its shot; times are wall-clock."""
    reporter = CollectingReporter()
    began = perf_counter()
    setup = ShotSetup(job)
    prepared = prepare(job, reporter, setup=setup)
    ready = perf_counter()
    result = run(prepared, reporter, setup=setup, frames=format_frames(frames))
    done = perf_counter()
    missed = sum(isinstance(e, WarningEvent) and e.code == "identity" for e in reporter.events)
    output = find_sequence(job.output)
    return Keyed(
        lambda frame: read_keyed(output.path(frame)),
        matte_seconds=result.seconds_by_stage.get("matte", 0.0) / len(frames),
        whole_seconds=(done - ready) / len(frames),
        prepare_seconds=ready - began,
        note=f"identity missed on {missed} frames" if missed else "",
    )


def read_keyed(path: Path) -> Pixels:
    """HxWx4 float32 of a keyed frame."""
    frame = read_frame(path)
    return np.asarray(frame.placed(frame.display_window)[..., :4], np.float32)


def _picture(pixels: Pixels, channels: tuple[str, ...]) -> Frame:
    window = Window(0, 0, pixels.shape[1], pixels.shape[0])
    return Frame(pixels, channels, data_window=window, display_window=window)


def _pattern(shot_pass: ShotPass) -> str:
    """A still as the one file it is, a sequence as its pattern."""
    if shot_pass.is_still:
        return str(shot_pass.path(shot_pass.frames[0]))
    return str(shot_pass.pattern)
