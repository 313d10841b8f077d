"""A baked group is plain Nuke: it opens and renders where there is no Mattebox."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.plugin.nuke.conftest import keyed_by_hand, keyer, part
from tests.support.nuke.fake import FakeNuke
from tests.support.nuke.fake_nodes import Gizmo, Node
from tests.support.nuke.tcl_replay import ReplayedNode, replay


@pytest.fixture
def keyed(nuke: FakeNuke, plate: str) -> Node:
    node = keyer(nuke, plate)
    keyed_by_hand(node, 1, 2, 3)
    nuke.press(node, "refresh")
    return node


def frame_of(node: Node, frame: int) -> Path:
    """A keyed frame of a node."""
    return Path(str(node["result"].value()).replace("####", f"{frame:04d}"))


def script(node: Node) -> str:
    wanted = part("node_request").request_of(node)
    return str(part("bake").group_text(wanted, "f" * 32))


def test_the_group_takes_the_nodes_place_and_shows_its_frames(nuke: FakeNuke, keyed: Node) -> None:
    below = nuke.create("NoOp")
    below.setInput(0, keyed)
    read, before = keyed.input(0), nuke.picture(keyed, 2)
    nuke.press(keyed, "bake")
    assert nuke.messages == []
    group = below.input(0)
    assert group is not None
    assert (group.Class(), group.name()) == ("Group", "Mattebox1_baked")
    assert not isinstance(group, Gizmo)
    assert group.input(0) is read
    assert keyed.is_gone
    after = nuke.picture(group, 2)
    assert before.keys() == after.keys()
    assert all(np.array_equal(before[name], after[name]) for name in before)
    group["shown"].setValue("source")
    assert nuke.picture(group, 2)["rgba.green"].mean() > 0.1


def test_a_missing_frame_of_a_baked_group_is_an_error_and_not_black(
    nuke: FakeNuke, keyed: Node
) -> None:
    below = nuke.create("NoOp")
    below.setInput(0, keyed)
    path = frame_of(keyed, 2)
    nuke.press(keyed, "bake")
    path.unlink()
    with pytest.raises(RuntimeError, match="No such file"):
        nuke.picture(below, 2)


def test_its_script_is_balanced_and_holds_no_python_and_nothing_of_ours(
    nuke: FakeNuke, keyed: Node
) -> None:
    (group,) = replay(script(keyed))
    assert list(group.python) == []
    classes = {node.node_class for node in group.inside}
    assert classes == {"Input", "Read", "Switch", "Output"}
    assert group.node("Show").input_names == ["Result", "plate"]
    read = group.node("Result").knobs
    assert read["file"] == keyed["result"].value()
    assert (read["first"], read["last"], read["raw"]) == ("1", "3", "true")
    assert read["on_error"] == "error"
    assert "mattebox_plugin" not in script(keyed)
    assert script(keyed) == script(keyed)


def test_paths_survive_the_script(nuke: FakeNuke, keyed: Node) -> None:
    assert "Projekt Übung 1/sh 010" in str(keyed["result"].value())
    (group,) = replay(script(keyed))
    read: ReplayedNode = group.node("Result")
    assert read.knobs["file"] == keyed["result"].value()


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        (lambda node: frame_of(node, 3).unlink(), "missing 3"),
        (lambda node: keyed_by_hand(node, 2, fingerprint="e" * 32), "stale 2"),
        (lambda node: node["gamma"].setValue(2.0), "frames of these settings are not shown"),
    ],
)  # fmt: skip
def test_what_is_not_finished_is_not_baked(  # type: ignore[no-untyped-def]
    nuke: FakeNuke, keyed: Node, fault, found: str
) -> None:
    fault(keyed)
    nuke.press(keyed, "bake")
    assert len(nuke.messages) == 1
    assert found in nuke.messages[0]
    assert not keyed.is_gone
    assert [node.node_class for node in nuke.root_node.members] == ["Mattebox", "Read"]
