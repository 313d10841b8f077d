"""Writing Nuke's script language: nodes, user knobs and wiring, as .nk and .gizmo files hold them.

A script is Tcl: each node class is a command with one body of ``knob value`` words, and a node
takes its inputs from a stack, the last one pushed first. Knob types are the numbers that Nuke
itself writes; only those that have been the same since Nuke 6 are used.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+%:,")
"""Characters that need no quotes in a word."""

ESCAPED = frozenset('\\"[]{}$')
"""Characters that Tcl would read as its own."""


class KnobType(enum.IntEnum):
    """Numbers of ``addUserKnob``."""

    STRING = 1
    FILE = 2
    INTEGER = 3
    CHOICE = 4
    FLAG = 6
    NUMBER = 7
    COLOUR = 18
    TAB = 20
    BUTTON = 22
    TEXT = 26


def word(text: str) -> str:
    """One value as one word, quoted where Tcl would read more or less into it."""
    if text and not text.startswith("#") and all(letter in PLAIN for letter in text):
        return text
    escaped = "".join(f"\\{letter}" if letter in ESCAPED else letter for letter in text)
    return '"' + escaped.replace("\n", "\\n") + '"'


def expression(text: str, *more: str) -> str:
    """Expressions of a knob, one for each of its numbers; they stand unquoted in a body."""
    return "{" + " ".join("{" + word(one) + "}" for one in (text, *more)) + "}"


class NodeText:
    """One node, written knob by knob."""

    def __init__(self, node_class: str, *, indent: int = 0) -> None:
        self._class = node_class
        self._margin = " " * indent
        self._rows: list[str] = []

    def knob(self, name: str, value: object) -> NodeText:
        """Set a knob. Flags, numbers and texts are written as Nuke writes them."""
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        return self.raw(name, word(shown))

    def numbers(self, name: str, values: Sequence[float]) -> NodeText:
        """Set a knob of several numbers, such as a colour."""
        return self.raw(name, "{" + " ".join(f"{value:g}" for value in values) + "}")

    def raw(self, name: str, body: str) -> NodeText:
        """Set a knob to words that are already Tcl: an expression, a list."""
        self._rows.append(f"{name} {body}")
        return self

    def user_knob(
        self,
        kind: KnobType,
        name: str,
        label: str,
        *,
        tip: str = "",
        choices: Sequence[str] = (),
        limits: tuple[float, float] | None = None,
        text: str | None = None,
        flags: str = "",
    ) -> NodeText:
        """Add a knob of our own.

        Args:
            kind: its type.
            name: must not be one that Nuke's nodes have.
            label: for people; may be empty.
            tip: the tooltip.
            choices: of ``CHOICE``.
            limits: the slider's ends; typed values may lie outside.
            text: what a ``BUTTON`` runs and a ``TEXT`` shows.
            flags: such as ``-STARTLINE`` and ``+INVISIBLE``.
        """
        parts = [str(int(kind)), word(name), "l", word(label)]
        if tip:
            parts += ["t", word(tip)]
        if flags:
            parts.append(flags)
        if text is not None:
            parts += ["T", word(text)]
        if choices:
            parts += ["M", "{" + " ".join(word(choice) for choice in choices) + "}"]
        if limits is not None:
            parts += ["R", f"{limits[0]:g}", f"{limits[1]:g}"]
        return self.raw("addUserKnob", "{" + " ".join(parts) + "}")

    def __str__(self) -> str:
        rows = [f"{self._margin}{self._class} {{", *(f"{self._margin} {r}" for r in self._rows)]
        return "\n".join((*rows, f"{self._margin}}}")) + "\n"


def remembered(name: str) -> str:
    """Keep the node written last, for ``pushed``."""
    return f"set {name} [stack 0]\n"


def pushed(*names: str) -> str:
    """Lay kept nodes on the stack, so that the node written next has them as inputs 0, 1, 2."""
    return "".join(f"push ${name}\n" for name in reversed(names))
