"""Where the time of a run goes: what each stage worked, and how long the run stood still for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter, process_time


@dataclass
class StageClock:
    """Adds up the seconds of the stages of a run. Safe to use from several threads.

    A run is what one thread does, frame by frame; readers and writers work beside it. A stage is
    *computed* while any thread is at work on it (its waiting for disks and processors included),
    and *waited for* while the run can do nothing else. So what is waited for adds up to the wall
    time, and what is computed may exceed it.

    Attributes:
        computed: seconds by stage, all threads added.
        waited: seconds by stage in which the run stood still for it.
    """

    computed: dict[str, float] = field(default_factory=dict)
    waited: dict[str, float] = field(default_factory=dict)
    _changing: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """The run itself works on a stage: computed and waited for."""
        began = perf_counter()
        try:
            yield
        finally:
            took = perf_counter() - began
            self._add(name, computed=took, waited=took)

    @contextmanager
    def beside(self, name: str) -> Iterator[None]:
        """A thread beside the run works on a stage."""
        began = perf_counter()
        try:
            yield
        finally:
            self._add(name, computed=perf_counter() - began)

    @contextmanager
    def waiting(self, name: str) -> Iterator[None]:
        """The run waits for what a thread beside it has not finished."""
        began = perf_counter()
        try:
            yield
        finally:
            self._add(name, waited=perf_counter() - began)

    def _add(self, name: str, *, computed: float = 0.0, waited: float = 0.0) -> None:
        with self._changing:
            self.computed[name] = self.computed.get(name, 0.0) + computed
            self.waited[name] = self.waited.get(name, 0.0) + waited


@dataclass
class Tally:
    """Counts what a run has done. It can be read after an error too.

    Attributes:
        total: frames asked for; 0 until the run begins.
        done: frames that are on disk and current, ``skipped`` ones included.
        clock: where the time goes.
        began: when the command began, as ``perf_counter`` counts.
        cpu_began: the same as ``process_time`` counts.
    """

    total: int = 0
    done: int = 0
    skipped: int = 0
    clock: StageClock = field(default_factory=StageClock)
    began: float = field(default_factory=perf_counter)
    cpu_began: float = field(default_factory=process_time)

    @property
    def seconds(self) -> float:
        """Wall seconds since the command began."""
        return perf_counter() - self.began

    @property
    def cpu_seconds(self) -> float:
        """What all threads of the process computed since then."""
        return process_time() - self.cpu_began
