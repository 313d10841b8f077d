"""What scenarios share: the add-on on and off, scenes, nodes, renders. Loaded by Blender alone."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import addon_utils
import bpy

ADD_ON = "bl_ext.user_default.mattebox"

SIZE = (64, 36)
"""Of the small shots."""


def enable() -> None:
    """Switch the installed add-on on, as a tick in the preferences does."""
    faults: list[Exception] = []
    addon_utils.enable(ADD_ON, default_set=True, handle_error=faults.append)
    if faults:
        raise faults[0]
    assert ADD_ON in bpy.context.preferences.addons


def disable() -> None:
    """Switch it off, if it is on."""
    if ADD_ON in bpy.context.preferences.addons:
        addon_utils.disable(ADD_ON, default_set=True)


def part(name: str) -> Any:
    """A module of the installed add-on: ``blender_host.guard``."""
    return importlib.import_module(f"{ADD_ON}.{name}")


def save(path: str) -> None:
    """Save the file; its folder is made."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    bpy.ops.wm.save_as_mainfile(filepath=path)


def load(path: str, space: str = "") -> Any:
    """An image from a file beside the .blend, with a relative path as artists have them."""
    image = bpy.data.images.load(path)
    image.filepath = bpy.path.relpath(path)
    if space:
        image.colorspace_settings.name = space
    return image


def load_clip(first_file: str, space: str = "") -> Any:
    """A picture sequence."""
    image = load(first_file, space)
    image.source = "SEQUENCE"
    return image


def set_up(first: int, last: int, size: tuple[int, int] = SIZE) -> Any:
    """The scene's range and size; its empty compositor tree."""
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = first, last
    scene.frame_set(first)
    render = scene.render
    render.resolution_x, render.resolution_y = size
    render.resolution_percentage = 100
    return part("blender_host.versions").make_compositor(scene)


def add_key(tree: Any, clip: Any, **settings: Any) -> Any:
    """A Mattebox node for a clip, added as the menu does."""
    assert bpy.ops.mattebox.add() == {"FINISHED"}
    node = tree.nodes.active
    change(node.node_tree, image=clip, **settings)
    return node


def change(group: Any, **settings: Any) -> None:
    """Turn knobs of a group."""
    for name, value in settings.items():
        setattr(group.mattebox, name, value)


def image_node(tree: Any, image: Any, first: int = 1, last: int = 1) -> Any:
    """A node that shows an image, file F at frame F."""
    node = tree.nodes.new("CompositorNodeImage")
    node.image = image
    node.frame_start, node.frame_offset = first, first - 1
    node.frame_duration = last - first + 1
    node.use_auto_refresh = True
    return node


def over(tree: Any, foreground: Any, background: Any) -> Any:
    """Blender's own Alpha Over of two sockets; the result's socket."""
    node = tree.nodes.new("CompositorNodeAlphaOver")
    if "Foreground" in node.inputs:  # from 5.0 on
        below, above = node.inputs["Background"], node.inputs["Foreground"]
    else:
        below, above = (one for one in node.inputs if one.type == "RGBA")
    tree.links.new(background, below)
    tree.links.new(foreground, above)
    return node.outputs["Image"]


def output_of(tree: Any) -> Any:
    """The socket that is rendered, made once."""
    for node in tree.nodes:
        if node.bl_idname in ("CompositorNodeComposite", "NodeGroupOutput"):
            return node.inputs[0]
    return part("blender_host.versions").make_output(tree)


def render(socket: Any, pattern: str, frames: Iterable[int] | None = None) -> None:
    """Render a socket of the compositor into float EXR: the scene's range, or single frames."""
    scene = bpy.context.scene
    tree = socket.id_data
    tree.links.new(socket, output_of(tree))
    part("blender_host.versions").write_float_exr(scene, pattern)
    render_as_set_up(frames, pattern)


def render_as_set_up(frames: Iterable[int] | None, pattern: str) -> None:
    """Render what is linked, in the format that is set, with or without the add-on."""
    scene = bpy.context.scene
    scene.render.filepath = pattern
    if frames is None:
        assert bpy.ops.render.render(animation=True) == {"FINISHED"}
        return
    for frame in frames:
        scene.frame_set(frame)
        scene.render.filepath = pattern.replace("####", f"{frame:04d}")
        assert bpy.ops.render.render(write_still=True) == {"FINISHED"}


def refused(action: Callable[[], object]) -> str:
    """The words of an operator that has to refuse."""
    try:
        done = action()
    except RuntimeError as error:
        return str(error)
    raise AssertionError(f"{done}: it was not refused")


def results_of(group: Any) -> str:
    """The folder of a group's keyed frames."""
    request, _ = part("blender_host.node_request").request_of(group, bpy.context.scene)
    return str(request.folder)


def state(group: Any, frames: Iterable[int]) -> dict[str, str]:
    """The state of keyed frames as the panel shows it, by scene frame."""
    frame_statuses = part("blender_host.frames").frame_statuses
    scene = bpy.context.scene
    return {str(f): one.status.value for f in frames for one in frame_statuses(group, scene, [f])}
