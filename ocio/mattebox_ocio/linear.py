"""Linear spaces: what remains of a plate's space without its transfer curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from mattebox_ocio.config import LoadedConfig
from mattebox_ocio.errors import ColourError, nearest_names
from mattebox_ocio.interop import LINEAR_IDS, known_id
from mattebox_ocio.primaries import (
    REC709,
    Chromaticities,
    Matrix,
    chromaticities_of,
    identify_matrix,
    is_same,
    known_to_rec709,
)
from mattebox_ocio.seam import (
    OcioTransform,
    kind_of,
    matrix_of,
    transforms_between,
)

PLATE_LINEAR = "plate-linear"
"""The out-space a job has unless told otherwise: the plate's space without its curve."""


@dataclass(frozen=True)
class LinearSpace:
    """A linear colour space.

    Attributes:
        name: the config's name for it.
        to_rec709: (3, 3) float64, linear light to linear Rec.709; not to be written to.
        chromaticities: x, y of red, green, blue, white, for the EXR header.
        interop_id: the Color Interop Forum's name, or None where it has none.
        warning: why this is not quite the space that was asked for, or None.
    """

    name: str
    to_rec709: Matrix = field(compare=False)
    chromaticities: Chromaticities
    interop_id: str | None
    warning: str | None = None


@dataclass(frozen=True)
class SplitTransform:
    """A way to linear Rec.709, taken apart.

    Attributes:
        curve: the operators up to the last matrix; empty for a linear space.
        matrix: (3, 3) float64 from the curve's linear light to linear Rec.709.
    """

    curve: tuple[OcioTransform, ...]
    matrix: Matrix = field(compare=False)


def canonical_space(config: LoadedConfig, name: str, *, wanted: str = "colour space") -> str:
    """The config's own name for a name, alias or role; the Interop Forum's names work with any
    config that has such a space.

    Raises:
        ColourError: ``unknown_space`` with the nearest names, ``data_space``.
    """
    space = config.ocio.getColorSpace(name)
    if space is None:
        by_id = space_of_id(config, name)
        if by_id is None:
            raise _unknown(config, name, wanted)
        return by_id
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


@lru_cache(maxsize=256)
def split_transform(config: LoadedConfig, space: str) -> SplitTransform:
    """The transform from a space to linear Rec.709: its curve, and the matrix that ends it.

    Ranges after the matrix are left out: they clamp the reference (ACEScc at 0), not the light.

    Raises:
        ColourError: ``broken_space``.
    """
    transforms = list(transforms_between(config.ocio, space, config.hub))
    while transforms and kind_of(transforms[-1]) == "RangeTransform":
        if not any(kind_of(t) == "MatrixTransform" for t in transforms):
            break
        transforms.pop()
    matrix = config.hub_to_rec709
    if transforms and kind_of(transforms[-1]) == "MatrixTransform":
        last, offset = matrix_of(transforms[-1])
        if not np.any(offset):
            transforms.pop()
            matrix = matrix @ last
    matrix = _snapped(matrix)
    matrix.flags.writeable = False
    return SplitTransform(tuple(transforms), matrix)


def plate_linear(config: LoadedConfig, space: str) -> LinearSpace:
    """The linear light under a plate's transfer curve, by the config's name for it.

    Where the config has no linear space with this matrix, its scene-linear space is taken, with a
    warning.

    Args:
        config: the config.
        space: a name of the config, an alias, a role or an Interop Forum name.

    Raises:
        ColourError: ``unknown_space``, ``data_space``, ``broken_space``.
    """
    name = canonical_space(config, space)
    split = split_transform(config, name)
    if not split.curve:
        return _linear_space(config, name, split.matrix)
    linear = space_of_matrix(config, split.matrix)
    if linear is not None:
        return _linear_space(config, linear, linear_spaces(config)[linear])
    substitute = named_linear(config, config.scene_linear)
    primaries = identify_matrix(split.matrix)
    what = f"{name!r}" if primaries is None else f"{name!r} ({primaries.name} primaries)"
    return LinearSpace(
        substitute.name,
        substitute.to_rec709,
        substitute.chromaticities,
        substitute.interop_id,
        f"config {config.name} has no linear space for {what}: the result is in "
        f"{substitute.name!r}",
    )


def named_linear(config: LoadedConfig, name: str) -> LinearSpace:
    """A linear space by name, as ``--out-space`` gives it.

    Raises:
        ColourError: ``not_linear`` with the linear space nearest to it, ``unknown_space``,
            ``data_space``, ``broken_space``.
    """
    canonical = canonical_space(config, name, wanted="linear colour space")
    split = split_transform(config, canonical)
    if not split.curve:
        return _linear_space(config, canonical, split.matrix)
    alternative = space_of_matrix(config, split.matrix)
    linear = tuple(linear_spaces(config))
    raise ColourError(
        f"the result is linear light, and {canonical!r} has a transfer curve",
        kind="not_linear",
        name=name,
        known=linear,
        nearest=(alternative or config.scene_linear,),
        next_step=f"use {alternative or config.scene_linear!r}, and encode afterwards",
    )


def resolve_out_space(
    config: LoadedConfig, plate_space: str, requested: str | None = None
) -> LinearSpace:
    """``--out-space``: a name, or ``plate-linear`` (None means that too).

    Raises:
        ColourError: as ``plate_linear`` and ``named_linear``.
    """
    if requested is None or requested.casefold() == PLATE_LINEAR:
        return plate_linear(config, plate_space)
    return named_linear(config, requested)


@lru_cache(maxsize=8)
def linear_spaces(config: LoadedConfig) -> Mapping[str, Matrix]:
    """The config's linear spaces with their (3, 3) matrices to linear Rec.709.

    The space behind the role ``scene_linear`` comes first, the rest in the config's order. Spaces
    that cannot be built are left out.
    """
    found: dict[str, Matrix] = {}
    for name in dict.fromkeys([config.scene_linear, *config.spaces]):
        if config.ocio.getColorSpace(name).isData():
            continue
        try:
            split = split_transform(config, name)
        except ColourError:
            continue
        if not split.curve:
            found[name] = split.matrix
    return MappingProxyType(found)


def space_of_matrix(config: LoadedConfig, to_rec709: Matrix) -> str | None:
    """The config's linear space with this (3, 3) matrix to linear Rec.709, or None."""
    for name, matrix in linear_spaces(config).items():
        if is_same(matrix, to_rec709):
            return name
    return None


def space_of_id(config: LoadedConfig, interop_id: str) -> str | None:
    """The config's space for an Interop Forum name: by that name, else by what it does."""
    known = known_id(interop_id)
    for name in (interop_id, *(() if known is None else known.aliases)):
        space = config.ocio.getColorSpace(name)
        if space is not None and not space.isData():
            return str(space.getName())
    for space in config.ocio.getColorSpaces():
        if _own_id(space) == interop_id:
            return str(space.getName())
    if known is None:
        return None
    return _space_of_behaviour(config, known)
