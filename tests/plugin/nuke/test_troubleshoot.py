"""Troubleshoot names every fault with its cure, and says what works."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.plugin.nuke.conftest import keyed_by_hand, keyer, part
from tests.support.nuke.fake import FakeNuke
from tests.support.nuke.fake_nodes import Node

from mattebox_plugin.mattebox_command import Health


@pytest.fixture(autouse=True)
def well(nuke: FakeNuke, monkeypatch: pytest.MonkeyPatch) -> None:
    """The core's own doctor is tested elsewhere, and takes seconds."""
    health = Health("0.1.0", "3.11 (/envs/mattebox)", ("cpu",), (), ())
    monkeypatch.setattr(part("troubleshoot"), "examine", lambda _: health)


@pytest.fixture
def node(nuke: FakeNuke, plate: str) -> Node:
    made = keyer(nuke, plate)
    keyed_by_hand(made, 1, 2, 3)
    nuke.press(made, "refresh")
    return made


def faults(node: Node) -> list[tuple[str, str]]:
    return [(fault.what, fault.cure) for fault in part("troubleshoot").found(node)]


def test_where_all_is_well_it_says_so_and_what_is_used(
    nuke: FakeNuke, node: Node, plate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part("troubleshoot"), "TEMPORARY", ())  # where tests live
    nuke.press(node, "troubleshoot")
    (text,) = nuke.messages
    assert "No faults found." in text
    assert "Nuke 15.1v3" in text
    assert "Mattebox 0.1.0, Python 3.11 (/envs/mattebox)" in text
    assert f"plate: {plate} (Linear Rec.709 (sRGB)), as it is" in text


def disconnect(_: FakeNuke, node: Node) -> None:
    node.setInput(0, None)


def hide_a_frame(_: FakeNuke, node: Node) -> None:
    Path(str(node["result"].value()).replace("####", "0002")).unlink()


def lose_the_plate(_: FakeNuke, node: Node) -> None:
    read = node.input(0)
    assert read is not None
    read["file"].setValue("/gone/shot.####.exr")


def use_a_config_that_is_gone(host: FakeNuke, _: Node) -> None:
    host.root_node["colorManagement"].setValue("OCIO")
    host.root_node["OCIO_config"].setValue("custom")
    host.root_node["customOCIOConfigPath"].setValue("/gone/config.ocio")


def install_twice(host: FakeNuke, node: Node) -> None:
    folder = Path(str(node["folder"].value() or host.root_node["name"].value())).parent / "more"
    folder.mkdir()
    (folder / "Mattebox.gizmo").write_text("")
    host.plugin_path.append(str(folder))


@pytest.mark.parametrize(
    ("breakage", "what", "cure"),
    [
        (disconnect, "nothing is connected to plate", "connect the clip"),
        (hide_a_frame, "frames: missing 2", "Key range"),
        (lose_the_plate, "/gone/shot.####.exr is not there at frame 1", "look at Read1"),
        (use_a_config_that_is_gone, "/gone/config.ocio, which is not there", "choose a config"),
        (install_twice, "is installed 2 times", "leave one of them"),
        (lambda _, node: node["engine"].setValue("hint"), "engine hint has no hint", "connect"),
        (lambda host, _: host.root_node["name"].setValue("Root"), "is not saved", "save it"),
        (lambda _, node: node["cuts"].setValue("one"), "'one' are not frame numbers", "1040, 1100"),
        (
            lambda host, _: setattr(host.module, "NUKE_VERSION_MAJOR", 13),
            "was not checked",
            "use Nuke 14 to 17",
        ),
        (
            lambda _, node: node["folder"].setValue("/proc/nobody/writes/here"),
            "cannot be written",
            "choose another folder",
        ),
        (lambda _, node: node["folder"].setValue("/tmp/keys"), "emptied by the system", "share"),
        (lambda _, node: node["gamma"].setValue(2.0), "frames: missing 1-3", "Key range"),
    ],
)  # fmt: skip
def test_a_fault_is_listed_with_its_cure(  # type: ignore[no-untyped-def]
    nuke: FakeNuke, node: Node, breakage, what: str, cure: str
) -> None:
    breakage(nuke, node)
    assert any(what in found and cure in remedy for found, remedy in faults(node)), faults(node)


def test_a_machine_without_mattebox_is_told_how_to_get_it(
    nuke: FakeNuke, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MATTEBOX_PYTHON")
    monkeypatch.setenv("PATH", "/nowhere")
    found = dict(faults(node))
    assert "pip install mattebox-" in found["Mattebox was not found on this machine"]


def test_the_cores_own_faults_are_listed_too(
    nuke: FakeNuke, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mattebox_plugin.mattebox_command import Fault

    ill = Health("0.1.0", "3.11", ("cpu",), (), (Fault("torch is a CPU build", "install CUDA's"),))
    monkeypatch.setattr(part("troubleshoot"), "examine", lambda _: ill)
    assert ("torch is a CPU build", "install CUDA's") in faults(node)
