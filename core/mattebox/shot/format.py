"""The format of a shot: the window everything is computed on, and what does not fit it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from mattebox.errors import InputError
from mattebox.frames import Clip, Part, format_difference, is_resizable, is_same_size
from mattebox.images import Frame, Window
from mattebox.job import Job


@dataclass(frozen=True)
class ShotFormat:
    """The format of a shot is that of its plate's first frame.

    Attributes:
        job: which part and view is keyed, and whether overscan is kept.
        clip: reads the frames of the plate.
    """

    job: Job
    clip: Clip

    @property
    def first_part(self) -> Part:
        """The header of the plate's first frame: the part that is keyed."""
        return self.clip.layer(self.job.part, self.job.view).part

    @cached_property
    def window(self) -> Window:
        """The window everything is computed on: the display window, or with overscan its union
        with the data windows of all frames, as they were when the job was prepared."""
        display = self.first_part.display_window
        if not self.job.settings.overscan:
            return display
        prepared = self.job.prepared
        if prepared is not None and prepared.analysis.window is not None:
            return Window(*prepared.analysis.window)
        for data in self.clip.data_windows(self.job.part, self.job.view):
            display = display.union(data)
        return display

    def refuse_other_plate(self, picture: Frame, path: Path, frame: int) -> None:
        """Raise InputError where a frame of the plate has another format than the first."""
        difference = format_difference(self.first_part, picture)
        if difference is not None:
            raise _of_another_format(path, frame, *difference)

    def refuse_cut_overscan(self, picture: Frame, path: Path, frame: int) -> None:
        """Raise InputError where overscan that is to be kept lies beyond the working window."""
        data = picture.data_window
        if self.job.settings.overscan and self.window.union(data) != self.window:
            raise InputError(
                f"frame {frame}: {path} has pixels on {data}, and the shot's overscan was "
                f"{self.window} when the job was prepared",
                next_step="prepare the job again: `mattebox analyse`, or `key --write-job`",
                path=path,
                frame=frame,
            )

    def refuse_unfit(self, picture: Frame, path: Path, frame: int, *, is_matte: bool) -> None:
        """Raise InputError where a picture beside the plate cannot be laid on it."""
        first = self.first_part
        # Tools that make mattes and clean plates seldom write an aspect, and TIFF and PNG say 1:
        # pixels that lie on each other are enough of them.
        if picture.pixel_aspect not in (1.0, first.pixel_aspect):
            squeezed = replace(picture, display_window=first.display_window)
            difference = format_difference(first, squeezed)
            if difference is not None:
                raise _of_another_format(path, frame, *difference)
        fits = is_same_size(picture, first) or (is_matte and is_resizable(picture, first))
        if not fits:
            found, expected = str(picture.display_window), str(first.display_window)
            raise _of_another_format(path, frame, found, expected)


def _of_another_format(path: Path, frame: int, found: str, expected: str) -> InputError:
    return InputError(
        f"frame {frame}: {path} is {found}",
        expected=f"{expected}, like the first plate frame",
        next_step="reformat the picture to the shot's format",
        path=path,
        frame=frame,
    )
