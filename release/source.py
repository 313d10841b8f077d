"""A release is made of one commit, whose version and CHANGELOG agree."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

_VERSION = re.compile(r'^__version__ = "(.+)"$', re.MULTILINE)
_HEAD = re.compile(r"^## (.+)$", re.MULTILINE)
_DATED = re.compile(r"(\d+\.\d+\.\d+) \((\d{4}-\d{2}-\d{2})\)")


class ReleaseError(Exception):
    """Why nothing is released, and the next step, in one sentence."""


@dataclass(frozen=True)
class Source:
    """What is released.

    Attributes:
        root: the repository's folder.
        version: as Python writes it, ``0.2.0`` or ``0.2.0.dev0``.
        commit: forty hex digits.
    """

    root: Path
    version: str
    commit: str

    @property
    def name(self) -> str:
        """What all artifacts' names begin with, and the folder they lie in."""
        return f"mattebox-{self.version}"


def checked_source(root: Path) -> Source:
    """What a repository's folder would release.

    Raises ReleaseError where it is no clone, holds changes, or says two different things.
    """
    if not (root / ".git").exists():
        raise ReleaseError(f"{root} is no clone of a repository: run make release in one")
    changes = _git(root, "status", "--porcelain").splitlines()
    if changes:
        more = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
        raise ReleaseError(
            f"{root} holds what no commit has ({changes[0][3:]}{more}): commit it, or run make "
            "release in a fresh clone"
        )
    version = version_of((root / "core/mattebox/__init__.py").read_text(encoding="utf-8"))
    check_agreement(version, (root / "CHANGELOG.md").read_text(encoding="utf-8"))
    return Source(root, version, _git(root, "rev-parse", "HEAD"))


def version_of(text: str) -> str:
    """The version that a package's ``__init__.py`` sets."""
    (version,) = _VERSION.findall(text)
    return str(version)


def check_agreement(version: str, changelog: str) -> None:
    """Hold a version against a CHANGELOG.

    A release is the newest dated heading, with nothing below *Unreleased*. A version on the way to
    one is newer than that heading. Raises ReleaseError.
    """
    newest = _newest_release(changelog)
    release, _, development = version.partition(".dev")
    if development:
        if _numbers(release) <= _numbers(newest):
            raise ReleaseError(
                f"the version {version} is on the way to a release, and CHANGELOG.md has {newest} "
                "already: raise the version"
            )
        return
    if release != newest:
        raise ReleaseError(
            f"the version is {version} and CHANGELOG.md's newest release {newest}: correct one"
        )
    if re.search(r"^- ", _HEAD.split(changelog)[2], re.MULTILINE):
        raise ReleaseError(
            f"CHANGELOG.md has entries below Unreleased: move them below {newest}, or raise the "
            "version"
        )


def _newest_release(changelog: str) -> str:
    heads = [*_HEAD.findall(changelog), "", ""]
    if heads[0] != "Unreleased":
        raise ReleaseError("CHANGELOG.md has no heading Unreleased above all others: add it")
    dated = _DATED.fullmatch(heads[1])
    if dated is None or not _is_date(dated[2]):
        raise ReleaseError(
            f"CHANGELOG.md's newest release is {heads[1]!r}: write it as '0.2.0 (2026-12-24)'"
        )
    return dated[1]


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _is_date(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(  # noqa: S603 - git, with words of ours
        ["git", "-C", str(root), *words],  # noqa: S607 - git of the PATH
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ReleaseError(f"git {words[0]} failed in {root}: {done.stderr.strip()}")
    return done.stdout.rstrip("\n")
