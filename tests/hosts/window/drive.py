"""Runs inside a Blender with a window: keys a clip as an artist does, then stops a second key by
Esc. Prints one JSON line per observation.

Called by test_window.py: blender --enable-event-simulate --python drive.py -- FOLDER
"""

import json
import os
import sys
import time
import traceback
from pathlib import Path

import bpy

FOLDER = Path(sys.argv[sys.argv.index("--") + 1])
PLATE = os.environ["MATTEBOX_TEST_PLATE"]
sys.path[:0] = [os.environ["MATTEBOX_TEST_PLUGIN"], str(Path(__file__).parents[3])]

import mattebox_plugin  # noqa: E402 - from the paths above
from benchmarks.old_blender import give_interfaces  # noqa: E402
from mattebox_plugin.blender_host import key, node_request, panel, versions  # noqa: E402
from mattebox_plugin.run import Phase  # noqa: E402
from mattebox_plugin.wrapping import wrapped  # noqa: E402


def say(**found):
    print("OBSERVED " + json.dumps(found), flush=True)


def window():
    return bpy.context.window_manager.windows[0]


def compositor_area():
    """The largest area of the window, made a compositor with its sidebar open."""
    area = max(window().screen.areas, key=lambda one: one.width * one.height)
    area.ui_type = "CompositorNodeTree"
    area.spaces.active.show_region_ui = True
    return area


def override():
    area = compositor_area()
    region = next(one for one in area.regions if one.type == "WINDOW")
    return bpy.context.temp_override(window=window(), area=area, region=region)


def show_clip():
    """Save, and show the clip in an Image node."""
    bpy.ops.wm.save_as_mainfile(filepath=str(FOLDER / "shot.blend"))
    tree = versions.make_compositor(bpy.context.scene)
    clip = tree.nodes.new("CompositorNodeImage")
    clip.image = bpy.data.images.load(PLATE)
    clip.image.source = "SEQUENCE"
    clip.frame_start, clip.frame_offset, clip.frame_duration = 1, 0, 8
    clip.location = (-320, 40)
    tree.nodes.active = clip
    compositor_area()
    return tree


def add_mattebox(tree):
    """Add Mattebox with the clip's node active, and lay it over a colour."""
    with override():
        bpy.ops.mattebox.add()
    node = tree.nodes.active
    node.location = (-20, 120)
    over = tree.nodes.new("CompositorNodeAlphaOver")
    over.location = (220, 120)
    over.inputs[1].default_value = (0.9, 0.25, 0.1, 1.0)
    tree.links.new(node.outputs["Image"], over.inputs[2])
    for x, target in ((460, versions.make_output(tree)), (460, viewer(tree))):
        target.node.location = (x, 140 if target.node.bl_idname == "CompositorNodeComposite" else 0)
        tree.links.new(over.outputs["Image"], target)
    tree.nodes.active = node
    return node


def viewer(tree):
    """A viewer, shown behind the nodes."""
    space = compositor_area().spaces.active
    space.show_backdrop = True
    space.backdrop_zoom, space.backdrop_offset = 1.5, (-110.0, -265.0)
    return tree.nodes.new("CompositorNodeViewer").inputs["Image"]


def click_our_tab():
    """Bring our panel to the front: it has the lowest of the sidebar's tabs."""
    sidebar = next(one for one in compositor_area().regions if one.type == "UI")
    right, top = sidebar.x + sidebar.width - 12, sidebar.y + sidebar.height
    for value in ("PRESS", "RELEASE"):
        window().event_simulate(type="LEFTMOUSE", value=value, x=right, y=top - 240)


