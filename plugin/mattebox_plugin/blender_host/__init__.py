"""Mattebox in Blender's compositor: the only part that imports bpy."""

from __future__ import annotations

from typing import Any

import bpy

from . import colour, guard, live, operators, panel, preferences, properties

CLASSES = (preferences.MatteboxPreferences, *operators.CLASSES, *panel.CLASSES)

_key_maps: list[tuple[Any, Any]] = []


def register() -> None:
    """Switch the add-on on."""
    properties.register()
    for one in CLASSES:
        bpy.utils.register_class(one)
    guard.register()
    live.register()
    bpy.types.NODE_MT_add.append(panel.draw_add)
    bpy.types.TOPBAR_MT_render.append(panel.draw_render)
    _add_keys()
    if not bpy.app.background:
        # Not now: while add-ons are switched on, there is no file to make an image in.
        bpy.app.timers.register(_learn_colour, persistent=True)


def unregister() -> None:
    """Switch it off; nothing of it stays but the settings on the groups."""
    if bpy.app.timers.is_registered(_learn_colour):
        bpy.app.timers.unregister(_learn_colour)
    for key_map, item in _key_maps:
        key_map.keymap_items.remove(item)
    _key_maps.clear()
    bpy.types.TOPBAR_MT_render.remove(panel.draw_render)
    bpy.types.NODE_MT_add.remove(panel.draw_add)
    live.unregister()
    guard.unregister()
    for one in reversed(CLASSES):
        bpy.utils.unregister_class(one)
    properties.unregister()


def _learn_colour() -> None:
    colour.working_space()


def _add_keys() -> None:
    """F12 and Ctrl+F12 render as before, after a check of the keyed frames."""
    configuration = bpy.context.window_manager.keyconfigs.addon
    if configuration is None:  # Blender without an interface
        return
    key_map = configuration.keymaps.new(name="Screen", space_type="EMPTY")
    for animation in (False, True):
        item = key_map.keymap_items.new("mattebox.render", "F12", "PRESS", ctrl=animation)
        item.properties.animation = animation
        _key_maps.append((key_map, item))
