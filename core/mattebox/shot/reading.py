"""How the pictures of a frame are read: mended, understood and laid on the working window."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from mattebox.errors import InputError, MissingFramesError, named
from mattebox.frames import (
    Clip,
    Laid,
    Part,
    is_same_size,
    lay,
    lay_resized,
    repair_non_finite,
)
from mattebox.images import Frame
from mattebox.inputs import HINTS
from mattebox.job import Job
from mattebox.regular_files import is_there
from mattebox.shot.format import ShotFormat
from mattebox.shot.frame_files import FrameFiles, StillError
from mattebox.shot.open_input import OpenInput
from mattebox.shot.pictures import Pictures, Pixels


@dataclass(frozen=True)
class PictureReader:
    """Reads the pictures of a shot's frames; safe from several threads.

    Attributes:
        job: which parts, layers and labels are meant, and what becomes of non-finite values.
        clip: reads the frames of the plate.
        format: what all pictures are laid on.
        files: which inputs there are, and that they hold still.
    """

    job: Job
    clip: Clip
    format: ShotFormat
    files: FrameFiles

    def read(self, frame: int) -> Pictures:
        """Everything that belongs to one frame, as ``Shot.read`` says."""
        try:
            return self.files.steady(frame, self._read)
        except StillError as fault:
            fault.error.frame = None
            raise fault.error from fault
        except InputError as error:
            error.frame = frame
            raise

    def _read(self, frame: int) -> Pictures:
        absent = self.files.missing(frame)
        if absent:
            raise MissingFramesError(
                f"frame {frame}: {', '.join(map(_absence, absent))}",
                [frame],
                next_step=f"render the missing file, or leave the frame out with {named('frames')}",
            )
        repaired = 0

        def mended(picture: Frame, path: Path) -> Frame:
            nonlocal repaired
            whole, count = self._mended(picture, path, frame)
            repaired += count
            return whole

        header, path = self._plate(frame)
        self.format.refuse_cut_overscan(header, path, frame)
        window = self.format.window
        plate = mended(header, path).placed(window)
        laid = {one.what.name: self._input(one, frame, mended) for one in self.files.each}
        return Pictures(
            frame=frame,
            header=header,
            source=plate[..., :3],
            passed=self.clip.read_passed(
                frame, self.job.layers, window, self.job.part, self.job.view
            ),
            covered=header.coverage(window),
            given={name: one.pixels for name, one in laid.items()},
            coverage={n: one.covered for n, one in laid.items() if one.covered is not None},
            source_alpha=plate[..., 3] if "A" in header.channels else None,
            repaired=repaired,
        )

    def read_plate(self, frame: int) -> Pixels:
        """HxWx3 of the plate alone, as ``Pictures.source``. Raises as ``read``."""
        try:
            header, path = self._plate(frame)
            return self._mended(header, path, frame)[0].placed(self.format.window)[..., :3]
        except InputError as error:
            error.frame = frame
            raise

    def read_key(self, key: int) -> Pixels:
        """HxW the hint of a key frame, as its file has it. Raises as ``read``."""
        keys = self.files.keys
        assert keys is not None

        def mended(picture: Frame, path: Path) -> Frame:
            return self._mended(picture, path, key)[0]

        try:
            return self._laid(keys, key, key, mended).pixels
        except InputError as error:
            error.frame = key
            raise

    def _plate(self, frame: int) -> tuple[Frame, Path]:
        """A frame of the plate as it is stored, and its file."""
        path = self.clip.sequence.path(frame)
        header = self.clip.read(frame, part=self.job.part, view=self.job.view, alpha="as stored")
        self.format.refuse_other_plate(header, path, frame)
        return header, path

    def _mended(self, picture: Frame, path: Path, frame: int) -> tuple[Frame, int]:
        """A picture without non-finite pixels, and how many were repaired."""
        pixels, count = repair_non_finite(
            picture.pixels, mode=self.job.settings.non_finite.value, path=path, frame=frame
        )
        return replace(picture, pixels=pixels), count

    def _input(self, one: OpenInput, frame: int, mended: Callable[[Frame, Path], Frame]) -> Laid:
        """An input of one frame, colour HxWx3 or a matte HxW; a still is read once."""
        path, number = one.path(frame), one.number(frame)
        if path is None:
            shape = (self.format.window.height, self.format.window.width, 3)
            return Laid(np.broadcast_to(np.asarray(one.colour, np.float32), shape).copy(), None)
        if not one.is_still:
            return self._laid(one, number, frame, mended)
        with self._reading_still:
            if path not in self._stills:
                try:
                    self._stills[path] = self._laid(one, number, frame, mended)
                except InputError as error:
                    raise StillError(error) from error
            return self._stills[path]

    @cached_property
    def _stills(self) -> dict[Path, Laid]:
        """Stills that serve all frames, read once."""
        return {}

    @cached_property
    def _reading_still(self) -> threading.Lock:
        return threading.Lock()

    def _laid(
        self,
        one: OpenInput,
        number: int,
        frame: int,
        mended: Callable[[Frame, Path], Frame],
    ) -> Laid:
        """A picture of an input on the working window, its display window laid on the plate's."""
        part, view = one.place(self.job)
        assert one.sequence is not None
        path = one.sequence.path(number)
        if one.is_matte:
            matte = one.clip.read_matte(number, one.named, part, view)
            if one.what.name in HINTS:
                matte = self._understood(matte, one.clip.channel(one.named, part, view).layer.part)
            self.format.refuse_unfit(matte, path, frame, is_matte=True)
            put = lay if is_same_size(matte, self.format.first_part) else lay_resized
            laid = put(mended(matte, path), self.format.first_part, self.format.window)
            return replace(laid, pixels=laid.pixels[..., 0])
        picture = one.clip.read(number, part=part, view=view, alpha="as stored")
        self.format.refuse_unfit(picture, path, frame, is_matte=False)
        laid = lay(mended(picture, path), self.format.first_part, self.format.window)
        return replace(laid, pixels=laid.pixels[..., :3])

    def _understood(self, hint: Frame, owner: Part) -> Frame:
        """A hint as the job says it: one label of a map as 1, or turned round."""
        pixels, label = hint.pixels, self.job.hint_label
        if label is not None:
            # Integers were read as 0..1; their codes are what labels are.
            codes = np.rint(pixels * np.float32(2**owner.bits - 1 if owner.bits else 1))
            pixels = (codes == label).astype(np.float32)
        if self.job.hint_invert:
            pixels = np.float32(1.0) - pixels.astype(np.float32)
        return replace(hint, pixels=pixels)


def _absence(path: Path) -> str:
    """What is wrong with a file that ``FrameFiles.missing`` names."""
    return f"{path} does not hold it" if is_there(path) else f"{path} is not there"
