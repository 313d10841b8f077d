"""A node read as a request to the core: its inputs as files, its frames, its results folder."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import nuke

from .. import nuke_node as names
from ..keyed_frames import FrameStatus, frame_status
from ..request import Request
from . import colour, inputs, knobs
from .messages import NodeError

DEFAULT_FOLDER = "mattebox"


@dataclass(frozen=True)
class NodeRequest:
    """A node's key, ready to be run or looked up.

    Attributes:
        request: for the core.
        pictures: the connected inputs by pipe.
        span: the node's frames.
    """

    request: Request
    pictures: dict[str, inputs.Picture]
    span: inputs.Span

    def frame_status(self, frame: int, fingerprint: str | None) -> FrameStatus:
        """Find the status of a keyed frame against the files it is made from."""
        sources = {*self.request.inputs(frame)}
        for picture in self.pictures.values():
            sources.update(picture.sources(picture.number(frame)))
        return frame_status(
            frame, self.request.frame_path(frame), fingerprint, tuple(sorted(sources))
        )

    @property
    def to_render(self) -> tuple[inputs.Picture, ...]:
        """Inputs that are rendered before the core can read them."""
        return tuple(p for p in self.pictures.values() if p.why_rendered is not None)


def request_of(node: nuke.Node) -> NodeRequest:
    """Read a node. Touches no file of its inputs.

    Raises NodeError with what keeps it from being keyed.
    """
    if node.input(0) is None:
        raise NodeError("nothing is connected to plate", "connect the clip that is to be keyed")
    space = colour.of_script()
    span = span_of(node)
    root = results_folder(node)
    offsets = knobs.offsets(node)
    pictures = inputs.pictures(node, space, span, root, offsets)
    if names.PLATE not in pictures:
        raise NodeError("nothing feeds the plate input", "connect a Read above it")
    plate = pictures[names.PLATE]
    files = {pipe: picture.pattern for pipe, picture in pictures.items() if pipe != names.PLATE}
    request = Request(
        name=node.fullName(),
        root=root,
        plate=plate.pattern,
        pictures=files,
        offset={pipe: offset for pipe, offset in offsets.items() if offset and pipe in files},
        hold=tuple(pipe for pipe in knobs.held(node) if pipe in files),
        weights=knobs.file_text(node, "weights") or None,
        network_config=knobs.file_text(node, "network_config") or None,
        cuts=knobs.cuts(node),
        in_space=plate.space,
        out_space=space.working,
        config=space.config,
        device=knobs.text(node, "device"),
        settings=knobs.settings(node, has_clean_plate="clean_plate" in pictures),
    )
    knobs.safe_in_nuke(request.output)
    return NodeRequest(request, pictures, span)


def span_of(node: nuke.Node) -> inputs.Span:
    """The node's frames. Raises NodeError where there are none."""
    chosen = knobs.text(node, "range")
    if chosen == "custom":
        span = inputs.Span(knobs.whole(node, "first"), knobs.whole(node, "last"))
    elif chosen == "project":
        root = nuke.root()
        span = inputs.Span(int(root["first_frame"].value()), int(root["last_frame"].value()))
    else:
        plate = cast("nuke.Node", node.input(0))
        span = inputs.Span(int(plate.firstFrame()), int(plate.lastFrame()))
    if span.first > span.last:
        raise NodeError(
            f"the first frame {span.first} is after the last frame {span.last}",
            "set first and last (Key tab)",
        )
    return span


def results_folder(node: nuke.Node) -> str:
    """Where keyed frames go: the node's folder knob, else beside the script.

    Raises NodeError where the script has no place yet, or the place cannot be used.
    """
    chosen = knobs.file_text(node, "folder")
    if not chosen:
        script = str(nuke.root().name())
        if script in ("", "Root"):
            raise NodeError(
                "the script is not saved, so its keyed frames have no place",
                f"save it, or choose a folder (Output tab), such as {tempfile.gettempdir()}",
            )
        chosen = f"{Path(knobs.forward(script)).parent.as_posix()}/{DEFAULT_FOLDER}"
    return knobs.safe_in_nuke(chosen.rstrip("/") or "/")
