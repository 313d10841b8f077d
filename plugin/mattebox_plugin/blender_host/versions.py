"""What differs between Blender 4.2 and 5.2, each in one place."""

from __future__ import annotations

from typing import Any

import bpy

HAS_COMPOSITING_GROUP = bpy.app.version >= (5, 0, 0)
"""From 5.0 on a scene's compositor is a node group like any other."""


def compositor_of(scene: Any) -> Any:
    """The scene's compositor tree, or None where it has none that is in use."""
    if HAS_COMPOSITING_GROUP:
        return scene.compositing_node_group
    return scene.node_tree if scene.use_nodes else None


def make_compositor(scene: Any) -> Any:
    """The scene's compositor tree; an empty one is made where there is none."""
    tree = compositor_of(scene)
    if tree is None:
        if HAS_COMPOSITING_GROUP:
            tree = bpy.data.node_groups.new("Compositing Nodes", "CompositorNodeTree")
            scene.compositing_node_group = tree
        else:
            scene.use_nodes = True
            tree = scene.node_tree
            tree.nodes.clear()
    return tree


def make_output(tree: Any) -> Any:
    """A new output of a compositor tree: the socket that is rendered."""
    if not HAS_COMPOSITING_GROUP:
        return tree.nodes.new("CompositorNodeComposite").inputs["Image"]
    if not any(item.in_out == "OUTPUT" for item in tree.interface.items_tree):
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
    return tree.nodes.new("NodeGroupOutput").inputs[0]


def write_float_exr(scene: Any, path: str) -> None:
    """Let a scene's render go to float EXR files, zip, with alpha."""
    settings = scene.render.image_settings
    if hasattr(settings, "media_type"):  # from 5.0 on; decides which formats there are
        settings.media_type = "IMAGE"
    settings.file_format = "OPEN_EXR"
    settings.color_mode, settings.color_depth, settings.exr_codec = "RGBA", "32", "ZIP"
    scene.render.filepath = path
    scene.render.use_file_extension = True
