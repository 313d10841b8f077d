"""Whether a weights file is what its catalogue entry says: size, sha256, and what it holds.

A confirmed hash is enough. A hash that one project saw, or none, is held against what the file
holds as well: names and shapes of the entry's network, read without running anything.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from mattebox.engines.weights_file import foreign_start, read_weights
from mattebox.errors import WeightsError
from mattebox.weights.catalogue import Entry


@dataclass(frozen=True)
class Checked:
    """A file that passed.

    Attributes:
        sha256: of the file.
        bytes: its size.
        known_by: what it was compared with, for people.
    """

    sha256: str
    bytes: int
    known_by: str


def check_file(
    path: Path, entry: Entry, *, called: str | None = None, installed_sha256: str | None = None
) -> Checked:
    """Hold a file against its entry.

    Args:
        path: the file.
        entry: what it should be.
        called: what messages call the file; default: its path.
        installed_sha256: the hash it had when it was installed, if that was noted.

    Raises:
        WeightsError: it is something else; says what was found.
    """
    called = called or str(path)
    size, sha256, start = _looked_at(path, called)
    stranger = foreign_start(start) if size != entry.bytes or sha256 != entry.sha256 else None
    if stranger is not None:
        raise _wrong(f"{called} is {stranger} ({size:,} bytes)", entry, path)
    if entry.bytes is not None and size < entry.bytes:
        raise _wrong(f"{called} is cut short: {size:,} of {entry.bytes:,} bytes", entry, path)
    if entry.bytes is not None and size > entry.bytes:
        raise _wrong(f"{called} is too long: {size:,} bytes", entry, path)
    if entry.sha256 is not None and sha256 != entry.sha256:
        raise _wrong(f"{called} has the sha256 {sha256} ({size:,} bytes)", entry, path)
    if installed_sha256 is not None and sha256 != installed_sha256:
        raise _wrong(
            f"{called} has changed since it was installed: its sha256 is {sha256}",
            entry,
            path,
            expected=installed_sha256,
        )
    if entry.certainty == "confirmed":
        return Checked(sha256, size, "sha256 (confirmed)")
    _refuse_another_network(path, entry, called)
    known_by = {"seen once": "sha256 (seen once) and structure", "unknown": "structure"}
    again = " and the sha256 it was installed with" if installed_sha256 and not entry.sha256 else ""
    return Checked(sha256, size, known_by[entry.certainty] + again)


def _looked_at(path: Path, called: str) -> tuple[int, str, bytes]:
    """Size, sha256 and first bytes of a file."""
    try:
        with path.open("rb") as stream:
            start = stream.read(512)
            stream.seek(0)
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            return stream.tell(), sha256, start
    except OSError as error:
        raise WeightsError(
            f"{called} cannot be read: {error.strerror or error}", path=path
        ) from error


def _refuse_another_network(path: Path, entry: Entry, called: str) -> None:
    try:
        found = read_weights(path).network
    except WeightsError as error:
        message = error.message.replace(str(path), called)
        raise _wrong(message, entry, path) from error
    if found != entry.network:
        holds = "no network that Mattebox knows" if found is None else f"weights of {found}"
        raise _wrong(f"{called} holds {holds}", entry, path)


def _wrong(message: str, entry: Entry, path: Path, *, expected: str | None = None) -> WeightsError:
    return WeightsError(
        message,
        expected=expected or described(entry),
        next_step="get it again from its own source (`mattebox weights list --json`): "
        f"`mattebox weights fetch {entry.name}`",
        path=path,
    )


def described(entry: Entry) -> str:
    """What an entry's file is known by, for messages."""
    size = "" if entry.bytes is None else f"{entry.bytes:,} bytes, "
    known = "no sha256 is known" if entry.sha256 is None else f"sha256 {entry.sha256}"
    sure = f" ({entry.certainty})" if entry.sha256 is not None else ""
    return f"weights of {entry.network}, {size}{known}{sure}"
