"""A case of bad input: files that are made in a folder, and a call of the command."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.support.pictures import write_shot

Build = Callable[[Path], list[object]]


def key(folder: Path, *more: object) -> list[object]:
    """A call that would work: the shot, its clean plate, an output."""
    shot = write_shot(folder / "in")
    return ["key", shot, "-o", folder / "out", "--clean-plate", folder / "in/clean.exr", *more]


@dataclass(frozen=True)
class Case:
    """One row of docs/bad_input.md.

    Attributes:
        build: makes files in a folder and returns the command's arguments.
        marks: what the test of it needs.
        environment: variables of the command that name folders, from the case's own on.
        largest_file: the size in bytes at which the disk is full, or None.
    """

    build: Build
    marks: Sequence[pytest.MarkDecorator] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    largest_file: int | None = None


class Cases(dict[str, Case]):
    """The cases of one section of the page, by their row's name."""

    def add(
        self,
        name: str,
        *,
        marks: Sequence[pytest.MarkDecorator] = (),
        environment: Mapping[str, str] | None = None,
        largest_file: int | None = None,
    ) -> Callable[[Build], Build]:
        """Decorate the builder of a case."""

        def register(build: Build) -> Build:
            assert name not in self, name
            self[name] = Case(build, marks, environment or {}, largest_file)
            return build

        return register

    def add_options(
        self, cases: Mapping[str, Sequence[str]], call: Callable[..., list[object]] = key
    ) -> None:
        """Cases that are a call that would work, and these options."""
        for name, options in cases.items():

            def build(folder: Path, options: Sequence[str] = options) -> list[object]:
                return call(folder, *options)

            self.add(name)(build)
