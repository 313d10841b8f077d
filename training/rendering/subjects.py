"""Plants, vessels, smoke, nets, veils and solids as objects of a stage; what kinds there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.rendering import RENDERED, materials
from training.rendering.geometry import (
    POINTS,
    Points,
    curves,
    grid,
    lathe,
    lumpy,
    normed,
    sheet,
    surface_of,
)
from training.rendering.hair import fur, head
from training.rendering.stage import LAMPS, Made, Stage, set_off

SIDES = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
"""Of a box whose corners go through x, y and z in turn, z fastest."""


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
    faces = grid(np.zeros((POINTS, 2, 3)))
    every = (faces[None] + 2 * POINTS * np.arange(count)[:, None, None]).reshape(-1, 4)
    made = []
    for part in np.array_split(np.arange(count), stage.rng.integers(1, 4)):
        mine = np.isin(every[:, 0] // (2 * POINTS), part)
        blades = stage.mesh(ribbon.reshape(-1, 3), every[mine])
        blades.data.materials.append(materials.leaf(stage, stage.palette.plant()))
        made.append(blades)
    return set_off(stage, made, 0.3)


def leaves(stage: Stage) -> Made:
    """A twig with broad leaves, several before each other."""
    rng = stage.rng
    count = int(stage.log_uniform(15, 220))
    start = rng.normal(size=3) * (0.5, 0.2, 0.5)
    way = normed(rng.normal(size=3) * (1.0, 0.3, 1.0))
    along = np.linspace(-1.0, 1.0, POINTS)[:, None]
    twig = start + way * along * 1.3 + 0.2 * np.sin(2.0 * along + rng.uniform(0, 6.3, 3))
    bark = materials.solid(stage, stage.palette.plant() * 0.5, rough=0.9)
    wide = np.full((1, POINTS), stage.pixels(stage.log_uniform(0.7, 4.0)))
    made = [curves(stage, twig[None], wide, bark)]
    length = stage.log_uniform(0.08, 0.5)
    u, v = np.meshgrid(np.linspace(0, 1, 7), np.linspace(-1, 1, 5), indexing="ij")
    broad = stage.uniform(0.2, 0.6) * np.sin(np.pi * u**0.8) * v / 2.0
    curled = stage.uniform(-0.5, 0.5) * u**2 + stage.uniform(0.0, 0.6) * np.abs(broad)
    blade = np.stack([u, broad, curled], -1) * length
    faces = grid(blade)
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
    return set_off(stage, made, 0.3)


def stalks(stage: Stage) -> Made:
    """Dry stems out of one foot, with whorls of needles or ears along them."""
    rng, count = stage.rng, int(stage.log_uniform(3, 40))
    along = np.linspace(0.0, 1.0, POINTS)[None, :, None]
    up = np.array([0.0, 0.0, 1.0])
    foot = rng.normal(size=(count, 1, 3)) * (0.05, 0.05, 0.02) - up * stage.uniform(0.3, 1.2)
    height = stage.uniform(0.8, 1.8) * rng.uniform(0.5, 1.1, (count, 1, 1))
    lean = rng.normal(size=(count, 1, 3)) * (0.35, 0.2, 0.0)
    stems = foot + height * (up * along + lean * along ** stage.uniform(1.0, 2.0))
    dry = stage.palette.straw if stage.chance(0.6) else stage.palette.plant
    colours = [dry() for _ in range(2)]
    thick = np.full((count, POINTS), stage.pixels(stage.log_uniform(0.4, 2.5)))
    made = [curves(stage, stems, thick, materials.leaf(stage, colours[0]))]
    whorls, needles = int(stage.log_uniform(2, 12)), int(stage.log_uniform(4, 24))
    at = POINTS - 1 - rng.integers(0, max(2, POINTS * 2 // 3), (count, whorls))
    at[:, 0] = POINTS - 1
    middles = np.take_along_axis(stems, at[..., None], 1).reshape(-1, 1, 3)
    middles = np.repeat(middles, needles, 0)
    way = normed(rng.normal(size=middles.shape) + up * stage.uniform(-0.3, 1.5))
    length = stage.log_uniform(0.03, 0.25) * rng.uniform(0.4, 1.2, (len(middles), 1, 1))
    spikes = middles + way * length * along - up * length * along**2 * stage.uniform(0.0, 0.5)
    thin = stage.pixels(stage.log_uniform(0.25, 1.5)) * (1.0 - 0.7 * along[..., 0])
    thin = np.repeat(thin, len(spikes), 0)
    made.append(curves(stage, spikes, thin, materials.leaf(stage, colours[1])))
    return set_off(stage, made, 0.3)


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
    return surface_of(stage, lathe(np.concatenate([bottom, shape])), material)


def vessel(stage: Stage) -> Made:
    """A bottle or a vase of thin glass; grass, stalks, a twig or a solid in it now and then."""
    glass = _vessel(stage, materials.glass(stage), stage.uniform(0.4, 1.0))
    inside: Made = []
    if stage.chance(0.55):
        inside = (grass, stalks, stalks, leaves, solids)[stage.rng.integers(5)](stage)
    return [*set_off(stage, [glass], 0.4), *inside]


def plumes(stage: Stage) -> Made:
    """One to three clouds of smoke or steam."""
    made = []
    density = stage.log_uniform(1.5, 25.0)
    grey = stage.uniform(0.6, 0.98) if stage.chance(0.7) else stage.uniform(0.1, 0.6)
    colour = grey * stage.palette.tint(stage.uniform(0.0, 0.15))
    for _ in range(stage.rng.integers(1, 4)):
        cube = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
        cloud = stage.mesh(cube, np.array(SIDES), smooth=False)
        cloud.scale = [stage.uniform(0.35, 1.0) for _ in range(3)]
        cloud.location = stage.rng.normal(size=3) * 0.4
        cloud.rotation_euler = stage.rng.uniform(0, 6.3, 3)
        scale = stage.log_uniform(0.8, 4.0)
        cloud.data.materials.append(materials.smoke(stage, colour, density, scale))
        made.append(cloud)
    return made


def net(stage: Stage) -> Made:
    """A net of cords, or a lattice of wire."""
    size = stage.uniform(0.5, 1.4)
    cells = max(4, int(2.0 * size / stage.pixels(stage.log_uniform(4.0, 40.0))))
    radius = stage.pixels(stage.log_uniform(0.3, 3.0))
    metal = stage.chance(0.4)
    colour = stage.palette.metal() if metal else stage.palette.any()
    cord = materials.solid(stage, colour, metal=float(metal))
    woven = sheet(stage, 4 * cells, 4 * cells, size)
    every = np.concatenate([woven[::4], woven.transpose(1, 0, 2)[::4]])
    made = [curves(stage, every, np.full(every.shape[:2], radius), cord)]
    return set_off(stage, made, 0.3)


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
    places = sheet(stage, count, count, size).reshape(-1, 3)
    every: list[Points] = []
    for number, place in enumerate(places):
        angle = lean * (-1.0) ** (number // count)
        cos, sin = np.cos(angle), np.sin(angle)
        axes = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
        every.append(ring.reshape(-1, 3) @ axes.T + place)
    faces = grid(ring)
    step = ring.shape[0] * ring.shape[1]
    all_faces = (faces[None] + step * np.arange(len(every))[:, None, None]).reshape(-1, 4)
    made = stage.mesh(np.concatenate(every), all_faces)
    rough = stage.uniform(0.15, 0.5)
    made.data.materials.append(
        materials.solid(stage, stage.palette.metal(), rough=rough, metal=1.0)
    )
    return set_off(stage, [made], 0.2)


def veil(stage: Stage) -> Made:
    """Thin fabric in folds, dense or nearly nothing."""
    fabric = materials.veil(stage, stage.palette.any(), stage.log_uniform(0.08, 0.8))
    return set_off(stage, [surface_of(stage, sheet(stage, 60, 60, 1.0), fabric)], 0.4)


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
            way = normed(stage.rng.normal(size=3))
            line = way * np.linspace(-1, 1, POINTS)[:, None] * size * 3.0
            body = curves(stage, line[None], np.full((1, POINTS), size * 0.15), material)
        else:
            radii = (size * stage.uniform(0.5, 1.4), size, size * stage.uniform(0.5, 1.4))
            body = surface_of(stage, lumpy(stage, radii, stage.uniform(0.0, 0.3)), material)
        body.location = place
        made += set_off(stage, [body], 0.45, 30.0)
    return made


def table(stage: Stage) -> Made:
    """A board below the subject, on which much of the screen's light falls aslant."""
    wide, deep = stage.uniform(0.6, 2.5), stage.uniform(0.4, 1.5)
    top = -stage.uniform(0.3, 1.0)
    shape = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 0)], float)
    corners = shape * (wide, deep, stage.uniform(0.03, 0.2)) + np.array([0.0, 0.0, top])
    wood = 0.7 * stage.palette.straw() if stage.chance(0.6) else stage.palette.any()
    board = stage.mesh(corners, np.array(SIDES), smooth=False)
    board.data.materials.append(materials.solid(stage, wood, rough=stage.uniform(0.2, 0.9)))
    return [board]


