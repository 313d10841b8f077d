"""Values of the node's knobs, as the plugin's own types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

import nuke

from .. import nuke_node as names
from ..parameter import Kind, Parameter
from ..parameters import INPUTS, PARAMETERS
from ..request import screen_text, settings_of
from .messages import NodeError

_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")


def is_mattebox(node: nuke.Node) -> bool:
    """Whether a node is ours: the gizmo, or a group that was made from it."""
    return node.knob(names.MARKER) is not None


def text(node: nuke.Node, name: str) -> str:
    """A knob's text or menu entry, as it stands in the panel."""
    return str(node[name].value() or "")


def file_text(node: nuke.Node, name: str) -> str:
    """A file knob without a frame number: its expressions evaluated, with forward slashes."""
    knob = cast("nuke.File_Knob", node[name])
    return forward(str(knob.getEvaluatedValue() or "").strip())


def whole(node: nuke.Node, name: str) -> int:
    """A knob's whole number."""
    return int(node[name].value())


def forward(path: str) -> str:
    """A path as Nuke writes it. Backslashes are a Windows path's; elsewhere they are a name's."""
    return path.replace("\\", "/") if _WINDOWS.match(path) else path


def safe_in_nuke(path: str) -> str:
    """A path that Nuke's file knobs take as it is.

    Raises NodeError for ``[`` and ``$``, which they evaluate.
    """
    if any(letter in path for letter in "[]$"):
        raise NodeError(
            f"{path} holds one of [ ] $, which Nuke evaluates",
            "choose a folder without them (Output tab)",
        )
    return path


def settings(node: nuke.Node, *, has_clean_plate: bool) -> dict[str, Any]:
    """The settings that differ from the core's defaults, in the job file's form."""
    values: dict[str, Any] = {
        parameter.name: _value(node, parameter)
        for parameter in PARAMETERS
        if parameter.name != "screen"
    }
    found = settings_of(values)
    screen = screen_text(
        text(node, "screen"),
        _colour(node, "screen_colour"),
        engine=values["engine"],
        has_clean_plate=has_clean_plate,
    )
    if screen is not None:
        found["screen"] = screen
    return found


def cuts(node: nuke.Node) -> tuple[int, ...]:
    """First frames of new scenes. Raises NodeError where the knob holds something else."""
    words = text(node, "cuts").replace(",", " ").split()
    try:
        return tuple(sorted({int(word) for word in words}))
    except ValueError as error:
        raise NodeError(
            f"cuts {text(node, 'cuts')!r} are not frame numbers", "write them like 1040, 1100"
        ) from error


def offsets(node: nuke.Node) -> dict[str, int]:
    """What is added to a plate's frame to find that of an input, by pipe; old scripts have none."""
    return {
        one.name: whole(node, one.offset) for one in INPUTS if node.knob(one.offset) is not None
    }


def held(node: nuke.Node) -> tuple[str, ...]:
    """The inputs whose picture before serves where there is none of a number."""
    knobs = {one.name: node.knob(one.hold) for one in INPUTS}
    return tuple(name for name, knob in knobs.items() if knob is not None and knob.value())


def set_values(node: nuke.Node, values: Mapping[str, object]) -> None:
    """Set several knobs, leaving those alone that hold their value: setting one costs a redraw."""
    for name, value in values.items():
        if node[name].value() != value:
            node[name].setValue(value)


def _value(node: nuke.Node, parameter: Parameter) -> Any:
    if parameter.kind is Kind.CHOICES:
        return tuple(
            choice for choice in parameter.choices if node[names.pass_knob(choice)].value()
        )
    value = node[parameter.name].value()
    if parameter.kind is Kind.COLOUR:
        return _colour(node, parameter.name)
    if parameter.kind is Kind.FLAG:
        return bool(value)
    if parameter.kind is Kind.INTEGER:
        return int(value)
    if parameter.kind is Kind.NUMBER:
        return float(value)
    return str(value or "").strip()


def _colour(node: nuke.Node, name: str) -> tuple[float, float, float]:
    """Three numbers; a colour knob gives one number where all are equal."""
    value = node[name].value()
    if isinstance(value, (int, float)):
        return (float(value),) * 3
    red, green, blue = (float(part) for part in value[:3])
    return red, green, blue
