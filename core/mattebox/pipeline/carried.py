"""The hint of every frame, carried from key frames along the optical flow of the plate."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from mattebox.errors import InputError, named
from mattebox.flow.carry import Carried, Walk, blended
from mattebox.flow.dense import Codes, FlowFinder, flow_codes
from mattebox.pipeline.backgrounds import shot_light
from mattebox.sequences import KeyFrames
from mattebox.shot import Shot
from mattebox_ocio.model_space import ModelSpace, exposure_for
from mattebox_ocio.plate import PlateColour

Pixels = NDArray[np.float32]
Half = NDArray[np.float16]
Read = TypeVar("Read")

HELD_BYTES = 512 * 2**20
"""Carried mattes that are held: 64 frames of 1920x1080. A longer way between two keys is walked
again for the frames beyond."""

BYTES_PER_PIXEL = 4
"""Alpha and its error in half."""


class CarriedMattes:
    """Carries mattes between the keys of a shot. Safe from several threads.

    A frame's matte depends on its two keys and on the plate's frames from one to the other, and on
    nothing else: whatever is asked for, in whatever order, it is the same.
    """

    def __init__(self, shot: Shot, keys: KeyFrames, colour: PlateColour) -> None:
        self._shot, self._keys, self._colour = shot, keys, colour
        self._finder = FlowFinder(shot.window.width, shot.window.height)
        self._held: dict[int, tuple[Half, Half]] = {}
        each = BYTES_PER_PIXEL * self._finder.width * self._finder.height
        self._most = max(1, HELD_BYTES // each)
        self._lock = threading.Lock()

    def of(self, frame: int) -> Carried:
        """The matte of a frame; that of a key is the key's own, with no error to expect.

        Raises InputError where a key, or the plate's frame below it, cannot be used; another frame
        between that cannot is stepped over.
        """
        with self._lock:
            if frame in self._keys.keys:
                matte = self._of_key(frame, frame, self._matte)
                return Carried(matte, np.zeros_like(matte))
            if frame not in self._held:
                self._walk(frame)
            alpha, error = self._held[frame]
            return Carried(alpha.astype(np.float32), error.astype(np.float32))

    def _walk(self, frame: int) -> None:
        """Carry from the keys around a frame to it and to as many behind it as may be held."""
        before, behind = self._keys.around(frame)
        between = self._keys.between(frame)
        wanted = [one for one in between if one >= frame][: self._most]
        if len(self._held) + len(wanted) > self._most:
            self._held.clear()
        found: dict[int, list[tuple[int, Carried]]] = {one: [] for one in wanted}
        if before is not None:
            self._carry(before, [one for one in between if one <= wanted[-1]], found)
        if behind is not None:
            self._carry(behind, [one for one in reversed(between) if one >= frame], found)
        for reached, ways in found.items():
            if ways:
                one = ways[0][1]
                if len(ways) == 2:
                    one = blended(one, ways[1][1], (ways[0][0], ways[1][0]))
                self._held[reached] = (one.alpha.astype(np.float16), one.error.astype(np.float16))

    def _carry(
        self, key: int, way: Sequence[int], found: dict[int, list[tuple[int, Carried]]]
    ) -> None:
        """Walk from a key over the frames of ``way``, and keep the matte at those of ``found``."""
        matte = self._of_key(key, way[0], self._matte)
        light = self._of_key(key, way[0], self._light)
        space = ModelSpace(exposure=exposure_for([light[0].permute(1, 2, 0).numpy()]))
        walk = Walk(self._finder, _codes(light, space), matte)
        for frame in way:
            try:
                light = self._light(frame)
            except InputError:
                continue  # told where the frame itself is read; the others do without it
            walk.step(_codes(light, space))
            if frame in found:
                found[frame].append((abs(frame - key), walk.carried()))

    def _matte(self, key: int) -> Pixels:
        return self._shot.read_key(key).clip(0.0, 1.0)

    def _light(self, frame: int) -> torch.Tensor:
        """[1,3,H,W] of the plate, linear Rec.709, on the CPU."""
        return shot_light(self._shot.read_plate(frame), self._colour)

    def _of_key(self, key: int, frame: int, read: Callable[[int], Read]) -> Read:
        """What is read of a key; its fault is the fault of the frame that wants it."""
        try:
            return read(key)
        except InputError as error:
            raise InputError(
                f"frame {frame}: the key {key} of {named('hint_keys')} cannot be used: "
                f"{error.message}",
                expected=error.expected,
                next_step=error.next_step,
                path=error.path,
                frame=frame,
            ) from error


def _codes(light: torch.Tensor, space: ModelSpace) -> Codes:
    return flow_codes(space.encode(light)[0].permute(1, 2, 0).numpy())
