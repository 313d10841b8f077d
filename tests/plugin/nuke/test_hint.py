"""The button that has a matting tool make the hint: a stand-in with the real core beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.plugin.nuke.conftest import keyer, part
from tests.support.hints import write_any
from tests.support.nuke.fake import FakeNuke, ProgressTask

from mattebox.hints.recipe import settings_folder
from mattebox_plugin.patterns import numbered


def made(nuke: FakeNuke) -> None:
    """Let the tools under way come to their end."""
    making = part("hint")._making
    nuke.wait(lambda: not making)


@pytest.mark.slow
def test_a_tool_is_chosen_its_licence_accepted_and_its_mattes_are_connected(
    nuke: FakeNuke, plate: str
) -> None:
    write_any(settings_folder())
    node = keyer(nuke, plate)
    nuke.press(node, "make_hint")
    (menu, question) = nuke.asked
    assert menu == ("Mattebox: make hint", "tool", ("Any Tool",)), "only what can be used here"
    assert "Any Tool is under MIT. Free for any use." in question[1]
    made(nuke)
    assert nuke.messages == []
    read = node.input(part("hint").names.INPUTS.index("hint"))
    assert read is not None
    mattes = str(read["file"].value())
    assert [Path(numbered(mattes, frame)).exists() for frame in (1, 2, 3)] == [True] * 3
    assert "Mattebox1_hint_any" in mattes
    assert node["engine"].value() == "hint"
    wanted = part("node_request").request_of(node)
    assert wanted.request.pictures["hint"] == mattes
    assert wanted.pictures["hint"].why_rendered is None, "a plain Read is read as it is"
    assert ProgressTask.shown[-1].title == "Mattebox: Any Tool"
    nuke.asked.clear()
    nuke.press(node, "make_hint")
    made(nuke)
    assert len(nuke.asked) == 1, "a licence is accepted once"


@pytest.mark.slow
def test_nothing_is_run_where_nobody_chooses_or_accepts(nuke: FakeNuke, plate: str) -> None:
    write_any(settings_folder())
    node = keyer(nuke, plate)
    nuke.agrees = False
    nuke.press(node, "make_hint")
    nuke.chooses = None
    nuke.press(node, "make_hint")
    assert part("hint")._making == {}
    assert node.input(part("hint").names.INPUTS.index("hint")) is None
    assert nuke.messages == []


@pytest.mark.slow
def test_a_tool_that_fails_is_told_in_its_words_and_changes_no_node(
    nuke: FakeNuke, plate: str
) -> None:
    from mattebox.hints import remember_values

    write_any(settings_folder())
    remember_values("any", {"fault": "memory"})
    node = keyer(nuke, plate)
    nuke.press(node, "make_hint")
    made(nuke)
    (message,) = nuke.messages
    assert "Any Tool ran out of memory" in message
    assert node.input(part("hint").names.INPUTS.index("hint")) is None
    assert node["engine"].value() == "screen"


def test_without_a_tool_or_a_window_the_next_step_is_said(nuke: FakeNuke, plate: str) -> None:
    node = keyer(nuke, plate)
    nuke.press(node, "make_hint")
    (message,) = nuke.messages
    assert "no matting tool can be used here" in message
    assert "mattebox hint list" in message


def test_a_nuke_without_a_window_refuses(terminal: FakeNuke, plate: str) -> None:
    node = keyer(terminal, plate)
    with pytest.raises(RuntimeError, match="mattebox hint make"):
        terminal.press(node, "make_hint")
