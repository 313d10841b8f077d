"""Camera, lamps, a wall that shines like a screen, and what Cycles writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Vector

from training.colours import Palette

LAMPS, SCREEN = "lamps", "screen"
"""Light groups: a picture lit by the lamps alone, one lit by a white screen alone."""
DISTANCE = 9.0
"""From the camera to the subjects, which stand around the origin; y points away from it."""


@dataclass(frozen=True)
class Stage:
    """What a scene is built on.

    Attributes:
        rng: decides everything.
        palette: colours, in key order as everything is rendered.
        side: of the square picture in pixels.
        extent: of the world that it shows at the origin.
    """

    rng: np.random.Generator
    palette: Palette
    side: int
    extent: float

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def uniform(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def log_uniform(self, low: float, high: float) -> float:
        return float(np.exp(self.rng.uniform(np.log(low), np.log(high))))

    def pixels(self, count: float) -> float:
        """So many pixels as a length at the origin."""
        return count * self.extent / self.side

    def mesh(
        self, vertices: np.ndarray[Any, Any], faces: np.ndarray[Any, Any], *, smooth: bool = True
    ) -> Any:
        """An object of a mesh: vertices [V,3], faces [F,4] or [F,3]."""
        made = bpy.data.meshes.new("mesh")
        made.from_pydata(vertices.tolist(), [], faces.tolist())
        made.polygons.foreach_set("use_smooth", [smooth] * len(made.polygons))
        return self.placed(made)

    def placed(self, data: Any) -> Any:
        """An object of some data, in the scene."""
        made = bpy.data.objects.new("object", data)
        bpy.context.scene.collection.objects.link(made)
        return made


def new_stage(seed: int, side: int) -> Stage:
    """An empty scene with a camera and lamps."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    rng = np.random.default_rng(seed)
    extent = float(np.exp(rng.uniform(np.log(0.7), np.log(2.6))))
    stage = Stage(rng, Palette.drawn(rng), side, extent)
    for name in (LAMPS, SCREEN):
        bpy.context.view_layer.lightgroups.add(name=name)
    _camera(stage)
    _lamps(stage)
    return stage


def _camera(stage: Stage) -> None:
    camera = bpy.data.cameras.new("camera")
    camera.angle = 2.0 * np.arctan(stage.extent / 2.0 / DISTANCE)
    if stage.chance(0.2):
        camera.dof.use_dof = True
        camera.dof.focus_distance = DISTANCE + stage.uniform(-0.6, 0.6)
        camera.dof.aperture_fstop = stage.log_uniform(0.3, 2.0)
    placed = stage.placed(camera)
    place = Vector((0.0, -DISTANCE, stage.uniform(-0.5, 2.0)))
    placed.matrix_world = looking(place, Vector((0.0, 0.0, 0.0)))
    bpy.context.scene.camera = placed


def looking(place: Vector, target: Vector) -> Matrix:
    """Where a camera or a lamp stands that looks from a place at a target, both in metres."""
    turn = (target - place).to_track_quat("-Z", "Y").to_matrix().to_4x4()
    return Matrix.Translation(place) @ turn


def _lamps(stage: Stage) -> None:
    world = bpy.data.worlds.new("world")
    world.use_nodes = True
    ambient = world.node_tree.nodes["Background"]
    ambient.inputs["Color"].default_value = (*stage.palette.tint(stage.uniform(0, 0.3)), 1.0)
    ambient.inputs["Strength"].default_value = stage.log_uniform(0.02, 0.5)
    world.lightgroup = LAMPS
    bpy.context.scene.world = world
    bright = stage.log_uniform(0.5, 1.6)
    _lamp(stage, stage.uniform(-1.3, 1.3), stage.uniform(0.1, 1.1), bright)
    if stage.chance(0.7):
        _lamp(stage, stage.uniform(-1.5, 1.5), stage.uniform(-0.2, 0.8), bright * 0.4)
    # Rims, from behind. Strands throw most of such a lamp's light forward.
    strongest = 12.0 if stage.chance(0.2) else 1.5
    for _ in range(stage.rng.choice(3, p=(0.55, 0.3, 0.15))):
        side = stage.rng.choice([-1.0, 1.0]) * stage.uniform(1.9, 2.9)
        _lamp(stage, side, stage.uniform(0.0, 0.9), stage.log_uniform(0.15, strongest))


