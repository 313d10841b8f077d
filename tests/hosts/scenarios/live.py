"""Live: a knob is turned, and the current frame is keyed again by the process that stays warm."""

from __future__ import annotations

import time
from typing import Any

import bpy
from tests.hosts.scenarios.stage import (
    add_key,
    load_clip,
    output_of,
    part,
    results_of,
    save,
    set_up,
    state,
)

FRAME = 1002
MOST_SECONDS = 120.0


def turn_knobs(folder: str) -> dict[str, Any]:
    """Key one frame, turn a knob of it several times and back, then take a proxy."""
    save(f"{folder}/live.blend")
    tree = set_up(1001, 1004)
    bpy.context.scene.frame_set(FRAME)
    node = add_key(tree, load_clip(f"{folder}/plate/shot.1001.exr"), frame_offset=0)
    group = node.node_tree
    settings = group.mattebox
    assert bpy.ops.mattebox.key(group=group.name, frames="CURRENT") == {"FINISHED"}
    warm = part("warm")
    (process,) = warm._processes.values()
    seen: dict[str, Any] = {"plain": results_of(group), "turned": [], "states": []}
    settings.gamma = 1.2  # not live yet: nothing happens
    assert part("blender_host.live").tick() is None
    settings.live = True
    for gamma in (1.3, 1.4, 1.5):
        settings.gamma = gamma
    seen["at once"] = state(group, [FRAME])
    rest()
    seen["turned"].append(results_of(group))
    seen["states"].append(state(group, [FRAME]))
    settings.gamma = 1.0
    rest()
    seen["back"] = results_of(group)
    settings.proxy = "2"
    rest()
    seen["turned"].append(results_of(group))
    seen["states"].append(state(group, [FRAME]))
    seen["status"] = settings.status
    tree.links.new(node.outputs["Image"], output_of(tree))
    part("blender_host.versions").write_float_exr(bpy.context.scene, "//unused")
    bpy.context.scene.frame_start = bpy.context.scene.frame_end = FRAME
    bpy.ops.wm.save_mainfile()
    assert process is next(iter(warm._processes.values()))
    assert not process.has_ended
    return seen


def rest() -> None:
    """Let the timers run until nothing is left to do."""
    live = part("blender_host.live")
    deadline = time.monotonic() + MOST_SECONDS
    while live.tick() is not None:
        assert time.monotonic() < deadline, "it does not come to rest"
        time.sleep(0.02)
