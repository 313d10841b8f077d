"""The add-on's preferences: where Mattebox is."""

from __future__ import annotations

from typing import Any

import bpy

from ..mattebox_command import VARIABLE

# The package's name: bl_ext.user_default.mattebox in an installed extension.
ADD_ON = __package__.rpartition(".")[0]


class MatteboxPreferences(bpy.types.AddonPreferences):
    bl_idname = ADD_ON

    __annotations__ = {
        "mattebox": bpy.props.StringProperty(
            name="Mattebox",
            description="Python of the environment that Mattebox was installed into, or its "
            f"command; empty: ${VARIABLE}, else the command mattebox on the PATH",
            subtype="FILE_PATH",
        ),
    }

    def draw(self, context: Any) -> None:
        self.layout.prop(self, "mattebox")
        self.layout.operator("mattebox.check", icon="CHECKMARK")


def mattebox_python() -> str:
    """What the artist chose; empty where nothing was, or in a script without the add-on."""
    add_on = bpy.context.preferences.addons.get(ADD_ON)
    if add_on is None or add_on.preferences is None:
        return ""
    return str(bpy.path.abspath(add_on.preferences.mattebox))
