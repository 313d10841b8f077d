"""Which inputs are used as they are, which are rendered, and what the job says of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.plugin.nuke.conftest import LINEAR, keyer, part
from tests.support.nuke.fake import FakeNuke
from tests.support.nuke.fake_nodes import Node

Change = Callable[[FakeNuke, Node], object]


def pictures(node: Node) -> dict[str, tuple[str, str, str | None]]:
    asked = part("node_request").request_of(node)
    return {
        pipe: (Path(picture.pattern).name, picture.space, picture.why_rendered)
        for pipe, picture in asked.pictures.items()
    }


def test_a_plain_read_is_used_as_it_is_with_its_colour_space(nuke: FakeNuke, plate: str) -> None:
    node = keyer(nuke, plate)
    assert pictures(node) == {"plate": ("hair_v001.####.exr", "Linear Rec.709 (sRGB)", None)}
    job = part("node_request").request_of(node).request.job()
    assert job["plate"] == plate
    assert job["colour"]["in_space"] == job["colour"]["out_space"] == "Linear Rec.709 (sRGB)"
    assert job["settings"] == {"screen": "auto"}


def test_the_space_of_a_log_plate_is_told_and_the_result_comes_in_the_working_space(
    nuke: FakeNuke, plate: str
) -> None:
    root = nuke.root_node
    root["colorManagement"].setValue("OCIO")
    root["OCIOConfigPath"].setValue("/nuke/fn-nuke_cg.ocio")
    root["workingSpaceLUT"].setValue("scene_linear (ACEScg)")
    node = keyer(nuke, plate)
    read = node.input(0)
    assert read is not None
    read["colorspace"].setValue("ARRI LogC4")
    assert part("node_request").request_of(node).request.job()["colour"] == {
        "config": "/nuke/fn-nuke_cg.ocio",
        "in_space": "ARRI LogC4",
        "out_space": "scene_linear",
    }


def between(host: FakeNuke, node: Node, node_class: str) -> Node:
    """Put a node between the keyer and its Read."""
    middle = host.create(node_class)
    middle.setInput(0, node.input(0))
    node.setInput(0, middle)
    return middle


def read_of(node: Node) -> Node:
    read = node.input(0)
    assert read is not None
    return read


def disabled_grade(host: FakeNuke, node: Node) -> None:
    between(host, node, "Grade")["disable"].setValue(True)


def inside_a_group(host: FakeNuke, node: Node) -> None:
    """The keyer's Read goes through a group that does nothing."""
    group = host.create("Group")
    with group:  # type: ignore[attr-defined]
        pipe, out = host.create("Input"), host.create("Output")
        out.setInput(0, pipe)
    group.setInput(0, node.input(0))
    node.setInput(0, group)


@pytest.mark.parametrize(
    "change",
    [
        lambda host, node: between(host, node, "Dot"),
        lambda host, node: between(host, node, "NoOp"),
        disabled_grade,
        lambda _, node: read_of(node)["frame_mode"].setValue("start at"),
        lambda _, node: read_of(node)["localizationPolicy"].setValue("off"),
        lambda _, node: read_of(node)["colorspace"].setValue("linear"),
        lambda host, _: host.root_node["proxy"].setValue(True),
    ],
)
def test_what_changes_no_pixel_leaves_a_read_plain(
    nuke: FakeNuke, plate: str, change: Change
) -> None:
    node = keyer(nuke, plate)
    change(nuke, node)
    assert pictures(node)["plate"][2] is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda host, node: between(host, node, "Grade"), "Grade1 changes the picture"),
        (inside_a_group, "Group1 changes the picture"),
        (lambda _, node: read_of(node)["file"].setValue("/a/clip.mov"), ".mov is not a still"),
        (lambda _, node: read_of(node)["file"].setValue("/a/b.%V.####.exr"), "for each view"),
        (lambda _, node: read_of(node)["file"].setValue("/a/one.exr"), "one picture"),
        (lambda _, node: read_of(node)["last"].setValue(2), None),
        (lambda _, node: read_of(node)["frame"].setValue("frame-1"), "it shifts its frames"),
        (lambda _, node: read_of(node)["premultiplied"].setValue(True), "premultiplied"),
        (lambda _, node: read_of(node)["file"].setValue("[getenv A].####.exr"), "an expression"),
        (
            lambda _, node: read_of(node)["colorspace"].setValue("AlexaV3LogC"),
            "not the full name of a colour space",
        ),
        (
            lambda _, node: read_of(node)["colorspace"].setValue("default"),
            "not the full name of a colour space",
        ),
    ],
)
def test_what_is_no_plain_file_is_rendered_and_says_why(
    nuke: FakeNuke, plate: str, change: Change, why: str | None
) -> None:
    node = keyer(nuke, plate)
    change(nuke, node)
    name, space, reason = pictures(node)["plate"]
    if why is None:  # the node's frames are the Read's
        assert reason is None
        return
    assert name == "plate.####.exr"
    assert space == "Linear Rec.709 (sRGB)"
    assert reason is not None
    assert why in reason


