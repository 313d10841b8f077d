"""Live in Nuke: a knob that rests keys the current frame again, by one process that stays warm."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.plugin.nuke.conftest import command_line, finished, keyed_files, keyer, part
from tests.support.nuke.fake import FakeNuke, ProgressTask
from tests.support.nuke.fake_nodes import Node
from tests.support.nuke.fake_pictures import read_exr

from mattebox_plugin.patterns import numbered

pytestmark = pytest.mark.slow


@pytest.fixture
def node(nuke: FakeNuke, plate: str) -> Iterator[Node]:
    """A node whose second frame was keyed by its button."""
    made = keyer(nuke, plate)
    nuke.current_frame = 2
    nuke.press(made, "key_frame")
    finished(nuke)
    assert nuke.messages == []
    yield made
    warm_of().end_all()


def warm_of() -> Any:
    """The module of the warm process, as the Nuke that started last has it."""
    return sys.modules[part("key").FrameKey.__module__]


def rested(nuke: FakeNuke) -> None:
    """Let knobs rest, and what is keyed then come to its end."""
    live, running = part("live"), part("key").running
    nuke.wait(lambda: not live._turning and not running)


def test_the_button_and_a_knob_that_rests_are_served_by_one_process(
    nuke: FakeNuke, node: Node, plate: str, by_command: dict[str, bytes], tmp_path: Path
) -> None:
    (process,) = warm_of()._processes.values()
    assert keyed_files(node) == {"hair_v001.0002.exr": by_command["hair_v001.0002.exr"]}
    node["gamma"].setValue(1.2)  # not live yet
    assert part("live")._turning == {}
    shown = len(ProgressTask.shown)
    node["live"].setValue(True)
    for gamma in (1.3, 1.4, 1.5):
        node["gamma"].setValue(gamma)
    rested(nuke)
    alone = command_line(plate, tmp_path / "keyed", "--gamma", "1.5", "--frames", "2")
    assert keyed_files(node) == alone
    assert str(node["status"].value()).startswith("1 of 3 frames current (1-3); missing 1,3")
    assert len(ProgressTask.shown) == shown  # no window comes up while a knob is turned
    node["gamma"].setValue(1.0)
    rested(nuke)
    assert keyed_files(node) == {"hair_v001.0002.exr": by_command["hair_v001.0002.exr"]}
    assert list(warm_of()._processes.values()) == [process]
    assert not process.has_ended
    assert nuke.messages == []


def test_a_proxy_is_shown_at_the_plates_size_and_no_render_or_bake_takes_it(
    nuke: FakeNuke, node: Node
) -> None:
    node["live"].setValue(True)
    node["proxy"].setValue("2")
    rested(nuke)
    small = read_exr(Path(numbered(str(node["result"].value()), 2)))["rgba.alpha"]
    shown = nuke.picture(node, 2)["rgba.alpha"]
    assert np.array_equal(shown, small.repeat(2, 0).repeat(2, 1))
    write = nuke.create("Write")
    write.setInput(0, node)
    with pytest.raises(RuntimeError, match=r"proxy 2 is a preview.*choose proxy 1"):
        nuke.module.execute(write, 2, 2)
    nuke.press(node, "bake")
    assert "proxy 2 is a preview and cannot be baked" in nuke.messages[-1]


def test_what_cannot_be_keyed_live_is_said_in_the_status_and_not_in_a_window(
    nuke: FakeNuke, node: Node
) -> None:
    node["live"].setValue(True)
    node["clip_white"].setValue(0.1)
    node["clip_black"].setValue(0.9)
    rested(nuke)
    assert "Clip black 0.9 must lie below Clip white 0.1" in str(node["status"].value())
    assert nuke.messages == []
    nuke.current_frame = 99
    node["gamma"].setValue(1.1)
    rested(nuke)
    assert nuke.messages == []
