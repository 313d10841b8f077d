"""The plug-in in a Python that a Nuke has: node made, shot keyed by the real core, frames shown.

Called by ``test_pythons.py`` with the repository, the project's folder, the plate and the Python of
the core. Nothing of it needs numpy or OpenImageIO, which Nuke's Pythons do not have.
"""

import os
import sys
from pathlib import Path

REPOSITORY, PROJECT, PLATE, CORE = sys.argv[1:]
sys.path[:0] = [REPOSITORY, str(Path(REPOSITORY) / "plugin")]
os.environ["MATTEBOX_PYTHON"] = CORE

from tests.support.nuke.fake import FakeNuke  # noqa: E402 - its place was not known before


def main() -> None:
    host = FakeNuke(has_window=True)
    host.start(Path(REPOSITORY) / "plugin" / "nuke_path")
    host.root_node["workingSpaceLUT"].setValue("linear")
    host.root_node["name"].setValue(f"{PROJECT}/comp.nk")
    node = host.create("Mattebox")
    node.setInput(0, host.read(PLATE, 1, 3, "default (linear)"))
    host.current_frame = 2
    host.press(node, "key_frame")
    host.wait(lambda: not host.plug_in.key.running)
    assert host.messages == [], host.messages
    write = host.create("Write")
    write.setInput(0, node)
    host.current_frame = 2
    host.call("beforeRender", write)
    host.call("beforeFrameRender", write)
    host.current_frame = 3
    try:
        host.call("beforeFrameRender", write)
    except RuntimeError as error:
        print(str(error).partition(":")[2].split(".")[0].strip())
    print(node["status"].value())


main()
