"""Renders refuse what is missing or stale, by its frames, and never key."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from tests.plugin.nuke.conftest import Start, keyed_by_hand, keyer, part
from tests.support.nuke.fake import FakeNuke
from tests.support.nuke.fake_nodes import Node


def writer(host: FakeNuke, node: Node, folder: Path) -> Node:
    """A Write of the artist's, below the keyer."""
    write = host.create("Write")
    write["file"].setValue(f"{folder.as_posix()}/comp.####.exr")
    write["file_type"].setValue("exr")
    write["channels"].setValue("rgba")
    write.setInput(0, node)
    return write


def render(host: FakeNuke, write: Node, first: int = 1, last: int = 3) -> None:
    host.module.execute(write, first, last, 1)


@pytest.fixture
def keyed(terminal: FakeNuke, plate: str) -> Node:
    """A node whose three frames are on disk and shown."""
    node = keyer(terminal, plate)
    keyed_by_hand(node, 1, 2, 3)
    terminal.press(node, "refresh")
    assert node["status"].value() == "3 of 3 frames current (1-3)"
    return node


def test_current_frames_render(terminal: FakeNuke, keyed: Node, tmp_path: Path) -> None:
    render(terminal, writer(terminal, keyed, tmp_path))
    assert [frame for _, frame in terminal.executed] == [1, 2, 3]
    assert sorted(path.name for path in tmp_path.glob("comp.*")) == [
        f"comp.{frame:04d}.exr" for frame in (1, 2, 3)
    ]


def test_a_node_that_was_never_keyed_stops_the_render(
    terminal: FakeNuke, plate: str, tmp_path: Path
) -> None:
    write = writer(terminal, keyer(terminal, plate), tmp_path)
    with pytest.raises(RuntimeError, match=r"Mattebox1: missing 1-3: it has not been keyed yet"):
        render(terminal, write)
    assert terminal.executed == []


def test_a_missing_frame_stops_the_render_and_is_named(
    terminal: FakeNuke, keyed: Node, tmp_path: Path
) -> None:
    Path(str(keyed["result"].value()).replace("####", "0002")).unlink()
    write = writer(terminal, keyed, tmp_path)
    with pytest.raises(RuntimeError, match=r"frame 2 cannot be rendered.* Of 1-3: missing 2\. "):
        render(terminal, write)
    assert [frame for _, frame in terminal.executed] == [1]


def test_a_frame_that_is_cut_short_stops_the_render(
    terminal: FakeNuke, keyed: Node, tmp_path: Path
) -> None:
    path = Path(str(keyed["result"].value()).replace("####", "0003"))
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(RuntimeError, match=r"frame 3 cannot be rendered: cut short"):
        render(terminal, writer(terminal, keyed, tmp_path), 3, 3)


def test_a_frame_of_another_job_stops_the_render(
    terminal: FakeNuke, keyed: Node, tmp_path: Path
) -> None:
    keyed_by_hand(keyed, 2, fingerprint="e" * 32)
    with pytest.raises(RuntimeError, match=r"frame 2 cannot be rendered: stale.*stale 2"):
        render(terminal, writer(terminal, keyed, tmp_path))


def test_a_plate_that_was_written_again_makes_its_frame_stale(
    terminal: FakeNuke, keyed: Node, plate: str, tmp_path: Path
) -> None:
    later = time.time() + 60
    os.utime(plate.replace("####", "0003"), (later, later))
    with pytest.raises(RuntimeError, match=r"frame 3 cannot be rendered: stale.*is newer"):
        render(terminal, writer(terminal, keyed, tmp_path))


@pytest.mark.parametrize(("knob", "value"), [("gamma", 1.5), ("screen", "green"), ("cuts", "2")])
def test_a_knob_that_was_turned_makes_all_frames_stale(
    terminal: FakeNuke, keyed: Node, tmp_path: Path, knob: str, value: object
) -> None:
    keyed[knob].setValue(value)
    with pytest.raises(
        RuntimeError, match=r"Mattebox1: stale 1-3: settings or inputs have changed"
    ):
        render(terminal, writer(terminal, keyed, tmp_path))


def test_a_grade_above_makes_all_frames_stale(
    terminal: FakeNuke, keyed: Node, tmp_path: Path
) -> None:
    grade = terminal.create("Grade")
    grade.setInput(0, keyed.input(0))
    keyed.setInput(0, grade)
    with pytest.raises(RuntimeError, match=r"stale 1-3"):
        render(terminal, writer(terminal, keyed, tmp_path))


def test_the_frames_of_the_command_line_are_all_named_before_the_first_is_rendered(
    terminal: FakeNuke, keyed: Node, tmp_path: Path
) -> None:
    for frame in ("0002", "0003"):
        Path(str(keyed["result"].value()).replace("####", frame)).unlink()
    write = writer(terminal, keyed, tmp_path)
    terminal.module.rawArgs = ["nuke", "-x", "-F", "1-3", "comp.nk"]
    with pytest.raises(RuntimeError, match=r"frame 2-3 cannot be rendered: missing"):
        render(terminal, write)
    assert terminal.executed == []
    terminal.module.rawArgs = ["nuke", "-x", "-F", "1", "comp.nk"]
    render(terminal, write, 1, 1)  # what is not asked for need not be there


@pytest.mark.parametrize(
    ("words", "frames"),
    [
        (["-F", "1-3"], {1, 2, 3}),
        (["-F", "1-7x3"], {1, 4, 7}),
        (["-F", "5", "-F", "9-10"], {5, 9, 10}),
        (["-F", "-2-1"], {-2, -1, 0, 1}),
        (["-F", "A"], None),
        (["-x", "comp.nk"], None),
        (["comp.nk", "1,3"], None),
    ],
)
def test_frames_are_read_from_the_command_line(
    terminal: FakeNuke, words: list[str], frames: set[int] | None
) -> None:
    terminal.module.rawArgs = ["nuke", *words]
    assert part("guard").asked_on_command_line() == frames


