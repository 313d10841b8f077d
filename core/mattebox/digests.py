"""SHA-256 of files, kept between runs: a clip of thousands of frames is hashed once.

A kept digest counts only while the file's size, inode and times are those of when it was hashed,
to the nanosecond. The time of its last *change* is among them, which no program can set back (on
Windows it is that of its making, so there a program that sets the time of the last writing back
can fool it). A file that was changed a moment before it was hashed is not kept: it might change
again within the same tick of its disk's clock.

What is kept lies in the user's cache folder, one file for each folder of pictures. Processes that
keep digests at the same time replace that file whole, so the last one stays; a digest that is
lost, or a file that cannot be read, costs hashing again and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from mattebox.regular_files import open_regular
from mattebox.whole_files import draft_of

SETTLED_NS = 2_000_000_000
"""A file changed this short before is not kept: FAT counts in steps of two seconds, all others in
finer ones."""

KEPT_SECONDS = 60 * 86400.0
"""What no run has asked for in two months is deleted: the shot is done by then."""

_SUFFIX = ".digests.json"
_DIGEST = re.compile(r"[0-9a-f]{64}")
Stamp: TypeAlias = tuple[int, int, int, int]
_Kept: TypeAlias = dict[str, tuple[Stamp, str]]


@dataclass
class FileDigests:
    """Digests of files. Safe to use from several threads.

    Attributes:
        folder: where they are kept; made at the first ``keep``.
    """

    folder: Path
    _kept: dict[Path, _Kept] = field(default_factory=dict, repr=False)
    _changed: set[Path] = field(default_factory=set, repr=False)
    _changing: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def of_user(cls) -> FileDigests:
        """Those in the cache folder of whoever runs this."""
        import platformdirs

        return cls(platformdirs.user_cache_path("mattebox", appauthor=False) / "digests")

    def of(self, path: Path) -> bytes:
        """SHA-256 of a file's bytes, 32 bytes. Raises OSError where it cannot be read."""
        path = Path(os.path.abspath(path))  # noqa: PTH100 - links stay: they may be pointed anew
        with self._changing:
            kept = self._of_folder(path.parent).get(path.name)
        stamp = _stamp(path.stat())
        if kept is not None and kept[0] == stamp:
            return bytes.fromhex(kept[1])
        with open_regular(path) as stream:
            before = os.fstat(stream.fileno())
            began = time.time_ns()
            digest = hashlib.file_digest(stream, "sha256")
            is_steady = _stamp(before) == _stamp(os.fstat(stream.fileno()))
        if is_steady and began - max(before.st_mtime_ns, before.st_ctime_ns) > SETTLED_NS:
            with self._changing:
                self._of_folder(path.parent)[path.name] = (_stamp(before), digest.hexdigest())
                self._changed.add(path.parent)
        return digest.digest()

    def keep(self) -> None:
        """Write what was hashed since the last call, and delete what nobody asked for any more.

        Never raises: where nothing can be kept, as on a farm node without a home, each run hashes.
        """
        with self._changing, contextlib.suppress(OSError):
            if not self._changed:
                return
            self.folder.mkdir(parents=True, exist_ok=True)
            for pictures in self._changed:
                others = _read(self._file_of(pictures))
                there = set(os.listdir(pictures))  # noqa: PTH208 - names alone, and many of them
                whole = {**others, **self._kept[pictures]}
                _write(
                    self._file_of(pictures),
                    {name: one for name, one in whole.items() if name in there},
                )
            self._changed.clear()
            _remove_old(self.folder)

    def _of_folder(self, pictures: Path) -> _Kept:
        known = self._kept.get(pictures)
        if known is None:
            known = self._kept[pictures] = _read(self._file_of(pictures))
        return known

    def _file_of(self, pictures: Path) -> Path:
        name = hashlib.sha256(os.fsencode(pictures)).hexdigest()[:32]
        return self.folder / f"{name}{_SUFFIX}"


def stamp_of(path: Path) -> Stamp:
    """What changes with a file's bytes: its size, times and place on the disk. Raises OSError."""
    return _stamp(path.stat())


def _stamp(status: os.stat_result) -> Stamp:
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _read(path: Path) -> _Kept:
    """What is kept in a file; nothing where it is not there or not ours."""
    try:
        held = json.loads(path.read_bytes())
        entries = {name: _entry(values) for name, values in held.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
    with contextlib.suppress(OSError):
        os.utime(path)  # it is in use
    return entries


def _entry(values: list[Any]) -> tuple[Stamp, str]:
    """One entry of a file. Raises ValueError or TypeError where it is none."""
    size, modified, changed, inode, digest = values
    if _DIGEST.fullmatch(digest) is None:
        raise ValueError(f"{digest!r} is no digest")
    return (int(size), int(modified), int(changed), int(inode)), digest


def _write(path: Path, entries: _Kept) -> None:
    """Replace a file in one step. Raises OSError."""
    text = json.dumps({name: [*stamp, digest] for name, (stamp, digest) in entries.items()})
    with draft_of(path) as draft:
        draft.write_text(text, encoding="utf-8")


def _remove_old(folder: Path) -> None:
    for path in folder.glob(f"*{_SUFFIX}"):
        with contextlib.suppress(OSError):  # another process deleted it
            if time.time() - path.stat().st_mtime > KEPT_SECONDS:
                path.unlink()
