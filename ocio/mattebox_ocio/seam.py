"""The one place where PyOpenColorIO is called: its objects are untyped, its errors are mapped."""

from __future__ import annotations

from typing import Any

import numpy as np
import PyOpenColorIO
from numpy.typing import ArrayLike, NDArray

from mattebox_ocio.errors import ColourError
from mattebox_ocio.primaries import Matrix, inverse

ocio: Any = PyOpenColorIO

# Its warnings quote a config as it is, escape codes and all, and go past everybody to the terminal.
ocio.SetLoggingLevel(ocio.LOGGING_LEVEL_NONE)

OCIO_ERRORS = (ocio.Exception, ocio.ExceptionMissingFile)
"""What the library raises; the second is not a kind of the first."""

OcioConfig = Any
"""A ``PyOpenColorIO.Config``; the library ships no types."""

OcioTransform = Any
"""A ``PyOpenColorIO.Transform`` out of a processor's group."""


def processor_between(config: OcioConfig, source: str, target: str) -> Any:
    """OpenColorIO's processor from one space to another.

    Raises:
        ColourError: ``broken_space``, with the library's own words.
    """
    try:
        return config.getProcessor(source, target)
    except OCIO_ERRORS as error:
        raise ColourError(
            f"OpenColorIO cannot go from {source!r} to {target!r}: {_first_line(error)}",
            kind="broken_space",
            name=source,
            next_step="check that the LUT files the config names are there, or choose another "
            "space",
        ) from error


def transforms_of(processor: Any) -> tuple[OcioTransform, ...]:
    """The operators of a processor, joined and simplified only where no precision is lost."""
    lossless = processor.getOptimizedProcessor(ocio.OPTIMIZATION_LOSSLESS)
    return tuple(lossless.createGroupTransform())


def transforms_between(config: OcioConfig, source: str, target: str) -> tuple[OcioTransform, ...]:
    """The operators from one space to another."""
    return transforms_of(processor_between(config, source, target))


def is_inverse(transform: OcioTransform) -> bool:
    return bool(transform.getDirection() == ocio.TRANSFORM_DIR_INVERSE)


def kind_of(transform: OcioTransform) -> str:
    """``MatrixTransform``, ``LogCameraTransform``..."""
    return type(transform).__name__


def matrix_of(transform: OcioTransform) -> tuple[Matrix, Matrix]:
    """(3, 3) matrix and (3,) offset of a matrix operator, in its direction.

    Raises:
        ColourError: ``unsupported_transform``: it mixes alpha into colour.
    """
    full = np.array(transform.getMatrix(), np.float64).reshape(4, 4)
    offset = np.array(transform.getOffset(), np.float64)
    if np.any(full[:3, 3]) or np.any(full[3, :3]):
        raise ColourError(
            "a matrix of the config mixes alpha and colour", kind="unsupported_transform"
        )
    matrix, offset = full[:3, :3], offset[:3]
    if is_inverse(transform):
        matrix = inverse(matrix)
        offset = -matrix @ offset
    return matrix, offset


def apply_lossless(processor: Any, pixels: ArrayLike) -> NDArray[np.float32]:
    """Run a processor on the CPU on [N, 3] colours, as OpenColorIO itself does it."""
    buffer = np.array(pixels, np.float32, ndmin=2, order="C")
    processor.getOptimizedCPUProcessor(ocio.OPTIMIZATION_LOSSLESS).applyRGB(buffer)
    return buffer


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or ["no reason given"])[0]
