"""Knobs of the strict fake: a value that Nuke would not take raises."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.support.nuke.knob_lists import BUTTONS, DEFAULTS, FLAGS, MENUS, NUMBERS
from tests.support.nuke.tcl_replay import UserKnob

if TYPE_CHECKING:
    from tests.support.nuke.fake_nodes import Node

FILES = ("file", "proxy", "customOCIOConfigPath", "OCIOConfigPath")
COLOURS = (("Multiply", "value"), ("Grade", "multiply"), ("Grade", "add"))
VALUE = re.compile(r"\[value parent\.(\w+)\]")


class Knob:
    """A knob, on a node that is there, in the main thread."""

    default: Any = ""

    def __init__(self, node: Node, name: str, default: Any = None) -> None:
        self._node = node
        self._name = name
        if default is not None:
            self.default = default
        self._value: Any = self.default
        self._curve: dict[float, float] | None = None
        self.expression: tuple[str, ...] = ()

    def name(self) -> str:
        self._node.check()
        return self._name

    def node(self) -> Node:
        return self._node

    def value(self) -> Any:
        self._node.check()
        return self._value

    def setValue(self, value: Any) -> bool:  # noqa: N802 - Nuke's name
        self._node.check()
        checked = self._checked(value)
        changed = checked != self._value
        self._value, self.expression = checked, ()
        if changed:
            self._node.changed(self)
        return True

    def toScript(self) -> str:  # noqa: N802 - Nuke's name
        self._node.check()
        if self._curve is not None:
            return "{curve " + " ".join(f"x{x:g} {y:g}" for x, y in self._curve.items()) + "}"
        return str(self._value)

    def isAnimated(self) -> bool:  # noqa: N802 - Nuke's name
        return self._curve is not None

    def hasExpression(self) -> bool:  # noqa: N802 - Nuke's name
        return bool(self.expression)

    @property
    def is_default(self) -> bool:
        return self._value == self.default and self._curve is None and not self.expression

    def from_script(self, text: str) -> None:
        """Take a value as a script holds it."""
        self._value = self._checked(text)

    def for_expression(self, _frame: float) -> float | str:
        """The knob's value in an expression."""
        raise TypeError(f"{self._name} is no number")

    def _checked(self, value: Any) -> Any:
        if not isinstance(value, str):
            raise TypeError(f"{self._name} takes a str, not {value!r}")
        return value


class String_Knob(Knob):  # noqa: N801 - Nuke's name
    """Text."""


class File_Knob(String_Knob):  # noqa: N801 - Nuke's name
    """A path; brackets in it are evaluated."""

    def getEvaluatedValue(self) -> str:  # noqa: N802 - Nuke's name
        self._node.check()
        return self.evaluated()

    def evaluated(self) -> str:
        text = VALUE.sub(
            lambda found: str(self._node.group.knobs_by_name[found[1]]._value), self._value
        )
        if re.search(r"[\[\]$]", text):
            raise RuntimeError(f"{self._name}: {text} cannot be evaluated")
        return text


class Boolean_Knob(Knob):  # noqa: N801 - Nuke's name
    """A flag."""

    default = False

    def from_script(self, text: str) -> None:
        if text not in ("true", "false"):
            raise TypeError(f"{self._name} is a flag, not {text!r}")
        self._value = text == "true"

    def for_expression(self, _frame: float) -> float | str:
        return int(self._value)

    def _checked(self, value: Any) -> bool:
        if not isinstance(value, (bool, int)):
            raise TypeError(f"{self._name} takes a bool, not {value!r}")
        return bool(value)


