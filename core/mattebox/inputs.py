"""Every picture that goes into a key, once: what it is, its words, where a panel shows it.

The command line, the job file, its schema, the shot, path mappings, the fingerprint and the hosts'
panels and requests are made from ``Inputs``; nothing about an input is written anywhere else but
what the pipeline does with it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field


class InputKind(enum.StrEnum):
    """What an input is."""

    SHOT = "shot"
    """A sequence: one picture for each frame."""
    BACKGROUND = "background"
    """One picture for all frames, a sequence, or a colour R,G,B in the plate's own space.

    ``FILE:layer`` names the part, layer or view of this and of a shot beside the plate."""
    MATTE = "matte"
    """One channel of one picture for all frames, or of a sequence."""
    KEYS = "keys"
    """One channel of pictures at some frames alone, which is carried to the frames between."""


class Matte(BaseModel, frozen=True, extra="forbid"):
    """A matte sequence: FILE[:channel] on the command line."""

    pattern: str
    channel: str | None = Field(default=None, description="Default: A, else the first channel.")


def layer_behind(text: str) -> str | None:
    """The part, layer or view that stands behind a picture's file, ``FILE:layer``, or None.

    By the text alone: the text after the last colon, unless that is a path or a drive's.
    """
    head, colon, tail = text.rpartition(":")
    is_path = "/" in tail or "\\" in tail or len(head) <= 1
    return None if not colon or not tail or is_path else tail


def _input(kind: InputKind, help_text: str, group: str | None, **field: Any) -> Any:
    extra: dict[str, Any] = {"input": kind.value, "group": group}
    return Field(description=help_text, json_schema_extra=extra, **field)


def matte(help_text: str, *, group: str) -> Any:
    """The field of a matte that panels show in a group of the settings."""
    return _input(InputKind.MATTE, help_text, group, default=None)


class Inputs(BaseModel, frozen=True, extra="forbid"):
    """The inputs of a job. New ones come last: digests of a frame's files follow this order."""

    plate: str = _input(InputKind.SHOT, "The picture sequence to key.", None)
    clean_plate: str | None = _input(
        InputKind.BACKGROUND,
        "The background without the subject.",
        "Key",
        default=None,
    )
    background2: str | None = _input(
        InputKind.BACKGROUND,
        "The second background (triangulate).",
        None,
        default=None,
    )
    plate2: str | None = _input(
        InputKind.SHOT, "The shot over a second background (triangulate).", None, default=None
    )
    hint: Matte | None = matte("A matte from elsewhere (engine hint).", group="Key")
    inside: Matte | None = matte("Holdout matte: alpha is at least this.", group="Matte")
    outside: Matte | None = matte("Garbage matte: alpha is 0 there.", group="Matte")
    protect: Matte | None = matte(
        "Matte where despill leaves colours alone (green props).", group="Spill"
    )
    hint_keys: Matte | None = _input(
        InputKind.KEYS,
        "A hint at some frames alone (roto), carried to those between by optical flow.",
        None,
        default=None,
    )


HINTS = ("hint", "hint_keys")
"""Inputs whose matte says what the subject is."""


@dataclass(frozen=True)
class Input:
    """One input, as command lines, shots and panels need it.

    Attributes:
        name: the job's entry.
        kind: what it is.
        group: the panel it stands in; None where hosts do not offer it.
        help: one sentence.
    """

    name: str
    kind: InputKind
    group: str | None
    help: str


def inputs() -> tuple[Input, ...]:
    """All inputs in their order, the plate first."""
    listed = []
    for name, info in Inputs.model_fields.items():
        extra = info.json_schema_extra
        assert isinstance(extra, dict)
        group = extra["group"]
        listed.append(
            Input(
                name=name,
                kind=InputKind(str(extra["input"])),
                group=None if group is None else str(group),
                help=info.description or "",
            )
        )
    return tuple(listed)
