"""Clips of every kind: other numbers, several nodes, proxies, movies, the scene's own render."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
from tests.hosts.scenarios.stage import (
    SIZE,
    add_key,
    image_node,
    load_clip,
    over,
    part,
    render,
    results_of,
    save,
    set_up,
    state,
)


def key_three_nodes(folder: str) -> dict[str, Any]:
    """A clip from 1001: one node on it; one with another knob, keyed by its render; one that begins
    at scene frame 1 with the first one's settings."""
    save(f"{folder}/shot.blend")
    tree = set_up(1001, 1002)
    clip = load_clip(f"{folder}/plate/shot.1001.exr")
    shown = image_node(tree, clip, 1001, 1004)
    plain = add_key(tree, clip)
    small = add_key(tree, clip, erode=1.5, when_rendering="KEY")
    early = add_key(tree, clip, frame_offset=1000)
    nodes = {"plain": plain, "small": small, "early": early}
    _key(plain, "SCENE")
    render(plain.outputs["Image"], f"{folder}/plain/shot.####.exr")
    render(small.outputs["Image"], f"{folder}/small/shot.####.exr", [1001])
    bpy.context.scene.frame_set(2)
    _key(early, "CURRENT")
    render(early.outputs["Image"], f"{folder}/early/shot.####.exr", [2])
    taken = part("blender_host.group").make_group("taken")
    shown.frame_start = 11
    part("blender_host.operators").take_clip(taken, clip, shown)
    bpy.context.scene.frame_set(1001)
    bpy.ops.wm.save_mainfile()
    return {
        "results": {name: results_of(node.node_tree) for name, node in nodes.items()},
        "state": state(early.node_tree, [0, 1, 2, 4, 5]),
        "taken": taken.mattebox.frame_offset,
    }


def choose_files(folder: str) -> list[str]:
    """Choose files of which there is one, and frames of which there are several."""
    save(f"{folder}/shot.blend")
    settings = part("blender_host.group").make_group().mattebox
    settings.clean_plate = "//plate/clean.exr"
    settings.hint = "//plate/shot.1001.exr:A"
    settings.inside = f"{folder}/plate/shot.1002.exr"
    settings.outside = "//plate/alone.0001.exr"
    settings.protect = "//plate/shot.%04d.exr:matte.R"
    return [
        settings.clean_plate,
        settings.hint,
        settings.inside,
        settings.outside,
        settings.protect,
    ]


def _key(node: Any, frames: str) -> None:
    name = node.node_tree.name
    assert bpy.ops.mattebox.key(group=name, frames=frames) == {"FINISHED"}


def render_at_half_size(blend: str, folder: str) -> None:
    """Render the first node of a saved shot, and the plate through an Image node, at 50 %."""
    bpy.ops.wm.open_mainfile(filepath=blend)
    scene = bpy.context.scene
    scene.render.resolution_percentage = 50
    tree = part("blender_host.versions").compositor_of(scene)
    node = next(one for one in tree.nodes if one.label == "Mattebox")
    plate = image_node(tree, node.node_tree.mattebox.image, 1001, 1004)
    render(node.outputs["Image"], f"{folder}/keyed.####.exr", [1001])
    render(plate.outputs["Image"], f"{folder}/plate.####.exr", [1001])


def key_movie_and_render(folder: str) -> dict[str, Any]:
    """Key a movie of the clip, and this scene's own render: once by the button or the render that
    shows it, once more by the button."""
    save(f"{folder}/shot.blend")
    movie = _make_movie(f"{folder}/plate/shot.1001.exr", f"{folder}/clip")
    tree = set_up(1, 2)
    nodes = {
        "movie": add_key(tree, movie),
        "render": add_key(tree, None, source="RENDER", when_rendering="KEY"),
    }
    light_scene(bpy.context.scene)
    answer: dict[str, Any] = {}
    for name, node in nodes.items():
        if name == "movie":
            _key(node, "SCENE")
        render(node.outputs["Image"], f"{folder}/{name}/shot.####.exr")
        files = _files(results_of(node.node_tree))
        first_state = state(node.node_tree, [1, 2])
        _key(node, "SCENE")
        answer[name] = {
            "results": results_of(node.node_tree),
            "states": [first_state, state(node.node_tree, [1, 2])],
            "stays": files == _files(results_of(node.node_tree)),
            "files": sorted(files),
        }
    answer["scenes"] = [scene.name for scene in bpy.data.scenes]
    answer["trees"] = [group.name for group in bpy.data.node_groups]
    return answer


