"""Keying a small shot in this process, as the command does it: prepared, run, its events kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tests.support.pictures import Pixels, read_exr

from mattebox.errors import MatteboxError
from mattebox.events import CollectingReporter, EndEvent, Event, NoteEvent, WarningEvent
from mattebox.job import Job
from mattebox.pipeline.prepare import prepare
from mattebox.pipeline.run import Tally, run
from mattebox.pipeline.setup import ShotSetup


@dataclass
class Keyed:
    """What came of a key.

    Attributes:
        folder: where the frames are.
        events: everything that was said.
        error: what it ended with, or None.
        tally: its counts.
    """

    folder: Path
    events: list[Event] = field(default_factory=list)
    error: MatteboxError | None = None
    tally: Tally = field(default_factory=Tally)

    @property
    def said(self) -> list[str]:
        """Notes and warnings, in order."""
        return [e.message for e in self.events if isinstance(e, (NoteEvent, WarningEvent))]

    @property
    def names(self) -> list[str]:
        """The files that are there."""
        return sorted(path.name for path in self.folder.glob("*.exr"))

    def frame(self, name: str) -> dict[str, Pixels]:
        """Every channel of one file, HxW float32, by name."""
        return read_exr(self.folder / name)


def keyed(plate: Path | str, output: Path, **values: object) -> Keyed:
    """Key a shot on the CPU; settings are given flat beside inputs, as on the command line.

    Errors of Mattebox are kept; any other is raised.
    """
    inputs = {name: values.pop(name) for name in list(values) if name in Job.model_fields}
    texts = {n: str(v) if isinstance(v, Path) else v for n, v in inputs.items()}
    given: dict[str, object] = {"plate": str(plate), "output": f"{output}/", "device": "cpu"}
    done = Keyed(output)
    reporter = CollectingReporter()
    try:
        job = Job.checked(given | texts | {"settings": values})
        setup = ShotSetup(job)
        try:
            prepared = prepare(job, reporter, setup=setup)
            run(prepared, reporter, setup=setup, tally=done.tally)
        finally:
            setup.close()
    except MatteboxError as error:
        done.error = error
    done.events = [event for event in reporter.events if not isinstance(event, EndEvent)]
    return done
