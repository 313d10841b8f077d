"""Which commit this Mattebox is of. Standard library only: the build asks it, too."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

COMMIT = Path(__file__).with_name("commit.txt")
"""A placeholder in a checkout, which ``git archive`` and builds replace by the commit."""

CHANGES = "+changes"
"""Stands behind a commit that the files are not quite of."""

_SHOWN = 12  # digits: no two commits of a project share so many
_KNOWN = re.compile(rf"[0-9a-f]{{40}}(?:{re.escape(CHANGES)})?")
_GIT_SECONDS = 10.0


def commit() -> str | None:
    """Forty hex digits, with ``+changes`` where files differ from it; None where nobody knows."""
    try:
        written = COMMIT.read_text(encoding="utf-8").strip()
    except OSError:  # taken out of an installation: nothing that keys needs it
        return None
    return written if _KNOWN.fullmatch(written) else _of_checkout()


def commit_in_words() -> str:
    """``commit 0123456789ab``, ``... with changes`` or ``commit not known``."""
    known = commit()
    if known is None:
        return "commit not known"
    return f"commit {known[:_SHOWN]}" + (" with changes" if known.endswith(CHANGES) else "")


def _of_checkout() -> str | None:
    """What git says of the checkout that this file lies in; None where there is no git."""
    source, root = COMMIT.parents[1], COMMIT.parents[2]
    if source.name != "core" or not (root / ".git").exists():
        return None
    describe = ["describe", "--always", "--exclude=*", "--abbrev=40", f"--dirty={CHANGES}"]
    ours = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(  # noqa: S603 - git of the PATH, in our own checkout
            ["git", "-C", str(root), *describe],  # noqa: S607
            env=ours,  # a hook of another repository would lead git there
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = done.stdout.strip()
    return said if done.returncode == 0 and _KNOWN.fullmatch(said) else None
