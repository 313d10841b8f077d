"""Tools for tests of `mattebox hint`: stand-ins with the command lines of real ones, and runs."""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from mattebox.errors import MatteboxError
from mattebox.events import CollectingReporter, Event, NoteEvent
from mattebox.hints import open_tool, remember_values
from mattebox.inputs import Matte
from mattebox.job import Job
from mattebox.pipeline.hint_pictures import HintWish
from mattebox.pipeline.hints import make_mattes

STAND_IN = Path(__file__).with_name("stand_in_tool.py")

ANY = """
schema = 1
name = "any"
title = "Any Tool"
home = "https://example.org/any"
purpose = "a stand-in"
run_here = "yes"
install = ["mattebox hint set any python=..."]
memory = {memory}
command = [
  "{{python}}", "{{script}}", "any", "--pictures", "{{pictures}}", "--mattes", "{{mattes}}",
  ["--fault", "{{fault}}"],
]

[licence]
name = "MIT"
line = "Free for any use."
url = "https://example.org/licence"

[parameters.python]
kind = "program"
help = "Python"

[parameters.script]
kind = "file"
help = "the stand-in"

[parameters.fault]
kind = "text"
help = "how it fails"
optional = true

[version]
command = ["{{python}}", "-c", "print('1.0')"]

[pictures]
{pictures}

[mattes]
files = ["{{mattes}}/*.png"]
match = "name"
{mattes}
"""


def write_any(
    settings: Path, *, memory: str = "false", pictures: str = "", mattes: str = ""
) -> None:
    """A recipe of the user's own for a stand-in, set up."""
    folder = settings / "recipes"
    folder.mkdir(parents=True, exist_ok=True)
    text = ANY.format(memory=memory, pictures=pictures, mattes=mattes)
    (folder / "any.toml").write_text(text, encoding="utf-8")
    remember_values("any", {"python": sys.executable, "script": str(STAND_IN)})


SCRIPTS = {
    "matanyone": "inference_matanyone.py",
    "matanyone2": "inference_matanyone2.py",
    "rvm": "inference.py",
    "bgmv2": "inference_images.py",
    "videomama": "inference_onestep_folder.py",
    "corridorkey": "corridorkey_cli.py",
}
"""The script that each tool is called by."""


def stand_in(tool: str, folder: Path) -> dict[str, str]:
    """A clone of a tool that holds nothing but its script's name; where it is, for its recipe."""
    folder.mkdir()
    script = f"import runpy, sys\nsys.argv[:] = [{str(STAND_IN)!r}, {tool!r}, *sys.argv[1:]]\n"
    script += f"runpy.run_path({str(STAND_IN)!r}, run_name='__main__')\n"
    (folder / SCRIPTS[tool]).write_text(script)
    weights = folder / "weights.pth"
    weights.touch()
    values = {"folder": str(folder), "python": sys.executable}
    if tool in ("rvm", "bgmv2"):
        values["checkpoint"] = str(weights)
    if tool == "videomama":
        values |= {"base": str(folder), "unet": str(folder)}
    if tool == "corridorkey":
        uv = folder / "uv"
        uv.write_text(f'#!/bin/sh\nshift 2\nexec "{sys.executable}" "$@"\n')
        uv.chmod(0o755)
        (folder / "ClipsForInference").mkdir()
        values = {"folder": str(folder), "uv": str(uv)}
    return values


@dataclass
class Made:
    """What came of a tool's run."""

    folder: Path
    events: list[Event] = field(default_factory=list)
    error: MatteboxError | None = None
    counts: Any = field(default_factory=lambda: SimpleNamespace(total=0, done=0, skipped=0))

    @property
    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("*.exr"))

    @property
    def notes(self) -> list[str]:
        return [event.message for event in self.events if isinstance(event, NoteEvent)]


def made(
    tool: str,
    plate: Path | str,
    output: Path,
    *,
    said: dict[str, str] | None = None,
    stop: threading.Event | None = None,
    mask: Path | None = None,
    clean_plate: Path | None = None,
    **wish: Any,
) -> Made:
    """Run a tool in this process; errors of Mattebox are kept, any other is raised."""
    done, reporter = Made(output), CollectingReporter()
    given: dict[str, Any] = {"plate": str(plate), "output": f"{output}{os.sep}"}
    given |= {} if clean_plate is None else {"clean_plate": str(clean_plate)}
    try:
        asked = HintWish(
            open_tool(tool, said),
            Job.checked(given | {"settings": {"engine": "rvm"}}),
            mask=None if mask is None else Matte(pattern=str(mask)),
            **wish,
        )
        make_mattes(asked, reporter, stop or threading.Event(), done.counts)
    except MatteboxError as error:
        done.error = error
    done.events = reporter.events
    return done
