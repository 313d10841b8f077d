"""What was found on a machine, as plain values. Hosts read it as JSON; keys are only ever added."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

REPORT_VERSION = 1


@dataclass(frozen=True)
class Fault:
    """Something that will get in the way, and what to do about it."""

    what: str
    cure: str


@dataclass(frozen=True)
class Host:
    """A program that Mattebox works in or with, as it was found.

    Attributes:
        name: ``Blender``, ``Nuke``, ``Open Job Description``, ``ffmpeg``.
        version: as it says itself, or None where it does not.
        where: the program.
        works: what of Mattebox works with it, and what does not.
        press: what to do or press next.
    """

    name: str
    version: str | None
    where: str
    works: str
    press: str


@dataclass(frozen=True)
class SmallKey:
    """The shipped shot, keyed on one device by a process of its own.

    Attributes:
        device: ``cpu`` or ``cuda``.
        frames: how many.
        seconds: of the whole command, loading and writing included.
        frame_seconds: wall time of what computes one frame: colour, engine, matte.
        expected_frame_seconds: what the reference machine takes, times how much slower this one
            calculates; None where there is no reference.
        mad: mean absolute error of alpha against the shot's truth, times 1000.
        expected_mad: the same as every machine should find it.
    """

    device: str
    frames: int
    seconds: float
    frame_seconds: float
    expected_frame_seconds: float | None
    mad: float
    expected_mad: float

    @property
    def slowness(self) -> float | None:
        """Found against expected; None where nothing was expected."""
        expected = self.expected_frame_seconds
        return None if expected is None else self.frame_seconds / expected


@dataclass(frozen=True)
class Report:
    """What was found."""

    version: int
    mattebox: str
    commit: str | None
    python: str
    executable: str
    platform: str
    cores: int
    libraries: dict[str, str | None]
    devices: list[dict[str, Any]]
    onnx_providers: list[str]
    onnxruntime: dict[str, Any] | None
    ocio: dict[str, str]
    unmixing: str | None
    weights: list[str]
    ffmpeg: str | None
    flow: str | None
    hint_tools: list[dict[str, Any]]
    hosts: list[Host] = field(default_factory=list)
    small_keys: list[SmallKey] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