class Array_Knob(Knob):  # noqa: N801 - Nuke's name
    """A number, or a curve of them."""

    default = 0.0

    def from_script(self, text: str) -> None:
        if text.startswith("{"):
            self.expression = (text.strip("{}").strip('"'),)
        else:
            self._value = float(text)

    def setAnimated(self) -> bool:  # noqa: N802 - Nuke's name
        self._node.check()
        self._curve = self._curve or {}
        return True

    def clearAnimated(self) -> bool:  # noqa: N802 - Nuke's name
        self._node.check()
        self._curve = None
        return True

    def setValueAt(self, value: float, time: float) -> bool:  # noqa: N802 - Nuke's name
        self._node.check()
        if self._curve is None:
            raise RuntimeError(f"{self._name} is not animated")
        self._curve[float(time)] = float(value)
        return True

    def getValueAt(self, time: float) -> float:  # noqa: N802 - Nuke's name
        """The curve's value, between keys that of the key before; outside, of the nearest."""
        if not self._curve:
            return float(self._value)
        before = [key for key in sorted(self._curve) if key <= time]
        return self._curve[before[-1] if before else min(self._curve)]

    def for_expression(self, _frame: float) -> float | str:
        return self.getValueAt(_frame)

    def _checked(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TypeError(f"{self._name} takes a number, not {value!r}")
        return float(value)


class Int_Knob(Array_Knob):  # noqa: N801 - Nuke's name
    """A whole number."""

    default = 0

    def from_script(self, text: str) -> None:
        if text.startswith("{"):
            self.expression = (text.strip("{}").strip('"'),)
        else:
            self._value = int(text, 0)

    def value(self) -> int:
        self._node.check()
        if self.expression:
            return int(self._node.host.evaluate(self._node, self.expression[0], 0))
        return int(self._value)

    def _checked(self, value: Any) -> int:
        return int(super()._checked(value))


class Color_Knob(Array_Knob):  # noqa: N801 - Nuke's name
    """Three or four numbers; ``value`` is one where all are equal, as in Nuke."""

    default: Any = 1.0

    def from_script(self, text: str) -> None:
        if "{" in text:
            pieces = re.findall(r"\{([^{}]*)\}", text)
            self.expression = tuple(piece.strip('"') for piece in pieces)
        else:
            parts = [float(part) for part in text.split()]
            self._value = self._checked(parts[0] if len(parts) == 1 else parts)

    def _checked(self, value: Any) -> Any:
        parts = [value] * 3 if isinstance(value, (int, float)) else list(value)
        if len(parts) not in (3, 4):
            raise TypeError(f"{self._name} takes three or four numbers, not {value!r}")
        return float(parts[0]) if len(set(parts)) == 1 else [float(part) for part in parts]


class Enumeration_Knob(Knob):  # noqa: N801 - Nuke's name
    """One entry of a menu."""

    def __init__(self, node: Node, name: str, choices: tuple[str, ...], default: str) -> None:
        self._choices = choices
        super().__init__(node, name, default)

    def values(self) -> list[str]:
        return list(self._choices)

    def for_expression(self, _frame: float) -> float | str:
        return self._choices.index(self._value)

    def _checked(self, value: Any) -> str:
        if value not in self._choices:
            raise TypeError(f"{self._name} has no value {value!r}; it has {self._choices}")
        return str(value)


class PyScript_Knob(Knob):  # noqa: N801 - Nuke's name
    """A button."""

    def execute(self) -> None:
        self._node.check()
        self._node.host.log.append((self._node.fullName(), self._name))


class Text_Knob(Knob):  # noqa: N801 - Nuke's name
    """A line that only shows something."""


def own_knob(node: Node, node_class: str, name: str) -> Knob:
    """A knob that Nuke's own node has."""
    key = (node_class, name)
    choices = MENUS.get(key)
    if choices is not None:
        return Enumeration_Knob(node, name, tuple(choices), DEFAULTS.get(key, choices[0]))
    kind, default = _kind(key)
    return kind(node, name, default)


def _kind(key: tuple[str, str]) -> tuple[type[Knob], Any]:
    """The type of a knob of Nuke's own, and what it is at first."""
    name = key[1]
    if name in FILES and key != ("Root", "proxy"):
        return File_Knob, ""
    if key in COLOURS:
        return Color_Knob, NUMBERS[name]
    if name in BUTTONS:
        return PyScript_Knob, ""
    if name in FLAGS:
        return Boolean_Knob, False
    number = NUMBERS.get(name)
    if number is not None:
        return (Int_Knob if isinstance(number, int) else Array_Knob), number
    return String_Knob, DEFAULTS.get(key, "")


def user_knob(node: Node, knob: UserKnob) -> Knob:
    """A knob that a script adds."""
    if knob.kind == "4":
        return Enumeration_Knob(node, knob.name, knob.choices, knob.choices[0])
    kinds: dict[str, type[Knob]] = {
        "1": String_Knob,
        "2": File_Knob,
        "3": Int_Knob,
        "6": Boolean_Knob,
        "7": Array_Knob,
        "18": Color_Knob,
        "20": Text_Knob,
        "22": PyScript_Knob,
        "26": Text_Knob,
    }
    made = kinds[knob.kind](node, knob.name)
    if knob.kind in ("22", "26"):
        made.from_script(knob.text)
    return made
