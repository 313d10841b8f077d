"""The sidebar of the compositor, and the entries in the Add and Render menus."""

from __future__ import annotations

import time
from typing import Any

import blf
import bpy

from ..keyed_frames import FrameStatus, Status
from ..parameter import Input
from ..parameters import INPUTS
from ..wrapping import wrapped
from . import key
from .frames import frame_statuses
from .operators import active_group
from .properties import SHOWN

NETWORK_ENGINES = ("rvm", "bgmv2", "onnx-matte")

STATUS_ICONS = {
    Status.CURRENT: "CHECKMARK",
    Status.MISSING: "CANCEL",
    Status.CUT_SHORT: "ERROR",
    Status.STALE: "FILE_REFRESH",
}


FONT = 0
"""Blender's own."""

BESIDE_LABELS = 56.0
"""Pixels at scale 1 that the sidebar's tabs, its scroll bar and a panel's margins take."""

LABELS_SHARE = 0.38
"""Of a panel's width, what its column of labels holds: Blender gives it 0.4, less a gap."""

IN_RUN = ("proxy",)
"""Settings that stand beside the button, and not with their group."""

REFRESH_SECONDS = 1.0

_last_statuses: dict[tuple[str, int], tuple[float, list[FrameStatus]]] = {}


class _Panel(bpy.types.Panel):
    bl_space_type = "NODE_EDITOR"
    bl_region_type = "UI"
    bl_category = "Mattebox"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return active_group(context) is not None


def draw_knob(layout: Any, context: Any, settings: Any, name: str) -> None:
    """A knob with its label beside it, or above where the column of labels would cut it."""
    knob = settings.bl_rna.properties[name]
    if knob.type == "BOOLEAN" or fits(context, knob.name, LABELS_SHARE):
        layout.prop(settings, name)
    else:
        layout.label(text=knob.name)
        layout.prop(settings, name, text="")


def draw_picture(layout: Any, context: Any, settings: Any, one: Input) -> None:
    """An input, and how its numbers go with the plate's where it is given."""
    draw_knob(layout, context, settings, one.name)
    if getattr(settings, one.name).strip():
        layout.prop(settings, one.offset, text="Offset")
        layout.prop(settings, one.hold, text="Hold")


def fits(context: Any, line: str, share: float = 1.0) -> bool:
    """Whether a line is shown whole in that share of the sidebar's width, at the interface's
    scale."""
    scale = context.preferences.system.ui_scale
    points = context.preferences.ui_styles[0].widget.points
    blf.size(FONT, points * scale)
    width, _ = blf.dimensions(FONT, line)
    return bool(width <= share * (context.region.width - BESIDE_LABELS * scale))


def may_have_parts(image: Any) -> bool:
    """Whether files of an image may hold several parts or layers."""
    return bool(image.source != "MOVIE" and image.filepath.lower().endswith(".exr"))


class MATTEBOX_PT_key(_Panel):
    bl_idname = "MATTEBOX_PT_key"
    bl_label = "Mattebox"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return bool(context.space_data.tree_type == "CompositorNodeTree")

    def draw(self, context: Any) -> None:
        layout, group = self.layout, active_group(context)
        if group is None:
            layout.operator("mattebox.add", text="Add Mattebox", icon="ADD")
            return
        settings = group.mattebox
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(settings, "source")
        if settings.source == "IMAGE":
            layout.template_ID(settings, "image", open="image.open")
            if settings.image is not None:
                layout.prop(settings.image.colorspace_settings, "name", text="Space")
                if may_have_parts(settings.image):
                    layout.prop(settings, "part")
        layout.prop(settings, "engine")
        for one in (one for one in INPUTS if one.group == "Key"):
            if one.name != "hint" or settings.engine == "hint":
                draw_picture(layout, context, settings, one)
            if one.name == "hint" and settings.engine == "hint":
                layout.operator("mattebox.hint_tools", icon="COLLAPSEMENU").group = group.name
        layout.prop(settings, "screen")
        if settings.screen == "colour":
            layout.prop(settings, "screen_colour", text="")
        _draw_run(layout, context, group)


