"""Mattes by somebody else's tool: the plate to what it wants, its process, its mattes back."""

from __future__ import annotations

import glob
import hashlib
import json
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mattebox import __version__, header_words
from mattebox.devices import use_deterministic_arithmetic
from mattebox.errors import ToolError, UsageError
from mattebox.events import FrameEvent, NoteEvent, ProgressEvent, Reporter, StartEvent
from mattebox.frames import (
    carried_attributes,
    is_broken_exr,
    read_attributes_if_whole,
    read_attributes_only,
    write_frame,
)
from mattebox.hints.mattes import found_mattes, matched_mattes, read_made_matte
from mattebox.hints.process import ToolRun, run_tool
from mattebox.hints.recipe import Mattes, filled, filled_command, filled_environment
from mattebox.images import Frame
from mattebox.pipeline.hint_pictures import HintPictures, HintWish, refuse_stop, unwritable
from mattebox.sequences import (
    OutputPattern,
    format_frames,
    missing_frames_error,
    output_pattern,
    parse_frames,
)
from mattebox.shot import Shot
from mattebox.whole_files import FileKind, OutputFile

Pixels = NDArray[np.float32]

HINT_ALGEBRA = 1
"""Counts changes of how pictures are made and mattes taken back; part of the fingerprint."""

COLOUR = {"config_identity", "in_space", "inputs", "files"}
"""What decides the pictures of a plate's colour; the result's space does not."""

DRIVERS = Path(__file__).parents[1] / "hints"


class Counts(Protocol):
    """What is counted of a run."""

    total: int
    done: int
    skipped: int


def make_mattes(
    wish: HintWish, reporter: Reporter, stop: threading.Event, counts: Counts
) -> OutputPattern:
    """Have a tool make mattes: one float EXR per frame with the channel A, alpha 0..1.

    Mattes that are current stay. A tool that remembers frames gets all of them where one is not.

    Returns where the mattes are.

    Raises:
        UsageError: a mask or clean plate that is missing or not wanted; files of other programs.
        ToolError: the tool is not set up, fails, or leaves other mattes than it should.
        RunInterruptedError: a stop was asked for.
        MissingFramesError: plate frames are missing; all others are written.
        InputError, WriteError: pictures that cannot be read or written.
    """
    wish.tool.refuse_unusable()
    _refuse_unwanted(wish)
    use_deterministic_arithmetic(wish.job.threads)
    with closing(Shot.open(wish.job)) as shot, closing(_masked(wish)) as masked:
        making = _Making(wish, reporter, stop, shot, masked)
        return making.run(counts)


def _refuse_unwanted(wish: HintWish) -> None:
    recipe = wish.tool.recipe
    if wish.mask is None and recipe.mask is not None and not recipe.mask.optional:
        of = "of the first frame" if recipe.mask.frames == "first" else "for every frame"
        raise UsageError(
            f"{recipe.title} wants a mask {of}",
            next_step="give one with --mask FILE[:channel], painted or keyed: the net.A of "
            "`mattebox key` with the engine screen or rvm is one",
        )
    if wish.mask is not None and recipe.mask is None:
        raise UsageError(f"{recipe.title} takes no mask", next_step="leave --mask out")
    if recipe.background is not None and wish.job.clean_plate is None:
        raise UsageError(
            f"{recipe.title} wants a clean plate", next_step="give one with --clean-plate"
        )
    if recipe.background is None and wish.job.clean_plate is not None:
        raise UsageError(
            f"{recipe.title} takes no clean plate", next_step="leave --clean-plate out"
        )


def _masked(wish: HintWish) -> Shot:
    """The plate once more, with the mask as its hint: read only for frames that have one."""
    without = wish.job.model_copy(update={"clean_plate": None})
    return Shot.open(without.model_copy(update={"hint": wish.mask}))


