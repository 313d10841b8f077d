"""The gizmo, replayed by a real Tcl: wiring, knobs, Python bodies; broken ones are refused."""

from __future__ import annotations

import ast
import importlib.util
import re
from types import ModuleType

import pytest
from tests.conftest import REPOSITORY
from tests.support.nuke.knob_lists import GENERIC, GROUPS_OWN
from tests.support.nuke.tcl_replay import ReplayedNode, ScriptError, replay

from mattebox_plugin import nuke_node as names
from mattebox_plugin.nuke_script import KnobType, NodeText, expression, word
from mattebox_plugin.parameter import Kind
from mattebox_plugin.parameters import INPUTS, PARAMETERS
from mattebox_plugin.request import ENGINES, SCREEN_CHOICES

GIZMO = REPOSITORY / "plugin/nuke_path/Mattebox.gizmo"
TEXT = GIZMO.read_text(encoding="utf-8")

TYPES = {
    Kind.CHOICE: KnobType.CHOICE,
    Kind.NUMBER: KnobType.NUMBER,
    Kind.INTEGER: KnobType.INTEGER,
    Kind.FLAG: KnobType.FLAG,
    Kind.COLOUR: KnobType.COLOUR,
    Kind.TEXT: KnobType.STRING,
}

pytest.importorskip("tkinter", reason="this Python has no tkinter; it runs where it is built in")