def _draw_run(layout: Any, context: Any, group: Any) -> None:
    settings = group.mattebox
    layout.separator()
    layout.prop(settings, "frames")
    layout.prop(settings, "proxy", expand=True)
    layout.prop(settings, "live")
    row = layout.row()
    row.enabled = not key.is_under_way(group.name)
    row.scale_y = 1.4
    row.operator("mattebox.key", icon="PLAY").group = group.name
    for one in _recent_statuses(group, context.scene):
        text = f"frame {one.frame}: {one.status.value}"
        layout.label(text=text, icon=STATUS_ICONS[one.status])
    for line in wrapped(settings.status, lambda line: fits(context, line)):
        layout.label(text=line)


def _recent_statuses(group: Any, scene: Any) -> list[FrameStatus]:
    """The status of the current frame, at most a second old.

    Panels are drawn with every move of the mouse, and the frames may lie on a slow disk.
    """
    asked = (group.name, scene.frame_current)
    then, found = _last_statuses.get(asked, (0.0, []))
    if time.monotonic() - then > REFRESH_SECONDS:
        found = frame_statuses(group, scene, [scene.frame_current])
        _last_statuses.clear()
        _last_statuses[asked] = (time.monotonic(), found)
    return found


class _SettingsPanel(_Panel):
    bl_parent_id = "MATTEBOX_PT_key"
    bl_options = {"DEFAULT_CLOSED"}

    group = ""
    before: tuple[str, ...] = ()
    """Properties of ours that stand before the core's settings of that group."""

    def draw(self, context: Any) -> None:
        layout, settings = self.layout, active_group(context).mattebox
        layout.use_property_split = True
        layout.use_property_decorate = False
        for one in INPUTS:
            if one.group == self.group and self.group != "Key":
                draw_picture(layout, context, settings, one)
        for name in self.before:
            draw_knob(layout, context, settings, name)
        for parameter in SHOWN:
            if parameter.group == self.group and parameter.name not in IN_RUN:
                draw_knob(layout, context, settings, parameter.name)


class MATTEBOX_PT_matte(_SettingsPanel):
    bl_label = "Matte"
    group = "Matte"


class MATTEBOX_PT_spill(_SettingsPanel):
    bl_label = "Spill"
    group = "Spill"


class MATTEBOX_PT_plate(_SettingsPanel):
    bl_label = "Plate"
    group = "Plate"


class MATTEBOX_PT_network(_SettingsPanel):
    bl_label = "Network"
    group = "Network"
    before = ("weights", "network_config", "device", "cuts")

    @classmethod
    def poll(cls, context: Any) -> bool:
        group = active_group(context)
        return group is not None and group.mattebox.engine in NETWORK_ENGINES


class MATTEBOX_PT_solver(_SettingsPanel):
    bl_label = "Solver"
    group = "Key"


class MATTEBOX_PT_output(_SettingsPanel):
    bl_label = "Output"
    group = "Output"
    before = ("folder", "frame_offset", "when_rendering")

    def draw(self, context: Any) -> None:
        super().draw(context)
        self.layout.operator("mattebox.write_job", icon="EXPORT")
        self.layout.operator("mattebox.check", icon="CHECKMARK")


CLASSES = (
    MATTEBOX_PT_key,
    MATTEBOX_PT_matte,
    MATTEBOX_PT_spill,
    MATTEBOX_PT_plate,
    MATTEBOX_PT_network,
    MATTEBOX_PT_solver,
    MATTEBOX_PT_output,
)


def draw_add(self: Any, context: Any) -> None:
    """In the Add menu of the compositor."""
    if context.space_data.tree_type == "CompositorNodeTree":
        self.layout.separator()
        self.layout.operator("mattebox.add", icon="OUTLINER_OB_IMAGE")


def draw_render(self: Any, context: Any) -> None:
    """In the Render menu: renders that check the keyed frames first."""
    self.layout.separator()
    self.layout.operator("mattebox.render", text="Render Image with Mattebox").animation = False
    self.layout.operator("mattebox.render", text="Render Animation with Mattebox").animation = True