def test_a_read_that_lacks_frames_of_the_node_is_rendered(nuke: FakeNuke, plate: str) -> None:
    node = keyer(nuke, plate)
    node["range"].setValue("custom")
    for name, frame in (("first", 1), ("last", 5)):
        node[name].setValue(frame)
    assert pictures(node)["plate"][2] == "it does not have all of 1-5"


def test_every_pipe_reaches_its_entry_of_the_job(nuke: FakeNuke, plate: str) -> None:
    node = keyer(nuke, plate)
    for index, pipe in enumerate(("clean_plate", "hint", "inside", "outside", "protect"), 1):
        node.setInput(index, nuke.read(f"/show/{pipe}.####.exr", 1, 3, LINEAR))
    job = part("node_request").request_of(node).request.job()
    assert job["clean_plate"] == "/show/clean_plate.####.exr"
    for pipe in ("hint", "inside", "outside", "protect"):
        assert job[pipe] == {"pattern": f"/show/{pipe}.####.exr", "channel": None}
    assert "screen" not in job["settings"]  # automatic: the clean plate is enough


def test_one_file_serves_as_clean_plate_of_all_frames(nuke: FakeNuke, plate: str) -> None:
    node = keyer(nuke, plate)
    node.setInput(1, nuke.read("/show/clean.exr", 1, 1, LINEAR))
    assert pictures(node)["clean_plate"] == ("clean.exr", "Linear Rec.709 (sRGB)", None)


def test_a_still_that_has_to_be_rendered_is_rendered_once(
    nuke: FakeNuke, plate: str, fixture_hair: Path
) -> None:
    node = keyer(nuke, plate)
    clean = nuke.read(f"{fixture_hair}/plate/fixture_hair_plate.0001.exr", 1, 1, LINEAR)
    grade = nuke.create("Grade")
    grade.setInput(0, clean)
    node.setInput(1, grade)
    assert pictures(node)["clean_plate"][0] == "clean_plate.exr"
    wanted = part("node_request").request_of(node)
    part("key").render_inputs(node, wanted)
    assert Path(wanted.request.pictures["clean_plate"]).is_file()
    assert [frame for _, frame in nuke.executed] == [1]


def test_plate_and_clean_plate_of_two_spaces_meet_in_the_working_space(
    nuke: FakeNuke, plate: str
) -> None:
    node = keyer(nuke, plate)
    read_of(node)["colorspace"].setValue("sRGB")
    assert pictures(node)["plate"][1:] == ("sRGB - Texture", None)
    node.setInput(1, nuke.read("/show/clean.exr", 1, 1, LINEAR))
    found = pictures(node)
    assert found["plate"][:2] == ("plate.####.exr", "Linear Rec.709 (sRGB)")
    assert found["clean_plate"] == ("clean.exr", "Linear Rec.709 (sRGB)", None)


def test_mattes_have_no_colour_space(nuke: FakeNuke, plate: str) -> None:
    node = keyer(nuke, plate)
    node.setInput(2, nuke.read("/show/matte.####.png", 1, 3, "AlexaV3LogC"))
    assert pictures(node)["hint"] == ("matte.####.png", "Linear Rec.709 (sRGB)", None)


