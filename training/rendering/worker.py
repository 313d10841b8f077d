"""Inside Blender's Python: `python -m training.rendering.worker FOLDER SIDE FIRST COUNT STEP`.

Renders every STEP-th of COUNT seeds into FOLDER/SEED.exr and prints its kind and time.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import bpy
import numpy as np

from training.rendering import materials
from training.rendering.stage import add_screen, new_stage, render
from training.rendering.subjects import KINDS, plumes


def build(seed: int, side: int, path: Path) -> str:
    """Render one seed; the name of its kind."""
    stage = new_stage(seed, side)
    add_screen(stage, materials.lamp((1.0, 1.0, 1.0), 1.0))
    shares = np.array([kind.share for kind in KINDS.values()])
    name = str(stage.rng.choice(list(KINDS), p=shares / shares.sum()))
    kind = KINDS[name]
    chosen = [kind.builds[int(stage.rng.integers(len(kind.builds)))]]
    chosen += [more for probability, more in kind.companions if stage.chance(probability)]
    for one in chosen:
        one(stage)
    fewest, most = (8, 20) if plumes in chosen else (10, 40)
    partial = path.with_suffix(".partial.exr")
    render(stage, partial, samples=int(stage.log_uniform(fewest, most)))
    partial.rename(path)
    return name


def main() -> None:
    folder, side, first, count, step = Path(sys.argv[1]), *(int(word) for word in sys.argv[2:6])
    bpy.context.preferences.system.use_gpu_subdivision = False
    for seed in range(first, first + count, step):
        path, finished = (folder / f"{seed}{ending}" for ending in (".exr", ".txt"))
        if finished.exists():
            continue
        began = time.perf_counter()
        kind = build(seed, side, path)
        finished.write_text(kind, encoding="utf-8")
        print(f"rendered {seed} {kind} {time.perf_counter() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main()
