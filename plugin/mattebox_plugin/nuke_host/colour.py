"""The script's colour management, in words that the core's OCIO understands."""

from __future__ import annotations

import os
from typing import NamedTuple, cast

import nuke

from .messages import NodeError

BUILT_IN = "ocio://studio-config-v2.2.0_aces-v1.3_ocio-v2.4"
"""Stands for Nuke's own colour management, which has no config: its "linear" is Rec.709's."""

NUKES_OWN = {"linear": "Linear Rec.709 (sRGB)", "sRGB": "sRGB - Texture"}
"""Nuke's own curves that are a whole colour space. Its camera curves leave the primaries alone,
so pictures that use them are rendered into the working space."""

DEFAULT = "default"

ROLES = frozenset(
    [
        "reference",
        "scene_linear",
        "compositing_linear",
        "rendering",
        "compositing_log",
        "color_timing",
        "color_picking",
        "texture_paint",
        "matte_paint",
        "data",
        "aces_interchange",
        "cie_xyz_d65_interchange",
    ]
)
"""Menus show these as ``scene_linear (ACEScg)``."""


class ScriptColour(NamedTuple):
    """How a script manages colour.

    Attributes:
        config: OCIO config, a file or ``ocio://name``.
        working: the working space, by a name of the config.
        uses_ocio: False for Nuke's own management.
    """

    config: str
    working: str
    uses_ocio: bool

    def space(self, shown: str) -> str | None:
        """The config's name of a space that a Read's menu shows; None where it has none."""
        name = space_name(shown)
        if self.uses_ocio:
            return name
        return None if name is None else NUKES_OWN.get(name)


def of_script() -> ScriptColour:
    """The colour management of the open script.

    Raises NodeError where the working space or the config is not said.
    """
    root = nuke.root()
    shown = str(root["workingSpaceLUT"].value() or "")
    if str(root["colorManagement"].value()) != "OCIO":
        working = NUKES_OWN.get(space_name(shown) or "")
        if working is None:
            raise NodeError(
                f"the working space {shown!r} is not linear",
                "set it to linear, or use OCIO (Project Settings, Color)",
            )
        return ScriptColour(BUILT_IN, working, uses_ocio=False)
    named = space_name(shown)
    if named is None:
        raise NodeError(
            "the project's working space is not said", "choose one (Project Settings, Color)"
        )
    return ScriptColour(config_path(), named, uses_ocio=True)


def config_path() -> str:
    """The project's OCIO config: $OCIO, else the custom one, else the stock one. As Nuke does.

    Raises NodeError where there is none.
    """
    root = nuke.root()
    if os.environ.get("OCIO"):
        return os.environ["OCIO"]
    is_custom = str(root["OCIO_config"].value()) == "custom"
    knob = "customOCIOConfigPath" if is_custom else "OCIOConfigPath"
    path = str(cast("nuke.File_Knob", root[knob]).getEvaluatedValue() or "").strip()
    if not path:
        raise NodeError(
            f"the project uses OCIO and its {'custom' if is_custom else 'stock'} config is empty",
            "choose a config (Project Settings, Color)",
        )
    return path.replace("\\", "/")


def space_name(shown: str) -> str | None:
    """What a menu's entry names: a role, or a space. None for a default that is not resolved.

    Entries look like ``ACES - ACEScg``, ``scene_linear (ACES - ACEScg)`` and
    ``default (Linear Rec.709 (sRGB))``; names of spaces may have brackets, too.
    """
    text = shown.split("\t", maxsplit=1)[0].strip()
    head, bracket, rest = text.partition(" (")
    if bracket and rest.endswith(")"):
        if head == DEFAULT:
            return space_name(rest[:-1])
        if head in ROLES:
            return head
    return None if text in ("", DEFAULT) else text
