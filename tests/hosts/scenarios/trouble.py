"""What stands in an artist's way, and keys that are stopped or die."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
from tests.hosts.scenarios.stage import (
    ADD_ON,
    add_key,
    change,
    load_clip,
    part,
    refused,
    render,
    results_of,
    save,
    set_up,
    state,
)


def meet_every_refusal(folder: str) -> dict[str, str]:
    """Key with one thing wrong after the other; the words of each refusal."""
    words: dict[str, str] = {}
    tree = set_up(1001, 1002)
    group = add_key(tree, None).node_tree

    def key() -> object:
        return bpy.ops.mattebox.key(group=group.name, frames="SCENE")

    words["not saved"] = refused(key)
    save(f"{folder}/shot.blend")
    words["no clip"] = refused(key)
    words["no group"] = refused(lambda: bpy.ops.mattebox.key(group="Other"))
    change(group, image=bpy.data.images.new("painted", 8, 8))
    words["no file"] = refused(key)
    clip = load_clip(f"{folder}/plate/shot.1001.exr")
    change(group, image=clip)

    was = os.environ["MATTEBOX_PYTHON"]
    os.environ["MATTEBOX_PYTHON"] = f"{folder}/nowhere/python"
    words["no Mattebox"] = refused(key)
    words["check: no Mattebox"] = refused(bpy.ops.mattebox.check)
    os.environ["MATTEBOX_PYTHON"] = was
    preferences = bpy.context.preferences.addons[ADD_ON].preferences
    preferences.mattebox = sys.executable  # Blender's own, where no Mattebox is
    words["Mattebox not installed"] = refused(key)
    words["check: not installed"] = refused(bpy.ops.mattebox.check)
    preferences.mattebox = ""

    change(group, clip_black=0.8, clip_white=0.5)
    words["clips"] = refused(key)
    change(group, clip_black=0.0, clip_white=1.0, cuts="ten")
    words["cuts"] = refused(key)
    change(group, cuts="")
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1, 5
    words["other frames"] = refused(key)
    blocked = Path(folder) / "blocked"
    blocked.write_text("a file, not a folder")
    change(group, folder=f"{blocked}/")
    scene.frame_start, scene.frame_end = 1001, 1002
    words["folder"] = refused(key)
    return words


def stop_and_die(folder: str, frames: int) -> dict[str, Any]:
    """Stop a key after its first frame, as Esc does; kill the next one; open another file."""
    save(f"{folder}/shot.blend")
    tree = set_up(1, frames)
    node = add_key(tree, load_clip(f"{folder}/plate/shot.0001.exr"))
    group = node.node_tree
    scene = bpy.context.scene
    start = part("blender_host.key").start
    every = tuple(range(1, frames + 1))

    stopped = start(group, scene, every)
    _poll(stopped, lambda progress: bool(progress.frames))
    stopped.stop()
    _poll(stopped, lambda progress: progress.phase.is_over)
    progress = stopped.finish()
    answer: dict[str, Any] = {
        "stopped": [progress.phase.value, group.mattebox.status],
        "done": [int(path.stem[-4:]) for path in sorted(Path(results_of(group)).glob("*.exr"))],
        "said": sorted(progress.frames),
        "state": state(group, every),
    }
    render(node.outputs["Image"], f"{folder}/stopped/shot.####.exr", [answer["done"][0]])

    killed = start(group, scene, every)
    _poll(killed, lambda progress: bool(progress.total))
    os.kill(killed.run.process_id, signal.SIGKILL)
    _poll(killed, lambda progress: progress.phase.is_over)
    progress = killed.finish()
    answer["killed"] = [progress.phase.value, group.mattebox.status]

    left = start(group, scene, every)
    is_under_way = part("blender_host.key").is_under_way
    under_way = is_under_way(group.name)
    bpy.ops.wm.read_homefile(use_empty=True)
    left.poll()
    answer["left"] = [under_way, is_under_way(left.group_name), left.progress.phase.is_over]
    return answer


def _poll(keying: Any, is_enough: Callable[[Any], bool]) -> None:
    """Poll as the interface's timer does."""
    end = time.monotonic() + 200
    while not is_enough(keying.poll()):
        assert time.monotonic() < end, keying.progress
        assert not keying.progress.phase.is_over, keying.progress
        time.sleep(0.02)
