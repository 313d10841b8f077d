"""What stands before the screen in rendered shots: people, fabric, wire, smoke, plants, glass.

Inside Blender's Python. Metres; x to the right, y away from the camera, z up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import bpy  # pyright: ignore[reportMissingImports] - Blender alone has it
import numpy as np

from training.rendering import materials
from training.rendering.geometry import Points, curves, grid, lathe, lumpy, normed, surface_of
from training.rendering.stage import Stage
from training.rendering.subjects import SIDES

Colour = tuple[float, float, float]
SKIN, WHITE, BLACK = (0.55, 0.33, 0.24), (0.8, 0.79, 0.77), (0.02, 0.02, 0.022)
DENIM, KHAKI, MUSTARD = (0.05, 0.08, 0.2), (0.35, 0.3, 0.16), (0.5, 0.32, 0.04)
STEEL, CLAY, CORD, RUST = (0.6, 0.6, 0.62), (0.4, 0.16, 0.08), (0.6, 0.57, 0.5), (0.35, 0.06, 0.05)
LEAF, STRAW, TIMBER = (0.12, 0.22, 0.03), (0.45, 0.36, 0.16), (0.2, 0.11, 0.05)
LOCKS = 60
STRAND_POINTS = 12
CUBE = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
"""Its faces are ``SIDES``."""


@dataclass(frozen=True)
class Subject:
    """What a shot shows.

    Attributes:
        build: puts it into the scene, moving.
        extent: metres that the picture is wide.
        key: light of the brightest lamp; a white surface that faces it comes out as bright.
        rim: light from behind.
        blue: whether the screen is blue.
    """

    build: Callable[[Stage], None]
    extent: float = 2.2
    key: float = 0.9
    rim: float = 0.0
    blue: bool = False


def at(points: Points, x: float, y: float, z: float) -> Points:
    """Points [...,3] moved there."""
    return np.asarray(points + np.array([x, y, z]))


def paint(colour: Colour, rough: float = 0.7, metal: float = 0.0) -> Any:
    """A material of one colour."""
    made = bpy.data.materials.new("paint")
    made.use_nodes = True
    node = made.node_tree.nodes["Principled BSDF"]
    node.inputs["Base Color"].default_value = (*colour, 1.0)
    node.inputs["Roughness"].default_value = rough
    node.inputs["Metallic"].default_value = metal
    return made


def pigment(melanin: float, redness: float) -> Any:
    """Hair as Cycles knows it."""
    made = bpy.data.materials.new("hair")
    made.use_nodes = True
    tree = made.node_tree
    node = tree.nodes.new("ShaderNodeBsdfHairPrincipled")
    node.parametrization = "MELANIN"
    node.inputs["Melanin"].default_value = melanin
    node.inputs["Melanin Redness"].default_value = redness
    node.inputs["Random Color"].default_value = 0.2
    tree.links.new(node.outputs[0], tree.nodes["Material Output"].inputs["Surface"])
    return made


def animate(made: list[Any], move: Colour, turn: Colour = (0.0, 0.0, 0.0)) -> None:
    """Move the objects by so much, and turn them about the origin, from frame to frame."""
    holder = bpy.data.objects.new("holder", None)
    bpy.context.scene.collection.objects.link(holder)
    for one in made:
        one.parent = holder
    for frame in (-2, 8):
        holder.location = np.multiply(move, frame - 2.0)
        holder.rotation_euler = np.multiply(turn, frame - 2.0)
        for path in ("location", "rotation_euler"):
            holder.keyframe_insert(path, frame=frame)
    for curve in _curves_of(holder.animation_data.action):
        for point in curve.keyframe_points:
            point.interpolation = "LINEAR"


def _curves_of(action: Any) -> Any:
    """The action's curves, before and since Blender 5."""
    if hasattr(action, "fcurves"):
        return action.fcurves
    return action.layers[0].strips[0].channelbags[0].fcurves


