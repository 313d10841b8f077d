"""Turns knobs of a node in a Blender with a window, live, and tells how soon each one shows.

Runs inside that Blender: ``blender --python window_blender.py -- ORDERS.json ANSWER.json``. Orders
are a JSON object: ``repository``, ``plate`` (a file of the sequence), ``frame``, ``frames`` (how
many it has), ``outputs`` (names of the node's outputs that are connected), ``results`` (a folder
that is not there yet), ``proxies`` and ``changes``. The answer has ``blender`` (its version),
``fault`` (a text, or null) and ``turned``: for each turn an object with ``proxy``, ``rested``
(until the core was asked), ``keyed`` (until the node had the frame) and ``loaded`` (until its
pixels were in memory), all seconds from the turn.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import bpy  # pyright: ignore[reportMissingImports] - Blender alone has it

ASKED, ANSWER = map(Path, sys.argv[sys.argv.index("--") + 1 :])
ORDERS: dict[str, Any] = json.loads(ASKED.read_text(encoding="utf-8"))
sys.path[:0] = [ORDERS["repository"], f"{ORDERS['repository']}/plugin"]

import mattebox_plugin  # noqa: E402 - from the path above
from benchmarks.old_blender import give_interfaces  # noqa: E402
from mattebox_plugin.blender_host import group as groups  # noqa: E402
from mattebox_plugin.blender_host import key, live, versions  # noqa: E402
from mattebox_plugin.run import Phase  # noqa: E402

LOOK_SECONDS = 0.002
"""Between two looks whether something has come; Blender runs its window meanwhile."""

MOST_SECONDS = 120.0

BETWEEN_SECONDS = 0.3
"""From a picture to the next turn: an artist looks at it."""


def window() -> Any:
    return bpy.context.window_manager.windows[0]


def compositor() -> Any:
    """The largest area of the window, made a compositor that shows its result behind the nodes."""
    area = max(window().screen.areas, key=lambda one: one.width * one.height)
    area.ui_type = "CompositorNodeTree"
    area.spaces.active.show_backdrop = True
    return area


def override() -> Any:
    """Operators are called as if the mouse were over the compositor."""
    area = compositor()
    region = next(one for one in area.regions if one.type == "WINDOW")
    return bpy.context.temp_override(window=window(), area=area, region=region)


def shown_clip() -> Any:
    """The compositor of a saved file, the clip's node active in it."""
    bpy.ops.wm.save_as_mainfile(filepath=str(Path(ORDERS["plate"]).parents[1] / "window.blend"))
    scene = bpy.context.scene
    tree = versions.make_compositor(scene)
    clip = tree.nodes.new("CompositorNodeImage")
    clip.image = bpy.data.images.load(ORDERS["plate"])
    clip.image.source = "SEQUENCE"
    clip.frame_start, clip.frame_offset, clip.frame_duration = 1, 0, ORDERS["frames"]
    tree.nodes.active = clip
    scene.frame_set(ORDERS["frame"])
    compositor()
    return tree


def shown_node(tree: Any) -> Any:
    """A Mattebox node of the active clip, its outputs connected as the orders say."""
    with override():
        bpy.ops.mattebox.add()
    node = tree.nodes.active
    for name in ORDERS["outputs"]:
        viewer = tree.nodes.new("CompositorNodeViewer")
        tree.links.new(node.outputs[name], viewer.inputs["Image"])
    tree.links.new(node.outputs["Image"], versions.make_output(tree))
    return node


def steps(turned: list[dict[str, float]]) -> Iterator[float]:
    """Each ``yield`` gives Blender back its event loop for that many seconds."""
    tree = shown_clip()
    yield 1.0
    group = shown_node(tree).node_tree
    settings = group.mattebox
    settings.device, settings.frame_offset = "cpu", 0
    settings.folder = ORDERS["results"]
    yield 1.0
    for proxy in ORDERS["proxies"]:
        settings.live, settings.proxy = False, str(proxy)
        while key.is_under_way(group.name):  # the whole frame after the last look
            yield 0.1
        with override():
            bpy.ops.mattebox.key("INVOKE_DEFAULT", group=group.name, frames="CURRENT")
        while key.is_under_way(group.name):
            yield 0.1
        progress = key.progress_of(group.name)
        assert progress is not None
        assert progress.phase is Phase.DONE, progress
        settings.live = True
        yield 1.0
        for _ in range(ORDERS["changes"]):
            turned.append((yield from turn(group, proxy, len(turned))))
            yield BETWEEN_SECONDS


def turn(group: Any, proxy: int, number: int) -> Generator[float, None, dict[str, float]]:
    """Turn a knob to where it never was and wait until the node has the new picture in memory."""
    settings = group.mattebox
    shown, asked = settings.shown_digest, key.progress_of(group.name)
    began = time.monotonic()
    if number % 2:
        settings.despill = 1.0 - (number + 1) / 200.0
    else:
        settings.gamma = 1.0 + (number + 1) / 200.0
    seconds = {}
    for name, has_come in (
        ("rested", lambda: key.progress_of(group.name) is not asked),
        ("keyed", lambda: settings.shown_digest != shown),
        ("loaded", lambda: group.nodes[groups.RESULT].image.has_data),
    ):
        while not has_come():
            assert time.monotonic() - began < MOST_SECONDS, f"not {name}: {settings.status}"
            yield LOOK_SECONDS
        seconds[name] = time.monotonic() - began
    return {"proxy": proxy, **seconds}


def main() -> None:
    give_interfaces()
    bpy.context.preferences.view.show_splash = False
    mattebox_plugin.register()
    assert BETWEEN_SECONDS < live.WHOLE_SECONDS  # so that looks alone are measured
    turned: list[dict[str, float]] = []
    under_way = steps(turned)

    def go_on() -> float:
        fault = None
        try:
            return next(under_way)
        except StopIteration:
            mattebox_plugin.unregister()
        except Exception:  # noqa: BLE001 - told to who started this Blender
            fault = traceback.format_exc()
            key.end_all()
        said = {"blender": bpy.app.version_string, "fault": fault, "turned": turned}
        ANSWER.write_text(json.dumps(said), encoding="utf-8")
        os._exit(0)

    bpy.app.timers.register(go_on, first_interval=1.0)


main()
