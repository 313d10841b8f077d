"""Finding a config's space: by name, by the names other programs use, by what it does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np

from mattebox_ocio.config import LoadedConfig
from mattebox_ocio.errors import ColourError, nearest_names
from mattebox_ocio.interop import (
    KNOWN_IDS,
    SRGB_TEXTURE,
    Curve,
    KnownId,
    aliases_of,
    known_id,
)
from mattebox_ocio.primaries import Matrix, Primaries, is_same, known_to_rec709
from mattebox_ocio.seam import (
    OcioTransform,
    apply_lossless,
    kind_of,
    matrix_of,
    processor_between,
    transforms_between,
)

SAME_LIGHT = 2e-5
"""Linear light of two spaces closer than this is the same: above OpenColorIO's float32 rounding
(1e-6) and its inverse 1D LUTs (7e-6), far below the distance of any two curves in the table."""

_PROBES = np.array(
    [[0.02, 0.02, 0.02], [0.18, 0.18, 0.18], [0.7, 0.7, 0.7], [0.8, 0.3, 0.1], [0.1, 0.5, 0.9]]
)
"""Codes [5, 3] that tell curves and primaries apart: below and above every linear toe, greys and
saturated colours."""


@dataclass(frozen=True, eq=False)
class SplitTransform:
    """The way from a space to linear Rec.709, taken apart.

    Attributes:
        curve: the operators up to the last matrix; empty for a linear space.
        matrix: (3, 3) float64, from the curve's linear light to linear Rec.709; read-only.
    """

    curve: tuple[OcioTransform, ...] = field(repr=False)
    matrix: Matrix


@lru_cache(maxsize=256)
def split_transform(config: LoadedConfig, space: str) -> SplitTransform:
    """The way from a space of the config to linear Rec.709.

    Ranges after the last matrix are left out: they clamp the reference (ACEScc's at 0), not the
    light.

    Raises:
        ColourError: ``broken_space``, ``unsupported_transform``.
    """
    transforms = list(transforms_between(config.ocio, space, config.hub))
    matrix = config.hub_to_rec709
    last = len(transforms) - 1
    while last >= 0 and kind_of(transforms[last]) == "RangeTransform":
        last -= 1
    if last >= 0 and kind_of(transforms[last]) == "MatrixTransform":
        factor, offset = matrix_of(transforms[last])
        if not np.any(offset):
            matrix = matrix @ factor
            transforms = transforms[:last]
    matrix = matrix.copy()
    matrix.flags.writeable = False
    return SplitTransform(tuple(transforms), matrix)


@lru_cache(maxsize=8)
def linear_spaces(config: LoadedConfig) -> Mapping[str, Matrix]:
    """The config's linear spaces with their (3, 3) matrices to linear Rec.709.

    The space behind the role ``scene_linear`` comes first, the rest in the config's order. Data
    and spaces that cannot be built are left out.
    """
    found: dict[str, Matrix] = {}
    for name in dict.fromkeys([config.scene_linear, *config.spaces]):
        space = config.ocio.getColorSpace(name)
        if space is None or space.isData():  # a role may name a space that is not there
            continue
        try:
            split = split_transform(config, name)
        except ColourError:
            continue
        if not split.curve:
            found[name] = split.matrix
    return MappingProxyType(found)


def canonical_space(config: LoadedConfig, name: str, *, wanted: str = "colour space") -> str:
    """The config's own name for a name, alias, role, or a name other programs use.

    Args:
        config: the config.
        name: what was given.
        wanted: what is being looked for, for the message.

    Raises:
        ColourError: ``unknown_space`` with the nearest names, ``data_space``.
    """
    space = config.ocio.getColorSpace(name) if name else None
    if space is None:
        found = space_of_id(config, name)
        if found is None:
            raise _unknown(config, name, wanted)
        return found
    if space.isData():
        raise ColourError(
            f"{name!r} holds data, not colour",
            kind="data_space",
            name=name,
            known=config.spaces,
            next_step="name the space its values are in, for instance "
            f"{config.scene_linear!r} for scene-linear ones",
        )
    return str(space.getName())


def space_of_matrix(config: LoadedConfig, to_rec709: Matrix) -> str | None:
    """The config's linear space with this (3, 3) matrix to linear Rec.709, or None."""
    for name, matrix in linear_spaces(config).items():
        if is_same(matrix, to_rec709):
            return name
    return None


def space_of_id(config: LoadedConfig, interop_id: str) -> str | None:
    """The config's space for a name across programs: by names, else by what its spaces do."""
    for space in _colour_spaces(config):
        if own_id(space) == interop_id:
            return str(space.getName())
    for name in (interop_id, *aliases_of(interop_id)):
        space = config.ocio.getColorSpace(name) if name else None
        if space is not None and not space.isData():
            return str(space.getName())
    known = known_id(interop_id)
    return None if known is None else space_of_behaviour(config, known)


def space_of_behaviour(config: LoadedConfig, known: KnownId) -> str | None:
    """The config's first space that turns codes into the light a known id says, or None."""
    matrices = known_to_rec709(known.primaries)
    if known.curve == "linear":
        found = (space_of_matrix(config, matrix) for matrix in matrices)
        return next((name for name in found if name is not None), None)
    expected = [known.decoded(_PROBES) @ matrix.T for matrix in matrices]
    for space in _colour_spaces(config):
        name = str(space.getName())
        if name in linear_spaces(config):
            continue
        try:
            processor = processor_between(config.ocio, name, config.hub)
        except ColourError:
            continue
        light = apply_lossless(processor, _PROBES).astype(np.float64) @ config.hub_to_rec709.T
        if any(np.abs(light - target).max() <= SAME_LIGHT for target in expected):
            return name
    return None


def space_of_light(config: LoadedConfig, primaries: Primaries, curve: Curve) -> str | None:
    """The config's space of these primaries and this curve, or None; named ones come first."""
    named = [one for one in KNOWN_IDS if one.primaries == primaries and one.curve == curve]
    for one in named:
        found = space_of_id(config, one.interop_id)
        if found is not None:
            return found
    return None if named else space_of_behaviour(config, KnownId("", primaries, curve))


def srgb_texture_space(config: LoadedConfig) -> str | None:
    """The config's sRGB-encoded Rec.709 space for pictures, or None."""
    by_name = space_of_id(config, SRGB_TEXTURE.interop_id)
    if by_name is not None:
        return by_name
    for role in ("default_byte", "texture_paint", "color_picking"):
        if config.ocio.hasRole(role):
            space = config.ocio.getColorSpace(role)
            if space is not None and not space.isData():
                return str(space.getName())
    return None


def own_id(space: Any) -> str | None:
    """The Interop Forum name a config gives its space, as attribute or as alias."""
    stated = space.getInteropID() if hasattr(space, "getInteropID") else ""  # OpenColorIO 2.5
    if stated:
        return str(stated)
    return next((str(a) for a in space.getAliases() if known_id(str(a)) is not None), None)


def _colour_spaces(config: LoadedConfig) -> Iterable[Any]:
    return [space for space in config.ocio.getColorSpaces() if not space.isData()]


def _unknown(config: LoadedConfig, name: str, wanted: str) -> ColourError:
    spaces = list(config.ocio.getColorSpaces())
    own = {str(space.getName()): str(space.getName()) for space in spaces}
    aliases = {str(alias): str(space.getName()) for space in spaces for alias in space.getAliases()}
    roles = {str(role): str(role) for role, _ in config.ocio.getRoles()}
    meant = {**roles, **aliases, **own}
    near = list(dict.fromkeys(meant[found] for found in nearest_names(name, meant, count=6)))[:3]
    hint = f"did you mean {' or '.join(repr(n) for n in near)}? " if near else ""
    more = f" and {len(config.spaces) - 12} more" if len(config.spaces) > 12 else ""
    return ColourError(
        f"config {config.name} has no {wanted} {name!r}",
        kind="unknown_space",
        name=name,
        known=config.spaces,
        nearest=near,
        next_step=f"{hint}it has: {', '.join(config.spaces[:12])}{more}",
    )
