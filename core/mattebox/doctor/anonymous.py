"""A report without names of people, machines and projects, which anybody may read."""

from __future__ import annotations

import contextlib
import dataclasses
import getpass
import os
import platform
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

from mattebox.doctor.machine import home_folder

Value = TypeVar("Value")

_END = "\n'\"<>|:;,()"
"""What ends a path within a sentence. Blanks do not: they stand in the names of folders."""

_TAIL = rf"(?:[^{_END}]*[\\/])?[^\s{_END}]*(?:[^{_END}]*\.\w{{2,12}}\b)?"
"""To the last separator before an end; then the name, and on to a suffix where it has blanks."""

_PATH = re.compile(rf"(?<![\w<>.-])(?:[A-Za-z]:[\\/]|\\\\|~?/){_TAIL}")
_ADDRESS = re.compile(r"\b(?!ocio:)[a-z][a-z0-9+.-]*://[^\s'\"<>]+", re.IGNORECASE)
_REST = re.compile(rf"[^\s{_END}]*[\\/][^\s{_END}]*")
"""Any word with a separator that is left: a relative path, or what followed an end in a name."""

_KEPT = re.compile(r"(<environment>(?:[\\/][\w.-]+)*|ocio://[\w.-]+|pytorch\.org/get-started)")
"""What has separators and may be read by all: pip's own folders, and words of ours."""


_STAND_INS = {"path", "address", "environment", "user", "host"}
"""Who is called so is named by no report: the words stand in every one."""


@dataclass
class Secrets:
    """What a report must not show.

    Attributes:
        places: paths that are known to be some; what lies below goes with them.
        people: names of users and machines.
        environment: the folder Mattebox is installed in. What lies below it stays: it is pip's.
        seen: names that were given, by the path they stand for, so that equal paths look equal.
    """

    places: tuple[str, ...]
    people: tuple[tuple[str, str], ...]
    environment: str
    seen: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_this_machine(cls) -> Secrets:
        """Those of the environment, the user and the machine."""
        places = {str(home_folder()), *_paths(os.environ.values())}
        with contextlib.suppress(OSError):  # a current folder that is gone has no name
            places.add(str(Path.cwd()))
        users = {os.environ.get(name, "") for name in ("USER", "LOGNAME", "USERNAME")}
        with contextlib.suppress(OSError, KeyError):  # a container whose user has no name
            users.add(getpass.getuser())
        users.add(home_folder().name)
        names = {
            platform.node(),
            os.environ.get("HOSTNAME", ""),
            os.environ.get("COMPUTERNAME", ""),
        }
        machines = names | {name.partition(".")[0] for name in names}
        people = [*((name, "<user>") for name in users), *((name, "<host>") for name in machines)]
        return cls(tuple(places), tuple(people), sys.prefix)

    def stand_in(self, place: str, kind: str = "path") -> str:
        """The name of a path in the report: ``<path 2>``."""
        return self.seen.setdefault(place, f"<{kind} {len(self.seen) + 1}>")


def _paths(values: Iterable[str]) -> set[str]:
    """Parts of environment variables that are paths."""
    parts = (part for value in values for part in {value, *value.split(os.pathsep)})
    return {part for part in parts if len(part) > 1 and ("/" in part or "\\" in part)}


def anonymous(value: Value, secrets: Secrets) -> Value:
    """A value of a report with each text in it made anonymous. Names of keys stay."""
    found: Any = value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
        found = dataclasses.replace(value, **anonymous(fields, secrets))
    elif isinstance(value, Mapping):
        found = {key: anonymous(inner, secrets) for key, inner in value.items()}
    elif isinstance(value, list):
        found = [anonymous(inner, secrets) for inner in value]
    elif isinstance(value, str):
        found = anonymous_text(value, secrets)
    return cast("Value", found)


def anonymous_text(text: str, secrets: Secrets) -> str:
    """A text without addresses, paths, and names of users and machines.

    Rather a word too many is taken out than one too few: a path begins where one is sure to, and
    ends where a sentence surely does.
    """
    marked = re.sub(
        rf"(?<![\w.-]){re.escape(secrets.environment)}(?=[\\/\s{_END}]|$)", "<environment>", text
    )
    pieces = _KEPT.split(marked)  # every other one is kept
    pieces[::2] = [_without_paths(piece, secrets) for piece in pieces[::2]]
    found = "".join(pieces)
    for name, stand_in in sorted(secrets.people, key=lambda pair: len(pair[0]), reverse=True):
        if name and name.casefold() not in _STAND_INS:
            found = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", stand_in, found, flags=re.IGNORECASE)
    return found


def _without_paths(text: str, secrets: Secrets) -> str:
    text = _ADDRESS.sub(lambda found: secrets.stand_in(found[0], "address"), text)
    for place in sorted(secrets.places, key=len, reverse=True):
        # A part of a longer name is no place. What lies below goes with it, whatever it is called.
        whole = rf"(?<![\w<>.-]){re.escape(place)}(?![\w.-])(?:[\\/]{_TAIL})?"
        text = re.sub(whole, lambda found: secrets.stand_in(found[0]), text)
    for pattern in (_PATH, _REST):
        text = pattern.sub(lambda found: secrets.stand_in(found[0]), text)
    return text
