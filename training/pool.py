"""The pool of drawn subjects: processes draw ahead, training takes what there is.

Drawing is slow and runs on CPU cores; everything else about a scene is drawn anew for each batch
(compose.py). Files are whole or absent, named by the seeds they hold, and kept: a pool on disk
serves the next run.
"""

from __future__ import annotations

import multiprocessing
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import numpy as np
import torch

from training.drawing import KINDS
from training.rendering import RENDERED
from training.screens import Dice

EVERY_KIND = (*KINDS, *RENDERED)
"""Names of kinds, by the numbers that files hold."""
SCENES_PER_FILE = 48
TRAINING_SEEDS = 1_000_000
"""First seed of what is trained on; below lie the held-out scenes of evaluate.py."""


def start_drawing(
    folder: Path, *, processes: int, size: int, first_file: int = 0, backlog: int | None = None
) -> tuple[list[multiprocessing.Process], Event]:
    """Begin to draw; each process takes every n-th file number that is not there yet.

    With a ``backlog`` they wait while that many files lie in the folder.
    """
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    folder.mkdir(parents=True, exist_ok=True)
    started = []
    for number in range(processes):
        arguments = (folder, first_file + number, processes, size, backlog, stop)
        one = context.Process(target=_draw, args=arguments, daemon=True)
        one.start()
        started.append(one)
    return started, stop  # type: ignore[return-value]


def _draw(
    folder: Path, number: int, step: int, size: int, backlog: int | None, stop: Event
) -> None:
    from training.drawing import draw_scene

    while not stop.is_set():
        if backlog is not None and len(list(folder.glob("*.npz"))) > backlog:
            time.sleep(0.5)
            continue
        path = folder / f"scenes_{size}_{number:06d}.npz"
        if not path.exists():
            first = TRAINING_SEEDS + number * SCENES_PER_FILE
            drawn = [draw_scene(first + i, size) for i in range(SCENES_PER_FILE)]
            layers = np.stack([scene.layers for scene in drawn])
            kinds = np.array([scene.kind for scene in drawn], np.uint8)
            partial = path.with_suffix(f".{number}.tmp")
            with partial.open("wb") as file:
                np.savez(file, layers=layers, kinds=kinds)
            partial.rename(path)
        number += step


class Pool:
    """Drawn subjects in the memory of one device, the oldest replaced once it is full.

    ``without``: kinds, by number, that are left out.
    """

    def __init__(
        self,
        folder: Path,
        device: torch.device,
        size: int,
        capacity: int,
        without: tuple[int, ...] = (),
    ) -> None:
        self._folder, self._size, self._without = folder, size, without
        self._held = torch.empty(capacity, 7, size, size, dtype=torch.float16, device=device)
        self._kinds = torch.zeros(capacity, dtype=torch.long, device=device)
        self._filled = torch.zeros((), device=device)
        self._taken: set[str] = set()
        self._written = 0

    def __len__(self) -> int:
        return min(self._written, len(self._held))

    @property
    def drawn(self) -> int:
        """All scenes taken in so far."""
        return self._written

    def refresh(self, most: int = 4, *, remove: bool = False) -> int:
        """Take in up to ``most`` new files; returns how many. ``remove`` deletes them after."""
        done = 0
        for path in sorted(self._folder.glob(f"scenes_{self._size}_*.npz")):
            if path.name in self._taken:
                continue
            if done >= most:
                break
            with np.load(path) as file:
                layers, kinds = file["layers"], file["kinds"]
            wanted = ~np.isin(kinds, self._without)
            layers, kinds = layers[wanted], kinds[wanted]
            at = (torch.arange(len(layers)) + self._written) % len(self._held)
            at = at.to(self._held.device)
            pixels = torch.from_numpy(layers).to(self._held.device)
            self._held[at] = pixels.permute(0, 3, 1, 2)
            self._kinds[at] = torch.from_numpy(kinds.astype(np.int64)).to(self._held.device)
            self._written += len(layers)
            self._filled.fill_(len(self))
            self._taken.add(path.name)
            if remove:
                path.unlink()
            done += 1
        return done

    def picked(self, count: int, dice: Dice) -> tuple[torch.Tensor, torch.Tensor]:
        """[count,7,S,S] float16 at random, and their kinds [count]. Waits for no device."""
        index = (dice.uniform(count, 0.0, 1.0).flatten() * self._filled).long()
        index = index.clamp_max(len(self._held) - 1)
        return self._held[index], self._kinds[index]
