"""What is connected to the node, as files: a plain Read as it is, all else to be rendered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import nuke

from .. import nuke_node as names
from ..patterns import is_pattern, numbered
from . import graph
from .colour import ScriptColour
from .knobs import forward, safe_in_nuke

READABLE = (".exr", ".dpx", ".cin", ".tif", ".tiff", ".png", ".jpg", ".jpeg")
"""Stills that the core reads as Nuke does; movies and camera files are rendered."""

RENDERED = "inputs"
"""Folder of rendered inputs, beside the keyed frames."""

_VIEWS = re.compile(r"%[vV]")


@dataclass(frozen=True)
class Span:
    """The frames of a node's shot."""

    first: int
    last: int

    @property
    def frames(self) -> range:
        return range(self.first, self.last + 1)

    @property
    def text(self) -> str:
        return f"{self.first}-{self.last}"


@dataclass(frozen=True)
class Picture:
    """One input, as files.

    Attributes:
        pipe: the input's name.
        pattern: the files.
        space: their colour space, by a name of the config.
        why_rendered: why a Read's own files do not do; None where they do.
        node: what is rendered, or the Read.
        rendered: the frames that are rendered, where any are; a still picture needs one.
        reads: the Reads it is made from.
        offset: what is added to a plate's frame to find its number here.
    """

    pipe: str
    pattern: str
    space: str
    why_rendered: str | None
    node: nuke.Node
    rendered: Span
    reads: tuple[nuke.Node, ...]
    offset: int

    def number(self, frame: int) -> int:
        """The number of the picture that serves a frame of the plate."""
        return frame + self.offset

    def sources(self, number: int) -> tuple[Path, ...]:
        """The files on disk that a picture is made from, as far as their Reads say."""
        return tuple(
            Path(numbered(pattern, number)) for pattern in map(file_of, self.reads) if pattern
        )


def pictures(
    node: nuke.Node,
    colour: ScriptColour,
    span: Span,
    root: str,
    offsets: Mapping[str, int],
) -> dict[str, Picture]:
    """All connected inputs by the name of their pipe.

    The core reads plate and clean plate in one colour space: where theirs differ, what is not in
    the working space is rendered into it.

    Args:
        node: the Mattebox node.
        colour: of the script.
        span: the node's frames; inputs must have them, moved by their offsets.
        root: folder that rendered inputs go below.
        offsets: what is added to a plate's frame to find that of an input, by pipe.
    """
    place = _Place(colour, span, root, offsets)
    found = {}
    for index, pipe in enumerate(names.INPUTS):
        source = node.input(index)
        top = graph.feeding(source)
        if source is not None and top is not None:
            found[pipe] = _picture(pipe, top, place)
    plate, clean = found.get(names.PLATE), found.get("clean_plate")
    if plate is not None and clean is not None and plate.space != clean.space:
        for one in (plate, clean):
            if one.space != colour.working:
                why = f"plate and clean plate differ in colour space: {plate.space}, {clean.space}"
                found[one.pipe] = _to_render(one.pipe, one.node, place, why)
    return found


def file_of(read: nuke.Node) -> str:
    """The files of a Read as they stand in its panel, full size in proxy mode too; may be empty."""
    return forward(str(read["file"].value() or "").strip())


@dataclass(frozen=True)
class _Place:
    """What all inputs of a node share; as ``pictures``."""

    colour: ScriptColour
    span: Span
    root: str
    offsets: Mapping[str, int]

    def span_of(self, pipe: str) -> Span:
        """The frames that an input must have, by its own numbers."""
        offset = self.offsets.get(pipe, 0)
        return Span(self.span.first + offset, self.span.last + offset)


def _picture(pipe: str, top: nuke.Node, place: _Place) -> Picture:
    span = place.span_of(pipe)
    why = _why_not_plain(pipe, top, place.colour, span)
    if why is not None:
        return _to_render(pipe, top, place, why)
    space = _space(pipe, top, place.colour)
    assert space is not None
    offset = place.offsets.get(pipe, 0)
    return Picture(pipe, file_of(top), space, None, top, span, (top,), offset)


def _to_render(pipe: str, top: nuke.Node, place: _Place, why: str) -> Picture:
    name = f"{pipe}_{graph.digest(top)}"
    span, numbers = place.span_of(pipe), ".####"
    if pipe != names.PLATE and top.firstFrame() == top.lastFrame():
        span, numbers = Span(span.first, span.first), ""  # a still: one file serves all frames
    pattern = safe_in_nuke(f"{place.root}/{RENDERED}/{name}/{pipe}{numbers}.exr")
    reads, offset = graph.reads_above(top), place.offsets.get(pipe, 0)
    return Picture(pipe, pattern, place.colour.working, why, top, span, reads, offset)


def _space(pipe: str, read: nuke.Node, colour: ScriptColour) -> str | None:
    """The colour space of a Read's files; mattes are numbers and have none of their own."""
    if bool(read["raw"].value()) or pipe not in (names.PLATE, "clean_plate"):
        return colour.working
    return colour.space(str(read["colorspace"].value()))


def _why_not_plain(pipe: str, top: nuke.Node, colour: ScriptColour, span: Span) -> str | None:
    """Why a node's files do not do as they are; None where they do."""
    if top.Class() != "Read":
        return f"{top.name()} changes the picture"
    pattern = file_of(top)
    suffix = Path(pattern).suffix.lower()
    sequence = is_pattern(pattern)
    inside = int(top["first"].value()) <= span.first and span.last <= int(top["last"].value())
    faults = (
        (not pattern, "no file is chosen"),
        (any(letter in pattern for letter in "[]$"), "its file is an expression"),
        (suffix not in READABLE, f"{suffix or pattern} is not a still picture"),
        (_VIEWS.search(pattern) is not None, "it has one file for each view"),
        (pipe == names.PLATE and not sequence, "it is one picture and no sequence"),
        (sequence and not inside, f"it does not have all of {span.text}"),
        (not _keeps_frame_numbers(top), "it shifts its frames"),
        (bool(top["premultiplied"].value()), "it is marked premultiplied"),
        (
            _space(pipe, top, colour) is None,
            f"{top['colorspace'].value()!r} is not the full name of a colour space",
        ),
    )
    return next((why for fault, why in faults if fault), None)


def _keeps_frame_numbers(read: nuke.Node) -> bool:
    mode, shift = str(read["frame_mode"].value()), str(read["frame"].value() or "").strip()
    if mode == "start at":
        return shift in ("", str(read["first"].value()))
    return shift in ("", "0") if mode == "offset" else shift in ("", "frame")