def limb(
    stage: Stage, start: Colour, end: Colour, radii: tuple[float, float], material: Any
) -> Any:
    """A rounded tube from one point to another."""
    along = np.linspace(0.0, 1.0, 24)
    rounded = np.sqrt(np.clip(1.0 - (2.0 * along - 1.0) ** 8, 0.0, 1.0))
    radius = np.interp(along, (0, 1), radii) * rounded
    one, two = np.asarray(start), np.asarray(end)
    axis = normed(two - one)
    side = normed(np.cross(axis, (0.3, 0.9, 0.2)))
    frame = np.stack([side, np.cross(axis, side), axis])
    length = float(np.linalg.norm(two - one))
    tube = lathe(np.stack([radius + 1e-4, along * length], 1)) @ frame + one
    return surface_of(stage, tube, material)


def folded(stage: Stage, shape: Points, depth: float) -> Points:
    """A surface [U,V,3] with folds."""
    bent = shape.copy()
    for _ in range(9):
        way = stage.rng.normal(size=3) * (9.0, 4.0, 6.0)
        wave = np.sin(shape @ way + stage.uniform(0, 6.3))
        bent += depth * (wave**3)[..., None] * normed(shape)
    return bent


def head_of_hair(
    stage: Stage, centre: Colour, size: float, *, count: int, length: float, melanin: float,
    curl: float, blown: Colour,
) -> list[Any]:  # fmt: skip
    """A head, strands on it that fall, curl and blow."""
    rng = stage.rng
    radii = np.array([0.78, 0.92, 1.0]) * size
    skull = surface_of(stage, at(lumpy(stage, tuple(radii), 0.02), *centre), paint(SKIN, 0.5))
    way = normed(rng.normal(size=(4 * count, 3)))
    scalp = (way[:, 2] > -0.2) & ~((way[:, 1] < -0.3) & (way[:, 2] < 0.5))
    way = way[scalp][:count]
    along = np.linspace(0.0, 1.0, STRAND_POINTS)[None, :, None]
    reach = length * rng.uniform(0.5, 1.1, (len(way), 1, 1))
    down = np.array([0.0, 0.0, -1.0])
    heading = way[:, None] * (1.1 - along) ** 2 + down * along * 1.1
    heading = heading + np.asarray(blown) * along + 0.12 * rng.normal(size=(len(way), 1, 3))
    placed = way[:, None] * radii + np.cumsum(normed(heading), 1) * reach / STRAND_POINTS
    lock = rng.integers(0, LOCKS, len(way))
    phase = rng.uniform(0, 6.3, LOCKS)[lock][:, None, None]
    angles = 14.0 * along + phase, 11.0 * along + phase, 9.0 * along - phase
    turn = np.concatenate([np.cos(angles[0]), np.sin(angles[1]), np.sin(angles[2])], -1)
    placed = placed + curl * size * along * turn + np.asarray(centre)
    stray = rng.random((len(way), 1, 1)) < 0.06
    placed = placed + stray * np.cumsum(rng.normal(size=placed.shape), 1) * 0.012
    # A ball of strands stays outside of the head.
    off = placed - np.asarray(centre)
    inside = np.linalg.norm(off / radii, axis=-1, keepdims=True)
    placed = np.asarray(centre) + off / np.clip(inside, None, 1.0)
    radius = stage.pixels(0.28) * (1.0 - 0.8 * along[..., 0] ** 2) * np.ones((len(way), 1))
    return [skull, curves(stage, placed, radius, pigment(melanin, 0.4))]


def man(stage: Stage) -> None:
    """White shirt, bare arms, one of which swings; dark short hair."""
    shirt = paint(WHITE, 0.9)
    chest = at(folded(stage, lumpy(stage, (0.36, 0.2, 0.5), 0.02), 0.012), 0.0, 0.0, -0.55)
    still = [surface_of(stage, chest, shirt)]
    still.append(limb(stage, (-0.3, 0.0, -0.2), (-0.52, -0.1, -0.5), (0.11, 0.1), shirt))
    still.append(limb(stage, (-0.5, -0.1, -0.46), (-0.66, -0.3, -0.15), (0.065, 0.05), paint(SKIN)))
    still += head_of_hair(
        stage,
        (0.0, 0.0, 0.2),
        0.17,
        count=5000,
        length=0.1,
        melanin=0.9,
        curl=0.05,
        blown=(0, 0, 0),
    )
    animate(still, (0.002, 0.0, 0.001))
    swung = [limb(stage, (0.3, 0.0, -0.2), (0.6, -0.1, -0.05), (0.11, 0.09), shirt)]
    swung.append(limb(stage, (0.58, -0.1, -0.06), (0.8, -0.15, 0.3), (0.06, 0.045), paint(SKIN)))
    animate(swung, (0.0, 0.0, 0.01), (0.0, -0.07, 0.0))


