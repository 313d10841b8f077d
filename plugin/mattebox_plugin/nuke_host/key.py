"""Keying from the node: in a thread where Nuke has a window, in line where it has none."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Union

import nuke

from ..keyed_frames import Status, runs
from ..mattebox_command import Mattebox, find
from ..run import Phase, Progress, Run
from ..warm import FrameKey
from . import attach, rendering, status
from .knobs import file_text
from .messages import NodeError, say
from .node_request import NodeRequest, request_of

POLL_SECONDS = 0.1

WARM_POLL_SECONDS = 0.02
"""Of a frame that the warm process keys: it may be there in a tenth of a second."""

Key = Union[Run, FrameKey]

running: dict[str, Watcher] = {}
"""Keys of this Nuke under way, by the folder of their frames. Main thread only."""


def key_frame(node: nuke.Node) -> None:
    """Key the current frame. The analysis still sees the whole shot."""
    wanted = request_of(node)
    frame = int(nuke.frame())
    if frame not in wanted.span.frames:
        raise NodeError(f"frame {frame} is outside {wanted.span.text}", "go to a frame of the shot")
    key(node, wanted, (frame,), is_warm=True)


def key_range(node: nuke.Node) -> None:
    """Key all frames of the node."""
    wanted = request_of(node)
    key(node, wanted, tuple(wanted.span.frames))


def key_missing(node: nuke.Node) -> None:
    """Key the frames that are not on disk or cut short."""
    wanted = request_of(node)
    fingerprint = attach.fingerprint_of(node, wanted)
    statuses = [wanted.frame_status(frame, fingerprint) for frame in wanted.span.frames]
    missing = [one.frame for one in statuses if one.status in (Status.MISSING, Status.CUT_SHORT)]
    if missing:
        key(node, wanted, missing)
    else:
        status.refresh(node)


def key(
    node: nuke.Node, wanted: NodeRequest, frames: Sequence[int], *, is_warm: bool = False
) -> None:
    """Render what has to be rendered, then start the core; returns at once where Nuke has a window.

    ``is_warm`` has one frame keyed by the warm process.

    Raises:
        NodeError: it cannot start, or is running.
        NotFoundError, BrokenError: there is no Mattebox, or it does not start.
        RuntimeError: without a window, the key failed.
    """
    folder = str(wanted.request.folder)
    if folder in running:
        raise NodeError("this node is being keyed", "wait, or cancel it in its progress window")
    mattebox = find(file_text(node, "environment"))
    try:
        render_inputs(node, wanted)
    except rendering.StoppedError:
        status.say(node, "stopped while its inputs were rendered")
        return
    if not nuke.GUI:
        _in_line(node, wanted, _started(mattebox, wanted, frames, is_warm=is_warm))
        return
    task = nuke.ProgressTask(f"Mattebox: {node.name()}")
    _beside(node, wanted, _started(mattebox, wanted, frames, is_warm=is_warm), task)


def key_beside(node: nuke.Node, wanted: NodeRequest, frame: int) -> None:
    """Key one frame by the warm process, without a progress window. Raises as ``key``."""
    mattebox = find(file_text(node, "environment"))
    _beside(node, wanted, _started(mattebox, wanted, (frame,), is_warm=True), None)


def _started(
    mattebox: Mattebox, wanted: NodeRequest, frames: Sequence[int], *, is_warm: bool
) -> Key:
    if is_warm:
        return FrameKey.start(mattebox, wanted.request, frames[0])
    return Run.start(mattebox, wanted.request, frames=runs(frames))


def render_inputs(node: nuke.Node, wanted: NodeRequest) -> None:
    """Render the inputs that are no plain files, over the node's whole range.

    The analysis needs all of it, and a second key reuses it.
    """
    for picture in wanted.to_render:
        status.say(node, f"rendering {picture.pipe}: {picture.why_rendered}")
        rendering.render(picture)


def _in_line(node: nuke.Node, wanted: NodeRequest, run: Key) -> None:
    said = ""
    while not run.poll().phase.is_over:
        if run.progress.line != said:
            said = run.progress.line
            nuke.tprint(said)
        time.sleep(POLL_SECONDS)
    nuke.tprint(run.progress.line)
    finish(node, wanted, run.progress)
    if run.progress.phase is not Phase.DONE:
        raise RuntimeError(run.progress.error or run.progress.line)


def _beside(node: nuke.Node, wanted: NodeRequest, run: Key, task: nuke.ProgressTask | None) -> None:
    folder = str(wanted.request.folder)
    watcher = running[folder] = Watcher(node, wanted, run, task, folder)
    threading.Thread(target=watcher.watch, name=f"Mattebox {node.name()}", daemon=True).start()


class Watcher:
    """Listens to a run from a thread of its own; the script is left to the main one.

    Without a ``task`` no window comes up: what goes wrong stands in the status alone.
    """

    def __init__(
        self,
        node: nuke.Node,
        wanted: NodeRequest,
        run: Key,
        task: nuke.ProgressTask | None,
        folder: str,
    ) -> None:
        self._node = node
        self._wanted = wanted
        self.run = run
        self._task = task
        self._is_quiet = task is None
        self._folder = folder

    def watch(self) -> None:
        """Until the core ends: show progress, pass a cancel on, show frames as they come."""
        try:
            self._listen()
        finally:
            self._task = None  # Nuke's window goes with the object
            nuke.executeInMainThread(self._end)

    def _listen(self) -> None:
        shown = 0
        while not self.run.poll().phase.is_over:
            progress = self.run.progress
            if self._task is not None:
                self._task.setMessage(progress.line)
                self._task.setProgress(int(100 * progress.share))
                if self._task.isCancelled():
                    self.run.stop()
            if len(progress.frames) > shown and progress.fingerprint is not None:
                shown = len(progress.frames)
                nuke.executeInMainThread(self._show, args=(progress.fingerprint, progress.line))
            time.sleep(WARM_POLL_SECONDS if isinstance(self.run, FrameKey) else POLL_SECONDS)

    def _show(self, fingerprint: str, line: str) -> None:
        if is_there(self._node):
            attach.attach(self._node, self._wanted, fingerprint)
            status.say(self._node, line)

    def _end(self) -> None:
        running.pop(self._folder, None)
        if not is_there(self._node):
            return  # deleted, or its script closed: the frames came all the same
        finish(self._node, self._wanted, self.run.progress)
        if self.run.progress.phase is Phase.FAILED and not self._is_quiet:
            say(self.run.progress.error or self.run.progress.line)


def finish(node: nuke.Node, wanted: NodeRequest, progress: Progress) -> None:
    """Show what a run left on disk. Main thread only."""
    for warning in progress.warnings:
        nuke.tprint(f"Mattebox: {node.fullName()}: {warning}")
    if progress.fingerprint is not None and progress.frames:
        attach.attach(node, wanted, progress.fingerprint)
    fingerprint = progress.fingerprint or attach.fingerprint_of(node, wanted)
    statuses = tuple(wanted.frame_status(frame, fingerprint) for frame in wanted.span.frames)
    status.show(node, wanted, statuses)
    outdated = status.why_outdated(node)  # the artist may have turned a knob meanwhile
    if progress.phase is not Phase.DONE:
        status.say(node, f"{progress.line}; {status.sentence(wanted, statuses)}")
    elif outdated is not None:
        status.say(node, outdated)


def is_there(node: nuke.Node) -> bool:
    """Whether a node still exists; Nuke raises ValueError for those that do not."""
    try:
        return bool(node.name())
    except ValueError:
        return False
