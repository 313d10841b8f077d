"""A session under another OCIO config."""

from __future__ import annotations

from typing import Any

import bpy
from tests.hosts.scenarios.stage import (
    add_key,
    image_node,
    load,
    load_clip,
    over,
    part,
    render,
    save,
    set_up,
    state,
)


def key_in_session_space(folder: str, space: str) -> dict[str, Any]:
    """Key one frame of a clip that is in ``space``, composite it."""
    save(f"{folder}/shot.blend")
    tree = set_up(1001, 1001)
    clip = load_clip(f"{folder}/plate/shot.1001.exr")
    clip.colorspace_settings.name = space
    colour = part("blender_host.colour")
    node = add_key(tree, clip)
    group = node.node_tree
    assert bpy.ops.mattebox.key(group=group.name, frames="CURRENT") == {"FINISHED"}
    unchanged = load(f"{folder}/plate/clean.exr", colour.working_space())
    background = image_node(tree, unchanged)
    composite = over(tree, node.outputs["Image"], background.outputs["Image"])
    render(composite, f"{folder}/composite/shot.####.exr")
    return {
        "working": colour.working_space(),
        "config": colour.config(),
        "result": group.nodes["Mattebox result"].image.colorspace_settings.name,
        "state": state(group, [1001]),
    }