def woman(stage: Stage) -> None:
    """Long blond hair that blows, a black dress."""
    made = head_of_hair(
        stage, (0.0, 0.0, 0.15), 0.19, count=9000, length=0.65, melanin=0.22, curl=0.16,
        blown=(0.9, 0.0, 0.25),
    )  # fmt: skip
    dress = at(folded(stage, lumpy(stage, (0.3, 0.18, 0.4), 0.02), 0.008), 0.0, 0.05, -0.55)
    made.append(surface_of(stage, dress, paint(BLACK, 0.8)))
    animate(made, (0.008, 0.0, 0.0), (0.0, 0.01, 0.02))


def curls(stage: Stage) -> None:
    """A cloud of brown curls, close up."""
    made = head_of_hair(
        stage, (0.0, 0.0, -0.1), 0.22, count=6000, length=0.4, melanin=0.65, curl=0.5,
        blown=(-0.4, 0.0, 0.9),
    )  # fmt: skip
    animate(made, (0.001, 0.0, 0.0), (0.0, 0.0, 0.03))


def net(stage: Stage) -> None:
    """A net of cord that sways before a ball."""
    lines = np.linspace(-0.8, 0.8, 33)
    fine = np.linspace(-0.8, 0.8, 65)
    a, b = np.meshgrid(lines, fine, indexing="ij")
    sag = 0.05 * np.sin(3.0 * a + 1.0) * np.cos(2.0 * b)
    one = np.stack([a + 0.3 * sag, sag, b * 0.7], -1)
    two = np.stack([b + 0.3 * sag.T[:, :33].mean(), 0.0 * b, a * 0.7], -1)
    cord = paint(CORD, 0.8)
    made = [curves(stage, part, np.full(part.shape[:2], 0.004), cord) for part in (one, two)]
    animate(made, (0.006, 0.0, 0.0), (0.0, 0.01, 0.0))
    ball = surface_of(stage, at(lumpy(stage, (0.2, 0.2, 0.2), 0.0), 0.3, 0.4, 0.1), paint(MUSTARD))
    animate([ball], (-0.02, 0.0, 0.004))


def wheel(stage: Stage) -> None:
    """A spoked wheel that turns behind a fence of steel bars."""
    spokes = []
    for angle in np.linspace(0, np.pi, 12, endpoint=False):
        end = 0.5 * np.array([np.cos(angle), 0.0, np.sin(angle)])
        spokes.append(np.linspace(-end, end, 10))
    turn = np.linspace(0, 2 * np.pi, 80)
    rim = 0.5 * np.stack([np.cos(turn), 0 * turn, np.sin(turn)], 1)
    every = np.stack(spokes)
    steel = paint(STEEL, 0.3, 1.0)
    made = [curves(stage, every, np.full(every.shape[:2], 0.006), steel)]
    made.append(curves(stage, rim[None], np.full((1, 80), 0.018), paint(BLACK, 0.4)))
    animate(made, (0.0, 0.0, 0.0), (0.0, 0.09, 0.0))
    bars = np.stack(
        [np.stack([np.full(10, x), np.full(10, -0.3), np.linspace(-0.8, 0.8, 10)], 1)
         for x in np.linspace(-1.0, 1.0, 15)]
    )  # fmt: skip
    fence = curves(stage, bars, np.full(bars.shape[:2], 0.012), paint(RUST, 0.5))
    animate([fence], (0.0005, 0.0, 0.0))


