"""An independent check of .nk and .gizmo files: they are run by a real Tcl interpreter.

The format is Tcl: every node class is a command with one body. The replay keeps the stack as Nuke
does, so a wrong order of pushes, or a wrong number of inputs, shows up as wrong wiring; it compiles
every Python body, and refuses knobs that the published lists do not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.support.nuke.knob_lists import (
    EXR_KNOBS,
    FIXED_INPUTS,
    GENERIC,
    GROUPS_OWN,
    KNOBS,
    MENUS,
)

GROUP_CLASSES = ("Group", "Gizmo")
PYTHON_KNOBS = ("onCreate", "onDestroy", "knobChanged", "updateUI", "autolabel", "beforeRender")
BUTTON, MENU = "22", "4"
KNOWN_TYPES = frozenset(["1", "2", "3", "4", "6", "7", "18", "20", "22", "26"])
HARMFUL = ("exec", "open", "file", "source", "socket", "cd", "glob", "exit", "load")


class ScriptError(Exception):
    """The script is not one that Nuke would take."""


@dataclass(frozen=True)
class UserKnob:
    """One ``addUserKnob``."""

    kind: str
    name: str
    label: str = ""
    tip: str = ""
    text: str = ""
    choices: tuple[str, ...] = ()
    limits: tuple[float, float] | None = None
    flags: tuple[str, ...] = ()


@dataclass
class ReplayedNode:
    """One node: its knobs as written, and the nodes that its inputs come from."""

    node_class: str
    knobs: dict[str, str]
    user_knobs: dict[str, UserKnob]
    inputs: list[ReplayedNode | None]
    inside: list[ReplayedNode] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.knobs.get("name", "")

    @property
    def input_names(self) -> list[str | None]:
        return [None if node is None else node.name for node in self.inputs]

    def node(self, name: str) -> ReplayedNode:
        """The node of this name inside a group. Raises KeyError."""
        return {one.name: one for one in self.inside}[name]

    @property
    def python(self) -> Iterator[tuple[str, str]]:
        """Every Python body, with the knob that holds it."""
        for name in PYTHON_KNOBS:
            if self.knobs.get(name):
                yield name, self.knobs[name]
        for knob in self.user_knobs.values():
            if knob.kind == BUTTON:
                yield knob.name, knob.text
        for node in self.inside:
            yield from node.python


def replay(text: str) -> list[ReplayedNode]:
    """The nodes of a script. Raises ScriptError with what is wrong."""
    return _Replay().run(text)


class _Replay:
    def __init__(self) -> None:
        import tkinter as tk  # here, since a Python may be built without it

        self._tkinter = tk
        self._tcl: Any = tk.Tcl()
        self._top = ReplayedNode("Root", {}, {}, [])
        self._open: list[ReplayedNode] = [self._top]
        self._stacks: list[list[ReplayedNode | None]] = [[]]
        self._kept: dict[str, ReplayedNode | None] = {}
        self._fault: Exception | None = None
        commands: dict[str, Callable[..., str]] = {
            "replay_node": self._node,
            "push": self._push,
            "stack": self._stack,
            "end_group": self._end_group,
            "version": lambda *_: "",
            "add_layer": lambda *_: "",
        }
        for name, command in commands.items():
            self._tcl.createcommand(name, self._guarded(command))
        for name in HARMFUL:
            self._tcl.eval(f"catch {{rename {name} {{}}}}")
        self._tcl.eval("proc unknown {args} { return [eval replay_node $args] }")

    def run(self, text: str) -> list[ReplayedNode]:
        try:
            self._tcl.eval(text)
        except self._tkinter.TclError as error:
            raise ScriptError(str(self._fault or error)) from error
        if len(self._open) > 1:
            raise ScriptError(f"{self._open[-1].node_class} {self._open[-1].name!r} is not closed")
        return self._top.inside

    def _guarded(self, command: Callable[..., str]) -> Callable[..., str]:
        def call(*words: str) -> str:
            try:
                return command(*words)
            except Exception as error:
                self._fault = error
                raise

        return call

    def _node(self, node_class: str, *bodies: str) -> str:
        if node_class not in KNOBS and node_class not in GROUP_CLASSES:
            raise ScriptError(f"unknown command {node_class!r}")
        if len(bodies) != 1:
            raise ScriptError(f"{node_class} takes one body, found {len(bodies)}")
        words = self._tcl.splitlist(bodies[0])
        if len(words) % 2:
            raise ScriptError(f"{node_class} has an odd number of words: {words[-3:]}")
        knobs: dict[str, str] = {}
        users: dict[str, UserKnob] = {}
        for name, value in zip(words[::2], words[1::2]):  # noqa: B905 - Python 3.9 knows no strict
            if name == "addUserKnob":
                knob = _user_knob(self._tcl.splitlist(value), self._tcl.splitlist)
                _check_user_knob(knob, users)
                users[knob.name] = knob
            else:
                knobs[name] = value
        _check_knobs(node_class, knobs, users)
        node = ReplayedNode(node_class, knobs, users, self._inputs(node_class, knobs))
        self._open[-1].inside.append(node)
        self._stacks[-1].append(node)
        if node_class in GROUP_CLASSES:
            self._open.append(node)
            self._stacks.append([])
        return ""

    def _inputs(self, node_class: str, knobs: dict[str, str]) -> list[ReplayedNode | None]:
        default = 0 if node_class == "Gizmo" else FIXED_INPUTS.get(node_class, 1)
        count = int(knobs.get("inputs", default))
        stack = self._stacks[-1]
        if count > len(stack):
            raise ScriptError(f"{node_class} wants {count} inputs, the stack has {len(stack)}")
        return [stack.pop() for _ in range(count)]

    def _push(self, what: str) -> str:
        if what != "0" and what not in self._kept:
            raise ScriptError(f"{what!r} is pushed and was never kept")
        self._stacks[-1].append(None if what == "0" else self._kept[what])
        return ""

    def _stack(self, depth: str) -> str:
        stack = self._stacks[-1]
        if int(depth) >= len(stack):
            raise ScriptError("[stack 0] of an empty stack")
        node = stack[-1 - int(depth)]
        key = f"node{id(node)}"
        self._kept[key] = node
        return key

    def _end_group(self) -> str:
        if len(self._open) == 1:
            raise ScriptError("end_group without a group")
        self._open.pop()
        self._stacks.pop()
        return ""


def _user_knob(words: tuple[str, ...], split: Callable[[str], tuple[str, ...]]) -> UserKnob:
    if len(words) < 2:
        raise ScriptError(f"addUserKnob takes a type and a name, found {words}")
    found: dict[str, Any] = {}
    flags = []
    rest = list(words[2:])
    while rest:
        mark = rest.pop(0)
        if mark[:1] in "+-" and mark[1:].isupper():
            flags.append(mark)
        elif mark in ("l", "t", "T"):
            found[{"l": "label", "t": "tip", "T": "text"}[mark]] = rest.pop(0)
        elif mark == "M":
            found["choices"] = tuple(split(rest.pop(0)))
        elif mark == "R":
            found["limits"] = (float(rest.pop(0)), float(rest.pop(0)))
        else:
            raise ScriptError(f"addUserKnob {words[1]}: {mark!r} means nothing")
    return UserKnob(words[0], words[1], flags=tuple(flags), **found)


def _check_user_knob(knob: UserKnob, before: dict[str, UserKnob]) -> None:
    if knob.kind not in KNOWN_TYPES:
        raise ScriptError(f"{knob.name}: {knob.kind} is no type that Nuke 14 to 17 all have")
    if knob.name in before:
        raise ScriptError(f"{knob.name} is there twice")
    if knob.name in GENERIC or knob.name in GROUPS_OWN:
        raise ScriptError(f"{knob.name} is a knob that every node has")
    if knob.kind == MENU and len(set(knob.choices)) < 2:
        raise ScriptError(f"{knob.name} has nothing to choose from")
    if knob.kind == BUTTON:
        try:
            compile(knob.text, knob.name, "exec")
        except SyntaxError as error:
            raise ScriptError(f"{knob.name} does not compile: {error}") from error


def _check_knobs(node_class: str, knobs: dict[str, str], users: dict[str, UserKnob]) -> None:
    own = set(KNOBS.get(node_class, ())) | set(GENERIC) | {"inputs"}
    if node_class in GROUP_CLASSES:
        own |= set(GROUPS_OWN)
    if node_class == "Write" and knobs.get("file_type") == "exr":
        own |= set(EXR_KNOBS)
    for name, value in knobs.items():
        if name not in own and name not in users:
            raise ScriptError(f"{node_class} has no knob {name!r}")
        menu = MENUS.get((node_class, name)) or (users[name].choices if name in users else ())
        if menu and value not in menu:
            raise ScriptError(f"{node_class}.{name} has no value {value!r}")
    for name in PYTHON_KNOBS:
        if name in knobs:
            compile(knobs[name], name, "exec")
