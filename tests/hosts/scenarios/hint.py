"""The hint by a matting tool, from the add-on's menu."""

from __future__ import annotations

from typing import Any

import bpy
from tests.hosts.scenarios.stage import (
    add_key,
    change,
    load_clip,
    refused,
    save,
    set_up,
    state,
)


def make_and_key(folder: str, first: int, last: int) -> dict[str, Any]:
    """Have a tool make the hint of the clip in ``folder/plate``, and key with it."""
    save(f"{folder}/shot.blend")
    tree = set_up(first, last)
    node = add_key(tree, load_clip(f"{folder}/plate/shot.1001.exr"))
    group = node.node_tree
    change(group, frame_offset=1000, screen="green")
    listed = bpy.ops.mattebox.hint_tools(group=group.name)
    unaccepted = refused(lambda: bpy.ops.mattebox.make_hint(group=group.name, tool="any"))
    unknown = refused(lambda: bpy.ops.mattebox.make_hint(group=group.name, tool="other"))
    absent = refused(lambda: bpy.ops.mattebox.make_hint(group=group.name, tool="matanyone"))
    before = group.mattebox.engine
    made = bpy.ops.mattebox.make_hint(group=group.name, tool="any", accept_licence=True)
    keyed = bpy.ops.mattebox.key(group=group.name, frames="SCENE")
    return {
        "listed": list(listed),
        "unaccepted": unaccepted,
        "unknown": unknown,
        "absent": absent,
        "before": before,
        "made": list(made),
        "keyed": list(keyed),
        "hint": group.mattebox.hint,
        "engine": group.mattebox.engine,
        "states": state(group, range(first, last + 1)),
    }
