"""Render subjects with Blender and put them into a pool: `python -m training.render --count 500`.

A picture has few samples, since many pictures count for more. Their noise is taken out: with it
hair is sand, and in a shot it is smooth. Each picture is then cut into overlapping squares of the
pool's size; those that show next to no edge are left out. Goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import time
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
from numpy.typing import NDArray

from mattebox.bench.blender import find_bpy_python
from mattebox.errors import InputError
from training.denoise import without_noise
from training.drawing import KINDS
from training.pool import TRAINING_SEEDS
from training.rendering import RENDERED

LAYERS = (
    *(f"Combined_lamps.{channel}" for channel in "RGB"),
    "Combined.A",
    *(f"Combined_screen.{channel}" for channel in "RGB"),
)
"""Of the rendered file, in the order of ``training.drawing.Scene.layers``."""
MOST_SQUARES = 6  # of a picture
BETWEEN = 0.02, 0.98
LEAST_EDGE = 0.01  # of the pixels of a square have an alpha between these
BRIGHTEST = 60.0  # of a lamp's light: beyond it a sampled highlight says nothing


def read_layers(path: Path) -> NDArray[np.float32]:
    """[side,side,7] of a rendered file. Raises InputError where it cannot be read."""
    opened = oiio.ImageInput.open(str(path))
    if opened is None:
        raise InputError(
            f"{path}: {oiio.geterror()}",
            expected="what training/rendering wrote",
            next_step="delete the file; it is rendered again",
        )
    names = list(opened.spec().channelnames)
    pixels = opened.read_image(0, 0, 0, len(names), "float")
    opened.close()
    chosen = [names.index(f"ViewLayer.{name}") for name in LAYERS]
    layers = np.nan_to_num(np.asarray(pixels, np.float32)[..., chosen], posinf=BRIGHTEST)
    layers[..., 3] = layers[..., 3].clip(0.0, 1.0)
    layers[..., 4:] = layers[..., 4:].clip(0.0, layers[..., 3:4])
    layers[..., :3] = layers[..., :3].clip(0.0, BRIGHTEST)
    return layers


def squares(layers: NDArray[np.float32], size: int) -> NDArray[np.float16]:
    """[N,size,size,7]: squares with the most edge in them, half overlapping, N perhaps 0."""
    found: list[tuple[float, NDArray[np.float32]]] = []
    starts = range(0, layers.shape[0] - size + 1, size // 2)
    for top in starts:
        for left in starts:
            square = layers[top : top + size, left : left + size]
            alpha = square[..., 3]
            between = (alpha > BETWEEN[0]) & (alpha < BETWEEN[1])
            found.append((float(between.mean()), square))
    found.sort(key=lambda one: -one[0])
    kept = [square for edge, square in found[:MOST_SQUARES] if edge > LEAST_EDGE]
    return np.array(kept, np.float16).reshape(-1, size, size, 7)


def pack(rendered: Path, pool: Path, size: int) -> int:
    """Put every finished picture that is not there yet into the pool; returns how many."""
    done = 0
    for path in sorted(rendered.glob("*.txt")):
        target = pool / f"scenes_{size}_{path.stem}.npz"
        if target.exists():
            continue
        name = path.read_text(encoding="utf-8")
        layers = read_layers(path.with_suffix(".exr"))
        alpha, lamps, screen = without_noise(layers[..., 3:4], layers[..., :3], layers[..., 4:])
        found = squares(np.concatenate([lamps, alpha, np.minimum(screen, alpha)], -1), size)
        kind = len(KINDS) + RENDERED.index(name)
        partial = target.with_suffix(".tmp")
        with partial.open("wb") as file:
            np.savez(file, layers=found, kinds=np.full(len(found), kind, np.uint8))
        partial.rename(target)
        done += 1
    return done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", type=Path, default=Path("training/runs/rendered"))
    parser.add_argument("--pictures", type=Path, default=Path("training/runs/pictures"))
    parser.add_argument("--count", type=int, default=600, help="pictures")
    parser.add_argument("--first", type=int, default=TRAINING_SEEDS, help="seed")
    parser.add_argument("--side", type=int, default=336, help="of a picture, pixels")
    parser.add_argument("--drawn", type=int, default=224, help="side of a scene in the pool")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 2)
    asked = parser.parse_args()
    python = find_bpy_python()
    if python is None:
        raise SystemExit("no Blender was found: run make blender-environments")
    for folder in (asked.pool, asked.pictures):
        folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    running = [
        subprocess.Popen(  # noqa: S603 - our own arguments, no shell
            [
                *(str(python.absolute()), "-m", "training.rendering.worker", str(asked.pictures)),
                *(str(asked.side), str(asked.first + number), str(asked.count - number)),
                str(asked.processes),
            ],
            stdout=subprocess.DEVNULL,
        )
        for number in range(asked.processes)
    ]
    try:
        while any(one.poll() is None for one in running):
            time.sleep(5.0)
            if pack(asked.pictures, asked.pool, asked.drawn):
                there = len(list(asked.pool.glob("*.npz")))
                minutes = (time.perf_counter() - began) / 60.0
                print(f"{there} of {asked.count} pictures after {minutes:.1f} minutes", flush=True)
    finally:
        for one in running:
            one.terminate()
    pack(asked.pictures, asked.pool, asked.drawn)
    if any(one.returncode for one in running):
        raise SystemExit("a Blender ended with an error, which stands above")


if __name__ == "__main__":
    main()
