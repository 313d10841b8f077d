"""The stand-in is as strict as the published lists, and has nothing that Nuke does not have."""

from __future__ import annotations

import ast
import threading
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import REPOSITORY
from tests.plugin.nuke.conftest import keyer
from tests.support.nuke.fake import MODULE_NAMES, FakeNuke
from tests.support.nuke.fake_knobs import Array_Knob
from tests.support.nuke.knob_lists import EXR_KNOBS, KNOBS, MENUS, PUBLISHED

from mattebox_plugin.nuke_node import STATUS_COLOURS, STATUS_DIMMED

NUKE_HOST = REPOSITORY / "plugin/mattebox_plugin/nuke_host"


@pytest.mark.parametrize("node_class", sorted(PUBLISHED))
def test_every_published_knob_is_there(nuke: FakeNuke, node_class: str) -> None:
    node = nuke.root_node if node_class == "Root" else nuke.create(node_class)
    for name in PUBLISHED[node_class].split():
        assert node[name].name() == name


def test_knobs_of_exr_come_with_the_file_type(nuke: FakeNuke) -> None:
    write = nuke.create("Write")
    with pytest.raises(NameError):
        write["datatype"]
    write["file_type"].setValue("exr")
    assert [write[name].name() for name in EXR_KNOBS] == EXR_KNOBS


def test_a_knob_that_is_not_published_does_not_exist(nuke: FakeNuke) -> None:
    for node_class in KNOBS:
        with pytest.raises(NameError, match="does not exist"):
            nuke.create(node_class)["no_such_knob"]


@pytest.mark.parametrize(("node_class", "name"), sorted(MENUS))
def test_a_menu_takes_its_own_values_alone(nuke: FakeNuke, node_class: str, name: str) -> None:
    node = nuke.root_node if node_class == "Root" else nuke.create(node_class)
    if node_class == "Write":
        node["file_type"].setValue("exr")
    for value in MENUS[node_class, name]:
        node[name].setValue(value)
    with pytest.raises(TypeError, match="no value"):
        node[name].setValue("something else")


def test_the_script_belongs_to_the_main_thread(nuke: FakeNuke, plate: str) -> None:
    node = keyer(nuke, plate)
    calls = (node.name, node["gamma"].value, nuke.module.root, nuke.module.thisNode)
    caught: list[Exception] = []

    def touch() -> None:
        for call in calls:
            try:
                call()
            except RuntimeError as error:
                caught.append(error)

    thread = threading.Thread(target=touch)
    thread.start()
    thread.join()
    assert len(caught) == 4


def test_a_deleted_node_answers_as_nukes_do(nuke: FakeNuke) -> None:
    node = nuke.create("Read")
    nuke.module.delete(node)
    with pytest.raises(ValueError, match="not attached to a node"):
        node.name()


def test_without_a_window_there_is_no_message_and_no_menu(terminal: FakeNuke) -> None:
    with pytest.raises(RuntimeError, match="no window"):
        terminal.module.message("x")
    with pytest.raises(RuntimeError, match="no menus"):
        terminal.module.menu("Nodes")


def test_every_function_is_one_of_the_published_module() -> None:
    """Against the stubs that are made from Nuke itself."""
    stubs = pytest.importorskip("mypy").__file__
    folder = Path(str(stubs)).parent.parent / "nuke-stubs"
    if not folder.is_dir():
        pytest.skip("types-nuke is not installed; it is part of the development group")
    known = set()
    for file in folder.glob("*.pyi"):
        for one in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(one, (ast.FunctionDef, ast.ClassDef)):
                known.add(one.name)
    assert set(MODULE_NAMES) <= known


def test_the_stand_in_has_all_that_the_plug_in_asks_nuke_for(nuke: FakeNuke) -> None:
    asked = set()
    for file in NUKE_HOST.glob("*.py"):
        for one in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(one, ast.Attribute) and ast.unparse(one.value) == "nuke":
                asked.add(one.attr)
    assert len(asked) > 20
    assert {name for name in asked if not hasattr(nuke.module, name)} == set()


def test_pictures_follow_the_gizmos_own_wiring(nuke: FakeNuke, plate: str) -> None:
    node = keyer(nuke, plate)
    source = nuke.picture(node, 2)
    assert source["rgba.green"].mean() > 0.1
    node["shown"].setValue("status")
    curve = node["frame_state"]
    assert isinstance(curve, Array_Knob)
    curve.setAnimated()
    for state, colour in enumerate(STATUS_COLOURS):
        curve.setValueAt(state, 2)
        tinted = nuke.picture(node, 2)
        for name, added in zip(("red", "green", "blue"), colour, strict=True):
            dimmed = source[f"rgba.{name}"] * np.float32(STATUS_DIMMED)
            assert (tinted[f"rgba.{name}"] == dimmed + np.float32(added)).all()