def cloth(stage: Stage) -> None:
    """Two sheets in the wind, white linen and khaki, and a hand."""
    for x, colour, pace in ((-0.45, WHITE, 0.02), (0.4, KHAKI, -0.03)):
        u, v = np.meshgrid(np.linspace(-0.4, 0.4, 90), np.linspace(-0.45, 0.45, 90), indexing="ij")
        deep = sum(
            0.03 * np.sin(stage.uniform(3, 16) * u + stage.uniform(2, 8) * v + stage.uniform(0, 6))
            for _ in range(5)
        )
        shape = np.stack([u + x + 0.3 * deep, deep, v], -1)
        animate(
            [surface_of(stage, shape, paint(colour, 0.9))], (pace, 0.0, 0.005), (0.0, pace, 0.0)
        )
    animate(
        [limb(stage, (0.0, -0.2, -0.7), (0.1, -0.2, 0.1), (0.06, 0.045), paint(SKIN))], (0, 0, 0.01)
    )


def plume(stage: Stage) -> None:
    """Smoke over a table of timber, a mug of steel before it."""
    cloud = stage.mesh(CUBE, np.array(SIDES), smooth=False)
    cloud.scale, cloud.location = (0.35, 0.35, 0.5), (-0.05, 0.1, 0.1)
    cloud.data.materials.append(materials.smoke(stage, np.array([0.85, 0.85, 0.86]), 9.0, 2.0))
    animate([cloud], (0.001, 0.0, 0.006))
    board = stage.mesh(at(CUBE * (0.8, 0.5, 0.03), 0.0, 0.0, -0.45), np.array(SIDES), smooth=False)
    board.data.materials.append(paint(TIMBER, 0.4))
    profile = np.array(
        [[0.001, 0.0], [0.09, 0.0], [0.1, 0.1], [0.1, 0.22], [0.09, 0.22], [0.085, 0.02]]
    )
    mug = surface_of(stage, at(lathe(profile), 0.4, -0.2, -0.42), paint(STEEL, 0.25, 1.0))
    animate([board, mug], (0.0002, 0.0, 0.0))


def plant(stage: Stage) -> None:
    """Leaves and dry stems in a pot of clay, in a draught."""
    rng = stage.rng
    u, v = np.meshgrid(np.linspace(0, 1, 9), np.linspace(-1, 1, 5), indexing="ij")
    broad, bent = 0.18 * np.sin(np.pi * u**0.7) * v, 0.06 * np.abs(v) - 0.35 * u**2
    blade = 0.3 * np.stack([u, broad, bent], -1)
    faces = grid(blade)
    points, every = [], []
    for number in range(110):
        axes, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        place = rng.normal(size=3) * (0.16, 0.1, 0.2)
        points.append(at(blade.reshape(-1, 3) @ axes.T + place, 0.0, 0.0, 0.05))
        every.append(faces + 45 * number)
    leaves = stage.mesh(np.concatenate(points), np.concatenate(every))
    leaves.data.materials.append(materials.leaf(stage, np.asarray(LEAF)))
    along = np.linspace(0, 1, 10)[None, :, None]
    foot = np.array([0.0, 0.0, -0.45])
    lean = rng.normal(size=(40, 1, 3)) * (0.3, 0.2, 0.05)
    stems = foot + along * (0.0, 0.0, 1.0) * rng.uniform(0.6, 1.0, (40, 1, 1)) + lean * along**1.6
    dry = curves(stage, stems, np.full((40, 10), 0.0022), materials.leaf(stage, np.asarray(STRAW)))
    animate([leaves, dry], (0.0, 0.0, 0.0), (0.0, 0.012, 0.02))
    pot = np.array([[0.001, -0.7], [0.14, -0.7], [0.19, -0.42], [0.17, -0.42], [0.16, -0.5]])
    animate([surface_of(stage, lathe(pot), paint(CLAY, 0.8))], (0.0001, 0.0, 0.0))


