"""Inside Blender's Python: `python -m training.rendering.worker FOLDER SIDE FIRST COUNT STEP`.

Renders every STEP-th of COUNT seeds into FOLDER/SEED.exr and prints its kind and time.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import bpy

from training.rendering import materials
from training.rendering.stage import add_screen, new_stage, render
from training.rendering.subjects import KINDS, plumes


def build(seed: int, side: int, path: Path) -> str:
    """Render one seed; the name of its kind."""
    stage = new_stage(seed, side)
    add_screen(stage, materials.lamp((1.0, 1.0, 1.0), 1.0))
    shares = [share for share, _, _ in KINDS.values()]
    kind = list(KINDS)[int(stage.rng.choice(len(KINDS), p=[s / sum(shares) for s in shares]))]
    _, builds, companions = KINDS[kind]
    chosen = [builds[int(stage.rng.integers(len(builds)))]]
    chosen += [more for probability, more in companions if stage.chance(probability)]
    for one in chosen:
        one(stage)
    fewest, most = (8, 20) if plumes in chosen else (10, 40)
    partial = path.with_suffix(".partial.exr")
    render(stage, partial, samples=int(stage.log_uniform(fewest, most)))
    partial.rename(path)
    return kind


def main() -> None:
    folder, side, first, count, step = Path(sys.argv[1]), *(int(word) for word in sys.argv[2:6])
    bpy.context.preferences.system.use_gpu_subdivision = False
    for seed in range(first, first + count, step):
        path = folder / f"{seed}.exr"
        if path.exists():
            continue
        began = time.perf_counter()
        kind = build(seed, side, path)
        (folder / f"{seed}.txt").write_text(kind, encoding="utf-8")
        print(f"rendered {seed} {kind} {time.perf_counter() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main()