def steps():
    """Each ``yield`` gives Blender back its event loop for that many seconds."""
    tree = show_clip()
    yield 1.0
    node = add_mattebox(tree)
    group = node.node_tree
    group.mattebox.frames = "CLIP"
    say(step="made", clip=group.mattebox.image.name, offset=group.mattebox.frame_offset)
    began = time.monotonic()
    with override():
        answer = bpy.ops.mattebox.key("INVOKE_DEFAULT", group=group.name)
    say(step="pressed", answer=list(answer), seconds=time.monotonic() - began)
    while key.is_under_way(group.name):
        yield 0.2
    yield 0.5
    say(step="keyed", status=group.mattebox.status, links=sum(s.is_linked for s in node.outputs))
    bpy.context.scene.frame_set(4)
    with override():
        bpy.ops.screen.screen_full_area(use_hide_panels=False)
    yield 1.0
    with override():
        bpy.ops.node.view_all()
    click_our_tab()
    yield 1.0
    bpy.ops.screen.screenshot(filepath=str(FOLDER / "window.png"))
    say(step="pictured")
    yield from look_at_scales(group)
    group.mattebox.erode = 1.0
    with override():
        bpy.ops.mattebox.key("INVOKE_DEFAULT", group=group.name)
    while key.progress_of(group.name).done < 1:
        yield 0.1
    began = time.monotonic()
    window().event_simulate(type="ESC", value="PRESS", x=10, y=10)
    while key.progress_of(group.name).phase in (Phase.STARTING, Phase.ANALYSING, Phase.KEYING):
        yield 0.05  # the operator asks for a stop and leaves in one call
    handed_back, phase_then = time.monotonic() - began, key.progress_of(group.name).phase.value
    while key.is_under_way(group.name):
        yield 0.1
    progress = key.progress_of(group.name)
    say(
        step="stopped",
        handed_back=handed_back,
        phase_then=phase_then,
        ended=time.monotonic() - began,
        phase=progress.phase.value,
        done=progress.done,
        total=progress.total,
        files=len(list(node_request.request_of(group, bpy.context.scene)[0].folder.glob("*.exr"))),
    )
    yield from render(group)


SCALES = (1.0, 1.25, 1.5)

LONG = (
    "Mattebox: the clean plate /show/sh010/a_long_name_of_a_folder/clean.exr shows nothing of the "
    "shot's background: they agree on 3 % of the picture"
)


def look_at_scales(group):
    """A long message in the panel at several scales of the interface, each as a picture."""
    before, group.mattebox.status = group.mattebox.status, LONG
    view = bpy.context.preferences.view
    for scale in SCALES:
        view.ui_scale = scale
        yield 1.0
        bpy.ops.screen.screenshot(filepath=str(FOLDER / f"window_{scale:g}.png"))
        area = compositor_area()
        sidebar = next(one for one in area.regions if one.type == "UI")
        with bpy.context.temp_override(window=window(), area=area, region=sidebar):
            lines = wrapped(LONG, lambda line: panel.fits(bpy.context, line))
        say(step=f"scale {scale:g}", lines=lines, width=sidebar.width, whole=LONG)
    view.ui_scale = 1.0
    group.mattebox.status = before
    yield 1.0


def render(group):
    """Render with a setting that was never keyed: refused, then keyed first."""
    rendered = []
    bpy.app.handlers.render_complete.append(lambda *_: rendered.append(True))
    group.mattebox.erode = 2.0
    try:
        with override():
            bpy.ops.mattebox.render("INVOKE_DEFAULT")
        said = ""
    except RuntimeError as refusal:  # how scripts see an operator's error
        said = str(refusal)
    yield 0.5
    say(step="refused", said=said, rendered=len(rendered))
    group.mattebox.when_rendering = "KEY"
    with override():
        bpy.ops.mattebox.render("INVOKE_DEFAULT")
    while not rendered:
        yield 0.2
    yield 0.5
    say(step="rendered", rendered=len(rendered), status=group.mattebox.status)


def main():
    give_interfaces()
    bpy.context.preferences.view.show_splash = False
    mattebox_plugin.register()
    under_way = steps()

    def go_on():
        try:
            return next(under_way)
        except StopIteration:
            mattebox_plugin.unregister()
            say(step="end")
        except BaseException:  # noqa: BLE001 - told to the test, which fails
            say(step="fault", text=traceback.format_exc())
        sys.stdout.flush()
        os._exit(0)

    bpy.app.timers.register(go_on, first_interval=1.0)


main()
