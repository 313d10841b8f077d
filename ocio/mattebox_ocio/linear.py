"""Linear spaces: what remains of a plate's space without its transfer curve."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from mattebox_ocio.config import LoadedConfig
from mattebox_ocio.errors import ColourError
from mattebox_ocio.lookup import (
    canonical_space,
    linear_spaces,
    own_id,
    space_of_matrix,
    split_transform,
)
from mattebox_ocio.primaries import (
    Chromaticities,
    Matrix,
    chromaticities_of,
    identify_matrix,
)

PLATE_LINEAR = "plate-linear"
"""The out-space unless told otherwise: the plate's space without its transfer curve."""


@dataclass(frozen=True)
class LinearSpace:
    """A linear colour space.

    Attributes:
        name: the config's name for it.
        to_rec709: (3, 3) float64, its linear light to linear Rec.709; read-only.
        chromaticities: x, y of red, green, blue, white, for a file's header.
        interop_id: the Color Interop Forum's name, or None where it has none.
        warning: why this is not quite what was asked for, or None; the config's own warning is not
            repeated here.
    """

    name: str
    to_rec709: Matrix = field(compare=False)
    chromaticities: Chromaticities
    interop_id: str | None
    warning: str | None = None


def plate_linear(config: LoadedConfig, space: str) -> LinearSpace:
    """The linear light under a plate's transfer curve, by the config's name for it.

    Where the config has no linear space with these primaries, its scene-linear space is taken,
    with a warning.

    Args:
        config: the config.
        space: the plate's space: a name of the config, an alias, a role, an Interop Forum name.

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
    what = f"{name!r}" if primaries is None else f"the {primaries.name} primaries of {name!r}"
    return replace(
        substitute,
        warning=f"config {config.name} has no linear space with {what}: "
        f"the result is in {substitute.name!r}",
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
    alternative = space_of_matrix(config, split.matrix) or config.scene_linear
    raise ColourError(
        f"the result is linear light, and {canonical!r} has a transfer curve",
        kind="not_linear",
        name=name,
        known=linear_spaces(config),
        nearest=(alternative,),
        next_step=f"use {alternative!r}, and encode afterwards",
    )


def resolve_out_space(
    config: LoadedConfig, plate_space: str, requested: str | None = None
) -> LinearSpace:
    """What ``--out-space`` means: a name, or ``plate-linear``, which None means too.

    Raises:
        ColourError: as ``plate_linear`` and ``named_linear``.
    """
    if requested is None or requested.casefold() == PLATE_LINEAR:
        return plate_linear(config, plate_space)
    return named_linear(config, requested)


def _linear_space(config: LoadedConfig, name: str, to_rec709: Matrix) -> LinearSpace:
    primaries = identify_matrix(to_rec709)
    interop_id = own_id(config.ocio.getColorSpace(name))
    if interop_id is None and primaries is not None and config.warning is None:
        interop_id = primaries.interop_id
    return LinearSpace(name, to_rec709, chromaticities_of(to_rec709), interop_id)
