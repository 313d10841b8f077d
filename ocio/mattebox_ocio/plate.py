"""The plate's colour, ready to run: into the out-space, and between that and linear Rec.709."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from mattebox_ocio.config import LoadedConfig
from mattebox_ocio.linear import LinearSpace, plate_linear
from mattebox_ocio.lookup import canonical_space, split_transform
from mattebox_ocio.oplist import TorchTransform, compile_transforms
from mattebox_ocio.primaries import inverse, is_same

IS_REC709_WITHIN = 1e-5
"""An out-space this close to linear Rec.709 is it: configs write matrices with 6 digits or more."""


@dataclass(frozen=True, eq=False)
class PlateColour:
    """The colour of one shot. All three transforms take and give [N,3,H,W] float32, any device.

    Attributes:
        plate_space: what the plate's pixels are in.
        out_space: the linear space of the result.
        to_out: the plate's values to out-space linear light; the same tensor where they are that
            already.
        to_rec709: out-space linear light to linear Rec.709; the same tensor where it is that.
        from_rec709: the way back; its matrix is the inverse in float64, each rounded once.
        warnings: what to tell the user once.
        inputs: the same as ``to_out`` for other inputs of the shot, by name, whose files are in
            another space than the plate's.
    """

    plate_space: str
    out_space: LinearSpace
    to_out: TorchTransform
    to_rec709: TorchTransform
    from_rec709: TorchTransform
    warnings: tuple[str, ...]
    inputs: Mapping[str, TorchTransform] = field(default_factory=dict)

    def to_out_of(self, name: str) -> TorchTransform:
        """The values of an input to out-space linear light."""
        return self.inputs.get(name, self.to_out)


def plate_transform(
    config: LoadedConfig, plate_space: str, out_space: LinearSpace | None = None
) -> PlateColour:
    """Compile a plate's colour.

    Args:
        config: the config both spaces are of.
        plate_space: what the plate's pixels are in.
        out_space: the linear space of the result; None for the plate's own without its curve.

    Raises:
        ColourError: ``unknown_space``, ``data_space``, ``broken_space``, ``unsupported_transform``.
    """
    name = canonical_space(config, plate_space)
    out = plate_linear(config, name) if out_space is None else out_space
    split = split_transform(config, name)
    between = None
    if not is_same(split.matrix, out.to_rec709):
        between = inverse(out.to_rec709) @ split.matrix
    to_rec709 = None if is_same(out.to_rec709, np.eye(3), IS_REC709_WITHIN) else out.to_rec709
    from_rec709 = None if to_rec709 is None else inverse(to_rec709)
    return PlateColour(
        plate_space=name,
        out_space=out,
        to_out=compile_transforms(split.curve, then=between),
        to_rec709=compile_transforms((), then=to_rec709),
        from_rec709=compile_transforms((), then=from_rec709),
        warnings=tuple(w for w in (config.warning, out.warning) if w is not None),
    )
