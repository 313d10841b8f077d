"""Colour as this Blender session has it: the OCIO config, the working space, an image's space."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import bpy


def config() -> str | None:
    """The OCIO config in force, for the core: $OCIO, else the one that Blender brought along.

    None where neither is found: the core then takes its own.
    """
    named = os.environ.get("OCIO", "")
    if named:
        return named
    for kind in ("LOCAL", "SYSTEM"):
        folder = bpy.utils.resource_path(kind)
        brought = Path(folder) / "datafiles/colormanagement/config.ocio"
        if folder and brought.is_file():
            return str(brought)
    return None


def working_space() -> str:
    """The config's name for the space that the compositor works in."""
    known = getattr(bpy.data, "colorspace", None)  # from 5.0 on; a file may choose its own
    if known is not None:
        return str(known.working_space)
    return _scene_linear()


@cache
def _scene_linear() -> str:
    """The role of that name, under the config that Blender began with: it takes no other later.

    Float images begin in it, whatever the config calls it. Asked once, and early: a panel that is
    drawn, or a thread that renders, may not make images.
    """
    probe = bpy.data.images.new("mattebox probe", 1, 1, float_buffer=True)
    try:
        return str(probe.colorspace_settings.name)
    finally:
        bpy.data.images.remove(probe)


def read_as(image: Any, space: str) -> None:
    """Let an image be read in a space of the config, where the config still has it.

    A name is never written down here: it comes from ``working_space`` of the same session.
    """
    if image.colorspace_settings.name != space:
        image.colorspace_settings.name = space
