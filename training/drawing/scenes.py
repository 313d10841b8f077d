"""What stands with what: the kinds of scene, how often each is drawn, how one is put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.colours import Palette
from training.drawing import glass, lights, optics, plants, soft, solids, strands, thin
from training.drawing.canvas import Layer, Sheet, clear, over

Draw = Callable[[Sheet], Layer]
SHADOWED = 0.06  # of subjects throw a shadow on the screen
SEEN = 0.3  # of a pixel in each row, at least, belongs to a subject
NOISY = 0.15  # of scenes carry a renderer's noise
ENLARGED = 0.10  # of scenes are drawn small and enlarged


@dataclass(frozen=True)
class Scene:
    """One drawn subject: `layers` float16 [size, size, 7] in key order, `kind` an index into KINDS.

    0..2 premultiplied light of the lamps P, 3 alpha, 4..6 premultiplied share G of the screen's
    light thrown to the camera. Over a screen B, lit E: E * P + (1 - alpha) * B + G * mean(B).
    """

    layers: NDArray[np.float16]
    kind: int


def _still(layers: Sequence[Layer]) -> Layer:
    stack = layers[0]
    for front in layers[1:]:
        stack = over(front, stack)
    return stack


def _photographed(sheet: Sheet, layer: Layer, moved: float = 0.2, unsharp: float = 0.15) -> Layer:
    """A layer with the motion and defocus of its own that a usual shot has."""
    if sheet.chance(moved):
        layer = optics.moving(sheet, layer)
    if sheet.chance(unsharp):
        layer = optics.defocused(sheet, layer, 8)
    return layer


def _shot(sheet: Sheet, *draws: Draw) -> Layer:
    """Subjects from back to front, each with its own motion and defocus."""
    return _still([_photographed(sheet, draw(sheet)) for draw in draws])


def _one_of(*draws: Draw) -> Draw:
    """Any of these, all equally often."""

    def draw(sheet: Sheet) -> Layer:
        return draws[sheet.whole(0, len(draws) - 1)](sheet)

    return draw


def _alone(*draws: Draw) -> Draw:
    return lambda sheet: _shot(sheet, _one_of(*draws))


def _perhaps(sheet: Sheet, probability: float, *draws: Draw) -> list[Draw]:
    return [_one_of(*draws)] if sheet.chance(probability) else []


BODIES: tuple[Draw, ...] = (solids.solid, solids.cloth, solids.skin)
THIN: tuple[Draw, ...] = (thin.net, thin.chain_mail, thin.bars, thin.racket, thin.lace)
FINE: tuple[Draw, ...] = (strands.sparse_hair, plants.grass)


def _sparse_hair(sheet: Sheet) -> Layer:
    more = _perhaps(sheet, 0.3, strands.sparse_hair)
    return _shot(sheet, *_perhaps(sheet, 0.4, *BODIES), strands.sparse_hair, *more)


def _dense_hair(sheet: Sheet) -> Layer:
    behind = _perhaps(sheet, 0.35, *BODIES)
    loose = _perhaps(sheet, 0.4, strands.sparse_hair)
    hair = strands.head_of_hair if sheet.chance(0.35) else strands.dense_hair
    return _shot(sheet, *behind, hair, *loose)


def _plants(sheet: Sheet) -> Layer:
    return _shot(sheet, *_perhaps(sheet, 0.25, *BODIES), _one_of(plants.grass, plants.leaves))


def _solids(sheet: Sheet) -> Layer:
    return _shot(sheet, *[_one_of(*BODIES) for _ in range(sheet.whole(1, 3))])


def _torso(sheet: Sheet) -> Layer:
    hair = _perhaps(sheet, 0.15, strands.sparse_hair, strands.dense_hair)
    return _shot(sheet, solids.torso, *hair, *_perhaps(sheet, 0.2, solids.skin))


def _motion(sheet: Sheet) -> Layer:
    draw = _one_of(
        solids.ball, solids.ball, solids.skin, solids.solid, strands.dense_hair, thin.bars
    )
    mover = optics.moving(sheet, draw(sheet), 64)
    behind = [_shot(sheet, *_perhaps(sheet, 1, *BODIES))] if sheet.chance(0.25) else []
    return _still([*behind, mover])


def _defocus(sheet: Sheet) -> Layer:
    draw = _one_of(*BODIES, solids.near_screen, strands.sparse_hair, plants.leaves, lights.lamps)
    return optics.defocused(sheet, draw(sheet))


def _glass(sheet: Sheet) -> Layer:
    inside = _perhaps(sheet, 0.35, *FINE, plants.leaves)
    behind = _perhaps(sheet, 0.2, *BODIES)
    return _shot(sheet, *behind, *inside, glass.glass, *_perhaps(sheet, 0.3, glass.glass))


def _smoke(sheet: Sheet) -> Layer:
    behind = _perhaps(sheet, 0.25, *BODIES, strands.sparse_hair)
    return _shot(sheet, *behind, soft.smoke, *_perhaps(sheet, 0.25, soft.smoke))


def _veil(sheet: Sheet) -> Layer:
    return _shot(sheet, *_perhaps(sheet, 0.4, *BODIES), soft.veil)


def _layered(sheet: Sheet) -> Layer:
    """Subjects one over the other, as shots have them."""
    orders: tuple[tuple[Draw, ...], ...] = (
        (solids.cloth, solids.skin, strands.dense_hair),
        (strands.head_of_hair, soft.smoke),
        (strands.head_of_hair, glass.glass),
        (solids.torso, glass.pane),
        (soft.veil, solids.skin),
        (solids.solid, soft.veil, strands.sparse_hair),
        (strands.head_of_hair, _one_of(*THIN)),
        (strands.dense_hair, glass.vessel, soft.smoke),
        (
            _one_of(*FINE, *BODIES),
            _one_of(*THIN, soft.veil),
            _one_of(glass.plastic, lights.glitter),
        ),
    )
    return _shot(sheet, *orders[sheet.whole(0, len(orders) - 1)])


def _empty(sheet: Sheet) -> Layer:
    return clear(sheet.size)


@dataclass(frozen=True)
class Kind:
    name: str
    share: float  # per cent of scenes
    draw: Draw


_KINDS: tuple[Kind, ...] = (
    Kind("sparse_hair", 8, _sparse_hair),
    Kind("dense_hair", 13, _dense_hair),
    Kind("fur", 4, _alone(strands.fur)),
    Kind("plants", 5, _plants),
    Kind("solids", 5.5, _solids),
    Kind(
        "near_screen",
        2.5,
        _alone(solids.near_screen, solids.near_screen, solids.near_screen, solids.metal),
    ),
    Kind("bounced", 3, _alone(solids.bounced)),
    Kind("black", 2.5, _alone(solids.black)),
    Kind("glitter", 2, _alone(lights.glitter)),
    Kind("holes", 2.5, _alone(solids.with_holes)),
    Kind("torso", 6, _torso),
    Kind("far", 2, _alone(solids.far_figures)),
    Kind("motion", 6, _motion),
    Kind("defocus", 2.5, _defocus),
    Kind("thin", 9, _alone(*THIN)),
    Kind("veil", 4.5, _veil),
    Kind("smoke", 10, _smoke),
    Kind("steam", 3, _alone(soft.steam)),
    Kind("glass", 10, _glass),
    Kind("plastic", 2.5, _alone(glass.plastic)),
    Kind("lights", 4.5, _alone(lights.rim_lit, lights.rim_lit, lights.lamps, lights.sparks)),
    Kind("layered", 4, _layered),
    Kind("empty", 3, _empty),
    Kind("shadow", 2, _alone(soft.shadow)),
)
KINDS: tuple[str, ...] = tuple(kind.name for kind in _KINDS)
_SHARES = np.array([kind.share for kind in _KINDS])
_BARE = {"empty", "shadow"}


def draw_scene(seed: int, size: int = 224, kind: str | None = None) -> Scene:
    """Draws one scene, of a kind drawn by its share where none is given; same seed, same bytes."""
    if kind is not None and kind not in KINDS:
        raise ValueError(f"No kind of scene is called {kind!r}; there are {', '.join(KINDS)}.")
    cv2.setNumThreads(1)
    rng = np.random.default_rng(seed)
    drawn = int(rng.choice(len(KINDS), p=_SHARES / _SHARES.sum()))
    index = drawn if kind is None else KINDS.index(kind)
    factor = _drawn_smaller(rng)
    sheet = Sheet(rng, -(-size // factor), Palette.drawn(rng))
    layer = _in_frame(sheet, _KINDS[index])
    if KINDS[index] not in _BARE and sheet.chance(SHADOWED):
        layer = over(layer, soft.cast_shadow(sheet, layer))
    layer = optics.pixel_filter(sheet, layer)
    if factor > 1:
        layer = optics.enlarged(layer, size)
        sheet = Sheet(rng, size, sheet.palette)
    if sheet.chance(NOISY):
        layer = optics.sampling_noise(sheet, layer)
    return Scene(optics.finished(layer).astype(np.float16), index)


def _in_frame(sheet: Sheet, kind: Kind) -> Layer:
    """The kind's subject, drawn again where chance put next to nothing of it into the frame."""
    layer = kind.draw(sheet)
    for _ in range(3):
        if kind.name in _BARE or float(layer[..., :4].sum()) > SEEN * sheet.size:
            break
        layer = kind.draw(sheet)
    return layer


def _drawn_smaller(rng: np.random.Generator) -> int:
    """1, or 2 or 3 where the subject is drawn so much smaller and enlarged."""
    if rng.random() >= ENLARGED:
        return 1
    return 2 if rng.random() < 0.7 else 3
