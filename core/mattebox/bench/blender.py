"""Blender's Keying node beside ours: untouched, and with its knobs turned by the truth.

Blender runs as a process of its own (``blender_keying.py``), once for all frames of a shot: bpy
takes a second to start. It is handed EXR and hands EXR back, so no display curve comes between.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import InputError
from mattebox.frames import read_frame, write_frame
from mattebox.images import Frame, Window
from mattebox.measure.metrics import GREY, comp_error, mad

FloatArray = NDArray[np.floating[Any]]
Pixels = NDArray[np.float32]
Settings = Mapping[str, float]

VARIABLE = "MATTEBOX_BPY_PYTHON"
IN_REPOSITORY = Path(".bpy/4.5/bin/python")
"""Where ``make blender-environments`` puts the Blender that this is measured with."""

DEFAULT: Settings = {}

CLIPS: tuple[Settings, ...] = tuple(
    {"clip_black": black, "clip_white": white, "feather_distance": 0}
    for black in (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
    for white in (1.0, 0.95, 0.9, 0.8, 0.7)
)
"""7 x 5 clips, feather 0: what an artist turns first. The best by alpha's MAD is taken."""

DESPILLS: tuple[Settings, ...] = tuple(
    {"despill_factor": factor, "despill_balance": balance}
    for factor in (0.0, 0.5, 1.0, 1.5)
    for balance in (0.0, 0.5, 1.0)
)
"""4 x 3 despills tried with the best clips; the best by the comp over grey is taken."""

_SECONDS_ALLOWED = 600
_TOLD = 300  # characters of what Blender says that are handed on


@dataclass(frozen=True)
class Ran:
    """What a Blender gave back.

    Attributes:
        pictures: per run, per frame: HxWx4 float16, premultiplied, linear Rec.709.
        cpu_seconds: per run, the mean of a frame: reading, keying and writing on all threads.
        version: of Blender.
    """

    pictures: tuple[tuple[NDArray[np.float16], ...], ...]
    cpu_seconds: tuple[float, ...]
    version: str


def find_bpy_python() -> Path | None:
    """The Python that has bpy: what the variable names, or the repository's, or None.

    Raises:
        InputError: the variable names what is no file.
    """
    named = os.environ.get(VARIABLE)
    if named:
        if not Path(named).is_file():
            raise InputError(
                f"{VARIABLE} is {named}, which is not a file",
                expected="the Python of an environment with bpy 4.5",
                next_step="correct or unset the variable",
                path=Path(named),
            )
        return Path(named)
    # Beside a checkout, whose core/mattebox/bench this file lies in; nothing is there in a wheel.
    found = Path(__file__).resolve().parents[3] / IN_REPOSITORY
    return found if found.is_file() else None


def keyed_by_blender(
    python: Path, sources: Sequence[FloatArray], colour: FloatArray, runs: Sequence[Settings]
) -> Ran:
    """Key frames with each of some settings, in one Blender.

    Args:
        python: has bpy 4.x.
        sources: HxWx3 each, linear Rec.709; at least one.
        colour: (3,) key colour, linear Rec.709.
        runs: properties of the node, per run; those left out stand as Blender has them.

    Raises:
        InputError: Blender failed; what it said last is in the message.
    """
    with tempfile.TemporaryDirectory(prefix="mattebox_blender_") as name:
        folder = Path(name)
        for place, source in enumerate(sources):
            _write(folder / f"source.{place}.exr", source)
        targets = [
            [folder / f"keyed.{run}.{place}.exr" for place in range(len(sources))]
            for run in range(len(runs))
        ]
        orders = {
            "colour": [float(value) for value in colour],
            "runs": [
                {
                    "settings": dict(settings),
                    "frames": [
                        {"source": str(folder / f"source.{place}.exr"), "target": str(target)}
                        for place, target in enumerate(files)
                    ],
                }
                for settings, files in zip(runs, targets, strict=True)
            ],
        }
        answer = _answer(python, folder, orders)
        pictures = tuple(tuple(_read(target) for target in files) for files in targets)
    spent = tuple(float(np.mean(seconds)) for seconds in answer["cpu_seconds"])
    return Ran(pictures, spent, str(answer["blender"]))


def best_settings(
    python: Path, sources: Sequence[FloatArray], truths: Sequence[FloatArray], colour: FloatArray
) -> Settings:
    """The clips with the least error of alpha, then the despill with the least over grey.

    Args:
        python: has bpy 4.x.
        sources: HxWx3 each, linear Rec.709.
        truths: HxWx4 each, premultiplied, linear Rec.709; as many.
        colour: (3,) key colour, linear Rec.709.

    Raises:
        InputError: as ``keyed_by_blender``.
    """
    tried = keyed_by_blender(python, sources, colour, CLIPS).pictures
    errors = [
        sum(mad(found[..., 3], true[..., 3]) for found, true in zip(frames, truths, strict=True))
        for frames in tried
    ]
    clips = CLIPS[int(np.argmin(errors))]
    runs = [{**clips, **despill} for despill in DESPILLS]
    tried = keyed_by_blender(python, sources, colour, runs).pictures
    grey = np.asarray(GREY)
    errors = [
        sum(comp_error(found, true, grey) for found, true in zip(frames, truths, strict=True))
        for frames in tried
    ]
    return runs[int(np.argmin(errors))]


def _answer(python: Path, folder: Path, orders: dict[str, Any]) -> dict[str, Any]:
    asked, answered = folder / "orders.json", folder / "answer.json"
    asked.write_text(json.dumps(orders), encoding="utf-8")
    script = folder / "blender_keying.py"
    # A copy: Python puts a script's folder first on its path, where ours would shadow Blender's.
    source = Path(__file__).with_name("blender_keying.py").read_text(encoding="utf-8")
    script.write_text(source, encoding="utf-8")
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments, no shell
            [str(python), str(script), str(asked), str(answered)],
            capture_output=True,
            timeout=_SECONDS_ALLOWED,
            check=False,
        )
    except OSError as error:
        raise InputError(f"{python} does not start: {error.strerror}", path=python) from error
    except subprocess.TimeoutExpired as error:
        raise InputError(f"Blender did not end within {_SECONDS_ALLOWED} s") from error
    # Blender may end with 0 after an error in a script, and crash at its end after a good answer.
    if not answered.is_file():
        said = (done.stderr or done.stdout).decode(errors="replace").strip()[-_TOLD:]
        raise InputError(
            f"Blender failed ({done.returncode}): {said}",
            next_step=f"check {VARIABLE}, or leave its rows out with --methods",
            path=python,
        )
    values: dict[str, Any] = json.loads(answered.read_text(encoding="utf-8"))
    return values


def _write(path: Path, source: FloatArray) -> None:
    window = Window(0, 0, source.shape[1], source.shape[0])
    pixels = np.ascontiguousarray(source[..., :3], np.float32)
    frame = Frame(pixels, ("R", "G", "B"), data_window=window, display_window=window)
    write_frame(path, frame, pixel_type="float")


def _read(path: Path) -> NDArray[np.float16]:
    frame = read_frame(path)
    return frame.placed(frame.display_window)[..., :4].astype(np.float16)
