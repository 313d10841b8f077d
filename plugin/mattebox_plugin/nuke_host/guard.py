"""The guard of renders: they check that keyed frames are there and current, and never key."""

from __future__ import annotations

from collections.abc import Iterable

import nuke

from .. import nuke_node as names
from ..keyed_frames import FrameStatus, Status, in_words, runs
from . import attach, graph
from .knobs import is_mattebox, text
from .messages import NodeError
from .node_request import NodeRequest, request_of

SHIFTING = [
    "TimeOffset",
    "TimeWarp",
    "Retime",
    "FrameHold",
    "FrameRange",
    "FrameBlend",
    "TimeBlur",
    "TimeEcho",
    "AppendClip",
    "Kronos",
    "OFlow2",
    "TimeClip",
]
"""Nodes that ask for other frames than the one that is rendered."""


def before_render() -> None:
    """What Nuke calls before a Write renders. Raises RuntimeError, which stops it.

    What cannot be right for any frame is told here, and frames are named where they are known:
    on the command line (``-F``), and where something above shifts them.
    """
    write = nuke.thisNode()
    frames = asked_on_command_line()
    for node in keyed_above(write):
        wanted = _usable(node)
        if any(one.Class() in SHIFTING for one in graph.above(write)):
            _check(node, wanted, wanted.span.frames)
        elif frames is not None:
            _check(node, wanted, [frame for frame in wanted.span.frames if frame in frames])


def before_frame() -> None:
    """What Nuke calls before each frame of a Write. Raises RuntimeError, which stops it."""
    frame = int(nuke.frame())
    for node in keyed_above(nuke.thisNode()):
        wanted = _usable(node)
        if frame in wanted.span.frames:
            _check(node, wanted, (frame,))


def keyed_above(write: nuke.Node) -> tuple[nuke.Node, ...]:
    """The Mattebox nodes whose keyed frames a Write shows."""
    found = (one for one in graph.above(write) if is_mattebox(one))
    return tuple(one for one in found if text(one, names.SHOWN) == names.SHOWN_CHOICES[0])


def asked_on_command_line() -> set[int] | None:
    """The frames of ``nuke -x -F 1-10 -F 20``; None where the command line says none."""
    words = [str(word) for word in nuke.rawArgs]
    found: set[int] = set()
    for index, word in enumerate(words[:-1]):
        if word == "-F":
            found.update(_frames(words[index + 1]))
    return found or None


def _frames(text_: str) -> Iterable[int]:
    """Frames of ``A``, ``A-B`` and ``A-BxC``; none of what is something else."""
    for piece in text_.replace(",", " ").split():
        span, _, step = piece.partition("x")
        first, dash, last = span[1:].partition("-")
        first = span[:1] + first  # a sign is no dash between numbers
        try:
            yield from range(int(first), int(last if dash else first) + 1, int(step or 1))
        except ValueError:
            return


PROXY = "proxy {} is a preview, and renders want full frames"


def _usable(node: nuke.Node) -> NodeRequest:
    """What a node asks for, where it is what the node shows."""
    try:
        wanted = request_of(node)
    except NodeError as error:
        raise RuntimeError(f"{node.fullName()}: {error}") from error
    if wanted.request.proxy > 1 and not nuke.root()["proxy"].value():
        raise RuntimeError(
            f"{node.fullName()}: {PROXY.format(wanted.request.proxy)}. "
            "Next step: choose proxy 1 (Output tab) and Key range, or render in proxy mode"
        )
    if not node[names.HAS_RESULT].value():
        raise RuntimeError(
            f"{node.fullName()}: missing {wanted.span.text}: it has not been keyed yet. "
            "Next step: Key range, or Export job and key on the farm"
        )
    if not attach.is_attached(node, wanted):
        shown = f"{node[names.RESULT_FIRST].value()}-{node[names.RESULT_LAST].value()}"
        raise RuntimeError(
            f"{node.fullName()}: stale {shown}: settings or inputs have changed since these frames "
            "were keyed, or the node is a copy. Next step: Key range; or Update, where the frames "
            "are on disk"
        )
    return wanted


def _check(node: nuke.Node, wanted: NodeRequest, frames: Iterable[int]) -> None:
    """Refuse where one of the frames cannot be used; names all of the node's that cannot."""
    fingerprint = text(node, names.RESULT_FINGERPRINT)
    statuses = [wanted.frame_status(frame, fingerprint) for frame in frames]
    bad = [one for one in statuses if one.status is not Status.CURRENT]
    if not bad:
        return
    everywhere = [wanted.frame_status(frame, fingerprint) for frame in wanted.span.frames]
    raise RuntimeError(
        f"{node.fullName()}: frame {runs(one.frame for one in bad)} cannot be rendered: "
        f"{_first(bad)}. Of {wanted.span.text}: {in_words(everywhere)}. Next step: Key range"
    )


def _first(bad: list[FrameStatus]) -> str:
    return f"{bad[0].status.value}: {bad[0].detail}"