def _files(folder: str) -> dict[str, list[Any]]:
    """Which files the frames of a folder are, and what they hold: a frame that is computed again is
    another file, while one that was found current may be given a newer time."""
    return {
        path.name: [path.stat().st_ino, path.read_bytes()] for path in Path(folder).glob("*.exr")
    }


def _make_movie(first_file: str, target: str) -> Any:
    """A movie that Blender encodes of two frames of a clip."""
    versions = part("blender_host.versions")
    scene = bpy.data.scenes.new("encode")
    tree = versions.make_compositor(scene)
    node = image_node(tree, load_clip(first_file), 1001, 1004)
    tree.links.new(node.outputs["Image"], versions.make_output(tree))
    scene.frame_start, scene.frame_end = 1001, 1002
    render = scene.render
    render.resolution_x, render.resolution_y = SIZE
    if hasattr(render.image_settings, "media_type"):
        render.image_settings.media_type = "VIDEO"
    render.image_settings.file_format = "FFMPEG"
    render.ffmpeg.format, render.ffmpeg.codec = "MPEG4", "H264"
    render.ffmpeg.constant_rate_factor = "LOSSLESS"
    scene.view_settings.view_transform = "Standard"
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    render.filepath = f"{target}.mp4"
    bpy.ops.render.render(animation=True, scene=scene.name)
    (path,) = Path(target).parent.glob("*.mp4")
    bpy.data.scenes.remove(scene)
    for group in list(bpy.data.node_groups):
        bpy.data.node_groups.remove(group)
    movie = bpy.data.images.load(str(path))
    assert movie.source == "MOVIE"
    return movie


def light_scene(scene: Any) -> None:
    """The cube that Blender starts with, glowing red before a green world, and moving."""
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 2
    scene.cycles.use_denoising = False
    background = next(
        node for node in scene.world.node_tree.nodes if node.bl_idname == "ShaderNodeBackground"
    )
    background.inputs["Color"].default_value = (0.08, 0.43, 0.11, 1.0)
    cube = bpy.data.objects["Cube"]
    for frame, x in ((1, -2.0), (2, 2.0)):
        cube.location.x = x
        cube.keyframe_insert("location", index=0, frame=frame)
    nodes = cube.active_material.node_tree.nodes
    surface = next(node for node in nodes if node.bl_idname == "ShaderNodeBsdfPrincipled")
    surface.inputs["Base Color"].default_value = (0.0, 0.0, 0.0, 1.0)
    surface.inputs["Emission Color"].default_value = (0.5, 0.2, 0.15, 1.0)
    surface.inputs["Emission Strength"].default_value = 1.0


def comp_without_the_add_on(folder: str, keyed: str, behind: str) -> dict[str, Any]:
    """The steps of docs/first_clip.md: keyed frames from disk over a picture, nothing installed."""
    save(f"{folder}/first.blend")
    tree = set_up(1, 2, (192, 108))
    clip = load_clip(keyed)
    shown = image_node(tree, clip, 1, 2)
    background = image_node(tree, bpy.data.images.load(behind))
    composite = over(tree, shown.outputs["Combined"], background.outputs["Image"])
    render(composite, f"{folder}/composite/comp.####.exr", [1, 2])
    return {"space": clip.colorspace_settings.name, "alpha": clip.alpha_mode}
