"""A shot that is made ready for a farm: nothing is keyed here."""

from __future__ import annotations

import bpy
from tests.hosts.scenarios.stage import (
    add_key,
    image_node,
    load,
    load_clip,
    output_of,
    over,
    part,
    save,
    set_up,
)


def write_job_and_save(folder: str, first: int, last: int) -> str:
    """The composite of a clip that was never keyed, and the bundle that keys it; the results'
    folder."""
    save(f"{folder}/shot.blend")
    tree = set_up(first, last)
    node = add_key(tree, load_clip(f"{folder}/plate/shot.{first}.exr"))
    background = image_node(tree, load(f"{folder}/plate/clean.exr"))
    composite = over(tree, node.outputs["Image"], background.outputs["Image"])
    tree.links.new(composite, output_of(tree))
    part("blender_host.versions").write_float_exr(bpy.context.scene, "//composite/shot.####.exr")
    group = node.node_tree
    done = bpy.ops.mattebox.write_job(group=group.name, directory=f"{folder}/bundle", device="cpu")
    assert done == {"FINISHED"}
    bpy.ops.wm.save_mainfile()
    request, _ = part("blender_host.node_request").request_of(group, bpy.context.scene)
    return str(request.folder)
