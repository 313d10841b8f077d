"""Hair, plants, vessels, smoke, nets, veils and solids, as objects of a stage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from training.rendering import materials
from training.rendering.stage import LAMPS, Stage, moved

Points = NDArray[np.float64]
Made = list[Any]
POINTS = 10
"""Of a strand."""


def _normed(vectors: Points) -> Points:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9))


def _curves(stage: Stage, positions: Points, radii: Points, material: Any) -> Any:
    """Strands as an object: positions [N,P,3], radii [N,P]."""
    count, points, _ = positions.shape
    made = bpy.data.hair_curves.new("strands")
    made.add_curves([points] * count)
    made.points.foreach_set("position", positions.astype(np.float32).ravel())
    made.points.foreach_set("radius", radii.astype(np.float32).ravel())
    made.materials.append(material)
    return stage.placed(made)


def _grid(surface: Points) -> NDArray[np.int64]:
    """Faces of a surface [U,V,3] of points."""
    rows, columns = surface.shape[:2]
    corner = np.arange((rows - 1) * columns).reshape(rows - 1, columns)[:, :-1].ravel()
    return np.stack([corner, corner + 1, corner + columns + 1, corner + columns], 1)


def _surface(stage: Stage, surface: Points, material: Any) -> Any:
    made = stage.mesh(surface.reshape(-1, 3), _grid(surface))
    made.data.materials.append(material)
    return made


def _lumpy(stage: Stage, radii: tuple[float, float, float], lumps: float) -> Points:
    """An ellipsoid [U,V,3] with bumps."""
    u, v = np.meshgrid(np.linspace(0, np.pi, 48), np.linspace(0, 2 * np.pi, 96), indexing="ij")
    at = np.stack([np.sin(u) * np.cos(v), np.sin(u) * np.sin(v), np.cos(u)], -1)
    bump = np.zeros(u.shape)
    for _ in range(5):
        bump += np.sin(at @ stage.rng.normal(size=3) * 3.0 + stage.uniform(0, 6.3)) / 5.0
    return np.asarray(at * (1.0 + lumps * bump[..., None]) * np.asarray(radii))


def strands(
    stage: Stage, roots: Points, normals: Points, length: float, radius: float, material: Any
) -> Any:
    """Hair [N] that grows along its normals, falls, curls, clumps and flies away."""
    count = len(roots)
    rng = stage.rng
    along = np.linspace(0.0, 1.0, POINTS)[None, :, None]
    lengths = length * rng.uniform(0.6, 1.1, (count, 1, 1))
    fall = stage.uniform(0.0, 1.6)
    comb = rng.normal(size=3) * stage.uniform(0.0, 0.7)
    way = _normed(normals + comb + rng.normal(size=(count, 3)) * stage.log_uniform(0.03, 0.5))
    down = np.array([0.0, 0.0, -1.0])
    heading = _normed(way[:, None] * (1.0 - 0.6 * along) + fall * along * down)
    placed = roots[:, None] + np.cumsum(heading * lengths / POINTS, 1) - heading[:, :1] * 0.02
    guides = rng.integers(0, count, max(1, min(300, int(count * stage.log_uniform(0.005, 0.2)))))
    nearest = guides[np.argmin(_apart(roots, roots[guides]), 1)]
    clump = stage.uniform(0.0, 0.9) * rng.uniform(0.2, 1.0, (count, 1, 1))
    pulled = placed[nearest] + (roots - roots[nearest])[:, None] * 0.15
    placed = placed + clump * along**1.5 * (pulled - placed)
    turns, wide = stage.uniform(0.5, 5.0), length * stage.log_uniform(0.003, 0.09)
    phase = rng.uniform(0, 6.3, (count, 1, 1)) * stage.uniform(0.1, 1.0)
    sides = _normed(np.cross(heading, rng.normal(size=3)))
    others = np.cross(heading, sides)
    angle = 2 * np.pi * turns * along + phase
    placed = placed + wide * along * (np.cos(angle) * sides + np.sin(angle) * others)
    loose = rng.random((count, 1, 1)) < stage.log_uniform(0.01, 0.3)
    stray = (
        np.cumsum(rng.normal(size=(count, POINTS, 3)), 1) * length * stage.log_uniform(0.02, 0.1)
    )
    placed = placed + loose * stray
    thin = radius * rng.uniform(0.6, 1.3, (count, 1)) * (1.0 - 0.7 * along[..., 0] ** 2)
    return _curves(stage, placed, thin, material)


def _apart(one: Points, two: Points) -> Points:
    """Squared distances [N,M]."""
    return np.asarray((one**2).sum(1)[:, None] + (two**2).sum(1)[None] - 2.0 * one @ two.T)


def _scalp(stage: Stage, count: int, lowest: float) -> Points:
    """Directions [count,3] of a head on which hair grows."""
    at = _normed(stage.rng.normal(size=(4 * count + 64, 3)))
    face = (at[:, 1] < -0.35) & (at[:, 2] < 0.45)
    return at[(at[:, 2] > lowest) & ~face][:count]


def head(stage: Stage) -> Made:
    """A head with thousands of strands, its shoulders below it."""
    size = stage.uniform(0.38, 0.6)
    radii = (size * 0.8, size * 0.95, size)
    skin = materials.solid(stage, stage.palette.skin(), rough=stage.uniform(0.3, 0.7))
    made = [_surface(stage, _lumpy(stage, radii, 0.03), skin)]
    many = int(stage.log_uniform(300, 14000))
    at = _scalp(stage, many, stage.uniform(-0.7, 0.3))
    colour = materials.hair(stage, stage.palette.hair())
    length = size * stage.log_uniform(0.25, 3.2)
    radius = stage.pixels(stage.log_uniform(0.1, 0.7))
    made.append(strands(stage, at * radii, at, length, radius, colour))
    if stage.chance(0.7):
        wide = (size * stage.uniform(1.6, 2.4), size * 0.9, size * stage.uniform(0.7, 1.1))
        below = np.array([0.0, 0.1, -size * stage.uniform(1.7, 2.1)])
        chest = _lumpy(stage, wide, 0.05) + below
        made.append(_surface(stage, chest, materials.solid(stage, stage.palette.cloth())))
    return _set_off(stage, made, 0.5)


def fur(stage: Stage) -> Made:
    """A furry body."""
    size = stage.uniform(0.3, 0.7)
    radii = (size * stage.uniform(0.7, 1.5), size, size * stage.uniform(0.6, 1.2))
    body = _lumpy(stage, radii, stage.uniform(0.0, 0.3))
    colour = stage.palette.hair() if stage.chance(0.6) else stage.palette.any()
    coat = materials.hair(stage, colour)
    made = [_surface(stage, body, materials.solid(stage, colour * 0.7, rough=0.9))]
    flat = body.reshape(-1, 3)
    chosen = flat[stage.rng.integers(0, len(flat), int(stage.log_uniform(5000, 30000)))]
    chosen = chosen + stage.rng.normal(size=chosen.shape) * size * 0.02
    length = size * stage.log_uniform(0.08, 0.7)
    radius = stage.pixels(stage.log_uniform(0.15, 0.8))
    made.append(strands(stage, chosen, _normed(chosen), length, radius, coat))
    return _set_off(stage, made, 0.4)


def grass(stage: Stage) -> Made:
    """A tuft of blades, dense at its foot."""
    count = int(stage.log_uniform(30, 900))
    rng = stage.rng
    along = np.linspace(0.0, 1.0, POINTS)
    foot = np.zeros((count, 3))
    foot[:, :2] = rng.normal(size=(count, 2)) * stage.log_uniform(0.02, 0.5)
    foot[:, 2] = stage.uniform(-1.2, -0.2)
    height = stage.uniform(0.5, 1.6) * rng.uniform(0.4, 1.1, (count, 1, 1))
    lean = np.zeros((count, 1, 3))
    lean[:, 0, :2] = rng.normal(size=(count, 2)) * stage.uniform(0.15, 0.6)
    up = np.array([0.0, 0.0, 1.0])
    bend = stage.uniform(0.0, 0.7) * rng.uniform(0.0, 1.0, (count, 1, 1))
    t = along[None, :, None]
    middle = foot[:, None] + height * (t * up + lean * t**1.7 - bend * up * t**3)
    width = stage.pixels(stage.log_uniform(0.7, 9.0)) * rng.uniform(0.4, 1.3, (count, 1, 1))
    turned = rng.uniform(0, 2 * np.pi, (count, 1, 1))
    side = np.concatenate([np.cos(turned), np.sin(turned), 0 * turned], -1)
    half = side * width / 2.0 * (1.0 - t**2)
    ribbon = np.stack([middle - half, middle + half], 2)
    faces = _grid(np.zeros((POINTS, 2, 3)))
    every = (faces[None] + 2 * POINTS * np.arange(count)[:, None, None]).reshape(-1, 4)
    made = []
    for part in np.array_split(np.arange(count), stage.rng.integers(1, 4)):
        mine = np.isin(every[:, 0] // (2 * POINTS), part)
        blades = stage.mesh(ribbon.reshape(-1, 3), every[mine])
        blades.data.materials.append(materials.leaf(stage, stage.palette.plant()))
        made.append(blades)
    return _set_off(stage, made, 0.3)


def leaves(stage: Stage) -> Made:
    """A twig with broad leaves, several before each other."""
    rng = stage.rng
    count = int(stage.log_uniform(15, 220))
    start = rng.normal(size=3) * (0.5, 0.2, 0.5)
    way = _normed(rng.normal(size=3) * (1.0, 0.3, 1.0))
    along = np.linspace(-1.0, 1.0, POINTS)[:, None]
    twig = start + way * along * 1.3 + 0.2 * np.sin(2.0 * along + rng.uniform(0, 6.3, 3))
    bark = materials.solid(stage, stage.palette.plant() * 0.5, rough=0.9)
    wide = np.full((1, POINTS), stage.pixels(stage.log_uniform(0.7, 4.0)))
    made = [_curves(stage, twig[None], wide, bark)]
    length = stage.log_uniform(0.08, 0.5)
    u, v = np.meshgrid(np.linspace(0, 1, 7), np.linspace(-1, 1, 5), indexing="ij")
    broad = stage.uniform(0.2, 0.6) * np.sin(np.pi * u**0.8) * v / 2.0
    curled = stage.uniform(-0.5, 0.5) * u**2 + stage.uniform(0.0, 0.6) * np.abs(broad)
    blade = np.stack([u, broad, curled], -1) * length
    faces = _grid(blade)
    sets: list[list[Points]] = [[] for _ in range(3)]
    spread = stage.uniform(0.05, 0.35)
    for number in range(count):
        axes, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        place = twig[rng.integers(POINTS)] + rng.normal(size=3) * spread
        sets[number % 3].append(blade.reshape(-1, 3) @ axes.T * rng.uniform(0.5, 1.2) + place)
    for one in sets:
        every = (faces[None] + 35 * np.arange(len(one))[:, None, None]).reshape(-1, 4)
        part = stage.mesh(np.concatenate(one), every)
        part.data.materials.append(materials.leaf(stage, stage.palette.plant()))
        made.append(part)
    return _set_off(stage, made, 0.3)


def _lathe(profile: Points, sides: int = 64) -> Points:
    """[P,sides,3] of a profile [P,2] of radii and heights."""
    turn = np.linspace(0, 2 * np.pi, sides)
    round_ = np.stack([np.cos(turn), np.sin(turn)], -1)
    flat = profile[:, None, :1] * round_[None]
    return np.concatenate([flat, np.repeat(profile[:, None, 1:], sides, 1)], -1)


def _vessel(stage: Stage, material: Any, size: float) -> Any:
    heights = np.linspace(0.0, 1.0, 40)
    belly = 0.35 + 0.25 * np.sin(stage.uniform(1, 5) * heights + stage.uniform(0, 6.3))
    neck = stage.uniform(0.15, 0.9)
    if stage.chance(0.5):  # a bottle
        belly = np.where(heights > 0.65, belly * neck, belly)
        kernel = np.ones(7) / 7.0
        belly = np.convolve(np.pad(belly, 3, mode="edge"), kernel, mode="valid")
    shape = np.stack([size * belly, size * (2.0 * heights - 1.0)], 1)
    bottom = np.array([[0.001, -size], [size * belly[0] * 0.9, -size]])
    return _surface(stage, _lathe(np.concatenate([bottom, shape])), material)


def vessel(stage: Stage) -> Made:
    """A bottle or a vase of thin glass; grass, a twig or a solid in it now and then."""
    glass = _vessel(stage, materials.glass(stage), stage.uniform(0.4, 1.0))
    inside: Made = []
    if stage.chance(0.55):
        inside = (grass, grass, leaves, solids)[stage.rng.integers(4)](stage)
    return [*_set_off(stage, [glass], 0.4), *inside]


def plumes(stage: Stage) -> Made:
    """One to three clouds of smoke or steam."""
    made = []
    density = stage.log_uniform(1.5, 25.0)
    grey = stage.uniform(0.15, 0.98)
    colour = grey * stage.palette.tint(stage.uniform(0.0, 0.15))
    for _ in range(stage.rng.integers(1, 4)):
        cube = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
        sides = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
        cloud = stage.mesh(cube, np.array(sides), smooth=False)
        cloud.scale = [stage.uniform(0.35, 1.0) for _ in range(3)]
        cloud.location = stage.rng.normal(size=3) * 0.4
        cloud.rotation_euler = stage.rng.uniform(0, 6.3, 3)
        scale = stage.log_uniform(0.8, 4.0)
        cloud.data.materials.append(materials.smoke(stage, colour, density, scale))
        made.append(cloud)
    return made


def _sheet(stage: Stage, rows: int, columns: int, size: float) -> Points:
    """A wavy surface [rows,columns,3] that faces the camera."""
    u, v = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    deep = np.zeros(u.shape)
    for _ in range(4):
        a, b = stage.rng.normal(size=2) * 3.0
        deep += stage.uniform(0.0, 0.12) * np.sin(a * u + b * v + stage.uniform(0, 6.3))
    return np.stack([v, deep, u * stage.uniform(0.6, 1.2)], -1) * size


def net(stage: Stage) -> Made:
    """A net of cords, or a lattice of wire."""
    size = stage.uniform(0.5, 1.4)
    cells = max(4, int(2.0 * size / stage.pixels(stage.log_uniform(4.0, 40.0))))
    radius = stage.pixels(stage.log_uniform(0.3, 3.0))
    metal = stage.chance(0.4)
    colour = stage.palette.metal() if metal else stage.palette.any()
    cord = materials.solid(stage, colour, metal=float(metal))
    surface = _sheet(stage, 4 * cells, 4 * cells, size)
    every = np.concatenate([surface[::4], surface.transpose(1, 0, 2)[::4]])
    made = [_curves(stage, every, np.full(every.shape[:2], radius), cord)]
    return _set_off(stage, made, 0.3)


def chain_mail(stage: Stage) -> Made:
    """Rings through rings."""
    size = stage.uniform(0.5, 1.1)
    across = stage.pixels(stage.log_uniform(5.0, 30.0))
    count = min(int(2.0 * size / across), 70)
    turn = np.linspace(0, 2 * np.pi, 17)
    around = np.linspace(0, 2 * np.pi, 7)
    thick = stage.uniform(0.08, 0.18)
    u, v = np.meshgrid(turn, around, indexing="ij")
    tube = 0.55 + thick * np.cos(v)
    ring = np.stack([tube * np.cos(u), thick * np.sin(v), tube * np.sin(u)], -1) * across
    lean = stage.uniform(0.2, 0.7)
    places = _sheet(stage, count, count, size).reshape(-1, 3)
    every: list[Points] = []
    for number, place in enumerate(places):
        angle = lean * (-1.0) ** (number // count)
        cos, sin = np.cos(angle), np.sin(angle)
        axes = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
        every.append(ring.reshape(-1, 3) @ axes.T + place)
    faces = _grid(ring)
    step = ring.shape[0] * ring.shape[1]
    all_faces = (faces[None] + step * np.arange(len(every))[:, None, None]).reshape(-1, 4)
    made = stage.mesh(np.concatenate(every), all_faces)
    rough = stage.uniform(0.15, 0.5)
    made.data.materials.append(
        materials.solid(stage, stage.palette.metal(), rough=rough, metal=1.0)
    )
    return _set_off(stage, [made], 0.2)


def veil(stage: Stage) -> Made:
    """Thin fabric in folds, dense or nearly nothing."""
    fabric = materials.veil(stage, stage.palette.any(), stage.log_uniform(0.08, 0.8))
    return _set_off(stage, [_surface(stage, _sheet(stage, 60, 60, 1.0), fabric)], 0.4)


def solids(stage: Stage) -> Made:
    """Bodies of cloth, skin, plastic, metal, near the screen's colour or shining."""
    made = []
    palette = stage.palette
    for _ in range(stage.rng.integers(1, 4)):
        size = stage.log_uniform(0.08, 0.6)
        metal = stage.chance(0.2)
        colours = (palette.any, palette.cloth, palette.skin, palette.near_screen, palette.white)
        colour = palette.metal() if metal else colours[stage.rng.integers(5)]()
        material = materials.solid(stage, colour, metal=float(metal))
        place = stage.rng.normal(size=3) * (0.5, 0.3, 0.5)
        if stage.chance(0.3):
            body = _vessel(stage, material, size)
        elif stage.chance(0.25):  # a rod, a finger, a bar
            way = _normed(stage.rng.normal(size=3))
            line = way * np.linspace(-1, 1, POINTS)[:, None] * size * 3.0
            body = _curves(stage, line[None], np.full((1, POINTS), size * 0.15), material)
        else:
            radii = (size * stage.uniform(0.5, 1.4), size, size * stage.uniform(0.5, 1.4))
            body = _surface(stage, _lumpy(stage, radii, stage.uniform(0.0, 0.3)), material)
        body.location = place
        made += _set_off(stage, [body], 0.45, 30.0)
    return made


