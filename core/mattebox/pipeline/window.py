"""The frames around the one being finished: a sliding window over the shot."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

import torch

from mattebox.matte.steady import WINDOW
from mattebox.pipeline.keyer import FrameKeyer, KeyedFrame, SeenFrame
from mattebox.pipeline.plan import Plan
from mattebox.shot import Pictures


class FrameWindow:
    """Takes frames in order and finishes those that are needed.

    Frames are finished once their neighbours have been looked at. Engines with memory see every
    frame from the shot's first one on, so that a frame's result does not depend on which other
    frames were asked for.
    """

    def __init__(
        self, plan: Plan, needed: list[int], keyer: FrameKeyer, *, recurrent: bool
    ) -> None:
        self._plan = plan
        self._keyer = keyer
        self._waiting = deque(needed)
        self._needed = frozenset(needed)
        self._recurrent = recurrent
        self._state: Any = None
        self._seen: dict[int, tuple[Pictures, SeenFrame]] = {}
        self._light: dict[int, torch.Tensor] = {}
        frames = {n for frame in needed for n in (frame, *plan.neighbours(frame))}
        if recurrent:
            frames |= {f for f in plan.whole if f <= needed[-1]}
        self.to_read = sorted(frames)

    def advance(self, pictures: Pictures) -> Iterator[tuple[Pictures, KeyedFrame]]:
        """Take in the next frame; gives the frames that can be finished now."""
        frame = pictures.frame
        if frame in self._needed or (self._recurrent and frame <= self._needed_last):
            seen, self._state = self._keyer.see(pictures, self._state)
            self._light[frame] = seen.linear
            if frame in self._needed:
                self._seen[frame] = (pictures, seen)
        else:
            self._light[frame] = self._keyer.look(pictures)
        while self._waiting and frame >= max(
            (self._waiting[0], *self._plan.neighbours(self._waiting[0]))
        ):
            finished = self._waiting.popleft()
            ready, seen = self._seen.pop(finished)
            around = [self._light[n] for n in self._plan.neighbours(finished)]
            yield ready, self._keyer.finish(seen, around)
        kept = {
            n
            for waiting in self._waiting
            if waiting - WINDOW <= frame
            for n in (waiting, *self._plan.neighbours(waiting))
        }
        self._light = {n: light for n, light in self._light.items() if n in kept}

    @property
    def _needed_last(self) -> int:
        return max(self._needed)
