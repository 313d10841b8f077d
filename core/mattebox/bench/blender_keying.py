"""Blender's Keying node on frames of a shot; runs in a Python that has bpy, not in ours.

``python blender_keying.py ORDERS.json ANSWER.json``. Orders are a JSON object: ``colour`` (three
numbers, linear Rec.709) and ``runs``, a list of ``{"settings": {"clip_black": 0.1}, "frames":
[{"source": EXR, "target": EXR}]}``. Settings are properties of the node; those left out stand as
Blender has them. Targets are half, linear Rec.709, RGBA premultiplied. The answer is ``{"blender":
"4.5.15", "cpu_seconds": [[...], ...]}``: of reading, keying and writing one frame, all threads
together.

Standard library and bpy alone; nothing of Mattebox is imported here.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import bpy  # pyright: ignore[reportMissingImports] - Blender alone has it

LINEAR = "Linear Rec.709"


def main(orders: Path, answer: Path) -> None:
    """Do what the orders say and write the answer."""
    asked = json.loads(orders.read_text(encoding="utf-8"))
    if bpy.app.version[0] != 4:
        raise SystemExit(f"Blender {bpy.app.version_string} is not 4.x, whose node this drives")
    scene = _scene()
    spent = [_keyed(scene, run, asked["colour"]) for run in asked["runs"]]
    found = {"blender": bpy.app.version_string, "cpu_seconds": spent}
    answer.write_text(json.dumps(found), encoding="utf-8")


def _scene() -> Any:
    """A scene that composites and renders nothing, whose pixels are handed on as they are."""
    scene = bpy.context.scene
    scene.use_nodes = True
    scene.node_tree.nodes.clear()
    scene.render.use_file_extension = False
    scene.render.resolution_percentage = 100
    settings = scene.render.image_settings
    settings.file_format, settings.color_mode, settings.color_depth = "OPEN_EXR", "RGBA", "16"
    return scene


def _keyed(scene: Any, run: dict[str, Any], colour: list[float]) -> list[float]:
    """Key all frames of a run; CPU seconds of each."""
    nodes, links = scene.node_tree.nodes, scene.node_tree.links
    nodes.clear()
    source, key = nodes.new("CompositorNodeImage"), nodes.new("CompositorNodeKeying")
    out = nodes.new("CompositorNodeComposite")
    key.inputs["Key Color"].default_value = (*colour, 1.0)
    for name, value in run["settings"].items():
        setattr(key, name, value)
    links.new(source.outputs["Image"], key.inputs["Image"])
    links.new(key.outputs["Image"], out.inputs["Image"])
    spent = []
    for frame in run["frames"]:
        began = time.process_time()
        image = bpy.data.images.load(frame["source"])
        image.colorspace_settings.name = LINEAR
        source.image = image
        scene.render.resolution_x, scene.render.resolution_y = image.size
        scene.render.filepath = frame["target"]
        bpy.ops.render.render(write_still=True)
        bpy.data.images.remove(image)
        spent.append(time.process_time() - began)
    return spent


if __name__ == "__main__":
    main(Path(sys.argv[-2]), Path(sys.argv[-1]))
