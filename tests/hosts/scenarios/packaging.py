"""The add-on's way into Blender and out of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import bpy
from tests.hosts.scenarios.stage import ADD_ON, disable, enable

HANDLERS = ("render_init", "render_pre", "render_complete", "load_pre")


def install(package: str) -> dict[str, Any]:
    """Check the zip with Blender's own tool, install it as a user does, take a look, switch off."""
    tool = Path(bpy.utils.system_resource("SCRIPTS")) / "addons_core/bl_pkg/cli/blender_ext.py"
    valid = subprocess.run(
        [sys.executable, str(tool), "validate", package],
        capture_output=True,
        text=True,
        check=False,
    )
    assert valid.returncode == 0, valid.stdout + valid.stderr
    before = traces()
    done = bpy.ops.extensions.package_install_files(
        filepath=package, repo="user_default", enable_on_install=True
    )
    assert done == {"FINISHED"}
    assert ADD_ON in bpy.context.preferences.addons
    installed = traces()
    disable()
    return {"validated": valid.stdout, "before": before, "on": installed, "off": traces()}


def switch_twice() -> dict[str, Any]:
    """The add-on is on: off and on again, then off."""
    on = traces()
    disable()
    off = traces()
    enable()
    again = traces()
    return {"on": on, "off": off, "again": again}


def traces() -> list[str]:
    """Everything of the add-on that Blender knows of, each a word."""
    found = [name for name in dir(bpy.types) if "mattebox" in name.lower()]
    for base in (bpy.types.PropertyGroup, bpy.types.AddonPreferences):  # dir leaves these out
        names = (f"Mattebox{kind}" for kind in ("Settings", "Preferences"))
        found += [name for name in names if base.bl_rna_get_subclass_py(name) is not None]
    found += ["CompositorNodeTree"] * hasattr(bpy.types.CompositorNodeTree, "mattebox")
    for name in HANDLERS:
        functions = getattr(bpy.app.handlers, name)
        found += [f"handler {name}" for one in functions if "mattebox" in one.__module__]
    for menu in ("NODE_MT_add", "TOPBAR_MT_render"):
        draws = getattr(getattr(bpy.types, menu).draw, "_draw_funcs", [])
        found += [f"menu {menu}" for one in draws if "mattebox" in one.__module__]
    configuration = bpy.context.window_manager.keyconfigs.addon
    for key_map in configuration.keymaps if configuration is not None else ():
        items = [one for one in key_map.keymap_items if one.idname.startswith("mattebox.")]
        found += [f"key {one.type}" for one in items]
    found += ["preferences"] * (ADD_ON in bpy.context.preferences.addons)
    return sorted(found)
