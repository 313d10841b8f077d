"""The neighbourhood in time of the frame being finished: the frames that its solver reads."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch

from mattebox.engines.base import EngineState
from mattebox.matte.steady import WINDOW
from mattebox.pipeline.keyed_frame import LeavingFrame
from mattebox.pipeline.keyer import FrameKeyer
from mattebox.pipeline.plan import Plan
from mattebox.pipeline.seen_frame import SeenFrame, SolvedFrame
from mattebox.shot import Pictures


@dataclass(frozen=True)
class StartingState:
    """What an engine remembers of the frames before a chunk; replaces the preroll.

    Attributes:
        state: the engine's.
        frame: the last frame that it saw.
    """

    state: EngineState | None
    frame: int


class Neighbourhood:
    """Takes frames in order and finishes those that are needed.

    A frame is finished once its neighbours have been read. An engine with memory sees the preroll
    before the first frame asked for and every frame from there on. So a frame's result does not
    depend on which frames of the chunk were on disk already.

    Attributes:
        keyer: what keys them.
        to_read: all frames that have to be read, in order.
        to_see: those of them that the engine has to see.
        state: what the engine remembers of the last frame that it saw.
    """

    def __init__(
        self,
        plan: Plan,
        needed: list[int],
        keyer: FrameKeyer,
        *,
        recurrent: bool,
        start: StartingState | None = None,
        to_the_end: bool = False,
    ) -> None:
        """``start`` replaces the preroll; ``to_the_end`` has the engine see the whole chunk."""
        self._plan = plan
        self.keyer = keyer
        self._waiting = deque(needed)
        self._needed = frozenset(needed)
        self.state: EngineState | None = None if start is None else start.state
        self._scene = plan.scene(plan.frames[0] if start is None else start.frame)
        self._seen: dict[int, tuple[Pictures, SeenFrame]] = {}
        self._light: dict[int, torch.Tensor] = {}
        self.to_see = set(needed)
        if recurrent:
            first = plan.frames[0]
            last = plan.frames[-1] if to_the_end else needed[-1]
            self.to_see |= {f for f in plan.whole if first <= f <= last}
            if start is None:
                self.to_see |= set(plan.remembered(first))
        around = {n for frame in needed for n in (frame, *plan.neighbours(frame))}
        self.to_read = sorted(around | self.to_see)

    def advance(self, pictures: Pictures) -> Iterator[tuple[Pictures, LeavingFrame]]:
        """Take in the next frame and yield the frames that are keyed now."""
        yield from self.finished(self.solved(pictures))

    def finished(
        self, solved: Iterable[tuple[Pictures, SolvedFrame]]
    ) -> Iterator[tuple[Pictures, LeavingFrame]]:
        """Frames whose alpha is solved, keyed."""
        for ready, one in solved:
            yield ready, self.keyer.finish(one)

    def solved(self, pictures: Pictures) -> Iterator[tuple[Pictures, SolvedFrame]]:
        """Take in the next frame and yield the frames whose alpha is solved now."""
        frame = pictures.frame
        if frame in self.to_see:
            # Not only at the cut's own frame, which may be missing.
            if self._plan.scene(frame) != self._scene:
                self.state, self._scene = None, self._plan.scene(frame)
            seen, self.state = self.keyer.see(pictures, self.state)
            self._light[frame] = seen.linear
            if frame in self._needed:
                self._seen[frame] = (pictures, seen)
        else:
            self._light[frame] = self.keyer.linear_light(pictures)
        yield from self._solved(frame)

    def leave_out(self, frame: int) -> Iterator[tuple[Pictures, SolvedFrame]]:
        """Go on without a frame that cannot be read, and yield those whose alpha is solved now.

        Its neighbours are solved without it, in whatever chunk they lie.
        """
        if frame in self._waiting:
            self._waiting.remove(frame)
        yield from self._solved(frame)

    def _solved(self, frame: int) -> Iterator[tuple[Pictures, SolvedFrame]]:
        """The frames whose neighbours have all been met once ``frame`` has."""
        while self._waiting and frame >= max(
            (self._waiting[0], *self._plan.neighbours(self._waiting[0]))
        ):
            finished = self._waiting.popleft()
            ready, seen = self._seen.pop(finished)
            around = [self._light[n] for n in self._plan.neighbours(finished) if n in self._light]
            yield ready, self.keyer.solve(seen, around)
        kept = {
            n
            for waiting in self._waiting
            if waiting - WINDOW <= frame
            for n in (waiting, *self._plan.neighbours(waiting))
        }
        self._light = {n: light for n, light in self._light.items() if n in kept}