def test_numbers_of_an_input_are_moved_and_held_as_the_job_says(nuke: FakeNuke, plate: str) -> None:
    node = keyer(nuke, plate)
    node.setInput(2, nuke.read("/show/matte.####.exr", 1001, 1003, LINEAR))
    assert pictures(node)["hint"][2] == "it does not have all of 1-3"
    node["hint_offset"].setValue(1000)
    node["hint_hold"].setValue(True)
    node["outside_offset"].setValue(7)  # nothing is connected there
    assert pictures(node)["hint"] == ("matte.####.exr", "Linear Rec.709 (sRGB)", None)
    job = part("node_request").request_of(node).request.job()
    assert job["offset"] == {"hint": 1000}
    assert job["hold"] == ["hint"]


def test_an_input_that_is_rendered_is_rendered_over_its_own_numbers(
    nuke: FakeNuke, plate: str
) -> None:
    node = keyer(nuke, plate)
    node["range"].setValue("custom")
    for name, frame in (("first", 101), ("last", 103)):
        node[name].setValue(frame)
    matte = nuke.read(plate, 1, 3, LINEAR)
    grade = nuke.create("Grade")
    grade.setInput(0, matte)
    node.setInput(2, grade)
    node["hint_offset"].setValue(-100)
    wanted = part("node_request").request_of(node)
    hint = wanted.pictures["hint"]
    part("rendering").render(hint)
    assert [frame for _, frame in nuke.executed] == [1, 2, 3]
    assert wanted.request.picture("hint", 102) == Path(hint.pattern.replace("####", "0002"))
    status = wanted.frame_status(102, None)
    assert status.status.value == "missing"
    assert hint.sources(hint.number(102)) == (Path(plate.replace("####", "0002")),)


def test_windows_paths_are_written_with_forward_slashes(nuke: FakeNuke) -> None:
    nuke.root_node["name"].setValue("D:\\show\\sh010\\comp.nk")
    node = keyer(nuke, "C:\\plates v1\\sh010.####.exr")
    request = part("node_request").request_of(node).request
    assert request.plate == "C:/plates v1/sh010.####.exr"
    assert request.root == "D:/show/sh010/mattebox"
    assert "\\" not in request.output
    assert request.output.startswith("D:/show/sh010/mattebox/Mattebox1_")
    node["folder"].setValue("\\\\server\\share\\keys\\")
    assert part("node_request").request_of(node).request.root == "//server/share/keys"


@pytest.mark.parametrize("folder", ["/show/[x]", "/show/$shot", "/show]"])
def test_a_folder_that_nuke_would_evaluate_is_refused(
    nuke: FakeNuke, plate: str, folder: str
) -> None:
    with pytest.raises(Exception, match="which Nuke evaluates"):
        part("knobs").safe_in_nuke(folder)


def test_a_script_without_a_place_says_what_to_do(nuke: FakeNuke, plate: str) -> None:
    node = keyer(nuke, plate)
    nuke.root_node["name"].setValue("Root")
    nuke.press(node, "key_range")
    assert len(nuke.messages) == 1
    assert "the script is not saved" in nuke.messages[0]
    assert "save it, or choose a folder" in nuke.messages[0]


def test_rendered_inputs_are_rendered_once_and_again_when_their_files_are_newer(
    nuke: FakeNuke, plate: str
) -> None:
    node = keyer(nuke, plate)
    between(nuke, node, "Grade")["multiply"].setValue(0.5)
    key, asked = part("key"), part("node_request").request_of
    key.render_inputs(node, asked(node))
    assert [frame for _, frame in nuke.executed] == [1, 2, 3]
    folder = Path(asked(node).request.plate).parent
    assert sorted(path.name for path in folder.iterdir()) == [
        f"plate.{frame:04d}.exr" for frame in (1, 2, 3)
    ]
    key.render_inputs(node, asked(node))
    assert len(nuke.executed) == 3
    Path(plate.replace("####", "0002")).touch()
    key.render_inputs(node, asked(node))
    assert [frame for _, frame in nuke.executed] == [1, 2, 3, 2]
    assert [one.node_class for one in nuke.root_node.members].count("Write") == 0


