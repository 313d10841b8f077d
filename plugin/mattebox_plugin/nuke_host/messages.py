"""Messages to artists: a window in the interface; a line and an exception without one."""

from __future__ import annotations

from typing import Callable

import nuke

from ..mattebox_command import BrokenError, NotFoundError


class NodeError(Exception):
    """A node cannot do what was asked. Its text says why and what to do."""

    def __init__(self, what: str, next_step: str) -> None:
        super().__init__(f"{what}. Next step: {next_step}")
        self.what = what
        self.next_step = next_step


EXPECTED = (NodeError, NotFoundError, BrokenError, OSError)
"""What an artist can do something about. Anything else is our own fault and keeps its trace."""


def run_action(action: Callable[[nuke.Node], None], node: nuke.Node) -> None:
    """Run a button's action and show an expected fault as a message.

    Raises RuntimeError where Nuke runs without an interface: a script must stop there.
    """
    try:
        action(node)
    except EXPECTED as error:
        text = _sentence(error)
        if not nuke.GUI:
            raise RuntimeError(f"{node.fullName()}: {text}") from error
        say(text)


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def say(text: str) -> None:
    """One message, in a window or on the terminal. Main thread only."""
    if nuke.GUI:
        nuke.message(_plain(text))
    else:
        nuke.tprint(f"Mattebox: {text}")


def _plain(text: str) -> str:
    """Nuke's windows read a little HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
