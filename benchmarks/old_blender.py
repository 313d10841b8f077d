"""What lets the add-on run in a distribution's Blender before 4.0, whose windows are measured and
tested. The add-on itself knows 4.2 and later alone, where sockets of a group stand in its
interface."""

from __future__ import annotations

from typing import Any

import bpy  # pyright: ignore[reportMissingImports] - Blender alone has it


class _Interface:
    def __init__(self, tree: Any) -> None:
        self._tree = tree

    def new_socket(self, name: str, in_out: str, socket_type: str) -> Any:
        sockets = self._tree.outputs if in_out == "OUTPUT" else self._tree.inputs
        return sockets.new(socket_type, name)


def give_interfaces() -> None:
    """Give node trees an interface where they have none."""
    if "interface" not in bpy.types.NodeTree.bl_rna.properties:
        bpy.types.NodeTree.interface = property(_Interface)
