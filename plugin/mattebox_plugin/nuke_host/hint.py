"""The hint input by somebody else's matting tool: chosen, run beside Nuke, connected."""

from __future__ import annotations

import threading
import time

import nuke

from .. import nuke_node as names
from ..hint_tools import HintTool, known_tools, mattes_of, start_making, usable
from ..keyed_frames import runs
from ..mattebox_command import find
from ..run import Phase, Run
from . import key, rendering, status
from .knobs import file_text, safe_in_nuke, set_values
from .messages import NodeError, say
from .node_request import NodeRequest, request_of

TITLE = "Mattebox: make hint"

_making: dict[str, Run] = {}
"""Tools under way, by the mattes that they make. Main thread only."""


def make_hint(node: nuke.Node) -> None:
    """Let the artist choose a tool that can be used here, have it make mattes of the plate, and
    connect them to the hint input.

    Raises:
        NodeError: there is no window to choose in, no tool, or it runs already.
        NotFoundError, BrokenError: there is no Mattebox, or it does not start.
    """
    if not nuke.GUI:
        raise NodeError(
            "a tool is chosen in a menu, and this Nuke has no window",
            "make the mattes with `mattebox hint make`, and connect a Read of them to hint",
        )
    wanted = request_of(node)
    mattebox = find(file_text(node, "environment"))
    tool = _chosen(usable(known_tools(mattebox)))
    if tool is None:
        return
    mattes = safe_in_nuke(mattes_of(wanted.request, tool))
    if mattes in _making:
        raise NodeError(f"{tool.title} is making this hint", "wait, or cancel it in its window")
    try:
        key.render_inputs(node, wanted)
    except rendering.StoppedError:
        status.say(node, "stopped while its inputs were rendered")
        return
    run = _making[mattes] = start_making(
        mattebox,
        wanted.request,
        tool,
        frames=runs(tuple(wanted.span.frames)),
        accept_licence=not tool.accepted,
    )
    task = nuke.ProgressTask(f"Mattebox: {tool.title}")
    watch = _Watch(node, wanted, tool, run, task)
    threading.Thread(target=watch.listen, name=f"Mattebox {tool.name}", daemon=True).start()


def _chosen(tools: tuple[HintTool, ...]) -> HintTool | None:
    """The tool that the artist chooses and whose licence they accept; None where they do not."""
    if not tools:
        raise NodeError(
            "no matting tool can be used here",
            "`mattebox hint list` says which are known and why not, `mattebox hint show` how to "
            "set one up",
        )
    index = nuke.choice(TITLE, "tool", [tool.title for tool in tools])
    if index is None:
        return None
    tool = tools[int(index)]
    if not tool.accepted and not nuke.ask(f"{tool.terms}\n\nDo you accept that?"):
        return None
    return tool


class _Watch:
    """Listens to a tool from a thread of its own; the script is left to the main one."""

    def __init__(
        self,
        node: nuke.Node,
        wanted: NodeRequest,
        tool: HintTool,
        run: Run,
        task: nuke.ProgressTask,
    ) -> None:
        self._node, self._wanted, self._tool, self._run = node, wanted, tool, run
        self._task: nuke.ProgressTask | None = task

    def listen(self) -> None:
        try:
            while not self._run.poll().phase.is_over:
                progress = self._run.progress
                assert self._task is not None
                self._task.setMessage(progress.line)
                self._task.setProgress(int(100 * progress.share))
                if self._task.isCancelled():
                    self._run.stop()
                time.sleep(key.POLL_SECONDS)
        finally:
            self._task = None  # Nuke's window goes with the object
            nuke.executeInMainThread(self._end)

    def _end(self) -> None:
        mattes = mattes_of(self._wanted.request, self._tool)
        _making.pop(mattes, None)
        progress = self._run.progress
        if not key.is_there(self._node):
            return
        status.say(self._node, progress.line)
        if progress.phase is Phase.DONE:
            _connect(self._node, mattes, self._wanted)
        elif progress.phase is Phase.FAILED:
            say(progress.error or progress.line)


def _connect(node: nuke.Node, mattes: str, wanted: NodeRequest) -> None:
    """Feed a Read of the mattes into the hint input, and key with it."""
    with node.parent():
        read = nuke.nodes.Read(
            file=mattes,
            first=wanted.span.first,
            last=wanted.span.last,
            raw=True,
        )
    node.setInput(names.INPUTS.index("hint"), read)
    numbered_as_the_plate = {"hint_offset": 0, "hint_hold": False}
    there = {name: no for name, no in numbered_as_the_plate.items() if node.knob(name) is not None}
    set_values(node, {"engine": "hint", **there})
