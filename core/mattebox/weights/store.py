"""Where weights lie: the folders that are looked in, and the notes kept beside the files.

Not a cache: a cleaner may empty a cache folder at any time, and then a farm stands still, an
accepted licence is forgotten, and a file copied by hand is gone.
"""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from mattebox.errors import WeightsError, WriteError
from mattebox.weights.catalogue import Entry, Licence
from mattebox.weights.network_faults import shown
from mattebox.whole_files import draft_of

WEIGHTS = "MATTEBOX_WEIGHTS"
"""Environment variable: a folder with weights, or the address of a mirror."""
MIRROR_SCHEMES = ("http://", "https://", "file://")
NOTES = ".mattebox"
"""Folder beside the weights: accepted licences, receipts, locks."""


class _Note(BaseModel):
    model_config = ConfigDict(frozen=True)


NoteT = TypeVar("NoteT", bound=_Note)


class Acceptance(_Note):
    """That somebody accepted a licence."""

    licence: str
    url: str
    accepted: str


class Receipt(_Note):
    """What was installed: the only hash of a file whose hash was not published."""

    name: str
    licence: str
    sha256: str
    bytes: int
    source: str
    installed: str


@dataclass(frozen=True)
class Store:
    """The folders with weights.

    Attributes:
        folders: looked in, in this order; the last is the user's own.
        mirror: where files are fetched from instead of their own address, or None.
    """

    folders: tuple[Path, ...]
    mirror: str | None = None

    @classmethod
    def from_environment(cls) -> Store:
        """The store that ``MATTEBOX_WEIGHTS`` and the platform's habits give.

        Raises:
            WeightsError: the variable names neither a folder nor an address.
        """
        own = user_folder()
        named = os.environ.get(WEIGHTS)
        if not named:
            return cls((own,))
        if named.lower().startswith(MIRROR_SCHEMES):
            return cls((own,), named.rstrip("/"))
        folder = Path(named)
        # Never made here: where a share is not mounted, its name must not become a local folder.
        if not folder.is_dir():
            raise WeightsError(
                f"{WEIGHTS} names {shown(named)}, which is not a folder",
                expected="a folder that is there, or an http://, https:// or file:// address",
                next_step="mount or make the folder, correct the variable, or unset it",
                path=folder,
            )
        return cls((folder.absolute(), own))

    def find(self, entry: Entry) -> Path | None:
        """Where an entry is installed; None where it is not. Its content is not looked at."""
        for folder in self.folders:
            with suppress(OSError):
                if (folder / entry.file).is_file():
                    return folder / entry.file
        return None

    def address(self, entry: Entry) -> str:
        """Where an entry is fetched from."""
        return entry.url if self.mirror is None else f"{self.mirror}/{entry.file}"

    def target(self) -> Path:
        """The folder that is installed to: the first that can be written.

        Raises:
            WriteError: none can.
        """
        for folder in self.folders:
            with suppress(OSError):
                folder.mkdir(parents=True, exist_ok=True)
                # Asked by trying: permission bits say little about shares and read-only mounts.
                with tempfile.TemporaryFile(dir=folder):
                    return folder
        last = self.folders[-1]
        raise WriteError(
            f"no folder for weights can be written: {', '.join(map(str, self.folders))}",
            next_step=f"name one that can: {WEIGHTS}=FOLDER",
            path=last,
        )

    def has_accepted(self, name: str, licence: Licence) -> bool:
        """Whether a licence was accepted, here or in a folder that is read."""
        for folder in self.folders:
            note = _read(_licence_note(folder, name), Acceptance)
            if note is not None and note.url == licence.url:
                return True
        return False

    def accept(self, name: str, licence: Licence) -> None:
        """Remember that a licence was accepted. Raises WriteError."""
        note = Acceptance(licence=name, url=licence.url, accepted=_now())
        _write(_licence_note(self.target(), name), note)

    def receipt(self, path: Path) -> Receipt | None:
        """What is known of an installed file since it was installed."""
        return _read(_receipt_note(path), Receipt)

    def receipt_of(self, sha256: str) -> Receipt | None:
        """The receipt of a file with this hash, wherever the file is now."""
        for folder in self.folders:
            for path in sorted((folder / NOTES).glob("*.receipt.json")):
                note = _read(path, Receipt)
                if note is not None and note.sha256 == sha256:
                    return note
        return None

    def note_receipt(self, path: Path, entry: Entry, *, sha256: str, source: str) -> None:
        """Remember what was installed at ``path``. Raises WriteError."""
        note = Receipt(
            name=entry.name,
            licence=entry.licence,
            sha256=sha256,
            bytes=path.stat().st_size,
            source=source,
            installed=_now(),
        )
        _write(_receipt_note(path), note)


def user_folder() -> Path:
    """The user's own folder for weights, where the platform wants an application's data."""
    import platformdirs

    return platformdirs.user_data_path("mattebox", appauthor=False) / "weights"


def unwritable(path: Path, error: OSError) -> WriteError:
    """What is said where a weights file cannot be written."""
    return WriteError(
        f"{path} cannot be written: {error.strerror or error}",
        next_step="make room there, or name another folder: MATTEBOX_WEIGHTS=FOLDER",
        path=path,
    )


@contextmanager
def locked(folder: Path, entry: Entry) -> Iterator[None]:
    """Nobody else installs this entry into this folder meanwhile.

    Raises:
        WeightsError: somebody does.
        WriteError: the folder cannot be written.
    """
    path = folder / NOTES / f"{entry.file}.lock"
    try:
        path.parent.mkdir(exist_ok=True)
        stream = path.open("ab")
    except OSError as error:
        raise unwritable(path, error) from error
    with stream:
        if not _lock(stream.fileno()):
            raise WeightsError(
                f"another process is installing {entry.name} into {folder}",
                next_step="wait until it has ended",
                path=folder / entry.file,
            )
        yield


def _lock(descriptor: int) -> bool:
    """Lock an open file until it is closed; False where somebody else holds it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # A share without locks: the hash still refuses what two writers would make of a file.
        return error.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
    return True


def _licence_note(folder: Path, name: str) -> Path:
    return folder / NOTES / f"{name}.licence.json"


def _receipt_note(path: Path) -> Path:
    return path.parent / NOTES / f"{path.name}.receipt.json"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _read(path: Path, kind: type[NoteT]) -> NoteT | None:
    """A note; None where it is missing or cannot be read."""
    try:
        return kind.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _write(path: Path, note: _Note) -> None:
    try:
        path.parent.mkdir(exist_ok=True)
        with draft_of(path) as draft:
            draft.write_text(note.model_dump_json(indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise unwritable(path, error) from error
