"""Whether the scenes that a network learns from are like shots: `python -m training.likeness`.

Prints what the plain key says of all that is neither opaque nor empty, as a multiple of its true
alpha: 1 where things are grey, less the more of the screen's light is on them, more where they are
bright or saturated in other colours. A network trusts what is common where it learned; scenes whose
multiples lie elsewhere than those of shots teach it to correct what in shots is right.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from mattebox.bench.baselines import excess, key_channel
from mattebox.bench.shots import BenchShot, Pixels, read_shot
from mattebox.matte.unmixing.features import relative
from training.compose import Footage, compose
from training.pool import EVERY_KIND
from training.screens import Dice

BETWEEN = 0.02, 0.98
LEAST_PIXELS = 100
CROP, BATCH = 160, 16
PERCENTILES = (5, 25, 50, 75, 95)


def of_scenes(pools: list[Path], most: int) -> dict[str, list[float]]:
    """The multiples, kind by kind, of the first ``most`` scenes of each pool."""
    dice = Dice(torch.Generator().manual_seed(5), torch.device("cpu"))
    found: dict[str, list[float]] = {}
    for kind, layers in _by_kind(pools, most).items():
        for start in range(0, len(layers), BATCH):
            chosen = layers[start : start + BATCH]
            kinds = torch.full((2 * len(chosen),), kind)
            pictures = torch.from_numpy(np.stack(chosen + chosen)).permute(0, 3, 1, 2)
            scene, truth = compose(dice, pictures, kinds, CROP, Footage())
            between = (truth.alpha > BETWEEN[0]) & (truth.alpha < BETWEEN[1])
            told = (relative(scene).guide * between).sum((1, 2, 3))
            true = (truth.alpha * between).sum((1, 2, 3))
            enough = between.sum((1, 2, 3)) > LEAST_PIXELS
            found.setdefault(EVERY_KIND[kind], []).extend((told / true)[enough].tolist())
    return found


def of_shot(shot: BenchShot) -> float:
    """That of a shot's first frame. Raises ValueError where it has no screen to compare with."""
    frame = shot.truth.frames[0]
    screen = None if shot.screen is None else shot.screen.read(frame)
    key = None if screen is None else key_channel(screen)
    if screen is None or key is None:
        raise ValueError(f"{shot.folder} has no plate of a saturated screen.")
    alpha = shot.truth.read(frame)[..., 3]
    between = (alpha > BETWEEN[0]) & (alpha < BETWEEN[1])
    told = 1.0 - excess(shot.plate.read(frame), key) / excess(screen, key).clip(1e-3)
    return float(told[between].sum() / alpha[between].sum())


def _by_kind(pools: list[Path], most: int) -> dict[int, list[Pixels]]:
    found: dict[int, list[Pixels]] = {}
    for pool in pools:
        for layers, kind in islice(_scenes(pool), most):
            found.setdefault(kind, []).append(layers)
    return dict(sorted(found.items()))


def _scenes(pool: Path) -> Iterator[tuple[Pixels, int]]:
    for path in sorted(pool.glob("*.npz")):
        with np.load(path) as file:
            for layers, kind in zip(file["layers"], file["kinds"], strict=True):
                yield layers, int(kind)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pools", type=Path, nargs="*", help="of drawn or rendered scenes")
    parser.add_argument("--shots", type=Path, nargs="*", default=[], help="folders of bench shots")
    parser.add_argument("--most", type=int, default=960, help="scenes of each pool")
    asked = parser.parse_args()
    for pool in asked.pools:
        if not any(pool.glob("*.npz")):
            parser.error(
                f"{pool}: no scenes are there; training.train and training.render make some"
            )
    if asked.pools:
        print(f"{'kind':20s} scenes " + " ".join(f"{p:>5d} %" for p in PERCENTILES))
    for kind, values in of_scenes(asked.pools, asked.most).items():
        if values:
            shown = " ".join(f"{value:7.2f}" for value in np.percentile(values, PERCENTILES))
            print(f"{kind:20s} {len(values):6d} {shown}")
    for folder in asked.shots:
        print(f"{folder.name:27s} {of_shot(read_shot(folder)):7.2f}")


if __name__ == "__main__":
    main()
