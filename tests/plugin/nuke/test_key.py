"""Keying from the node with the real core: the same bytes as the command line's, come what may."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from tests.plugin.nuke.conftest import (
    Start,
    command_line,
    finished,
    keyed_files,
    keyer,
    part,
)
from tests.support.nuke.fake import FakeNuke, ProgressTask
from tests.support.nuke.fake_pictures import read_exr

from mattebox_plugin.patterns import numbered
from mattebox_plugin.run import Phase

needs_signals = pytest.mark.skipif(os.name == "nt", reason="signals are of POSIX systems")


@pytest.fixture
def poisoned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Nuke whose own Python and libraries would break any other."""
    false = tmp_path / "poison"
    (false / "numpy").mkdir(parents=True)
    (false / "numpy/__init__.py").write_text("raise ImportError('the numpy of the host')\n")
    (false / "sitecustomize.py").write_text("raise SystemExit('the host came along')\n")
    monkeypatch.setenv("PYTHONPATH", str(false))
    monkeypatch.setenv("PYTHONHOME", "/opt/Nuke15.1v3/pythonhome")
    monkeypatch.setenv("PYTHONSTARTUP", str(false / "numpy/__init__.py"))
    monkeypatch.setenv("LD_LIBRARY_PATH", f"/opt/Nuke15.1v3:{false}")
    monkeypatch.setenv("QT_PLUGIN_PATH", "/opt/Nuke15.1v3/qtplugins")


@pytest.mark.slow
def test_a_range_keyed_beside_a_poisoned_nuke_has_the_commands_bytes(
    nuke: FakeNuke, plate: str, by_command: dict[str, bytes], poisoned: None
) -> None:
    node = keyer(nuke, plate)
    nuke.press(node, "key_range")
    assert node["status"].value() == "nothing keyed yet"  # the button does not wait
    finished(nuke)

    assert nuke.messages == []
    assert keyed_files(node) == by_command
    assert node["status"].value() == "3 of 3 frames current (1-3)"
    (task,) = ProgressTask.shown
    assert task.title == "Mattebox: Mattebox1"
    assert task.progress == sorted(task.progress)
    assert any("keying" in message for message in task.messages)
    shown = nuke.picture(node, 2)
    stored = read_exr(Path(numbered(str(node["result"].value()), 2)))
    assert {"rgba.alpha", "fg.red", "spill.blue", "net.alpha", "conf.alpha"} <= set(shown)
    assert all(np.array_equal(shown[name], stored[name]) for name in stored)
    assert [node["frame_state"].getValueAt(frame) for frame in (1, 2, 3)] == [2, 2, 2]  # type: ignore[attr-defined]


@pytest.mark.slow
def test_the_current_frame_is_keyed_alone_and_with_the_same_bytes(
    terminal: FakeNuke, plate: str, by_command: dict[str, bytes]
) -> None:
    node = keyer(terminal, plate)
    terminal.current_frame = 2
    terminal.press(node, "key_frame")  # without a window it is done when the button returns
    assert keyed_files(node) == {"hair_v001.0002.exr": by_command["hair_v001.0002.exr"]}
    assert node["status"].value() == "1 of 3 frames current (1-3); missing 1,3"
    assert any("done 1 of 1 frames" in line for line in terminal.printed)
    assert any("no clean plate: the screen" in line for line in terminal.printed)


@pytest.mark.slow
def test_a_graded_plate_is_rendered_and_has_the_bytes_of_the_command_on_the_render(
    nuke: FakeNuke, plate: str, tmp_path: Path
) -> None:
    node = keyer(nuke, plate)
    grade = nuke.create("Grade")
    grade["multiply"].setValue(0.75)
    grade.setInput(0, node.input(0))
    node.setInput(0, grade)
    nuke.press(node, "key_range")
    node["gamma"].setValue(1.5)  # too late for this key, and said so
    finished(nuke)
    assert nuke.messages == []
    assert str(node["status"].value()).startswith("stale: the settings have changed")
    node["gamma"].setValue(1.0)
    assert node["status"].value() == "3 of 3 frames current (1-3)"
    rendered = part("node_request").request_of(node).request.plate
    assert keyed_files(node) == command_line(rendered, tmp_path / "keyed")
    original = read_exr(Path(numbered(plate, 1)))["rgba.green"]
    halved = read_exr(Path(numbered(rendered, 1)))["rgba.green"]
    assert np.array_equal(halved, original * np.float32(0.75))


