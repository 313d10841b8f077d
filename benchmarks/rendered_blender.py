"""Renders one shot of a subject before a screen, with Blender's Cycles and nothing else.

Runs inside Blender's Python: ``python -m benchmarks.rendered_blender NAME FOLDER WIDTH HEIGHT
FRAMES SAMPLES``. Writes ``lit.N.exr`` (the subject with the screen's light on it, straight from the
renderer, RGBA premultiplied), ``truth.N.exr`` (the same without the screen) and ``plate.exr`` (the
screen alone), linear Rec.709. Both of a frame have one seed, and so one alpha.

The stage is another than that of training/rendering: the screen is a wrinkled cloth that lamps of
its own light unevenly, and what it throws on the subject is what it throws.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import bpy  # pyright: ignore[reportMissingImports] - Blender alone has it
import numpy as np
from mathutils import Vector  # pyright: ignore[reportMissingImports] - Blender alone has it

from benchmarks.rendered_subjects import SUBJECTS, paint
from training.colours import Palette
from training.rendering.geometry import surface_of
from training.rendering.stage import Stage, looking

DISTANCE = 5.0  # of the camera to the subject, metres
SCREEN_AWAY = 2.2  # of the screen behind the subject
GREEN, BLUE = (0.05, 0.42, 0.09), (0.04, 0.09, 0.42)
SKY = (0.9, 0.95, 1.0, 1.0)
FOLDS = 14


def stage_of(seed: int, width: int, extent: float) -> Stage:
    """An empty scene that shows ``extent`` metres in ``width`` pixels at the subject."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    rng = np.random.default_rng(seed)
    stage = Stage(rng, Palette.drawn(rng), width, extent)
    camera = bpy.data.cameras.new("camera")
    camera.angle = 2.0 * np.arctan(extent / 2.0 / DISTANCE)
    placed = stage.placed(camera)
    placed.matrix_world = looking(Vector((0.0, -DISTANCE, 0.4)), Vector((0.0, 0.0, 0.0)))
    bpy.context.scene.camera = placed
    world = bpy.data.worlds.new("world")
    world.use_nodes = True
    sky = world.node_tree.nodes["Background"]
    sky.inputs["Color"].default_value, sky.inputs["Strength"].default_value = SKY, 0.12
    bpy.context.scene.world = world
    return stage


def lamp(stage: Stage, place: tuple[float, float, float], irradiance: float, size: float) -> Any:
    """An area lamp that gives so much light, over pi, at the origin."""
    light = bpy.data.lights.new("lamp", "AREA")
    away = Vector(place).length
    light.size, light.energy = size, irradiance * np.pi * np.pi * away**2
    placed = stage.placed(light)
    placed.matrix_world = looking(Vector(place), Vector((0.0, 0.0, 0.0)))
    return placed


def add_screen(stage: Stage, colour: tuple[float, float, float]) -> Any:
    """A wrinkled cloth, which is returned, and two lamps of its own."""
    wide, high = np.meshgrid(np.linspace(-5, 5, 160), np.linspace(-3, 3, 96), indexing="ij")
    deep = np.zeros(wide.shape)
    for _ in range(FOLDS):
        a, b = stage.rng.normal(size=2) * (2.2, 0.5)
        deep += 0.006 * np.sin(a * wide + b * high + stage.uniform(0, 6.3))
    cloth = surface_of(stage, np.stack([wide, SCREEN_AWAY + deep, high], -1), paint(colour, 0.85))
    for side, bright in ((-1.0, stage.uniform(0.7, 1.1)), (1.0, stage.uniform(0.5, 0.9))):
        one = lamp(stage, (side * 3.2, 0.2, 1.2), bright, 1.2)
        target = Vector((side * 0.8, SCREEN_AWAY, 0.0))
        one.matrix_world = looking(one.matrix_world.translation, target)
    return cloth


def render(path: Path, *, samples: int, seed: int) -> None:
    """Write the scene as it stands: all of the file, or none."""
    scene, partial = bpy.context.scene, path.with_suffix(".partial.exr")
    scene.cycles.seed, scene.cycles.samples = seed, samples
    scene.render.filepath = str(partial)
    bpy.ops.render.render(write_still=True)
    partial.rename(path)


def set_up(width: int, height: int) -> None:
    """Everything about the renderer that is no scene's."""
    scene = bpy.context.scene
    scene.render.engine, scene.cycles.device = "CYCLES", "CPU"
    scene.cycles.use_denoising = scene.cycles.use_adaptive_sampling = False
    scene.cycles.max_bounces, scene.cycles.transparent_max_bounces = 8, 64
    scene.cycles.volume_bounces, scene.cycles.volume_max_steps = 3, 128
    scene.cycles.sample_clamp_indirect = 10.0
    scene.cycles_curves.shape = "RIBBONS"
    scene.render.hair_type = "STRIP"
    scene.render.use_motion_blur, scene.render.motion_blur_shutter = True, 0.5
    scene.render.film_transparent = True
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.render.resolution_percentage = 100
    scene.render.threads_mode, scene.render.threads = "FIXED", 1
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_mode = "RGBA"
    scene.render.image_settings.color_depth = "32"


def main() -> None:
    name, folder = sys.argv[1], Path(sys.argv[2])
    width, height, frames, samples = (int(word) for word in sys.argv[3:7])
    subject = SUBJECTS[name]
    seed = 90_000 + list(SUBJECTS).index(name)
    stage = stage_of(seed, width, subject.extent)
    set_up(width, height)
    screen = add_screen(stage, BLUE if subject.blue else GREEN)
    lamp(stage, (-2.2, -3.0, 2.0), subject.key, 0.9)
    lamp(stage, (2.6, -2.6, 0.8), subject.key * 0.35, 1.6)
    if subject.rim:
        lamp(stage, (1.8, 1.6, 1.8), subject.rim, 0.5)
    before = set(bpy.context.scene.objects)
    subject.build(stage)
    mine = set(bpy.context.scene.objects) - before
    for one in mine:
        one.hide_render = True
    render(folder / "plate.exr", samples=4 * samples, seed=seed)
    for one in mine:
        one.hide_render = False
    screen.visible_camera = screen.visible_transmission = False
    for frame in range(1, frames + 1):
        bpy.context.scene.frame_set(frame)
        for kind, hidden in (("lit", False), ("truth", True)):
            screen.hide_render = hidden
            render(folder / f"{kind}.{frame}.exr", samples=samples, seed=seed + frame)


if __name__ == "__main__":
    main()
