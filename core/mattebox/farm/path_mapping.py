"""Paths of a job on a worker where the shares lie elsewhere.

A scheduler that knows the same files under other paths writes rules (Open Job Description,
``pathmapping-1.0``) and maps its own parameters by them; the paths inside a job file it cannot see.
``MATTEBOX_PATH_MAPPING`` names the file with the rules, and every command that reads or writes a
job follows it, so a job file always holds the paths of the machine that submitted it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Any

from mattebox.documents import json_of, read_text
from mattebox.errors import InputError, UsageError
from mattebox.farm.job_paths import AnyJob, with_paths

VARIABLE = "MATTEBOX_PATH_MAPPING"

FORMATS: dict[str, Callable[[str], PurePath]] = {
    "POSIX": PurePosixPath,
    "WINDOWS": PureWindowsPath,
}


@dataclass(frozen=True)
class Rule:
    """One rule: what lies below ``source`` there lies below ``destination`` here."""

    source: PurePath
    destination: Path

    def here(self, text: str) -> str | None:
        """A path of the submitting machine on this one; None where the rule does not hold it."""
        there = type(self.source)(text)
        if not there.is_relative_to(self.source):
            return None
        return str(self.destination.joinpath(*there.relative_to(self.source).parts))

    def there(self, text: str) -> str | None:
        """A path of this machine on the submitting one; None where the rule does not hold it."""
        here = Path(text)
        if not here.is_relative_to(self.destination):
            return None
        return str(self.source.joinpath(*here.relative_to(self.destination).parts))


@dataclass(frozen=True)
class PathMapping:
    """The rules of a session. Without any, every path stays what it is."""

    rules: tuple[Rule, ...] = ()

    @classmethod
    def of_session(cls) -> PathMapping:
        """The rules that ``MATTEBOX_PATH_MAPPING`` names; none where it is not set."""
        named = os.environ.get(VARIABLE)
        return cls.read(Path(named)) if named else cls()

    @classmethod
    def read(cls, path: Path) -> PathMapping:
        """Rules from their file.

        Raises:
            InputError: the file is missing.
            UsageError: it does not hold rules.
        """
        try:
            values = json_of(read_text(path))
            # Without rules, a session writes an empty object.
            rules = tuple(_rule(entry) for entry in values.get("path_mapping_rules", ()))
        except OSError as error:
            raise InputError(
                f"cannot read the path mapping {path}: {error.strerror}", path=path
            ) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(
                f"{path} holds no path mapping ({error})",
                expected="JSON as Open Job Description writes it (pathmapping-1.0)",
            ) from error
        return cls(rules)

    def here(self, job: AnyJob) -> AnyJob:
        """A job as submitted, with the paths of this machine."""
        return with_paths(job, lambda text: self._first(text, Rule.here, _depth_there))

    def there(self, job: AnyJob) -> AnyJob:
        """A job of this machine, with the paths of the one that submitted it."""
        return with_paths(job, lambda text: self._first(text, Rule.there, _depth_here))

    def _first(
        self,
        text: str,
        apply: Callable[[Rule, str], str | None],
        depth: Callable[[Rule], int],
    ) -> str:
        """A text by the most particular rule that holds it, else as it is."""
        for rule in sorted(self.rules, key=depth, reverse=True):
            moved = apply(rule, text)
            if moved is not None:
                return moved
        return text


def _rule(entry: dict[str, Any]) -> Rule:
    source = FORMATS[entry["source_path_format"]](entry["source_path"])
    return Rule(source, Path(entry["destination_path"]))


def _depth_there(rule: Rule) -> int:
    return len(rule.source.parts)


def _depth_here(rule: Rule) -> int:
    return len(rule.destination.parts)
