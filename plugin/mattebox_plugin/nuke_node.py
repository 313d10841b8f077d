"""The Mattebox node of Nuke: names of its inputs, choices and knobs.

The generator writes them into the gizmo and ``nuke_host`` reads them back.
"""

from __future__ import annotations

from collections.abc import Mapping

from .parameters import INPUTS as PICTURES

NODE_CLASS = "Mattebox"
MARKER = "mattebox_node"
"""A hidden knob that says a node is ours, also where a gizmo was turned into a group."""

MARK = "1"
"""Its value: counts changes of the knobs that old scripts would miss."""

PLATE = "plate"
INPUTS = (PLATE, *(one.name for one in PICTURES))
"""Pipes, the main one first. Mattes are taken from alpha."""

SHOWN = "shown"
SHOWN_CHOICES = ("result", "source", "status")
"""What the node puts out: the keyed frames, the plate, or the plate in its state's colour."""

RANGES = ("input", "project", "custom")
"""Where the node's frames come from."""

DEVICES = ("auto", "cpu", "cuda", "cuda:0", "cuda:1", "cuda:2", "cuda:3")

LAYERS: Mapping[str, tuple[str, ...]] = {
    "fg": ("red", "green", "blue"),
    "spill": ("red", "green", "blue"),
    "net": ("alpha",),
    "conf": ("alpha",),
    "plate": ("red", "green", "blue"),
}
"""Layers of the result beside rgba, with Nuke's names of their channels."""

RESULT, ENLARGED, FULL_SIZE = "Result", "Enlarged", "FullSize"
"""Nodes inside the gizmo: the reader of keyed frames, the same enlarged where they are proxies, and
the switch between both."""

STATUS_TINT, SHOW = "StatusTint", "Show"
"""The tint of the status, and the switch of what is shown."""

RESULT_FILE = "result"
RESULT_FIRST = "result_first"
RESULT_LAST = "result_last"
RESULT_DIGEST = "result_digest"
RESULT_FINGERPRINT = "result_fingerprint"
RESULT_PROXY = "result_proxy"
HAS_RESULT = "has_result"
FRAME_STATE = "frame_state"
"""Hidden knobs. They hold what is attached, so that a script carries it to the next machine."""

MISSING, STALE, CURRENT = 0, 1, 2
"""Values of ``FRAME_STATE``, a curve over frames."""

STATUS_COLOURS = ((0.48, 0.016, 0.0), (0.72, 0.6, 0.04), (0.0, 0.096, 0.48))
"""Red, yellow and blue light, linear, added to a dimmed plate in the order of these values. Told
apart by all common kinds of colour blindness over every plate; red, yellow and green were not."""

STATUS_DIMMED = 0.15
"""What the plate is multiplied with below them."""

STATUS = "status"

LIVE = "live"
"""The flag that has the current frame keyed again when a knob rests."""


def pass_knob(layer: str) -> str:
    """The knob that switches a layer of the result on."""
    return f"pass_{layer}"
