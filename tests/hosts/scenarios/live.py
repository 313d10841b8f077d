"""Live: a knob is turned, and the current frame is keyed again by the process that stays warm:
first with the passes that are shown, then whole."""

from __future__ import annotations

import time
from pathlib import Path
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
    seen["shown"] = rest(group)
    seen["turned"].append(results_of(group))
    seen["states"].append(state(group, [FRAME]))
    settings.gamma = 1.0
    seen["shown back"] = rest(group)
    seen["back"] = results_of(group)
    tree.links.new(node.outputs["Spill"], output_of(tree))
    settings.proxy = "2"
    seen["shown"] += rest(group)
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


def rest(group: Any) -> list[tuple[str, list[str]]]:
    """Let the timers run until nothing is left to do; what was shown meanwhile."""
    live = part("blender_host.live")
    deadline = time.monotonic() + MOST_SECONDS
    seen = [shown(group)]
    is_at_rest = False
    while not is_at_rest:
        assert time.monotonic() < deadline, "it does not come to rest"
        is_at_rest = live.tick() is None
        if shown(group) != seen[-1]:
            seen.append(shown(group))
        time.sleep(0.02)
    return seen[1:]


def shown(group: Any) -> tuple[str, list[str]]:
    """The folder of the frames that a group shows, and its outputs that they feed."""
    image = group.nodes[part("blender_host.group").RESULT].image
    output = next(one for one in group.nodes if one.bl_idname == "NodeGroupOutput")
    return (
        str(Path(bpy.path.abspath(image.filepath)).parent),
        [socket.name for socket in output.inputs if socket.is_linked],
    )
