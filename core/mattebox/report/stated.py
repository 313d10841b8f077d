"""How a shot was keyed, as the headers of its frames say it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mattebox import header_words
from mattebox.documents import json_of
from mattebox.job import GIVEN, STATED
from mattebox.settings import KeySettings

_OF_ONE_FRAME = ("identity", "residual", "inputs", "repaired", "clamped", "seal")
"""Attributes that differ from frame to frame; they are in the table of frames or no setting."""

_SETTINGS = frozenset({*KeySettings.model_fields, *STATED, GIVEN})
"""What a header leaves out where it is the default; where it leaves out all else, there is none."""

_NOT_SAID = "not said (an older frame)"
"""Of a frame whose header does not say its settings."""

Values = tuple[tuple[str, int], ...]
"""The values of a setting, and how many frames have each."""


@dataclass(frozen=True)
class Setting:
    """A row of the table of settings; ``values`` has more than one where frames differ."""

    name: str
    values: Values


@dataclass(frozen=True)
class Stated:
    """What the headers of a key's frames say.

    Attributes:
        settings: by name.
        frames: how many headers.
        silent: how many of them do not say their settings.
    """

    settings: tuple[Setting, ...]
    frames: int
    silent: int

    def values(self, name: str) -> Values:
        """The values of a setting, whether any header says it or not."""
        found = (setting.values for setting in self.settings if setting.name == name)
        return next(found, _unsaid(name, self.frames, self.silent))

    @property
    def mixed(self) -> tuple[Setting, ...]:
        """The settings in which frames differ among themselves."""
        return tuple(setting for setting in self.settings if len(setting.values) > 1)


class Statements:
    """Takes the headers of a key's frames, one at a time."""

    def __init__(self) -> None:
        self._seen: dict[str, Counter[str]] = {}
        self._frames = self._silent = 0

    def add(self, attributes: Mapping[str, Any]) -> None:
        """Take in a frame's header."""
        told = {
            name.removeprefix(header_words.PREFIX): value
            for name, value in attributes.items()
            if name.startswith(header_words.PREFIX) and name != header_words.SETTINGS
        }
        told = {name: value for name, value in told.items() if name not in _OF_ONE_FRAME}
        settings = settings_of(attributes)
        self._frames += 1
        self._silent += settings is None
        for name, value in (told | (settings or {})).items():
            self._seen.setdefault(name, Counter())[_shown(value)] += 1

    def result(self) -> Stated:
        """What all of them say."""
        settings = []
        for name, counted in sorted(self._seen.items()):
            unsaid = _unsaid(name, self._frames - counted.total(), self._silent)
            settings.append(Setting(name, tuple((counted + Counter(dict(unsaid))).most_common())))
        return Stated(tuple(settings), self._frames, self._silent)


def settings_of(attributes: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a header says of its job's settings; None where it is older than that, or not ours."""
    try:
        stated = json_of(str(attributes[header_words.SETTINGS]))
    except (KeyError, ValueError):
        return None
    return stated if isinstance(stated, dict) else None


def is_given(settings: Mapping[str, Any] | None, name: str) -> bool:
    """Whether a header says that an input was given."""
    given = (settings or {}).get(GIVEN)
    return isinstance(given, list) and name in given


def _unsaid(name: str, count: int, silent: int) -> Values:
    """The values of an entry in ``count`` frames whose headers leave it out; up to ``silent`` of
    them say no settings at all."""
    if name not in _SETTINGS:
        return (("none", count),) if count else ()
    silent = min(count, silent)
    values = (("default", count - silent), (_NOT_SAID, silent))
    return tuple((value, frames) for value, frames in values if frames)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(one)}" for name, one in value.items())
    return str(value)
