"""Licences of other people's work: shown and accepted once, before it is brought or run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from mattebox.cli.output import say
from mattebox.errors import UsageError

if TYPE_CHECKING:
    from mattebox.weights.catalogue import Licence


def have_accepted(
    name: str, licence: Licence, *, covers: str, accepted: bool, nothing: str
) -> None:
    """Show a licence and have it accepted.

    Args:
        name: of the licence, as it is shown.
        licence: its terms.
        covers: what is under it.
        accepted: it was accepted on the command line.
        nothing: what was not done where it is not accepted.

    Raises UsageError where it is not.
    """
    say(f"licence of {covers}: {name}\n  {licence.line}\n  {licence.url}", err=True)
    agreed = accepted
    if not accepted and sys.stdin.isatty():
        try:
            agreed = typer.confirm("Do you accept it?", err=True)
        except typer.Abort:
            agreed = False
    if not agreed:
        raise UsageError(
            f"the licence {name} was not accepted; {nothing}",
            next_step="read it and run the same command with --accept-licence",
        )