def test_a_keyer_in_a_group_renders_what_comes_from_outside(nuke: FakeNuke, plate: str) -> None:
    outer = keyer(nuke, plate)
    grade = between(nuke, outer, "Grade")
    group = nuke.create("Group")
    with group:  # type: ignore[attr-defined]
        pipe = nuke.create("Input")
        node = nuke.create("Mattebox")
        node.setInput(0, pipe)
        nuke.create("Output").setInput(0, node)
    group.setInput(0, grade)
    wanted = part("node_request").request_of(node)
    assert wanted.pictures["plate"].why_rendered == "Grade1 changes the picture"
    part("key").render_inputs(node, wanted)
    assert [frame for _, frame in nuke.executed] == [1, 2, 3]
    assert wanted.request.plate == part("node_request").request_of(outer).request.plate
    assert wanted.request.folder.name.startswith("Group1.Mattebox1_")


def test_a_folder_that_cannot_be_written_is_told(nuke: FakeNuke, plate: str, project: Path) -> None:
    node = keyer(nuke, plate)
    (project / "mattebox").write_text("a file in the way")
    nuke.press(node, "key_range")
    assert len(nuke.messages) == 1
    assert "Not a directory" in nuke.messages[0]
    assert str(project) in nuke.messages[0]


def test_proxy_mode_is_off_while_inputs_are_rendered_and_on_again_after(
    nuke: FakeNuke, plate: str
) -> None:
    node = keyer(nuke, plate)
    between(nuke, node, "Grade")
    nuke.root_node["proxy"].setValue(True)
    modes = []
    nuke.callbacks["beforeFrameRender"].append(
        (lambda: modes.append(nuke.root_node["proxy"].value()), "Write")
    )
    part("key").render_inputs(node, part("node_request").request_of(node))
    assert modes == [False, False, False]
    assert nuke.root_node["proxy"].value() is True


def test_another_grade_is_another_render_and_a_moved_node_is_not(
    nuke: FakeNuke, plate: str
) -> None:
    node = keyer(nuke, plate)
    grade = between(nuke, node, "Grade")
    graph = part("graph")
    first = graph.digest(grade)
    grade.setXYpos(400, 300)
    grade["label"].setValue("mine")
    grade.setName("Warm")
    assert graph.digest(grade) == first
    grade["multiply"].setValue(0.5)
    second = graph.digest(grade)
    assert second != first
    read = grade.input(0)
    assert read is not None
    read["file"].setValue("/elsewhere/shot.####.exr")
    assert graph.digest(grade) not in (first, second)


def test_a_render_that_is_stopped_leaves_whole_frames_and_no_node(
    nuke: FakeNuke, plate: str
) -> None:
    node = keyer(nuke, plate)
    between(nuke, node, "Grade")
    nuke.cancel_render_at = 3
    nuke.press(node, "key_range")
    assert node["status"].value() == "stopped while its inputs were rendered"
    assert nuke.messages == []
    folder = Path(part("node_request").request_of(node).request.plate).parent
    assert [path.name for path in folder.iterdir()] == ["plate.0001.exr"]  # 2 may be half
    assert [one.node_class for one in nuke.root_node.members].count("Write") == 0
    nuke.cancel_render_at = None
    part("key").render_inputs(node, part("node_request").request_of(node))
    assert [frame for _, frame in nuke.executed] == [1, 2, 2, 3]
    assert len(list(folder.iterdir())) == 3


def test_a_plate_that_nuke_cannot_render_is_told_with_nukes_words(
    nuke: FakeNuke, plate: str
) -> None:
    node = keyer(nuke, plate)
    between(nuke, node, "Grade")
    Path(plate.replace("####", "0002")).unlink()
    nuke.press(node, "key_range")
    assert len(nuke.messages) == 1
    assert (
        "the plate (Grade1 changes the picture) cannot be rendered: Read1: Read error: No such"
        in (nuke.messages[0])
    )
    assert "look at Grade1 in the Viewer" in nuke.messages[0]
