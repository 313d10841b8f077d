"""Every error a user can meet, each with its exit code.

    MatteboxError            70  our own fault, unless a subclass says otherwise
    ├── UsageError           64  bad arguments
    │   ├── UnknownNameError     a name that is not one of the known ones (proposes the nearest)
    │   ├── JobError             a job with faults, all of them listed at once
    │   └── RequestError         a line that is no request (``serve``)
    ├── InputError           66  an input is missing or cannot be read
    │   ├── MissingFramesError   frames that are not on disk
    │   ├── UnreadableError      a file that is there and cannot be used
    │   ├── FaultyFramesError    single frames that cannot be used; all others are written
    │   └── NonFiniteError       more NaN or Inf pixels than can be repaired
    ├── StaleError           65  frames that do not match the job (``check``)
    ├── DeviceError          69  no usable device, or not enough memory on it
    ├── WeightsError         69  weights missing, wrong, or of another network
    ├── ToolError            69  a tool that is not set up, or fails (``hint``, ``doctor --copy``)
    ├── WriteError           74  a frame could not be written
    └── RunInterruptedError  75  stopped on request; run again to finish
        └── SupersededError      a newer request for the same frame came (``serve``)

A message says what is wrong with which value, what was expected, and the next step. Settings and
inputs stand in it by ``named``: the command line says ``--clip-black``, a panel "Clip black".
Errors of third-party libraries are turned into these at the seam where the library is called.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from mattebox.plain_text import harmless

MOST_FAULTS = 20
"""Faulty frames that are told one by one; the rest is counted."""

NameOf = Callable[[str], str]
"""How a setting or an input is called, from its name in a job."""

_NAMED = re.compile("\ue000(\\w+)\ue001")  # private use: no file's name has these


def named(name: str) -> str:
    """A setting or an input inside a text; who shows the text chooses the word (``in_words``)."""
    return f"\ue000{name}\ue001"


def in_words(text: str, name_of: NameOf) -> str:
    """A text with every ``named`` as ``name_of`` says it."""
    return _NAMED.sub(lambda found: name_of(found[1]), text)


def flag_of(name: str) -> str:
    """As the command line says it: ``--clip-black``."""
    return "--model-config" if name == "network_config" else "--" + name.replace("_", "-")


def label_of(name: str) -> str:
    """As panels say it: "Clip black"."""
    return name.replace("_", " ").capitalize()


class MatteboxError(Exception):
    """Base of all errors of Mattebox. Its texts say settings as the command line does.

    Attributes:
        code: short stable name for event lines and scripts.
        exit_code: what the command ends with (``sysexits.h`` numbers, docs/bad_input.md).
        message: what is wrong with which value.
        expected: what would have been right, or None where the message says it.
        next_step: what the user can do now, or None.
        setting: the setting or input concerned, by its name in a job, or None.
        path: the file concerned, or None.
        frame: the frame number concerned, or None.
    """

    code = "internal"
    exit_code = 70

    def __init__(
        self,
        message: str,
        *,
        expected: str | None = None,
        next_step: str | None = None,
        setting: str | None = None,
        path: Path | None = None,
        frame: int | None = None,
    ) -> None:
        super().__init__(message)
        self._said = (message, expected, next_step)
        self.message, self.expected, self.next_step = self.said(flag_of)
        self.setting = setting
        self.path = path
        self.frame = frame

    def said(self, name_of: NameOf) -> tuple[str, str | None, str | None]:
        """Message, expected and next step with settings as ``name_of`` calls them."""
        message, expected, next_step = self._said
        return (
            harmless(in_words(message, name_of)),
            None if expected is None else harmless(in_words(expected, name_of)),
            None if next_step is None else harmless(in_words(next_step, name_of)),
        )

    def __str__(self) -> str:
        parts = [self.message]
        if self.expected is not None:
            parts.append(f"expected: {self.expected}")
        if self.next_step is not None:
            parts.append(f"next step: {self.next_step}")
        return "\n  ".join(parts)


class UsageError(MatteboxError):
    """An argument, or a combination of arguments, that cannot be right."""

    code = "usage"
    exit_code = 64


class UnknownNameError(UsageError):
    """A name (engine, colour space, channel, layer) that is not one of the known ones."""

    code = "unknown_name"

    def __init__(
        self, kind: str, name: str, known: Iterable[str], *, next_step: str | None = None
    ) -> None:
        self.kind = kind
        self.name = name
        self.known = tuple(known)
        near = nearest_names(name, self.known)
        hint = f"did you mean {' or '.join(repr(n) for n in near)}?" if near else None
        listed = ", ".join(self.known[:12]) + (", ..." if len(self.known) > 12 else "")
        super().__init__(
            f"there is no {kind} {name!r}",
            expected=f"one of: {listed}" if listed else None,
            next_step="; ".join(step for step in (hint, next_step) if step) or None,
        )


class JobError(UsageError):
    """A job with one or more faults; ``faults`` holds all of them."""

    code = "job"

    def __init__(self, faults: Sequence[str], *, path: Path | None = None) -> None:
        self.faults = tuple(in_words(fault, flag_of) for fault in faults)
        self._faults = tuple(faults)
        where = f" in {path}" if path is not None else ""
        count = "one fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__(f"{count}{where}:\n" + "\n".join(f"- {fault}" for fault in faults))

    def faults_said(self, name_of: NameOf) -> list[str]:
        """All faults with settings as ``name_of`` calls them."""
        return [harmless(in_words(fault, name_of)) for fault in self._faults]


class RequestError(UsageError):
    """A line on the standard input of ``serve`` that is no request."""

    code = "request"


class InputError(MatteboxError):
    """An input file, or a part of it, that is missing or cannot be used."""

    code = "input"
    exit_code = 66


class MissingFramesError(InputError):
    """Frames that a sequence should have and that are not on disk."""

    code = "missing_frames"

    def __init__(
        self, message: str, frames: Sequence[int], *, next_step: str | None = None
    ) -> None:
        self.frames = tuple(frames)
        super().__init__(message, next_step=next_step, frame=self.frames[0] if frames else None)


class FaultyFramesError(InputError):
    """Frames that are missing or cannot be used, while all others of the run are written.

    ``frames`` holds their numbers, ``faults`` what is wrong with those that are there.
    """

    code = "faulty_frames"

    def __init__(self, missing: str | None, faults: Mapping[int, InputError]) -> None:
        self.frames = tuple(sorted(faults))
        self.faults = tuple(faults[frame] for frame in self.frames)
        first = self.faults[0]
        told = [_of_frame(fault) for fault in self.faults[:MOST_FAULTS]]
        if len(self.faults) > MOST_FAULTS:
            told.append(f"and {len(self.faults) - MOST_FAULTS} more")
        count = "one frame" if len(self.faults) == 1 else f"{len(self.faults)} frames"
        missing_too = "" if missing is None else f"{missing}; "
        super().__init__(
            f"{missing_too}{count} cannot be keyed, all others are written:\n" + "\n".join(told),
            expected=first.expected,
            next_step="; ".join(
                step for step in (first.next_step, "then run the same command again") if step
            ),
            path=first.path,
            frame=first.frame,
        )


def _of_frame(fault: InputError) -> str:
    said = fault.said(named)[0]
    return f"- {said}" if said.startswith("frame ") else f"- frame {fault.frame}: {said}"


class UnreadableError(InputError):
    """A file that is there but empty, truncated, deep, or not an image we can use."""

    code = "unreadable"


class NonFiniteError(InputError):
    """NaN or Inf pixels where they were forbidden or are too many to be repaired."""

    code = "non_finite"


class StaleError(MatteboxError):
    """Frames on disk that were made by another job, or that fail the identity."""

    code = "stale"
    exit_code = 65


class DeviceError(MatteboxError):
    """The device asked for is absent, or its memory does not suffice; or, on a worker of a farm, a
    program that the job needs."""

    code = "device"
    exit_code = 69


class WeightsError(MatteboxError):
    """Weights that are missing, damaged, or belong to another network."""

    code = "weights"
    exit_code = 69


class ToolError(MatteboxError):
    """A tool beside Mattebox that is not set up here, or that failed at its work."""

    code = "tool"
    exit_code = 69


class WriteError(MatteboxError):
    """A frame that could not be written whole: disk full, folder gone or not writable."""

    code = "write"
    exit_code = 74


class RunInterruptedError(MatteboxError):
    """The run was stopped on request; all frames on disk are whole."""

    code = "interrupted"
    exit_code = 75


class SupersededError(RunInterruptedError):
    """A newer request for the same frame took the place of this one (``serve``)."""

    code = "superseded"


def nearest_names(name: str, known: Iterable[str], count: int = 2) -> list[str]:
    """The known names closest to a mistyped one, best first, compared without case."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    near = difflib.get_close_matches(name.casefold(), list(by_folded), n=count, cutoff=0.5)
    return [by_folded[folded] for folded in near]