class _Making:
    """One run of a tool."""

    def __init__(
        self, wish: HintWish, reporter: Reporter, stop: threading.Event, shot: Shot, masked: Shot
    ) -> None:
        self._wish, self._reporter, self._stop = wish, reporter, stop
        self._shot, self._masked = shot, masked
        self._recipe = wish.tool.recipe
        self._pictures = HintPictures(wish, shot, masked, reporter, stop)
        on_disk = set(shot.plate.frames)
        asked = (*shot.plate.frames, *shot.plate.missing)
        wanted = tuple(sorted(set(asked))) if wish.frames is None else parse_frames(wish.frames)
        self._frames = tuple(f for f in wanted if f in on_disk and not shot.missing(f))
        self._absent = tuple(f for f in wanted if f not in set(self._frames))
        if not self._frames:
            raise missing_frames_error(shot.plate, self._absent)
        self._output = output_pattern(wish.job.output, shot.plate, self._frames)
        self._output.refuse_inputs(self._frames, [p for f in self._frames for p in self._files(f)])

    def run(self, counts: Counts) -> OutputPattern:
        """All of it. Raises as ``make_mattes``."""
        self._refuse_foreign()
        current = () if self._wish.force else tuple(filter(self._is_current, self._frames))
        left = tuple(f for f in self._frames if f not in set(current))
        if left and self._recipe.memory:
            current, left = (), self._frames
        counts.total, counts.done, counts.skipped = len(self._frames), len(current), len(current)
        self._reporter.emit(
            StartEvent(
                total=counts.total,
                engine=self._recipe.name,
                device="its own device",
                fingerprint=self._fingerprint,
                output=str(self._output),
            )
        )
        for frame in current:
            path = str(self._output.path(frame))
            self._reporter.emit(FrameEvent(frame=frame, path=path, skipped=True))
            self._reporter.emit(ProgressEvent(frame=frame, done=counts.done, total=counts.total))
        if left:
            self._make(left, counts)
        if self._absent:
            raise missing_frames_error(self._shot.plate, self._absent)
        return self._output

    def _make(self, frames: Sequence[int], counts: Counts) -> None:
        folder = self._output.folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(folder, error) from error
        with self._places() as places:
            sent = self._pictures.send(frames, places)
            self._run_tool(len(frames), places)
            self._take_back(frames, sent, places, counts)

    @contextmanager
    def _places(self) -> Iterator[dict[str, str]]:
        """The run's own folders; gone afterwards, unless they are to be kept."""
        clip = f"mattebox_{self._fingerprint[:12]}"
        work = self._output.folder.absolute() / f".{self._recipe.name}_work"
        places = dict(self._wish.tool.values) | {
            "clip": clip,
            "work": work.as_posix(),
            "mattes": (work / "mattes").as_posix(),
            "drivers": DRIVERS.as_posix(),
        }
        # What a killed run left would be taken for this one's mattes.
        self._clear(work, places)
        try:
            work.mkdir()
        except OSError as error:
            raise unwritable(work, error) from error
        try:
            yield places
        finally:
            if not self._wish.keep:
                self._clear(work, places)

    def _clear(self, work: Path, places: Mapping[str, str]) -> None:
        escaped = {name: glob.escape(value) for name, value in places.items()}
        outside = [
            Path(name)
            for pattern in self._recipe.remove
            for name in glob.glob(filled(pattern, escaped))  # noqa: PTH207 - absolute patterns
        ]
        for path in (work, *outside):
            try:
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)
            except OSError as error:
                raise unwritable(path, error) from error

    # The tool

    def _run_tool(self, count: int, places: Mapping[str, str]) -> None:
        recipe, mattes = self._recipe, self._mattes
        log = self._output.folder.absolute() / f"{recipe.name}.log"
        self._reporter.emit(
            NoteEvent(message=f"{recipe.title} {self._version} begins; its log is {log}")
        )
        patience = self._wish.patience or recipe.patience
        run = ToolRun(
            title=recipe.title,
            command=filled_command(recipe.command, places),
            folder=Path(filled(recipe.folder, places)),
            environment=filled_environment(recipe, places),
            log=log,
            patience=patience,
        )
        step = max(1, count // 10)

        def on_made(made: int) -> None:
            if made % step == 0 and made <= count:
                message = f"{recipe.title}: {made} of {count} mattes"
                self._reporter.emit(NoteEvent(message=message))

        run_tool(run, self._stop, lambda: len(found_mattes(mattes, places)), on_made)

    def _take_back(
        self,
        frames: Sequence[int],
        names: Sequence[str],
        places: Mapping[str, str],
        counts: Counts,
    ) -> None:
        """Write each matte under its frame's number. One that is not there is told at the end."""
        recipe, mattes, window = self._recipe, self._mattes, self._shot.window
        files = found_mattes(mattes, places)
        matched = matched_mattes(mattes, files, names, recipe.title)
        for at, frame in enumerate(frames):
            if at not in matched:
                continue
            refuse_stop(self._stop)
            path, place = matched[at]
            size = (window.width, window.height)
            alpha = read_made_matte(path, place, mattes, self._pictures.size, size, recipe.title)
            self._write(frame, alpha)
            counts.done += 1
            self._reporter.emit(
                FrameEvent(frame=frame, path=str(self._output.path(frame)), skipped=False)
            )
            self._reporter.emit(ProgressEvent(frame=frame, done=counts.done, total=counts.total))
        absent = [frame for at, frame in enumerate(frames) if at not in matched]
        if absent:
            raise ToolError(
                f"{recipe.title} made {len(matched)} mattes for {len(frames)} frames; it left out "
                f"{format_frames(absent)}",
                next_step=f"read its log {self._output.folder / f'{recipe.name}.log'}, then run "
                "the same command again",
                frame=absent[0],
            )

    def _write(self, frame: int, alpha: Pixels) -> None:
        job, recipe = self._wish.job, self._recipe
        header = self._shot.clip.read(frame, part=job.part, view=job.view)
        attributes, types = carried_attributes(header)
        made: dict[str, Any] = {
            header_words.VERSION: __version__,
            header_words.HINT_TOOL: f"{recipe.title} {self._version}",
            header_words.HINT_LICENCE: recipe.licence.name,
            header_words.JOB: self._fingerprint,
            header_words.INPUTS: self._inputs(frame),
        }
        matte = Frame(
            alpha[..., None],
            ("A",),
            data_window=self._shot.window,
            display_window=header.display_window,
            pixel_aspect=header.pixel_aspect,
            attributes=attributes | made,
            attribute_types=types,
        )
        # Codes of 8 and 16 bits come back exactly; half would round them.
        write_frame(self._output.path(frame), matte, pixel_type="float")

    # What is current

    @property
    def _mattes(self) -> Mattes:
        assert self._recipe.mattes is not None
        return self._recipe.mattes

    @cached_property
    def _version(self) -> str:
        return self._wish.tool.version()

    @cached_property
    def _fingerprint(self) -> str:
        """32 hex digits over all that decides mattes but the files that they are made from."""
        recipe, values = self._recipe, self._wish.tool.values
        kinds = {name: one.kind for name, one in recipe.parameters.items()}
        said = {name: v for name, v in values.items() if kinds[name] == "text"}
        # A network of gigabytes is known by name and length; its tool's version is known anyhow.
        said |= {
            name: f"{Path(v).name} {Path(v).stat().st_size}"
            for name, v in values.items()
            if kinds[name] == "file"
        }
        parts = {"name", "command", "environment", "pictures", "mask", "background", "mattes"}
        deciding = {
            "hint_algebra": HINT_ALGEBRA,
            "recipe": recipe.model_dump(mode="json", include=parts),
            "version": self._version,
            "values": said,
            "mask": None if self._wish.mask is None else self._wish.mask.channel,
            "colour": self._pictures.found.model_dump(mode="json", include=COLOUR),
            "exposure": self._pictures.model_space.exposure,
            "size": self._pictures.size,
            "window": str(self._shot.window),
            "part": [self._wish.job.part, self._wish.job.view],
        }
        text = json.dumps(deciding, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def _inputs(self, frame: int) -> str:
        """SHA-256 over the files of a frame; where the tool remembers, over those of the run."""
        if self._recipe.memory:
            return self._inputs_of_all
        return self._digest([frame])

    @cached_property
    def _inputs_of_all(self) -> str:
        return self._digest(self._frames)

    def _digest(self, frames: Sequence[int]) -> str:
        mask = self._recipe.mask if self._wish.mask is not None else None
        masked = () if mask is None else (self._frames[:1] if mask.frames == "first" else frames)
        texts = [f"{frame}:{self._shot.digest(frame)}" for frame in frames]
        texts += [f"mask {frame}:{self._masked.digest(frame)}" for frame in masked]
        return hashlib.sha256(";".join(texts).encode()).hexdigest()

    def _is_current(self, frame: int) -> bool:
        attributes = read_attributes_if_whole(self._output.path(frame))
        return attributes is not None and (
            attributes.get(header_words.JOB) == self._fingerprint
            and attributes.get(header_words.INPUTS) == self._inputs(frame)
        )

    def _files(self, frame: int) -> list[Path]:
        is_masked = self._wish.mask is not None and not self._masked.missing(frame)
        return [*self._shot.files(frame), *(self._masked.files(frame) if is_masked else ())]

    def _refuse_foreign(self) -> None:
        for path in map(self._output.path, self._frames):
            OutputFile(path, MATTE, self._files_of_all, self._wish.overwrite).check()

    def _files_of_all(self) -> set[Path]:
        return {path for frame in self._frames for path in self._files(frame)}


def _is_matte(path: Path) -> bool:
    """Whether a tool's matte, or what a full disk left of one."""
    attributes = read_attributes_only(path)
    if attributes is None:
        return is_broken_exr(path)
    return header_words.HINT_TOOL in attributes


MATTE = FileKind("a matte of `mattebox hint`", _is_matte)
