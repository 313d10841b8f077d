"""A shot that is kept open between keys of single frames, so that a turned knob shows at once.

What a frame costs lies in opening, analysing, reading and solving; what a matte or spill control
changes comes after all of that (``settings.FINISHING``). So the shot stays open, its analysis
stays known, and the solved alpha of the last frames stays in memory. Nothing here computes in
another way than a run does: the bytes written are those of ``mattebox key`` for the same job.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path

import numpy as np
import torch

from mattebox.errors import InputError
from mattebox.events import ProgressEvent, Reporter
from mattebox.job import Job, Prepared, PreparedJob
from mattebox.matte.steady import WINDOW
from mattebox.pipeline.analyse import sampled_pairs
from mattebox.pipeline.chunks import NO_STATES, ChunkLinks
from mattebox.pipeline.clock import StageClock
from mattebox.pipeline.neighbourhood import Neighbourhood
from mattebox.pipeline.output import write_keyed
from mattebox.pipeline.plan import Plan
from mattebox.pipeline.run import Tally, make_folder, open_neighbourhood
from mattebox.pipeline.seen_frame import SolvedFrame
from mattebox.pipeline.setup import ShotSetup
from mattebox.pipeline.standing import tell_current, tell_start
from mattebox.sequences import format_frames
from mattebox.shot import Pictures, Shot

MEMORY = 1 << 30
"""Bytes of solved frames that are kept, where nobody says: six of 1920x1080, more of proxies."""

KEPT_PICTURES = 2 * WINDOW + 2
"""Frames that stay read: one with its neighbours, and the one before."""

KEPT_ANALYSES = 8
"""Of one shot, so that a knob that is turned back finds its analysis again."""

GoesOn = Callable[[], None]
"""Raises where the frame in hand is not wanted any more; called between the stages."""

Find = Callable[[ShotSetup], PreparedJob]
"""Prepares a job, or finds it prepared."""

Stamp = tuple[int, int, int] | None
"""When a file was written, its size and its place on disk; None where there is none."""


@dataclass(frozen=True)
class OpenJob:
    """A job that is ready to be keyed.

    Attributes:
        setup: what is open of it.
        job: with its analysis.
        was_known: whether the analysis was still known, so that nobody looked for a kept one.
    """

    setup: ShotSetup
    job: PreparedJob
    was_known: bool


@dataclass
class _Known:
    """What is known of the shot that was keyed last.

    Attributes:
        setup: what is open of its last job.
        frames: those of the plate.
        analyses: by the job less what no analysis depends on, the one used last at the end; each
            with the device that it was made on.
        stamps: of all files that were read, as they were before.
    """

    setup: ShotSetup
    frames: tuple[int, ...]
    analyses: OrderedDict[str, tuple[Prepared, str]] = field(default_factory=OrderedDict)
    stamps: dict[Path, Stamp] = field(default_factory=dict)


@dataclass
class WarmShot:
    """Keys single frames, of one shot after another. Not safe from several threads.

    Attributes:
        memory: bytes of solved frames that are kept; the last one is, whatever it takes.
    """

    memory: int = MEMORY
    _known: _Known | None = field(default=None, init=False, repr=False)
    _solved: OrderedDict[str, tuple[Pictures, SolvedFrame]] = field(
        default_factory=OrderedDict, init=False, repr=False
    )
    _pictures: tuple[Shot | None, OrderedDict[int, Pictures]] = field(
        default_factory=lambda: (None, OrderedDict()), init=False, repr=False
    )

    def open(self, job: Job, find: Find) -> OpenJob:
        """A job with its analysis: the known one where it holds for this job, else what ``find``
        gives.

        It holds where the job differs in nothing that an analysis depends on, and no file has
        changed. Raises what ``find`` raises.
        """
        known = self._current()
        setup = ShotSetup(job) if known is None else known.setup.again(job)
        if known is not None and known.setup.shot is not setup.shot:
            self.close()
            known = None
        if known is None:
            known = self._known = _Known(setup, setup.shot.plate.frames)
        place = analysed(job).model_dump_json()
        found, was_known = known.analyses.pop(place, None), True
        if found is None:
            self._stamp(setup.shot, (f for pair in sampled_pairs(job, setup.shot) for f in pair))
            known.stamps = _stamps_beside(job) | known.stamps
            prepared, was_known = find(setup), False
            found = (prepared.prepared, prepared.device)
        known.setup = setup
        known.analyses[place] = found
        while len(known.analyses) > KEPT_ANALYSES:
            known.analyses.popitem(last=False)
        return OpenJob(setup, PreparedJob.of(job, found[0], device=found[1]), was_known)

    def key(
        self,
        opened: OpenJob,
        frame: int,
        reporter: Reporter,
        tally: Tally,
        goes_on: GoesOn,
        *,
        force: bool = False,
    ) -> None:
        """Key one frame, whole or not at all; one that is current is skipped unless ``force``.

        Args:
            opened: the job.
            frame: its number.
            reporter: gets the events that a run has.
            tally: updated while it goes on.
            goes_on: see ``GoesOn``.

        Raises what ``run`` raises, and what ``goes_on`` raises: nothing is written then.
        """
        setup, job = opened.setup, opened.job
        plan = setup.plan(job, format_frames((frame,)))
        plan.refuse_foreign_files(overwrite=False)
        tell_start(plan, setup.device.description, tally, reporter)
        if not force and plan.is_current(frame):
            tell_current(plan, (frame,), tally, reporter)
            return
        self._write(setup, plan, frame, reporter, tally, goes_on)
        tally.done = 1
        reporter.emit(ProgressEvent(frame=frame, done=1, total=1))

    def close(self) -> None:
        """Forget everything, and end the programs that read movies."""
        if self._known is not None:
            self._known.setup.close()
        self._forget()

    def _write(
        self,
        setup: ShotSetup,
        plan: Plan,
        frame: int,
        reporter: Reporter,
        tally: Tally,
        goes_on: GoesOn,
    ) -> None:
        clock = tally.clock
        links = ChunkLinks.make(plan, NO_STATES)
        neighbourhood = open_neighbourhood(setup, plan, [frame], links, clock)
        place = f"{_before_finishing(plan.job)} {frame} {plan.inputs(frame)}"
        found = self._solved.get(place)
        if found is None:
            self._stamp(setup.shot, (frame, *plan.neighbours(frame)))
            for number in neighbourhood.to_read:
                goes_on()
                for ready, solved in self._solved_by(neighbourhood, setup, number, plan, clock):
                    found = (ready, solved)
            assert found is not None
        self._keep(place, found)
        goes_on()
        pictures, solved = found
        leaving = neighbourhood.keyer.finish(solved)
        with clock.stage("matte"):
            keyed = leaving.arrived()
        goes_on()
        make_folder(plan.output.folder)
        with clock.waiting("write"):
            write_keyed(plan, pictures, keyed, reporter, clock)

    def _solved_by(
        self,
        neighbourhood: Neighbourhood,
        setup: ShotSetup,
        number: int,
        plan: Plan,
        clock: StageClock,
    ) -> Iterator[tuple[Pictures, SolvedFrame]]:
        """What is solved once a frame is read; a neighbour that cannot be used is left out."""
        try:
            with clock.stage("read"):
                pictures = self._read(setup.shot, number)
                if number in neighbourhood.to_see:
                    pictures = setup.hinted(pictures, plan.job.prepared.colour)
        except InputError as error:
            if number in plan.frames or error.frame is None:
                raise
            return neighbourhood.leave_out(number)
        return neighbourhood.solved(pictures)

    def _read(self, shot: Shot, frame: int) -> Pictures:
        """A frame's pictures, which stay for a while: its neighbours need them, and new knobs."""
        if self._pictures[0] is not shot:
            self._pictures = (shot, OrderedDict())
        kept = self._pictures[1]
        pictures = kept.pop(frame, None) or shot.read(frame)
        kept[frame] = pictures
        while len(kept) > KEPT_PICTURES:
            kept.popitem(last=False)
        return pictures

    def _keep(self, place: str, found: tuple[Pictures, SolvedFrame]) -> None:
        """Keep a solved frame as the newest; the oldest go where all together are too many."""
        self._solved.pop(place, None)
        self._solved[place] = found
        while len(self._solved) > 1 and held_bytes(self._solved.values()) > self.memory:
            self._solved.popitem(last=False)

    def _current(self) -> _Known | None:
        """What is known, where its files are as they were; else everything is forgotten."""
        known = self._known
        if known is None:
            return None
        if any(_stamp_of(path) != stamp for path, stamp in known.stamps.items()) or (
            Shot.open(known.setup.job).plate.frames != known.frames
        ):
            known.setup.close()
            self._forget()
            return None
        return known

    def _stamp(self, shot: Shot, frames: Iterable[int]) -> None:
        """Take note of the files of frames before they are read for the first time."""
        assert self._known is not None
        self._known.stamps = _stamps(shot, frames) | self._known.stamps

    def _forget(self) -> None:
        self._known = None
        self._solved.clear()
        self._pictures = (None, OrderedDict())


