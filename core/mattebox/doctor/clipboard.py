"""Text to the clipboard, by the program that each desktop has for it."""

from __future__ import annotations

import shutil
import subprocess
import sys

from mattebox.errors import ToolError

COPIERS = {
    "darwin": (("pbcopy",),),
    "win32": (("clip",),),
    "linux": (
        ("wl-copy",),
        ("xclip", "-selection", "clipboard"),
        ("xsel", "--clipboard", "--input"),
    ),
}
"""Programs that take the clipboard's text on standard input, by system."""

_SECONDS = 10.0


def copy_text(text: str) -> None:
    """Copy a text. Raises ToolError where no program of this desktop does."""
    encoding = "utf-16" if sys.platform == "win32" else "utf-8"  # clip knows UTF-16 by its mark
    for copier in COPIERS.get(sys.platform, COPIERS["linux"]):
        program = shutil.which(copier[0])
        if program is None:
            continue
        try:
            done = subprocess.run(  # noqa: S603 - a program of the desktop, on the PATH
                [program, *copier[1:]],
                input=text.encode(encoding),
                stdout=subprocess.DEVNULL,  # xclip stays, and would hold a pipe open
                stderr=subprocess.DEVNULL,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return
    names = ", ".join(copier[0] for copier in COPIERS.get(sys.platform, COPIERS["linux"]))
    raise ToolError(
        "nothing here copies to the clipboard",
        expected=f"one of {names}, and a desktop",
        next_step="mattebox doctor --report prints the same text",
    )