def plush(stage: Stage) -> None:
    """A grey furry animal that nods."""
    rng = stage.rng
    made = []
    for centre, size in (((0.0, 0.0, -0.3), 0.3), ((0.05, -0.1, 0.15), 0.2)):
        body = lumpy(stage, (size, size, size * 1.1), 0.08)
        made.append(surface_of(stage, at(body, *centre), paint((0.2, 0.19, 0.18), 0.9)))
        root = body.reshape(-1, 3)[rng.integers(0, body.shape[0] * body.shape[1], 9000)]
        way = normed(root + 0.35 * size * rng.normal(size=root.shape))
        along = np.linspace(0, 1, 6)[None, :, None]
        coat = root[:, None] + 0.09 * along * way[:, None] - 0.05 * along**2 * (0.0, 0.0, 1.0)
        radius = np.repeat(stage.pixels(0.35) * (1.0 - 0.7 * along[..., 0]), len(root), 0)
        made.append(curves(stage, at(coat, *centre), radius, pigment(0.5, 0.1)))
    animate(made, (0.0, 0.0, 0.002), (0.02, 0.015, 0.0))


def glassware(stage: Stage) -> None:
    """A wine glass, a bottle and a lamp that shines."""
    wine = np.array([[0.001, -0.4], [0.13, -0.4], [0.012, -0.37], [0.01, -0.15], [0.12, -0.02],
                     [0.15, 0.12], [0.12, 0.28]])  # fmt: skip
    bottle = np.array([[0.001, -0.45], [0.13, -0.45], [0.13, 0.1], [0.05, 0.25], [0.045, 0.45]])
    made = []
    for profile, x in ((wine, -0.3), (bottle, 0.25)):
        steps = np.linspace(0, len(profile) - 1, 60)
        each = [np.interp(steps, range(len(profile)), profile[:, k]) for k in (0, 1)]
        smooth = np.stack(each, 1)
        made.append(surface_of(stage, at(lathe(smooth), x, 0.0, 0.0), materials.glass(stage)))
    animate(made, (0.0003, 0.0, 0.0))
    bulb = surface_of(
        stage,
        at(lumpy(stage, (0.05, 0.05, 0.06), 0.0), -0.7, 0.1, 0.2),
        materials.lamp((1, 0.8, 0.5), 8.0),
    )
    rod = limb(stage, (-0.7, 0.1, -0.6), (-0.7, 0.1, 0.16), (0.02, 0.02), paint(DENIM))
    animate([bulb, rod], (0.0, 0.0, 0.001))


def veiled(stage: Stage) -> None:
    """A red veil that drifts before a head."""
    made = head_of_hair(
        stage,
        (0.0, 0.2, 0.0),
        0.2,
        count=3000,
        length=0.25,
        melanin=0.95,
        curl=0.1,
        blown=(0, 0, 0),
    )
    animate(made, (0.001, 0.0, 0.0))
    u, v = np.meshgrid(np.linspace(-0.55, 0.55, 120), np.linspace(-0.5, 0.5, 90), indexing="ij")
    deep = sum(0.03 * np.sin(stage.uniform(3, 18) * u + stage.uniform(0, 4) * v) for _ in range(5))
    veil = surface_of(
        stage,
        np.stack([u, deep - 0.2, v], -1),
        materials.veil(stage, np.array([0.5, 0.05, 0.05]), 0.25),
    )
    animate([veil], (0.01, 0.0, 0.003))


SUBJECTS: dict[str, Subject] = {
    "man": Subject(man),
    "woman": Subject(woman, rim=0.8),
    "curls": Subject(curls, extent=1.6, key=0.7),
    "net": Subject(net, extent=1.8),
    "wheel": Subject(wheel, extent=1.8),
    "cloth": Subject(cloth),
    "plume": Subject(plume, extent=2.0, key=0.8),
    "plant": Subject(plant, extent=1.8, blue=True),
    "plush": Subject(plush, extent=1.8, rim=0.4),
    "glassware": Subject(glassware, extent=1.8),
    "veiled": Subject(veiled, extent=1.8),
    "woman_blue": Subject(woman, key=0.6, blue=True),
}
"""Each by its name: subject, lamps and screen."""
