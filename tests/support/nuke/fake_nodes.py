"""Nodes of the strict fake: knobs, wiring, and the life of a node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.nuke.fake_knobs import Knob, own_knob, user_knob
from tests.support.nuke.knob_lists import EXR_KNOBS, FIXED_INPUTS, GENERIC, GROUPS_OWN, KNOBS
from tests.support.nuke.tcl_replay import GROUP_CLASSES, ReplayedNode, UserKnob

if TYPE_CHECKING:
    from typing import Self  # Nuke 14's Python has none

    from tests.support.nuke.fake import FakeNuke

GONE = "A PythonObject is not attached to a node"
"""How Nuke answers for a node that was deleted."""


class Node:
    """One node. Every call checks that it is still there and that this is the main thread."""

    def __init__(self, host: FakeNuke, node_class: str, group: Group | None, name: str) -> None:
        self.host = host
        self.node_class = node_class
        self.above = group
        self.is_gone = False
        self.connected: list[Node | None] = []
        self.user_knobs: dict[str, UserKnob] = {}
        listed = [*GENERIC, *KNOBS.get(node_class, [])]
        if isinstance(self, Group):
            listed += GROUPS_OWN
        if node_class == "Write":
            listed += EXR_KNOBS
        self.knobs_by_name: dict[str, Knob] = {
            one: own_knob(self, node_class, one) for one in listed
        }
        self.knobs_by_name["name"]._value = name
        if group is not None:
            group.members.append(self)

    @property
    def group(self) -> Group:
        """The group it is in. The root is in none."""
        assert self.above is not None, "the root is in no group"
        return self.above

    def check(self) -> None:
        self.host.check_thread()
        if self.is_gone:
            raise ValueError(GONE)

    def changed(self, knob: Knob) -> None:
        self.host.knob_changed(self, knob)

    def add_user_knobs(self, knobs: dict[str, UserKnob]) -> None:
        self.user_knobs.update(knobs)
        for name, knob in knobs.items():
            self.knobs_by_name[name] = user_knob(self, knob)

    # Nuke's own names from here on.

    def Class(self) -> str:  # noqa: N802
        self.check()
        return self.node_class

    def name(self) -> str:
        self.check()
        return str(self.knobs_by_name["name"]._value)

    def fullName(self) -> str:  # noqa: N802
        self.check()
        above = self.group
        return self.name() if above.above is None else f"{above.fullName()}.{self.name()}"

    def setName(self, name: str) -> None:  # noqa: N802
        self.check()
        self.knobs_by_name["name"]._value = self.host.free_name(self.group, name)

    def __getitem__(self, name: str) -> Knob:
        found = self.knob(name)
        if found is None:
            raise NameError(f"knob {name} does not exist")
        return found

    def knob(self, name: str) -> Knob | None:
        self.check()
        if name in EXR_KNOBS and self.knobs_by_name["file_type"]._value != "exr":
            return None  # these come with the file type
        return self.knobs_by_name.get(name)

    def knobs(self) -> dict[str, Knob]:
        self.check()
        return dict(self.knobs_by_name)

    def writeKnobs(self, flags: int = 0) -> str:  # noqa: N802
        self.check()
        assert flags == self.host.module.WRITE_NON_DEFAULT_ONLY
        return " ".join(n for n, knob in self.knobs_by_name.items() if not knob.is_default)

    def inputs(self) -> int:
        self.check()
        return len(self.connected)

    def input(self, index: int) -> Node | None:
        self.check()
        return self.connected[index] if 0 <= index < len(self.connected) else None

    def setInput(self, index: int, node: Node | None) -> bool:  # noqa: N802
        self.check()
        if node is not None and node.group is not self.group:
            raise ValueError(f"{node.fullName()} is in another group than {self.fullName()}")
        if index >= self.most_inputs:
            raise ValueError(f"{self.fullName()} has no input {index}")
        self.connected += [None] * (index + 1 - len(self.connected))
        self.connected[index] = node
        return True

    @property
    def most_inputs(self) -> int:
        return FIXED_INPUTS.get(self.node_class, 10000 if self.node_class == "Switch" else 1)

    def parent(self) -> Group | None:
        self.check()
        return self.above

    def dependent(self, mask: int) -> list[Node]:
        self.check()
        assert mask & self.host.module.INPUTS
        return [one for one in self.group.members if self in one.connected]

    def firstFrame(self) -> int:  # noqa: N802
        return self._range()[0]

    def lastFrame(self) -> int:  # noqa: N802
        return self._range()[1]

    def _range(self) -> tuple[int, int]:
        self.check()
        if self.node_class == "Read":
            return int(self["first"].value()), int(self["last"].value())
        pipes = self.group.connected if self.node_class == "Input" else self.connected
        above = next((one for one in pipes if one is not None), None)
        if above is not None:
            return above._range()
        root = self.host.root_node
        return int(root["first_frame"].value()), int(root["last_frame"].value())

    def setSelected(self, selected: bool) -> None:  # noqa: N802
        self["selected"].setValue(selected)

    def xpos(self) -> int:
        return int(self["xpos"].value())

    def ypos(self) -> int:
        return int(self["ypos"].value())

    def setXYpos(self, x: int, y: int) -> None:  # noqa: N802
        self["xpos"].setValue(x)
        self["ypos"].setValue(y)


class Group(Node):
    """A node with nodes inside; ``with`` makes it the place for new ones."""

    def __init__(self, *words: Any) -> None:
        self.members: list[Node] = []
        super().__init__(*words)

    def nodes(self) -> list[Node]:
        self.check()
        return list(self.members)

    def node(self, name: str) -> Node | None:
        self.check()
        return next((one for one in self.members if one.name() == name), None)

    def __enter__(self) -> Self:
        self.check()
        self.host.places.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        self.host.places.pop()

    @property
    def most_inputs(self) -> int:
        return sum(one.node_class == "Input" for one in self.members)


class Gizmo(Group):
    """A group that comes from a .gizmo file."""


class Root(Group):
    """The script."""

    def name(self) -> str:
        self.check()
        return str(self.knobs_by_name["name"]._value)

    def fullName(self) -> str:  # noqa: N802
        return "root"


def build(host: FakeNuke, text: ReplayedNode, place: Group, node_class: str | None = None) -> Node:
    """A node, and what is inside it, from a script. ``node_class`` is a gizmo's own name."""
    kind = {"Gizmo": Gizmo, "Group": Group}.get(text.node_class, Node)
    shown = node_class or text.node_class
    node = kind(host, shown, place, host.free_name(place, text.name or f"{shown}1"))
    node.add_user_knobs(text.user_knobs)
    for name, value in text.knobs.items():
        if name in ("name", "inputs") or name.endswith("color"):
            continue
        node.knobs_by_name[name].from_script(value)
    if text.node_class in GROUP_CLASSES:
        assert isinstance(node, Group)
        made = {id(inner): build(host, inner, node) for inner in text.inside}
        for inner in text.inside:
            for index, source in enumerate(inner.inputs):
                made[id(inner)].setInput(index, None if source is None else made[id(source)])
    return node
