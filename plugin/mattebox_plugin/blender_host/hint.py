"""The hint input by somebody else's matting tool: a menu of those that can be used here."""

from __future__ import annotations

from typing import Any

import bpy

from ..hint_tools import HintTool, known_tools, mattes_of, start_making, usable
from ..keyed_frames import runs
from ..mattebox_command import find
from ..patterns import frames_on_disk
from ..request import Request
from ..run import Phase, Progress, Run
from . import preferences
from .frames import file_frames
from .group_run import GroupRun
from .node_request import request_of
from .source import SourceError, write_source


class Making(GroupRun):
    """One run of a tool for one group."""

    def __init__(self, group_name: str, request: Request, tool: HintTool, run: Run) -> None:
        super().__init__(group_name, run)
        self._request, self._tool = request, tool

    def hand_over(self, group: Any, progress: Progress) -> None:
        """Let the group key with the mattes, if the tool made all of them."""
        if progress.phase is Phase.DONE:
            # As the artist would: a path from the file where there is one.
            mattes = mattes_of(self._request, self._tool)
            group.mattebox.hint = _from_file(mattes)
            # The tool numbers them as the plate.
            group.mattebox.hint_offset, group.mattebox.hint_hold = 0, False
            group.mattebox.engine = "hint"


def start(group: Any, scene: Any, name: str, *, accept_licence: bool) -> Making:
    """Begin to have a tool make mattes of a group's whole clip.

    Raises:
        SourceError: something has to be chosen first, or the tool cannot be used here.
        NotFoundError, BrokenError: of the core.
        OSError: the folder of the mattes cannot be made.
    """
    mattebox = find(preferences.mattebox_python())
    tool = next((one for one in known_tools(mattebox) if one.name == name), None)
    if tool is None:
        raise SourceError(f"there is no tool {name!r}: `mattebox hint list` shows all")
    if tool.why_not:
        raise SourceError(f"{tool.title} cannot be used here: {'; '.join(tool.why_not)}")
    request, source = request_of(group, scene)
    frames = file_frames(group, scene, "CLIP")
    if source.is_written:
        write_source(group.mattebox, scene, source, frames)
    run = start_making(mattebox, request, tool, frames=runs(frames), accept_licence=accept_licence)
    return Making(group.name, request, tool, run)


def menu() -> tuple[HintTool, ...]:
    """The tools that can be used here. Raises NotFoundError, BrokenError."""
    return usable(known_tools(find(preferences.mattebox_python())))


def _from_file(pattern: str) -> str:
    """A path as it stands in a panel: from the .blend's folder where it has one."""
    assert frames_on_disk(pattern)
    return str(bpy.path.relpath(pattern)) if bpy.data.filepath else pattern
