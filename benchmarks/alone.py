"""The stages of a job one after the other, none beside another: ``python -m benchmarks.alone JOB``.

Prints one JSON object. ``seconds`` and ``cpu_seconds`` hold what reading, keying and writing all
frames took, each with the whole machine to itself. ``gaps`` holds, by stage, the longest times in
milliseconds that a thread which only wants to tick had to wait: how long the stage kept the
interpreter's lock. What else runs on the machine makes them longer, as it does while nothing is
done (``idle``).
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mattebox.errors import UsageError
from mattebox.events import CollectingReporter
from mattebox.job import Job, PreparedJob
from mattebox.pipeline.chunks import NO_STATES, ChunkLinks
from mattebox.pipeline.clock import StageClock
from mattebox.pipeline.output import write_keyed
from mattebox.pipeline.run import open_neighbourhood
from mattebox.pipeline.setup import ShotSetup

IDLE = "idle"
TICK = 0.001  # seconds; a tenth of what a stage may keep the lock
IDLE_SECONDS = 1.0
_WORST = 5  # gaps told of each stage


@dataclass
class Ticker:
    """A thread that wants to wake every ``TICK`` and notes how late it does, by stage."""

    stage: str = IDLE
    late: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    _ended: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def ticking(self) -> Iterator[None]:
        """Tick until the block ends."""
        thread = threading.Thread(target=self._tick, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def worst(self) -> dict[str, list[float]]:
        """The longest delays of each stage in milliseconds, longest first."""
        return {
            stage: [round(1000.0 * one, 2) for one in sorted(late, reverse=True)[:_WORST]]
            for stage, late in self.late.items()
        }

    def _tick(self) -> None:
        while not self._ended.is_set():
            stage, before = self.stage, time.perf_counter()
            time.sleep(TICK)
            self.late[stage].append(time.perf_counter() - before - TICK)


@dataclass
class StageTimes:
    """Seconds and CPU seconds of stages that run alone."""

    ticker: Ticker
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    cpu_seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a block."""
        self.ticker.stage = name
        began, cpu_began = time.perf_counter(), time.process_time()
        yield
        self.seconds[name] += time.perf_counter() - began
        self.cpu_seconds[name] += time.process_time() - cpu_began
        self.ticker.stage = IDLE


def measure_alone(job: PreparedJob) -> StageTimes:
    """Key all frames of a job, one stage at a time; its output is written as ever.

    Raises:
        MatteboxError: as ``mattebox key``.
    """
    times = StageTimes(Ticker())
    reporter, clock = CollectingReporter(), StageClock()
    with closing(ShotSetup(job)) as setup, times.ticker.ticking():
        time.sleep(IDLE_SECONDS)
        plan = setup.plan(job, None)
        plan.output.folder.mkdir(parents=True, exist_ok=True)
        links = ChunkLinks.make(plan, NO_STATES)
        neighbourhood = open_neighbourhood(setup, plan, list(plan.frames), links, clock)
        for frame in neighbourhood.to_read:
            with times.stage("read"):
                pictures = setup.shot.read(frame)
            with times.stage("key"):
                finished = list(neighbourhood.advance(pictures))
            for ready, leaving in finished:
                with times.stage("write"):
                    write_keyed(plan, ready, leaving.arrived(), reporter, clock)
    return times


def main(arguments: Sequence[str]) -> None:
    """Measure the job whose file is the one argument, and print what was found."""
    if len(arguments) != 1:
        raise UsageError("one prepared job is wanted", expected="python -m benchmarks.alone JOB")
    job = Job.read(Path(arguments[0]))
    if not isinstance(job, PreparedJob):
        raise UsageError(
            f"{arguments[0]} is no prepared job", next_step="write it with mattebox analyse"
        )
    times = measure_alone(job)
    found = {
        "seconds": times.seconds,
        "cpu_seconds": times.cpu_seconds,
        "gaps": times.ticker.worst(),
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
