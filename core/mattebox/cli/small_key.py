"""The shipped shot, keyed by a process of its own: is it right, and as fast as it should be?

Speed is told against this machine's own arithmetic, so that a slow machine is not called ill: one
convolution is timed here and was timed on the reference machine, and what a frame took there is
scaled by their ratio.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

from mattebox.cli.demo import demo_accuracy, demo_plate, example_shot
from mattebox.doctor.report import Fault, SmallKey
from mattebox.errors import MatteboxError

REFERENCE_FRAME_SECONDS = 0.125
"""Colour, engine and matte of one frame of the shot on the CPU of the reference machine: two
virtual cores of an AMD EPYC that other work shared, torch 2.13 (docs/doctor.md)."""

REFERENCE_CONVOLUTION_SECONDS = 0.077
"""What ``convolution_seconds`` gave there."""

EXPECTED_MAD = 5.2
"""Mean absolute error of alpha x 1000: ``mattebox demo`` prints it, on every machine."""

WRONG = 1.5
"""An error this many times the expected one is no rounding: pixels are wrong."""

COMPUTING = ("colour", "engine", "matte")
"""Stages of a run whose time is arithmetic; reading and writing are the disk's."""

_PATIENCE_SECONDS = 300.0


def small_key(device: str) -> SmallKey | Fault:
    """Key the shipped shot on a device; a fault where that fails or comes out wrong."""
    try:
        shot = example_shot()
        with tempfile.TemporaryDirectory(prefix="mattebox_doctor_") as folder:
            end = _key(shot, Path(folder), device)
            if isinstance(end, Fault):
                return end
            mad = demo_accuracy(Path(folder, "hair.####.exr"), shot).mad
    except MatteboxError as error:
        what = f"a small key cannot be tried: {error.message}"
        return Fault(what, error.next_step or "install Mattebox again")
    except OSError as error:
        what = f"a small key cannot be tried: {error.strerror}"
        return Fault(what, "make room in the folder for temporary files, or set TMPDIR to another")
    if mad > WRONG * EXPECTED_MAD:
        return Fault(
            f"a small key on {device} is wrong: MAD {mad:.1f}, expected {EXPECTED_MAD} (x 1e3)",
            "key with --device cpu, install torch again, and report it with these lines",
        )
    computed = sum(end["seconds_by_stage"].get(stage, 0.0) for stage in COMPUTING)
    expected = None
    if device == "cpu":
        ratio = convolution_seconds() / REFERENCE_CONVOLUTION_SECONDS
        expected = REFERENCE_FRAME_SECONDS * ratio
    return SmallKey(
        device=device,
        frames=end["done"],
        seconds=end["seconds"],
        frame_seconds=computed / end["done"],
        expected_frame_seconds=expected,
        mad=mad,
        expected_mad=EXPECTED_MAD,
    )


def _key(shot: Path, folder: Path, device: str) -> dict[str, Any] | Fault:
    """Run the command as hosts do; its last event, or why there is none."""
    from mattebox_ocio.config import PINNED_BUILTIN

    words = [
        *("key", str(demo_plate(shot)), "--output", str(folder / "hair.####.exr")),
        *("--clean-plate", str(shot / "plate/fixture_hair_plate.0001.exr")),
        *("--in-space", "lin_rec709_scene", "--ocio", f"ocio://{PINNED_BUILTIN}"),
        *("--engine", "screen", "--device", device, "--json"),
    ]
    cure = "cure the other faults first; if it stays, report it with these lines"
    try:
        done = subprocess.run(  # noqa: S603 - ourselves
            [sys.executable, "-m", "mattebox", *words],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        what = f"a small key on {device} did not end within {_PATIENCE_SECONDS:.0f} s"
        return Fault(what, "see what else computes on this machine, and try again")
    events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode == 0:
        return dict(events[-1])
    told = [event["message"] for event in events if event["event"] == "error"]
    said = [*told, *done.stderr.strip().splitlines()[-1:], "nothing was said"][0]
    return Fault(f"a small key on {device} ended with {done.returncode}: {said}", cure)


def convolution_seconds() -> float:
    """The best of eight timings of four convolutions on one thread: what arithmetic costs here."""
    import torch
    from torch.nn.functional import conv2d

    generator = torch.Generator().manual_seed(0)
    pixels = torch.rand(1, 32, 180, 320, generator=generator)
    weights = torch.rand(32, 32, 3, 3, generator=generator)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return min(_seconds_of_four(conv2d, pixels, weights) for _ in range(8))
    finally:
        torch.set_num_threads(threads)


def _seconds_of_four(convolve: Any, pixels: Any, weights: Any) -> float:
    began = perf_counter()
    for _ in range(4):
        convolve(pixels, weights, padding=1)
    return perf_counter() - began
