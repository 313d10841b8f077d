"""Inputs as studios have them: renders of several layers, mattes with numbers of their own."""

from __future__ import annotations

from typing import Any

import bpy
from tests.hosts.scenarios.clips import light_scene
from tests.hosts.scenarios.stage import (
    SIZE,
    add_key,
    load_clip,
    part,
    render_as_set_up,
    results_of,
    save,
    set_up,
    state,
)

FRAMES = (1, 2)


def key_layers(folder: str) -> dict[str, Any]:
    """Render the scene as multilayer EXR, once with one view layer and once with two, and key
    both: the one by what the core finds, of the two each by its name."""
    save(f"{folder}/shot.blend")
    tree = set_up(*FRAMES)
    scene = bpy.context.scene
    light_scene(scene)
    first = scene.view_layers["ViewLayer"]
    first.use_pass_z = first.use_pass_normal = first.use_pass_cryptomatte_object = True
    _render_layers(f"{folder}/one/shot.####.exr")
    grey = scene.view_layers.new("Grey")
    grey.material_override = bpy.data.materials.new("grey")
    grey.use_pass_z = True
    _render_layers(f"{folder}/two/shot.####.exr")
    one, two = (load_clip(f"{folder}/{name}/shot.0001.exr") for name in ("one", "two"))
    shown = part("blender_host.panel").may_have_parts(one)
    nodes = {
        "found": add_key(tree, one),
        "unnamed": add_key(tree, two),
        "ViewLayer.Combined": add_key(tree, two, part="ViewLayer.Combined"),
        "Grey.Combined": add_key(tree, two, part="Grey.Combined"),
    }
    answer: dict[str, Any] = {"shown": shown}
    for name, node in nodes.items():
        group = node.node_tree
        done = _keyed(group)
        answer[name] = {"done": done, "folder": results_of(group), "states": state(group, FRAMES)}
    return answer


def key_with_moved_hint(folder: str) -> dict[str, Any]:
    """Key a clip from 1001 with mattes on twos that are numbered from 1."""
    save(f"{folder}/shot.blend")
    tree = set_up(1001, 1004)
    node = add_key(tree, load_clip(f"{folder}/plate/shot.1001.exr"), engine="hint", screen="green")
    group = node.node_tree
    group.mattebox.hint = f"{folder}/mattes/rough.0001.exr"
    without = _keyed(group)
    group.mattebox.hint_offset, group.mattebox.hint_hold = -1000, True
    group.mattebox.outside_offset = 7  # of an input that is not given
    done = _keyed(group)
    bpy.ops.wm.save_mainfile()
    return {
        "without": without,
        "done": done,
        "folder": results_of(group),
        "states": state(group, range(1001, 1005)),
    }


def states_of(blend: str) -> dict[str, str]:
    """The states of a saved shot's only group."""
    bpy.ops.wm.open_mainfile(filepath=blend)
    (group,) = (one for one in bpy.data.node_groups if one.mattebox.is_mattebox)
    return state(group, range(1001, 1005))


def _keyed(group: Any) -> str:
    """What keying the whole clip said: its last status, or the words of its refusal."""
    try:
        bpy.ops.mattebox.key(group=group.name, frames="CLIP")
    except RuntimeError as error:
        return str(error)
    return str(group.mattebox.status)


def _render_layers(pattern: str) -> None:
    render = bpy.context.scene.render
    assert (render.resolution_x, render.resolution_y) == SIZE
    settings = render.image_settings
    if hasattr(settings, "media_type"):  # from 5.0 on; decides which formats there are
        settings.media_type = "MULTI_LAYER_IMAGE"
    settings.file_format, settings.color_depth = "OPEN_EXR_MULTILAYER", "32"
    render.use_compositing = False
    render_as_set_up(None, pattern)
