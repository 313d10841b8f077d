"""Shots that Blender's Cycles renders, with truth, on a stage that nothing is trained on.

Drawn shots say what they are told to; here hair, cloth, wire, smoke and glass are lit as a renderer
lights them, by lamps and by a wrinkled screen. What was decided on them docs/quality.md says.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import typer
from numpy.typing import NDArray

from benchmarks.variants import CLEAN, KEYED
from benchmarks.writing import as_stored, write_shot
from mattebox.bench.blender import find_bpy_python
from mattebox.bench.grain import with_grain
from mattebox.bench.shots import TRUTH
from mattebox.errors import InputError, ToolError
from mattebox.frames import read_frame

Pixels = NDArray[np.float32]

PREFIX = "rendered_"
RENDERED = tuple(
    f"{PREFIX}{subject}"
    for subject in (
        *("man", "woman", "curls", "net", "wheel", "cloth"),
        *("plume", "plant", "plush", "glassware", "veiled", "woman_blue"),
    )
)
"""Names of the shots; their subjects are in ``rendered_subjects.py``, for Blender alone."""
SIZE = 480, 270
SAMPLES = 24
_SEED = 88_000
_POLL_SECONDS = 1.0


def render_shots(
    names: Sequence[str],
    folder: Path,
    *,
    length: int,
    size: tuple[int, int] = SIZE,
    samples: int = SAMPLES,
) -> list[Path]:
    """Render what is not there yet, as many at once as there are cores; folders of the shots.

    Says each one's name on standard error once it is there: a shot takes a minute or two.

    Args:
        names: of ``RENDERED``.
        folder: where shots lie side by side; what Blender writes stays in it.
        length: frames.
        size: width and height.
        samples: of each pixel.

    Raises:
        InputError: no Blender is there.
        ToolError: Blender failed.
        WriteError: a file cannot be written.
    """
    python = find_bpy_python()
    if python is None:
        raise InputError(
            "no Blender for rendering", next_step="run `make blender-environments`, then again"
        )
    waiting = [name for name in names if not _file(folder / name, "truth", length).exists()]
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < (os.cpu_count() or 1):
                name = waiting.pop(0)
                running[name] = _rendering(python, folder / name, (*size, length, samples))
            time.sleep(_POLL_SECONDS)
            for name in [name for name, one in running.items() if one.poll() is not None]:
                if running.pop(name).returncode:
                    raise ToolError(
                        f"Blender failed on {name}; what it said stands above",
                        next_step="run the command again; shots that are finished are kept",
                    )
                typer.echo(name, err=True)
    finally:
        for one in running.values():
            one.terminate()
    return [_composed(folder / name, length) for name in names]


def _file(shot: Path, kind: str, frame: int) -> Path:
    """What Blender writes of a frame; the truth of the last one is written last."""
    return shot / "rendered" / f"{kind}.{frame}.exr"


def _rendering(python: Path, shot: Path, numbers: Sequence[int]) -> subprocess.Popen[bytes]:
    """A Blender that renders one shot into a folder beside its passes."""
    rendered = shot / "rendered"
    rendered.mkdir(parents=True, exist_ok=True)
    subject = shot.name.removeprefix(PREFIX)
    worker = ("-m", "benchmarks.rendered_blender", subject, str(rendered.absolute()))
    return subprocess.Popen(  # noqa: S603 - our own arguments, no shell
        [str(python.absolute()), *worker, *map(str, numbers)],
        stdout=subprocess.DEVNULL,
    )


def _composed(shot: Path, length: int) -> Path:
    """The shot of what was rendered: the truth, what the camera saw, and a clean plate."""
    from training.denoise import without_noise

    plate = _pixels(shot / "rendered" / "plate.exr")[..., :3]
    plate = as_stored(without_noise(np.ones_like(plate[..., :1]), plate)[1])
    seed = _SEED + 100 * RENDERED.index(shot.name)
    passes: dict[str, dict[int, Pixels]] = {TRUTH: {}, KEYED: {}}
    for frame in range(1, length + 1):
        truth, lit = (_pixels(_file(shot, kind, frame)) for kind in ("truth", "lit"))
        alpha, own, lights = without_noise(truth[..., 3:], truth[..., :3], lit[..., :3])
        truth = as_stored(np.concatenate([own, alpha], -1))
        passes[TRUTH][frame] = truth
        light = lights + (1.0 - truth[..., 3:]) * plate
        passes[KEYED][frame] = with_grain(light, seed + frame)
    passes[CLEAN] = {1: with_grain(plate, seed)}
    return write_shot(shot, passes, key=KEYED)


def _pixels(path: Path) -> Pixels:
    return np.asarray(read_frame(path).pixels, np.float32)