@pytest.mark.slow
@needs_signals
def test_a_cancelled_key_leaves_whole_frames_and_key_missing_does_the_rest(
    nuke: FakeNuke, plate: str, by_command: dict[str, bytes]
) -> None:
    node = keyer(nuke, plate)
    nuke.press(node, "key_range")
    (watcher,) = part("key").running.values()
    nuke.wait(lambda: watcher.run.progress.phase is Phase.ANALYSING)
    os.kill(watcher.run.process_id, signal.SIGSTOP)  # three small frames are keyed before we look
    FakeNuke.cancel_when = lambda _: True
    nuke.wait(lambda: watcher.run.progress.phase is Phase.STOPPING)
    os.kill(watcher.run.process_id, signal.SIGCONT)
    finished(nuke)
    assert nuke.messages == []  # who cancels is not told that it was cancelled
    some = keyed_files(node) if node["has_result"].value() else {}
    assert len(some) < 3
    assert some.items() <= by_command.items()
    assert str(node["status"].value()).startswith("Mattebox: stopped")
    FakeNuke.cancel_when = None

    nuke.press(node, "key_missing")
    finished(nuke)
    assert keyed_files(node) == by_command
    assert node["status"].value() == "3 of 3 frames current (1-3)"
    before = len(ProgressTask.shown)
    nuke.press(node, "key_missing")  # nothing is missing, so nothing is started
    assert len(ProgressTask.shown) == before


@pytest.mark.slow
@needs_signals
def test_a_core_that_is_killed_in_the_middle_of_a_frame_leaves_whole_frames(
    nuke: FakeNuke, plate: str, by_command: dict[str, bytes]
) -> None:
    node = keyer(nuke, plate)
    nuke.press(node, "key_range")
    (watcher,) = part("key").running.values()
    nuke.wait(lambda: len(watcher.run.progress.frames) >= 1)
    os.kill(watcher.run.process_id, signal.SIGKILL)
    finished(nuke)
    assert len(nuke.messages) == 1
    assert "signal 9" in nuke.messages[0]
    assert keyed_files(node).items() <= by_command.items()
    assert str(node["status"].value()).startswith("Mattebox: the core was ended by signal 9")

    nuke.press(node, "key_range")
    finished(nuke)
    assert keyed_files(node) == by_command


@pytest.mark.slow
def test_two_nodes_and_a_second_nuke_key_at_once_without_sharing_a_file(
    start: Start, plate: str, by_command: dict[str, bytes]
) -> None:
    one, other = start(), start()  # the same script, opened twice
    first, second, again = keyer(one, plate), keyer(one, plate), keyer(other, plate)
    second["gamma"].setValue(1.5)
    for host, node in ((one, first), (one, second), (other, again)):
        host.plug_in.key_range(node)
    assert len(one.plug_in.key.running) == 2
    one.plug_in.key_range(first)  # the impatient artist
    assert one.messages == [
        "this node is being keyed. Next step: wait, or cancel it in its progress window"
    ]
    one.wait(lambda: not one.plug_in.key.running)
    other.wait(lambda: not other.plug_in.key.running)
    assert other.messages == []
    assert keyed_files(first) == by_command
    assert keyed_files(second).keys() == by_command.keys()
    assert not set(keyed_files(second).values()) & set(by_command.values())
    places = [Path(str(node["result"].value())).parent for node in (first, second, again)]
    assert places[0] != places[1]
    assert places[0] == places[2]  # equal jobs: whole frames of equal bytes, whoever is first
    assert again["status"].value() == "3 of 3 frames current (1-3)"


@pytest.mark.slow
def test_a_node_that_is_deleted_while_it_is_keyed_harms_nobody(
    nuke: FakeNuke, plate: str, by_command: dict[str, bytes]
) -> None:
    node = keyer(nuke, plate)
    folder = part("node_request").request_of(node).request.folder
    nuke.press(node, "key_frame")
    nuke.module.delete(node)
    finished(nuke)
    assert nuke.messages == []
    written = {path.name: path.read_bytes() for path in folder.glob("*.exr")}
    assert written == {"hair_v001.0001.exr": by_command["hair_v001.0001.exr"]}


@pytest.mark.slow
def test_without_a_window_a_failed_key_ends_the_script(terminal: FakeNuke, plate: str) -> None:
    node = keyer(terminal, plate)
    node["clip_black"].setValue(0.9)
    node["clip_white"].setValue(0.1)
    with pytest.raises(RuntimeError, match=r"Clip black 0.9 must lie below Clip white 0.1"):
        terminal.press(node, "key_range")


def test_what_the_core_refuses_is_told_in_a_window(nuke: FakeNuke, plate: str) -> None:
    node = keyer(nuke, plate)
    node["ratio"].setValue("large")
    nuke.press(node, "key_range")
    finished(nuke)
    assert len(nuke.messages) == 1
    assert "'large' is not a ratio; expected auto or a number in (0, 1]" in nuke.messages[0]


def test_no_mattebox_on_the_machine_says_where_it_was_looked_for(
    nuke: FakeNuke, plate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MATTEBOX_PYTHON", "/no/such/python")
    nuke.press(keyer(nuke, plate), "key_range")
    assert len(nuke.messages) == 1
    assert "/no/such/python (from MATTEBOX_PYTHON) is not a program" in nuke.messages[0]
    assert part("key").running == {}


def test_a_frame_outside_the_shot_is_not_keyed(nuke: FakeNuke, plate: str) -> None:
    nuke.current_frame = 99
    nuke.press(keyer(nuke, plate), "key_frame")
    assert nuke.messages == ["frame 99 is outside 1-3. Next step: go to a frame of the shot"]
