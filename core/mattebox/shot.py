"""The inputs of a job on disk: which frames there are, and all pictures that belong to one frame.

Knows files and windows, no colour and no engines.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import InputError, MatteboxError, MissingFramesError, named
from mattebox.frame_files import FrameFiles, StillError
from mattebox.frames import (
    Clip,
    Laid,
    Part,
    format_difference,
    has_layer,
    is_resizable,
    is_same_size,
    laid_window,
    lay,
    lay_resized,
    repair_non_finite,
)
from mattebox.images import Frame, PassedChannel, Window
from mattebox.inputs import InputKind, inputs
from mattebox.job import Job
from mattebox.open_input import OpenInput, open_input
from mattebox.regular_files import is_there
from mattebox.sequences import FrameSequence, KeyFrames, format_frames, remark_on_names

Pixels = NDArray[np.float32]

KEYS = "hint_keys"


@dataclass(frozen=True)
class Pictures:
    """Everything read for one frame, on the working window. HxWx3 or HxW float32 arrays, in the
    files' own colour spaces; 0 outside a file's data window.

    Attributes:
        frame: frame number.
        header: the plate frame's header (windows, aspect, attributes); its pixels are the plate's.
        source: HxWx3 the plate to key.
        passed: channels that are passed through, HxW each, as they are stored.
        covered: HxW True where the plate has pixels.
        given: the other inputs by name, as far as there are: HxWx3, mattes HxW 0..1.
        coverage: HxW True where an input has pixels, by name; only of those that leave some out.
        source_alpha: HxW the plate's own alpha, or None where it has none.
        repaired: how many non-finite values were repaired.
        hint_error: HxW 0..1 the error to expect of the hint, where it is known.
    """

    frame: int
    header: Frame
    source: Pixels
    passed: tuple[PassedChannel, ...]
    covered: NDArray[np.bool_]
    given: Mapping[str, Pixels]
    coverage: Mapping[str, NDArray[np.bool_]]
    source_alpha: Pixels | None
    repaired: int
    hint_error: Pixels | None = None

    def input(self, name: str) -> Pixels | None:
        """An input by its name; None where the job has none. Raises KeyError for no input."""
        if name not in {one.name for one in inputs()}:
            raise KeyError(name)
        return self.given.get(name)


@dataclass(frozen=True)
class Shot:
    """The opened inputs of a job. Reading frames is safe from several threads.

    Attributes:
        job: whose inputs they are.
        plate: the sequence that is keyed.
        others: what else is given, in the order of the inputs.
    """

    job: Job
    plate: FrameSequence
    others: tuple[OpenInput, ...]

    @classmethod
    def open(cls, job: Job) -> Shot:
        """Find all inputs. Raises the first fault alone, or InputError listing all of them."""
        faults: list[MatteboxError] = []
        found: list[OpenInput] = []
        for what in inputs():
            try:
                opened = open_input(job, what)
            except MatteboxError as error:
                faults.append(error)
            else:
                found += [] if opened is None else [opened]
        if len(faults) > 1:
            raise InputError(
                f"{len(faults)} inputs cannot be used:\n"
                + "\n".join(f"- {str(fault).replace(chr(10), chr(10) + '  ')}" for fault in faults)
            )
        if faults:
            raise faults[0]
        plate = found[0].sequence
        assert plate is not None
        shot = cls(job, plate, tuple(found[1:]))
        if shot.key_frames is not None:
            shot.key_frames.refuse_unusable(KEYS)
        return shot

    @property
    def first_part(self) -> Part:
        """The header of the plate's first frame: the part that is keyed."""
        return self.clip.layer(self.job.part, self.job.view).part

    def first_parts(self) -> dict[str, tuple[Part, Path]]:
        """The header of the first picture of every input beside the plate that has colour, and its
        file, by the input's name; colours that are given as numbers have none."""
        return {
            one.what.name: (
                one.clip.layer(*self._place_in(one)).part,
                one.sequence.path(one.sequence.first),
            )
            for one in self.others
            if one.sequence is not None and one.what.kind not in (InputKind.MATTE, InputKind.KEYS)
        }

    @cached_property
    def key_frames(self) -> KeyFrames | None:
        """Where a hint is given by hand; None where it is not, or for every frame."""
        keys = self._keys
        if keys is None or keys.sequence is None:
            return None
        return KeyFrames(keys.sequence.frames, self.plate.frames, tuple(sorted(self.job.cuts)))

    @property
    def _keys(self) -> OpenInput | None:
        return next((one for one in self.others if one.what.kind is InputKind.KEYS), None)

    @property
    def _each(self) -> tuple[OpenInput, ...]:
        """The others that have a picture for each frame."""
        return tuple(one for one in self.others if one.what.kind is not InputKind.KEYS)

    @cached_property
    def clip(self) -> Clip:
        """Reads the frames of the plate."""
        return Clip(self.plate)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What people should know of how its inputs are read, one sentence each."""
        said = [remark for clip in self._clips for remark in clip.remarks]
        first = self.first_part
        if not self.job.settings.overscan and self.window.union(first.data_window) != self.window:
            said.append(
                f"the plate has pixels on {first.data_window}, outside its format {self.window}; "
                "they are left out, overscan keeps them"
            )
        for one in self.others:
            if one.what.kind in (InputKind.MATTE, InputKind.KEYS):
                said += self._remarks_on_matte(one)
        for one in self.others:
            served = [frame for frame in self.plate.frames if one.serves_another(frame)]
            if served:
                said.append(
                    f"{named(one.what.name)} holds: frames {format_frames(served)} of the plate "
                    "have the picture before"
                )
        if self.key_frames is not None:
            said.append(
                f"the hint is carried from its keys {format_frames(self.key_frames.keys)} to the "
                "frames between, by optical flow"
            )
        return tuple(said)

    @property
    def doubts(self) -> tuple[str, ...]:
        """What may be another input than is meant: names beside its sequences, not read."""
        sequences = (self.plate, *(one.sequence for one in self.others if one.sequence is not None))
        return tuple(said for said in map(remark_on_names, sequences) if said is not None)

    def _remarks_on_matte(self, one: OpenInput) -> list[str]:
        part, view = self._place_in(one)
        owner = one.clip.channel(one.named, part, view).layer.part
        first = self.first_part
        path = one.clip.sequence.path(one.clip.sequence.first)
        said = []
        if not is_same_size(owner, first) and is_resizable(owner, first):
            said.append(
                f"the matte {path} is {owner.display_window} and is resized to the plate's "
                f"{first.display_window}"
            )
        shared = owner.display_window.intersection(owner.data_window)
        if shared != owner.display_window:
            area = owner.display_window.width * owner.display_window.height
            left = 1.0 - shared.width * shared.height / area
            said.append(f"the matte {path} leaves {left:.0%} of its format out; it is 0 there")
        return said

    def close(self) -> None:
        """End the programs that read its movies, which begin again where a frame is read, and keep
        the digests of its files for later runs."""
        self._files.keep()
        for clip in self._clips:
            clip.close()

    @property
    def _clips(self) -> tuple[Clip, ...]:
        return (self.clip, *(one.clip for one in self.others if one.sequence is not None))

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

    def share_left_out(self, name: str) -> float:
        """The share, 0..1, of the shot's window on which a background that is given has no pixels,
        by the header of its first picture; 0 for a colour. Raises as ``read``."""
        one = next(one for one in self.others if one.what.name == name)
        if one.sequence is None:
            return 0.0
        owner = one.clip.layer(*self._place_in(one)).part
        laid = laid_window(owner, self.first_part).intersection(self.window)
        return 1.0 - laid.width * laid.height / (self.window.width * self.window.height)

    def spread_pairs(
        self, count: int, cuts: Sequence[int] = (), *, without: Collection[int] = ()
    ) -> tuple[tuple[int, ...], ...]:
        """At most ``count`` pairs of neighbouring frames spread evenly over the whole input.

        No pair spans one of the ``cuts``, since its frames would differ by more than grain. A
        frame whose other inputs are missing, or that is in ``without``, is left out; where there is
        no pair, single frames.
        Raises MissingFramesError where nothing can be read at all.
        """
        frames = [f for f in self.plate.frames if f not in without and not self.missing(f)]
        if not frames:
            absent = self.missing(self.plate.first)
            raise MissingFramesError(
                f"no frame has all its inputs; the first absent file is {absent[0]}",
                self.plate.frames,
                next_step="check the patterns of clean plate and mattes: sequences match by number",
            )
        pairs: list[tuple[int, ...]] = [
            (first, second)
            for first, second in pairwise(frames)
            if not any(first < cut <= second for cut in cuts)
        ] or [(frame,) for frame in frames]
        places = np.linspace(0, len(pairs) - 1, count).round().astype(int)
        return tuple(pairs[place] for place in sorted(set(places.tolist())))

    def files(self, frame: int) -> tuple[Path, ...]:
        """All files that go into one frame, in a fixed order."""
        return self._files.of(frame)

    def all_files(self) -> set[Path]:
        """All files that go into any frame."""
        return {path for frame in self.plate.frames for path in self.files(frame)}

    def missing(self, frame: int) -> list[Path]:
        """Files of one frame that are not on disk, and movies that do not hold it."""
        return self._files.missing(frame)

    def digest(self, frame: int) -> str:
        """SHA-256 over the files of one frame, and over constant backgrounds. Read once."""
        return self._files.digest(frame)

    @cached_property
    def _files(self) -> FrameFiles:
        return FrameFiles(self.plate, self._each, self._keys, self.key_frames)

    @cached_property
    def _stills(self) -> dict[Path, Laid]:
        """Stills that serve all frames, read once."""
        return {}

    @cached_property
    def _reading_still(self) -> threading.Lock:
        return threading.Lock()

    def read(self, frame: int) -> Pictures:
        """Read everything that belongs to one frame.

        The digest of the frame becomes that of the bytes that were read: where its files change
        meanwhile they are read again, as they then are.

        Raises MissingFramesError, UnreadableError, NonFiniteError, or InputError where a picture
        has another format than the shot, or changes all the time. Where the fault is this frame's
        alone its number stands in the error; one of a picture that serves all frames has none.
        """
        try:
            return self._files.steady(frame, self._read)
        except StillError as fault:
            fault.error.frame = None
            raise fault.error from fault
        except InputError as error:
            error.frame = frame
            raise

    def _read(self, frame: int) -> Pictures:
        absent = self.missing(frame)
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

        plate_path = self.plate.path(frame)
        header = self.clip.read(
            frame,
            part=self.job.part,
            view=self.job.view,
            alpha="as stored",
        )
        self._check_format(header, plate_path, frame)
        self._refuse_cut_overscan(header, plate_path, frame)
        plate = mended(header, plate_path).placed(self.window)
        laid = {one.what.name: self._input(one, frame, mended) for one in self._each}
        return Pictures(
            frame=frame,
            header=header,
            source=plate[..., :3],
            passed=self.clip.read_passed(
                frame, self.job.layers, self.window, self.job.part, self.job.view
            ),
            covered=header.coverage(self.window),
            given={name: one.pixels for name, one in laid.items()},
            coverage={n: one.covered for n, one in laid.items() if one.covered is not None},
            source_alpha=plate[..., 3] if "A" in header.channels else None,
            repaired=repaired,
        )

    def read_plate(self, frame: int) -> Pixels:
        """HxWx3 of the plate alone, as ``Pictures.source``. Raises as ``read``."""
        try:
            path = self.plate.path(frame)
            header = self.clip.read(
                frame, part=self.job.part, view=self.job.view, alpha="as stored"
            )
            self._check_format(header, path, frame)
            return self._mended(header, path, frame)[0].placed(self.window)[..., :3]
        except InputError as error:
            error.frame = frame
            raise

    def read_key(self, key: int) -> Pixels:
        """HxW the hint of a key frame, as its file has it. Raises as ``read``."""
        keys = self._keys
        assert keys is not None

        def mended(picture: Frame, path: Path) -> Frame:
            return self._mended(picture, path, key)[0]

        try:
            return self._laid(keys, key, key, mended).pixels
        except InputError as error:
            error.frame = key
            raise

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
            shape = (self.window.height, self.window.width, 3)
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

    def _laid(
        self,
        one: OpenInput,
        number: int,
        frame: int,
        mended: Callable[[Frame, Path], Frame],
    ) -> Laid:
        """A picture of an input on the working window, its display window laid on the plate's."""
        part, view = self._place_in(one)
        assert one.sequence is not None
        path = one.sequence.path(number)
        if one.what.kind in (InputKind.MATTE, InputKind.KEYS):
            matte = one.clip.read_matte(number, one.named, part, view)
            if one.what.name in ("hint", KEYS):
                matte = self._understood(matte, one.clip.channel(one.named, part, view).layer.part)
            self._check_size(matte, path, frame, is_matte=True)
            resize = not is_same_size(matte, self.first_part)
            put = lay_resized if resize else lay
            laid = put(mended(matte, path), self.first_part, self.window)
            return replace(laid, pixels=laid.pixels[..., 0])
        picture = one.clip.read(number, part=part, view=view, alpha="as stored")
        self._check_size(picture, path, frame, is_matte=False)
        laid = lay(mended(picture, path), self.first_part, self.window)
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

    def _place_in(self, one: OpenInput) -> tuple[str | None, str | None]:
        """The part and view of an input: those named behind its file, else the plate's own where
        its files have parts or views of these names."""
        header, part, view = one.clip.header, self.job.part, self.job.view
        shares_part = one.named is None and part is not None and has_layer(header, part)
        is_matte = one.what.kind in (InputKind.MATTE, InputKind.KEYS)
        return (
            part if shares_part else None if is_matte else one.named,
            view if header.views else None,
        )

    def _check_format(self, picture: Frame, path: Path, frame: int) -> None:
        """Raise InputError where a frame of the plate has another format than the first."""
        difference = format_difference(self.first_part, picture)
        if difference is not None:
            raise _of_another_format(path, frame, *difference)

    def _check_size(self, picture: Frame, path: Path, frame: int, *, is_matte: bool) -> None:
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

    def _refuse_cut_overscan(self, picture: Frame, path: Path, frame: int) -> None:
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


def _of_another_format(path: Path, frame: int, found: str, expected: str) -> InputError:
    return InputError(
        f"frame {frame}: {path} is {found}",
        expected=f"{expected}, like the first plate frame",
        next_step="reformat the picture to the shot's format",
        path=path,
        frame=frame,
    )


def _absence(path: Path) -> str:
    """What is wrong with a file that ``Shot.missing`` names."""
    return f"{path} does not hold it" if is_there(path) else f"{path} is not there"
