"""Colour for Mattebox: configs, plate spaces, transforms, model space.

What is here needs numpy and OpenColorIO. What runs on tensors is imported by its module:
``mattebox_ocio.plate``, ``mattebox_ocio.oplist``, ``mattebox_ocio.model_space``.
"""

from mattebox_ocio.config import PINNED_BUILTIN, LoadedConfig, files_digest, load_config
from mattebox_ocio.errors import ColourError
from mattebox_ocio.linear import (
    PLATE_LINEAR,
    LinearSpace,
    named_linear,
    plate_linear,
    resolve_out_space,
)
from mattebox_ocio.spaces import Resolution, resolve_plate_space

__all__ = [
    "PINNED_BUILTIN",
    "PLATE_LINEAR",
    "ColourError",
    "LinearSpace",
    "LoadedConfig",
    "Resolution",
    "files_digest",
    "load_config",
    "named_linear",
    "plate_linear",
    "resolve_out_space",
    "resolve_plate_space",
]