def test_where_something_shifts_frames_all_of_them_are_checked(
    terminal: FakeNuke, keyed: Node, tmp_path: Path
) -> None:
    shift = terminal.create("TimeOffset")
    shift["time_offset"].setValue(1)
    shift.setInput(0, keyed)
    write = writer(terminal, shift, tmp_path)
    render(terminal, write, 2, 2)
    Path(str(keyed["result"].value()).replace("####", "0003")).unlink()
    with pytest.raises(RuntimeError, match=r"frame 3 cannot be rendered"):
        render(terminal, write, 2, 2)


def test_what_does_not_show_keyed_frames_is_let_through(
    terminal: FakeNuke, keyed: Node, tmp_path: Path
) -> None:
    keyed["gamma"].setValue(2.0)
    write = writer(terminal, keyed, tmp_path)
    keyed["shown"].setValue("source")
    render(terminal, write)
    keyed["shown"].setValue("result")
    keyed["disable"].setValue(True)
    render(terminal, write)
    keyed["disable"].setValue(False)
    switch = terminal.create("Switch")
    switch.setInput(0, keyed)
    switch.setInput(1, keyed.input(0))
    switch["which"].setValue(1)
    render(terminal, writer(terminal, switch, tmp_path))
    assert len(terminal.executed) == 9


def test_a_keyer_inside_a_group_is_found(terminal: FakeNuke, keyed: Node, tmp_path: Path) -> None:
    group = terminal.create("Group")
    with group:  # type: ignore[attr-defined]
        pipe = terminal.create("Input")
        node = terminal.create("Mattebox")
        node.setInput(0, pipe)
        terminal.create("Output").setInput(0, node)
    group.setInput(0, keyed.input(0))
    assert node.fullName() == "Group1.Mattebox1"
    with pytest.raises(RuntimeError, match=r"Group1\.Mattebox1: missing 1-3"):
        render(terminal, writer(terminal, group, tmp_path))


def test_a_keyer_below_another_sees_only_the_nearest_one(
    terminal: FakeNuke, keyed: Node, tmp_path: Path
) -> None:
    """The second reads frames from disk; that the first is stale shows when those are made."""
    second = terminal.create("Mattebox")
    second.setInput(0, keyed)
    keyed_by_hand(second, 1, 2, 3)
    terminal.press(second, "refresh")
    render(terminal, writer(terminal, second, tmp_path))
    Path(str(keyed["result"].value()).replace("####", "0001")).unlink()
    with pytest.raises(Exception, match=r"Mattebox1: frame 1 cannot be rendered: missing"):
        part("key").render_inputs(second, part("node_request").request_of(second))


def test_a_copy_does_not_pass_for_the_node_it_was_copied_from(
    terminal: FakeNuke, keyed: Node, tmp_path: Path
) -> None:
    copy = terminal.create("Mattebox")
    copy.setInput(0, keyed.input(0))
    for name, knob in keyed.knobs_by_name.items():
        copy.knobs_by_name[name]._value = copy.name() if name == "name" else knob._value
    with pytest.raises(RuntimeError, match=r"Mattebox2: stale 1-3: .* or the node is a copy"):
        render(terminal, writer(terminal, copy, tmp_path))


def test_nobody_keys_while_rendering(
    terminal: FakeNuke, plate: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MATTEBOX_PYTHON", "/no/such/python")  # it would be told if it were called
    node = keyer(terminal, plate)
    keyed_by_hand(node, 1, 2, 3)
    terminal.press(node, "refresh")
    render(terminal, writer(terminal, node, tmp_path))
    assert terminal.messages == []


def test_results_render_after_the_project_has_moved(
    start: Start, plate: str, project: Path, tmp_path: Path
) -> None:
    """Frames are found by what was asked, and that counts files by their way from the project."""
    before = start(has_window=False)
    node = keyer(before, plate)
    keyed_by_hand(node, 1, 2, 3)
    before.press(node, "refresh")
    state = {name: node[name].value() for name in node.user_knobs if name.startswith("result_")}

    moved = tmp_path / "elsewhere"
    project.rename(moved)
    after = start(has_window=False)
    after.root_node["name"].setValue(f"{moved.as_posix()}/comp_v001.nk")
    node = keyer(after, f"{moved.as_posix()}/plates/hair_v001.####.exr")
    node["has_result"].setValue(True)
    for name, value in state.items():
        node[name].setValue(value)
    node["result"].setValue(part("node_request").request_of(node).request.output)
    render(after, writer(after, node, tmp_path))
    assert len(after.executed) == 3


def test_the_status_follows_the_knobs_where_there_is_a_window(nuke: FakeNuke, plate: str) -> None:
    node = keyer(nuke, plate)
    keyed_by_hand(node, 1, 2)
    nuke.press(node, "refresh")
    assert node["status"].value() == "2 of 3 frames current (1-3); missing 3"
    assert [node["frame_state"].getValueAt(frame) for frame in (1, 2, 3)] == [2, 2, 0]  # type: ignore[attr-defined]
    node["gamma"].setValue(1.2)
    assert re.match("stale: the settings have changed", str(node["status"].value()))
    node["gamma"].setValue(1.0)
    assert node["status"].value() == "2 of 3 frames current (1-3); missing 3"
    node["cuts"].setValue("two")
    assert re.match("cuts 'two' are not frame numbers", str(node["status"].value()))
    node["cuts"].setValue("")
    assert node["status"].value() == "2 of 3 frames current (1-3); missing 3"
    nuke.press(node, "refresh")
    assert nuke.messages == []
