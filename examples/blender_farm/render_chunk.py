"""Render some frames of a .blend on a farm, after Mattebox keyed them there.

With Blender:     blender -b shot.blend -P render_chunk.py -- 1001-1004
With its module:  python render_chunk.py shot.blend 1001-1004

Needs the Mattebox add-on installed, and no core: its guard looks at every keyed frame before it is
rendered. Ends with 0; with 66 where a keyed frame is missing or cut short, with 65 where it is
stale, and with 1 for all else. Prints progress and failures as Open Job Description reads them.
"""

from __future__ import annotations

import os
import re
import sys
import traceback
from pathlib import Path
from typing import Any

import bpy


def main(words: list[str]) -> None:
    """Render what the command line says."""
    if words and words[0].endswith(".blend"):
        bpy.ops.wm.open_mainfile(filepath=str(Path(words.pop(0)).absolute()))
    run = re.fullmatch(r"(-?\d+)(?:-(-?\d+))?", words[0]) if len(words) == 1 else None
    if run is None:
        raise SystemExit(f"expected the frames to render, such as 1001-1004, not {words}")
    first, last = int(run[1]), int(run[2] or run[1])
    switch_on_guard()
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end, scene.frame_step = first, last, 1

    def tell(*_: Any) -> None:
        share = (scene.frame_current - first + 1) / (last - first + 1)
        print(f"openjd_progress: {100.0 * share:.1f}", flush=True)

    bpy.app.handlers.render_write.append(tell)
    bpy.ops.render.render(animation=True)
    absent = [
        frame
        for frame in range(first, last + 1)
        if not Path(scene.render.frame_path(frame=frame)).is_file()
    ]
    if absent:
        raise SystemExit(f"Blender did not write the frames {absent}")
    print(f"openjd_status: rendered {first}-{last}", flush=True)


def switch_on_guard() -> None:
    """Switch the add-on on, where the preferences have not: a missing key must end the render."""
    import addon_utils  # there once bpy is

    for module in addon_utils.modules():
        if module.__name__.rpartition(".")[2] == "mattebox":
            if not addon_utils.check(module.__name__)[1]:
                addon_utils.enable(module.__name__)
            return
    raise SystemExit("the Mattebox add-on is not installed in this Blender")


if __name__ == "__main__":
    code = 0
    try:
        main(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:])
    except SystemExit as refusal:
        print(f"openjd_fail: {refusal}", flush=True)
        code = 1
    except Exception as error:  # noqa: BLE001 - told, and passed on as the exit code
        traceback.print_exc()
        print(f"openjd_fail: {error}", flush=True)
        code = 1
    # Blender's own end says 0 whatever happened, and its module crashes with add-ons switched on.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
