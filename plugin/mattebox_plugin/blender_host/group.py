"""The node group: its sockets, the keyed frames inside it, and where groups are used."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import bpy

from ..keyed_frames import read_header
from . import colour
from .versions import compositor_of

RESULT = "Mattebox result"
ENLARGED = "Mattebox enlarged"


class Socket(NamedTuple):
    """One output of the group.

    Attributes:
        name: on the group.
        kind: Blender's class of the socket.
        layers: sockets of the image node that may feed it, the first that is there. Beside the
            picture and its alpha they are named like the core's passes.
    """

    name: str
    kind: str
    layers: tuple[str, ...]


SOCKETS = (
    # A plain EXR's picture is called Image, that of one with layers Combined.
    Socket("Image", "NodeSocketColor", ("Combined", "Image")),
    Socket("Alpha", "NodeSocketFloat", ("Alpha",)),
    Socket("Foreground", "NodeSocketColor", ("fg",)),
    Socket("Spill", "NodeSocketColor", ("spill",)),
    Socket("Confidence", "NodeSocketFloat", ("conf",)),
)


def make_group(name: str = "Mattebox") -> Any:
    """A new group, marked as ours; it shows nothing until something is keyed."""
    group = bpy.data.node_groups.new(name, "CompositorNodeTree")
    group.mattebox.is_mattebox = True
    for socket in SOCKETS:
        group.interface.new_socket(socket.name, in_out="OUTPUT", socket_type=socket.kind)
    group.nodes.new("NodeGroupOutput").location = (300.0, 0.0)
    return group


def add_to(tree: Any, group: Any) -> Any:
    """A node of the group in a compositor tree."""
    node = tree.nodes.new("CompositorNodeGroup")
    node.node_tree = group
    node.label = group.name
    node.width = 180.0
    return node


def is_mattebox(group: Any) -> bool:
    """Whether a node group is one of ours."""
    settings = getattr(group, "mattebox", None)
    return settings is not None and bool(settings.is_mattebox)


def used_in(scene: Any) -> list[Any]:
    """Our groups that a render of the scene uses, each once."""
    tree = compositor_of(scene)
    if tree is None or not scene.render.use_compositing:
        return []
    return list(dict.fromkeys(_used_in_tree(tree)))


def passes_in_use(group: Any) -> frozenset[str]:
    """The passes that the group's connected outputs show, in whatever tree of the file."""
    trees = [*bpy.data.node_groups, *filter(None, map(compositor_of, bpy.data.scenes))]
    linked = {
        socket.name
        for tree in trees
        for node in tree.nodes
        if getattr(node, "node_tree", None) == group
        for socket in node.outputs
        if socket.is_linked
    }
    return frozenset(layer for one in SOCKETS if one.name in linked for layer in one.layers)


def _used_in_tree(tree: Any) -> Iterator[Any]:
    for node in tree.nodes:
        group = getattr(node, "node_tree", None)
        if group is None or node.mute:
            continue
        if not is_mattebox(group):
            yield from _used_in_tree(group)
        elif any(socket.is_linked for socket in node.outputs):
            yield group


def attach(group: Any, first: int, last: int, some_frame: Path, *, is_still: bool) -> None:
    """Show keyed frames in the group.

    Args:
        group: the group.
        first, last: frame numbers of the clip's files.
        some_frame: a keyed frame that is there; the others lie beside it.
        is_still: whether it stands for all frames.
    """
    settings = group.mattebox
    node = next((n for n in group.nodes if n.name == RESULT), None)
    if node is None:
        node = group.nodes.new("CompositorNodeImage")
        node.name = node.label = RESULT
    image = node.image
    if image is None or (image.type == "MULTILAYER") != _has_layers(some_frame):
        # A picture that was one with layers stays one for Blender, and a plain file shows nothing.
        before, image = image, bpy.data.images.load(str(some_frame), check_existing=False)
        if before is not None:
            before.user_remap(image)
            bpy.data.images.remove(before)
        image.name = f"{group.name} result"
        node.image = image
    image.filepath = _as_the_folder_is(settings.folder, some_frame)
    image.source = "FILE" if is_still else "SEQUENCE"
    colour.read_as(image, colour.working_space())
    # Blender shows the frames of a multilayer file from memory until it is told to read again.
    image.reload()
    node.frame_start = first - settings.frame_offset
    node.frame_offset = first - 1
    node.frame_duration = last - first + 1
    node.use_auto_refresh = True
    _link(group, node)


def _has_layers(path: Path) -> bool:
    """Whether a keyed frame has layers beside its picture, which Blender takes as another kind of
    image; False where it cannot be read."""
    try:
        return b"." in read_header(path).attributes["channels"]
    except (OSError, ValueError, KeyError):
        return False


def shows(group: Any, folder: Path) -> bool:
    """Whether the group shows frames of this folder."""
    node = group.nodes.get(RESULT)
    if node is None or node.image is None:
        return False
    shown = Path(os.path.normpath(bpy.path.abspath(node.image.filepath)))
    return shown.parent == Path(os.path.normpath(folder))


def _as_the_folder_is(folder: str, path: Path) -> str:
    """A path from the .blend where the results lie beside it: both may be moved then."""
    if folder.startswith("//") and bpy.data.filepath:
        return str(bpy.path.relpath(str(path)))
    return str(path)


def _link(group: Any, node: Any) -> None:
    output = next(n for n in group.nodes if n.bl_idname == "NodeGroupOutput")
    for old in [n for n in group.nodes if n.name.startswith(ENLARGED)]:
        group.nodes.remove(old)
    for socket in SOCKETS:
        target = output.inputs[socket.name]
        for old in list(target.links):
            group.links.remove(old)
        found = (node.outputs.get(layer) for layer in socket.layers)
        layer = next((one for one in found if one is not None and one.enabled), None)
        if layer is not None:
            group.links.new(_at_full_size(group, layer), target)


def _at_full_size(group: Any, layer: Any) -> Any:
    """A layer of a proxy at the clip's size, so that the comp keeps its place; else as it is."""
    factor = group.mattebox.shown_proxy
    if factor == 1:
        return layer
    scale = group.nodes.new("CompositorNodeScale")  # relative, unless it is told otherwise
    scale.name = ENLARGED
    for axis in ("X", "Y"):
        scale.inputs[axis].default_value = factor
    group.links.new(layer, scale.inputs["Image"])
    return scale.outputs["Image"]
