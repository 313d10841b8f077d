"""Showing keyed frames in the node: its hidden knobs, and the Read inside that follows them."""

from __future__ import annotations

from typing import cast

import nuke

from .. import nuke_node as names
from ..keyed_frames import Status, newest_fingerprint
from .knobs import forward, set_values, text
from .node_request import NodeRequest

STATUS_NUMBERS = {
    Status.MISSING: names.MISSING,
    Status.CUT_SHORT: names.MISSING,
    Status.STALE: names.STALE,
    Status.CURRENT: names.CURRENT,
}


def attach(node: nuke.Node, wanted: NodeRequest, fingerprint: str) -> None:
    """Let the node show the frames of a request. Main thread only.

    A gizmo saves its own knobs and nothing of its inside, so the Read follows the knobs.
    """
    set_values(
        node,
        {
            names.RESULT_FILE: forward(wanted.request.output),
            names.RESULT_FIRST: wanted.span.first,
            names.RESULT_LAST: wanted.span.last,
            names.RESULT_DIGEST: wanted.request.digest,
            names.RESULT_FINGERPRINT: fingerprint,
            names.RESULT_PROXY: wanted.request.proxy,
            names.HAS_RESULT: True,
        },
    )
    reload(node)


def reload(node: nuke.Node) -> None:
    """Let Nuke see frames that came after it first looked."""
    read = cast("nuke.Group", node).node(names.RESULT)
    if read is not None:
        cast("nuke.PyScript_Knob", read["reload"]).execute()


def is_attached(node: nuke.Node, wanted: NodeRequest) -> bool:
    """Whether the node shows the frames of this request, and not those of other settings or, in a
    copy, of the node it was copied from. Where the project lies does not count: farms mount it
    elsewhere."""
    return (
        bool(node[names.HAS_RESULT].value())
        and text(node, names.RESULT_DIGEST) == wanted.request.digest
        and _place(text(node, names.RESULT_FILE)) == _place(wanted.request.output)
    )


def fingerprint_of(node: nuke.Node, wanted: NodeRequest) -> str | None:
    """The fingerprint of the request's frames, as far as anybody knows: the node's own, else that
    of the frame on disk that was written last. A folder belongs to one request alone."""
    if is_attached(node, wanted):
        return text(node, names.RESULT_FINGERPRINT)
    return newest_fingerprint(wanted.request.frame_path(f) for f in wanted.span.frames)


def _place(pattern: str) -> list[str]:
    """A request's folder and its files, by name."""
    return forward(pattern).split("/")[-2:]