def beads(stage: Stage) -> Made:
    """Small shining lamps and sparks, far brighter than the screen."""
    made = []
    for _ in range(stage.rng.integers(1, 12)):
        size = stage.pixels(stage.log_uniform(0.5, 12.0))
        lamp = _surface(
            stage,
            _lumpy(stage, (size, size, size), 0.0),
            materials.solid(stage, 0.0 * stage.palette.white()),
        )
        body = lamp.data.materials[0].node_tree.nodes["Principled BSDF"]
        body.inputs["Emission Color"].default_value = (*stage.palette.tint(0.4), 1.0)
        body.inputs["Emission Strength"].default_value = stage.log_uniform(1.0, 30.0)
        lamp.location = stage.rng.normal(size=3) * (0.6, 0.3, 0.6)
        lamp.lightgroup = LAMPS
        made.append(lamp)
    return made


def _set_off(stage: Stage, made: Made, probability: float, strength: float = 12.0) -> Made:
    """The objects, blurred by a movement with this probability."""
    if stage.chance(probability):
        moved(stage, made, strength)
    return made


Build = Callable[[Stage], Made]
KINDS: dict[str, tuple[float, tuple[Build, ...], tuple[tuple[float, Build], ...]]] = {
    "rendered_hair": (30, (head,), ((0.12, plumes), (0.15, solids), (0.06, veil), (0.08, beads))),
    "rendered_fur": (7, (fur,), ((0.2, solids),)),
    "rendered_plants": (14, (grass, grass, leaves), ((0.3, grass), (0.15, solids))),
    "rendered_glass": (15, (vessel,), ((0.5, vessel), (0.25, grass), (0.1, plumes))),
    "rendered_smoke": (14, (plumes,), ((0.25, solids), (0.15, vessel), (0.15, grass))),
    "rendered_thin": (9, (net, chain_mail), ((0.3, solids), (0.2, head))),
    "rendered_solids": (8, (solids,), ((0.3, beads),)),
    "rendered_veil": (3, (veil,), ((0.5, solids), (0.2, head))),
}
"""How many of a hundred renders show it, what it is one of, and what stands with it how often."""
