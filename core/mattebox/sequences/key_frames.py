"""Frames at which something is given by hand, and the frames between them that follow."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from mattebox.errors import InputError, named
from mattebox.sequences.frame_sets import format_frames


@dataclass(frozen=True)
class KeyFrames:
    """Key frames of a plate. Nothing is carried across a cut.

    Attributes:
        keys: their numbers, rising.
        frames: those of the plate that are on disk, rising.
        cuts: first frames of new scenes, rising.
    """

    keys: tuple[int, ...]
    frames: tuple[int, ...]
    cuts: tuple[int, ...] = ()

    def around(self, frame: int) -> tuple[int | None, int | None]:
        """The nearest key at or before a frame, and at or behind it, within its scene."""
        at = bisect_right(self.keys, frame)
        before = self.keys[at - 1] if at else None
        at = bisect_left(self.keys, frame)
        behind = self.keys[at] if at < len(self.keys) else None
        scene = self._scene(frame)
        return (
            before if before is not None and self._scene(before) == scene else None,
            behind if behind is not None and self._scene(behind) == scene else None,
        )

    def span(self, frame: int) -> tuple[int, ...]:
        """All frames on disk from one key around a frame to the other: what its matte is made
        from. Where there is one key alone, those from it to the frame."""
        before, behind = self.around(frame)
        first = frame if before is None else before
        last = frame if behind is None else behind
        return self.frames[bisect_left(self.frames, first) : bisect_right(self.frames, last)]

    def between(self, frame: int) -> tuple[int, ...]:
        """All frames on disk between the keys around a frame, without them: to the scene's end
        where there is one key alone."""
        before, behind = self.around(frame)
        scene = self._scene(frame)
        return tuple(
            one
            for one in self.frames
            if self._scene(one) == scene
            and (before is None or one > before)
            and (behind is None or one < behind)
        )

    def refuse_unusable(self, name: str) -> None:
        """Raise InputError where a key has no frame, or a scene no key; ``name`` is the input's."""
        there = f"the plate has {format_frames(self.frames)}"
        beside = sorted({*self.keys} - {*self.frames})
        if beside:
            raise InputError(
                f"{named(name)} has keys where the plate has no frame: {format_frames(beside)}",
                expected=f"numbers of frames; {there}",
                next_step="number the keys as the plate's frames, or take these away",
                setting=name,
            )
        for first, last in self._scenes():
            if not any(first <= key <= last for key in self.keys):
                raise InputError(
                    f"the scene {first}-{last} has no key among {format_frames(self.keys)} of "
                    f"{named(name)}",
                    expected="at least one in each scene: nothing is carried across a cut",
                    next_step="draw one, or key the scene alone",
                    setting=name,
                )

    def _scene(self, frame: int) -> int:
        return bisect_right(self.cuts, frame)

    def _scenes(self) -> Sequence[tuple[int, int]]:
        """First and last frame on disk of each scene."""
        scenes: dict[int, tuple[int, int]] = {}
        for frame in self.frames:
            first, _ = scenes.setdefault(self._scene(frame), (frame, frame))
            scenes[self._scene(frame)] = (first, frame)
        return tuple(scenes.values())