def _lamp(stage: Stage, azimuth: float, height: float, irradiance: float) -> None:
    """A soft lamp seen from the subject ``azimuth`` radians beside the camera, ``height`` above."""
    size, away = stage.log_uniform(0.15, 3.5), stage.uniform(4.0, 7.0)
    lamp = bpy.data.lights.new("lamp", "AREA")
    lamp.size = size
    lamp.energy = irradiance * np.pi * np.pi * away**2
    lamp.color = stage.palette.tint(stage.uniform(0.0, 0.35))
    level, up = np.cos(height), np.sin(height)
    place = away * Vector((np.sin(azimuth) * level, -np.cos(azimuth) * level, up))
    placed = stage.placed(lamp)
    placed.matrix_world = looking(place, Vector((0.0, 0.0, 0.0)))
    placed.lightgroup = LAMPS


def add_screen(stage: Stage, shine: Any) -> None:
    """A wall that shines behind the subjects, unseen by the camera; now and then a floor."""
    half, away = stage.log_uniform(3.0, 14.0), stage.uniform(1.2, 4.0)
    low = -stage.uniform(1.5, 3.0) if stage.chance(0.4) else -half
    corners = [(-half, away, low), (half, away, low), (half, away, half), (-half, away, half)]
    faces = [(0, 1, 2, 3)]
    if low > -half:
        corners += [(-half, -DISTANCE, low), (half, -DISTANCE, low)]
        faces.append((4, 5, 1, 0))
    wall = stage.mesh(np.array(corners), np.array(faces), smooth=False)
    wall.data.materials.append(shine)
    wall.lightgroup = SCREEN
    wall.visible_camera = wall.visible_transmission = False
    wall.visible_shadow = False


Made = list[Any]


def moved(stage: Stage, made: Made, strength: float) -> None:
    """Blur objects as one by a movement of up to ``strength`` pixels while the shutter is open."""
    holder = stage.placed(None)
    for one in made:
        one.parent = holder
    way = stage.rng.normal(size=3) * (1.0, 0.3, 1.0)
    way *= stage.pixels(strength * stage.uniform(0.1, 1.0)) / np.linalg.norm(way)
    turn = stage.rng.normal(size=3) * 0.3 * stage.pixels(strength)
    for sign in (-1.0, 1.0):
        holder.location, holder.rotation_euler = sign * way / 2.0, sign * turn / 2.0
        for path in ("location", "rotation_euler"):
            holder.keyframe_insert(path, frame=1 + (sign > 0))
    bpy.context.scene.render.use_motion_blur = True


def set_off(stage: Stage, made: Made, probability: float, strength: float = 12.0) -> Made:
    """The objects, blurred by a movement with this probability."""
    if stage.chance(probability):
        moved(stage, made, strength)
    return made


def render(stage: Stage, path: Path, *, samples: int) -> None:
    """Write combined, lamps and screen as a multilayer OpenEXR file.

    Samples are few, as in the renders that people key: noise is the same in all layers.
    """
    scene = bpy.context.scene
    scene.frame_set(1)
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = samples
    scene.cycles.use_denoising = False
    scene.cycles.use_adaptive_sampling = False
    scene.cycles.seed = int(stage.rng.integers(2**30))
    scene.cycles.max_bounces, scene.cycles.transparent_max_bounces = 6, 48
    scene.cycles.volume_bounces = int(stage.rng.integers(1, 5))
    scene.cycles.volume_max_steps = 128
    scene.cycles.sample_clamp_indirect = 8.0
    scene.cycles.pixel_filter_type = "BLACKMAN_HARRIS"
    scene.cycles.filter_width = stage.uniform(1.2, 2.0)
    scene.cycles_curves.shape = "RIBBONS" if stage.chance(0.7) else "THICK"
    scene.render.hair_type = "STRIP"
    scene.render.motion_blur_shutter = stage.uniform(0.3, 1.0)
    scene.render.film_transparent = True
    scene.render.resolution_x = scene.render.resolution_y = stage.side
    scene.render.resolution_percentage = 100
    scene.render.threads_mode, scene.render.threads = "FIXED", 1
    scene.render.image_settings.file_format = "OPEN_EXR_MULTILAYER"
    scene.render.image_settings.color_depth = "16"
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