def analysed(job: Job) -> Job:
    """A job less everything that no analysis depends on: its place, and knobs that come later."""
    settings = job.settings.before_finishing.model_copy(update={"preroll": None})
    return job.model_copy(update={"output": "", "settings": settings, "prepared": None})


def held_bytes(kept: Iterable[object]) -> int:
    """Memory of all tensors and arrays in dataclasses and tuples, each buffer counted once."""
    sizes: dict[int, int] = {}
    for one in _buffers(kept):
        if isinstance(one, torch.Tensor):
            storage = one.untyped_storage()
            sizes[storage.data_ptr()] = storage.nbytes()
        else:
            owner = one if one.base is None else one.base
            sizes[id(owner)] = getattr(owner, "nbytes", one.nbytes)
    return sum(sizes.values())


def _buffers(kept: object) -> Iterator[torch.Tensor | np.ndarray]:
    if isinstance(kept, torch.Tensor | np.ndarray):
        yield kept
    elif isinstance(kept, str | bytes):
        return
    elif is_dataclass(kept):
        for one in fields(kept):
            yield from _buffers(getattr(kept, one.name))
    elif isinstance(kept, dict):
        yield from _buffers(kept.values())
    elif isinstance(kept, Iterable):
        for part in kept:
            yield from _buffers(part)


def _before_finishing(job: PreparedJob) -> str:
    """The fingerprint of all that decides a solved frame."""
    return job.model_copy(update={"settings": job.settings.before_finishing}).fingerprint


def _stamps(shot: Shot, frames: Iterable[int]) -> dict[Path, Stamp]:
    return {path: _stamp_of(path) for frame in frames for path in shot.files(frame)}


def _stamps_beside(job: Job) -> dict[Path, Stamp]:
    """Of the files that a job may name beside its pictures: config, weights, network config."""
    named = (job.colour.config, os.environ.get("OCIO"), job.weights, job.network_config)
    files = [Path(name) for name in named if name and Path(name).is_file()]
    return {path: _stamp_of(path) for path in files}


def _stamp_of(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
