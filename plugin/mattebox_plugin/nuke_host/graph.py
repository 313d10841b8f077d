"""The node graph above a node: what feeds it, and what has to be the same for equal pixels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import nuke

from .knobs import is_mattebox

PASS_THROUGH = ("Dot", "NoOp")
"""Nodes that change no pixel."""

PLACE_ONLY = frozenset(
    [
        "name",
        "selected",
        "xpos",
        "ypos",
        "label",
        "note_font",
        "note_font_size",
        "note_font_color",
        "tile_color",
        "gl_color",
        "icon",
        "bookmark",
        "postage_stamp",
        "postage_stamp_frame",
        "hide_input",
        "dope_sheet",
        "indicators",
        "cached",
        "reload",
        "help",
        "onCreate",
        "autolabel",
        "version",
        "localizationPolicy",
    ]
)
"""Knobs that change no pixel."""


def feeding(node: nuke.Node | None) -> nuke.Node | None:
    """The first node upwards, this one included, that does something to the picture."""
    while node is not None:
        if node.Class() == "Input":
            node = _outside(node)
        elif node.Class() in PASS_THROUGH or is_disabled(node):
            node = node.input(0)
        else:
            return node
    return None


def above(node: nuke.Node) -> Iterator[nuke.Node]:
    """Every node that a node's picture is made from, itself first, each once.

    A Mattebox node reads frames from disk, so nothing above it counts. Of a Switch that stands
    still, only the chosen input counts.
    """
    seen: set[str] = set()
    waiting: list[nuke.Node | None] = [node]
    while waiting:
        one = feeding(waiting.pop(0))
        if one is None or one.fullName() in seen:
            continue
        seen.add(one.fullName())
        yield one
        if one is node or not is_mattebox(one):
            waiting += _sources(one)


def reads_above(node: nuke.Node) -> tuple[nuke.Node, ...]:
    """The Reads that a node's picture is made from."""
    return tuple(one for one in above(node) if one.Class() == "Read")


def digest(node: nuke.Node) -> str:
    """16 hex digits over the knobs and wiring above a node: other pixels, another digest.

    It covers expressions and curves as they are written, not what they look at elsewhere in the
    script, nor what is in files.
    """
    nodes = list(above(node))
    index = {one.fullName(): number for number, one in enumerate(nodes)}
    rows = []
    for one in nodes:
        sources = (feeding(source) for source in _sources(one))
        wiring = [None if source is None else index.get(source.fullName()) for source in sources]
        rows.append(f"{one.Class()} {_written(one)} {wiring}")
    return hashlib.sha256("\n".join(rows).encode("utf-8", "replace")).hexdigest()[:16]


def is_disabled(node: nuke.Node) -> bool:
    knob = node.knob("disable")
    return knob is not None and bool(knob.value())


def _sources(node: nuke.Node) -> list[nuke.Node | None]:
    """What a node reads: its inputs, and of a group the node that it puts out."""
    found: list[nuke.Node | None] = [node.input(index) for index in range(node.inputs())]
    if node.Class() == "Switch":
        which = node["which"]
        if not which.isAnimated() and not which.hasExpression():
            return found[int(which.value()) : int(which.value()) + 1]
    if isinstance(node, nuke.Group) and not is_mattebox(node):
        found += [inner for inner in node.nodes() if inner.Class() == "Output"]
    return found


def _outside(pipe: nuke.Node) -> nuke.Node | None:
    """What a group's Input node passes in."""
    number = pipe.knob("number")
    return pipe.parent().input(0 if number is None else int(number.value()))


def _written(node: nuke.Node) -> str:
    """The knobs that may change pixels, as a script would hold them; defaults are left out, since
    another Nuke may have more knobs."""
    pairs = []
    for name in sorted(str(node.writeKnobs(nuke.WRITE_NON_DEFAULT_ONLY)).split()):
        knob = None if name in PLACE_ONLY else node.knob(name)
        if knob is not None:
            pairs.append(f"{name}={knob.toScript()}")
    return " ".join(pairs)
