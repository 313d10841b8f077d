"""The example shot: keyed, composited, and rendered again with something amiss."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import bpy
from tests.hosts.scenarios.stage import (
    add_key,
    change,
    image_node,
    load,
    load_clip,
    over,
    part,
    render,
    render_as_set_up,
    results_of,
    save,
    set_up,
    state,
)

SOCKETS = ("Image", "Alpha", "Foreground", "Spill", "Confidence")


def key_and_composite(folder: str, first: int, last: int) -> dict[str, Any]:
    """Key the clip in ``folder/plate``, composite it over ``folder/background.0001.exr``, save.

    Also renders every output of the node by itself.
    """
    save(f"{folder}/shot.blend")
    tree = set_up(first, last, (320, 180))
    clean_plate = "//background.0001.exr"  # alone: a picture, whatever its number
    node = add_key(tree, load_clip(f"{folder}/plate/hair.0001.exr"), clean_plate=clean_plate)
    group = node.node_tree
    assert group.mattebox.clean_plate == clean_plate
    before = state(group, [first])
    assert bpy.ops.mattebox.key(group=group.name, frames="SCENE") == {"FINISHED"}
    background = image_node(tree, load(f"{folder}/background.0001.exr"))
    composite = over(tree, node.outputs["Image"], background.outputs["Image"])
    for name in SOCKETS:
        render(node.outputs[name], f"{folder}/sockets/{name}.####.exr", [last])
    render(composite, f"{folder}/composite/hair.####.exr")
    bpy.ops.wm.save_mainfile()
    result = group.nodes["Mattebox result"].image
    return {
        "before": before,
        "after": state(group, range(first, last + 1)),
        "status": group.mattebox.status,
        "results": results_of(group),
        "space": result.colorspace_settings.name,
        "way": result.filepath,
    }


def render_shot(
    blend: str,
    pattern: str,
    knobs: dict[str, Any] | None = None,
    saved_as: str = "",
) -> dict[str, Any]:
    """Open a shot and render its range, with the add-on or without it."""
    bpy.ops.wm.open_mainfile(filepath=blend)
    for group in bpy.data.node_groups:
        if knobs:
            change(group, **knobs)
    render_as_set_up(None, pattern)
    if saved_as:
        bpy.ops.wm.save_as_mainfile(filepath=saved_as, relative_remap=True)
    return {"images": [image.filepath for image in bpy.data.images]}


def look_and_render(blend: str, pattern: str) -> dict[str, Any]:
    """Open a shot that was saved by a Blender without the add-on: its settings, and a render."""
    bpy.ops.wm.open_mainfile(filepath=blend)
    scene = bpy.context.scene
    (group,) = part("blender_host.group").used_in(scene)
    settings = group.mattebox
    kept = {"engine": settings.engine, "screen": settings.screen, "image": settings.image.name}
    states = state(group, range(scene.frame_start, scene.frame_end + 1))
    render_as_set_up(None, pattern)
    return {"kept": kept, "states": states}


def render_rewrite_render(blend: str, new_frame: str, folder: str) -> dict[str, Any]:
    """Render as after a farm's key, which no Blender has seen; give one plate frame other content
    and lose one keyed frame; render with Key on."""
    bpy.ops.wm.open_mainfile(filepath=blend)
    scene = bpy.context.scene
    (group,) = part("blender_host.group").used_in(scene)
    group.nodes.remove(group.nodes["Mattebox result"])
    change(group, shown_digest="", clip_last=-1)
    render_as_set_up(None, f"{folder}/old/hair.####.exr")
    first, last = scene.frame_start, scene.frame_end
    shutil.copy(new_frame, f"{folder}/plate/hair.{first:04d}.exr")
    (Path(results_of(group)) / f"hair.{last:04d}.exr").unlink()
    between = state(group, range(first, last + 1))
    change(group, when_rendering="KEY")
    render_as_set_up(None, f"{folder}/new/hair.####.exr")
    return {"between": between, "after": state(group, range(first, last + 1))}