def generator(name: str) -> ModuleType:
    """A script beside the package."""
    spec = importlib.util.spec_from_file_location(name, REPOSITORY / f"plugin/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def gizmo() -> ReplayedNode:
    (node,) = replay(TEXT)
    return node


def test_the_gizmo_is_what_its_generator_writes() -> None:
    assert GIZMO.read_bytes() == generator("make_gizmo").text().encode()
    assert generator("make_gizmo").text() == generator("make_gizmo").text()


def test_every_pipe_is_an_input_of_its_own_number(gizmo: ReplayedNode) -> None:
    pipes = [node for node in gizmo.inside if node.node_class == "Input"]
    assert [pipe.name for pipe in pipes] == list(names.INPUTS)
    assert [int(pipe.knobs.get("number", 0)) for pipe in pipes] == [0, 1, 2, 3, 4, 5]
    assert all(pipe.inputs == [] for pipe in pipes)


def test_the_switch_chooses_between_result_plate_and_status(gizmo: ReplayedNode) -> None:
    assert gizmo.node("Output1").input_names == ["Show"]
    assert gizmo.node("Show").input_names == ["FullSize", "plate", "StatusTint"]
    assert gizmo.node("FullSize").input_names == ["Result", "Enlarged"]
    assert gizmo.node("Enlarged").input_names == ["Result"]
    assert gizmo.node("StatusTint").input_names == ["plate"]
    assert gizmo.user_knobs["shown"].choices == ("result", "source", "status")


def test_there_is_one_output_and_one_reader_of_frames(gizmo: ReplayedNode) -> None:
    classes = [node.node_class for node in gizmo.inside]
    assert classes.count("Output") == classes.count("Read") == 1
    assert not {"Write", "Text", "NoOp"} & set(classes)


def test_keyed_frames_are_read_raw_and_stop_at_missing_ones(gizmo: ReplayedNode) -> None:
    read = gizmo.node("Result").knobs
    wanted = {"raw": "true", "on_error": "error", "before": "black", "after": "black"}
    assert {name: read[name] for name in wanted} == wanted
    assert read["file"] == "[value parent.result]"
    assert read["first"] == "{parent.result_first}"
    assert read["last"] == "{parent.result_last}"


def test_every_setting_of_the_core_has_a_knob_of_its_type_with_its_default(
    gizmo: ReplayedNode,
) -> None:
    for parameter in PARAMETERS:
        if parameter.kind is Kind.CHOICES:
            for choice in parameter.choices:
                name = names.pass_knob(choice)
                assert gizmo.user_knobs[name].kind == str(int(KnobType.FLAG))
                assert gizmo.knobs[name] == str(choice in parameter.default).lower()
            continue
        if parameter.name == "screen":
            assert gizmo.user_knobs["screen"].choices == SCREEN_CHOICES
            continue
        knob = gizmo.user_knobs[parameter.name]
        assert knob.kind == str(int(TYPES[parameter.kind])), parameter.name
        written = gizmo.knobs[parameter.name]
        if parameter.kind is Kind.COLOUR:
            assert tuple(map(float, written.split())) == parameter.default
        elif parameter.kind in (Kind.NUMBER, Kind.INTEGER):
            assert float(written) == parameter.default
        else:
            flag = parameter.kind is Kind.FLAG
            assert written == (str(parameter.default).lower() if flag else parameter.default)
        if parameter.kind is Kind.CHOICE:
            assert knob.choices == (ENGINES if parameter.name == "engine" else parameter.choices)
        if parameter.minimum is not None and parameter.maximum is not None:
            assert knob.limits == (parameter.minimum, parameter.maximum)


def test_every_input_has_an_offset_and_a_hold_beside_it(gizmo: ReplayedNode) -> None:
    for one in INPUTS:
        assert gizmo.user_knobs[one.offset].kind == str(int(KnobType.INTEGER))
        assert gizmo.user_knobs[one.hold].kind == str(int(KnobType.FLAG))
        assert (gizmo.knobs[one.offset], gizmo.knobs[one.hold]) == ("0", "false")


def test_every_tooltip_of_a_number_says_its_unit(gizmo: ReplayedNode) -> None:
    for parameter in PARAMETERS:
        if parameter.unit:
            assert gizmo.user_knobs[parameter.name].tip.endswith(f"({parameter.unit})")
    shown = [k for k in gizmo.user_knobs.values() if k.kind not in ("20", "26")]
    silent = [k.name for k in shown if not k.tip and "+INVISIBLE" not in k.flags]
    assert silent == []


def test_tabs_come_in_the_order_in_which_an_artist_works(gizmo: ReplayedNode) -> None:
    tabs = [knob.label for knob in gizmo.user_knobs.values() if knob.kind == "20"]
    assert tabs == [
        "Key",
        "Matte",
        "Spill",
        "Plate",
        "Inputs",
        "Network",
        "Output",
        "Farm",
        "About",
    ]


def test_no_knob_has_a_name_that_nuke_uses_itself(gizmo: ReplayedNode) -> None:
    assert not set(gizmo.user_knobs) & {*GENERIC, *GROUPS_OWN}


def test_all_python_is_one_line_a_button_in_the_one_node_itself(gizmo: ReplayedNode) -> None:
    bodies = dict(gizmo.python)
    assert sorted(bodies) == [
        "bake",
        "export_job",
        "key_frame",
        "key_missing",
        "key_range",
        "make_hint",
        "refresh",
        "troubleshoot",
    ]
    for name, body in bodies.items():
        call = f"from mattebox_plugin import nuke_host; nuke_host.{name}(nuke.thisNode())"
        assert body == call
        ast.parse(body, feature_version=(3, 9))
    assert not any(list(node.python) for node in gizmo.inside)


def test_every_button_calls_what_is_there() -> None:
    source = (REPOSITORY / "plugin/mattebox_plugin/nuke_host/__init__.py").read_text("utf-8")
    defined = {d.name for d in ast.parse(source).body if isinstance(d, ast.FunctionDef)}
    assert set(re.findall(r"nuke_host\.(\w+)\(", TEXT)) <= defined


@pytest.mark.parametrize(
    ("breakage", "found"),
    [
        (lambda text: text.removesuffix("end_group\n"), "is not closed"),
        (lambda text: text + "end_group\n", "end_group without a group"),
        (lambda text: text.replace(" on_error error", ' on_error "error'), "unmatched open quote"),
        (lambda text: text.replace("on_error error", "on_error hold"), "no value 'hold'"),
        (lambda text: text.replace(" raw true", " rawData true"), "no knob 'rawData'"),
        (lambda text: text.replace("nuke.thisNode())", "nuke.thisNode("), "does not compile"),
        (lambda text: text.replace("Gizmo {", "Gizmo {\n inputs 1"), "the stack has 0"),
        (lambda text: text.replace("push $Nresult\n", "push $Nresults\n"), "no such variable"),
        (lambda text: text.replace("addUserKnob {6 overscan", "addUserKnob {6 disable"), "every"),
        (lambda text: text.replace("addUserKnob {6 overscan", "addUserKnob {6 first"), "twice"),
        (lambda text: text.replace("addUserKnob {6 overscan", "addUserKnob {77 x"), "no type"),
        (lambda text: text.replace(" Switch {", " Swtich {"), "unknown command 'Swtich'"),
    ],
)  # fmt: skip
def test_a_broken_gizmo_is_refused(breakage, found) -> None:  # type: ignore[no-untyped-def]
    broken = breakage(TEXT)
    if broken == TEXT:
        pytest.fail("this breakage breaks nothing")
    with pytest.raises(ScriptError, match=re.escape(found)):
        replay(broken)


def test_a_swapped_push_shows_as_swapped_inputs() -> None:
    swapped = TEXT.replace("push $Nplate\npush $Nresult\n", "push $Nresult\npush $Nplate\n")
    (node,) = replay(swapped)
    assert node.node("Show").input_names == ["plate", "FullSize", "StatusTint"]


def test_a_missing_push_shows_as_wrong_wiring() -> None:
    (node,) = replay(TEXT.replace("push $Nplate\n", "", 1))
    assert node.node("StatusTint").input_names == ["FullSize"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "plain", "two words", 'a "quoted" one', "[value x]", "{braces}", "$HOME", "a\\b"),
        *("a\nb", "C:\\shots\\a b.exr", "Übung/日本.####.exr", "# no comment", "}", "]", ";exit"),
    ],
)
def test_a_word_comes_back_from_tcl_as_it_was(text: str) -> None:
    (node,) = replay(str(NodeText("NoOp").knob("inputs", 0).knob("label", text)))
    assert node.knobs["label"] == text


def test_a_word_comes_back_from_inside_a_user_knob_too() -> None:
    tip = 'says "no", [x] {y} $z \\ and\na line'
    text = NodeText("Group").user_knob(KnobType.TEXT, "note", "a label", tip=tip, text=tip)
    (node,) = replay(f"{text}end_group\n".replace("Group {", "Group {\n inputs 0", 1))
    assert node.user_knobs["note"].tip == tip
    assert node.user_knobs["note"].text == tip
    assert node.user_knobs["note"].label == "a label"


def test_expressions_stand_in_braces_one_for_each_number() -> None:
    assert expression("parent.first") == "{{parent.first}}"
    assert expression("a < 2", "1") == '{{"a < 2"} {1}}'
    assert word("a b") == '"a b"'