def beads(stage: Stage) -> Made:
    """Small shining lamps and sparks, far brighter than the screen."""
    made = []
    for _ in range(stage.rng.integers(1, 12)):
        size = stage.pixels(stage.log_uniform(0.5, 12.0))
        lamp = surface_of(
            stage,
            lumpy(stage, (size, size, size), 0.0),
            materials.solid(stage, 0.0 * stage.palette.white()),
        )
        body = lamp.data.materials[0].node_tree.nodes["Principled BSDF"]
        body.inputs["Emission Color"].default_value = (*stage.palette.tint(0.4), 1.0)
        body.inputs["Emission Strength"].default_value = stage.log_uniform(1.0, 30.0)
        lamp.location = stage.rng.normal(size=3) * (0.6, 0.3, 0.6)
        lamp.lightgroup = LAMPS
        made.append(lamp)
    return made


Build = Callable[[Stage], Made]


@dataclass(frozen=True)
class Kind:
    """What a kind of picture shows.

    Attributes:
        share: of a hundred pictures.
        builds: the subject is one of these, all equally often.
        companions: what stands with it, and how often.
    """

    share: float
    builds: tuple[Build, ...]
    companions: tuple[tuple[float, Build], ...] = ()


KINDS: dict[str, Kind] = dict(
    zip(
        RENDERED,
        (
            Kind(30, (head,), ((0.12, plumes), (0.15, solids), (0.06, veil), (0.08, beads))),
            Kind(7, (fur,), ((0.2, solids),)),
            Kind(14, (grass, stalks, leaves), ((0.3, stalks), (0.15, solids))),
            Kind(15, (vessel,), ((0.5, vessel), (0.35, stalks), (0.1, plumes), (0.5, table))),
            Kind(14, (plumes,), ((0.25, solids), (0.15, vessel), (0.15, grass), (0.2, table))),
            Kind(9, (net, chain_mail), ((0.3, solids), (0.2, head))),
            Kind(8, (solids,), ((0.3, beads), (0.5, table))),
            Kind(3, (veil,), ((0.5, solids), (0.2, head))),
        ),
        strict=True,
    )
)
