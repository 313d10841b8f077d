"""What commands write: whole or not at all, and never onto what is not theirs.

Every file that a command leaves behind is written under a hidden name beside its own, brought to
the disk, and renamed. An ``OutputFile`` also knows what may be replaced: an empty file, or an
earlier file of its own kind, told by what stands in it; anything else only where the user says so.
An input is never replaced, nor what is no file at all. A link is replaced itself, and what it
points at stays.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mattebox.errors import UsageError, WriteError, named
from mattebox.regular_files import NotRegularError, open_regular, refuse_special

OTHER_PLACE = "make room or choose another place (-o)"
GENERATOR = b"mattebox"
"""What our files say of who made them, each in its own format's way."""

DRAFT_PREFIX = ".mattebox-"
"""Unfinished files are hidden, so no pattern finds them; the name holds the writing process."""

_LOOKED_AT = 1 << 16
"""Bytes at either end of a file in which a mark is looked for: headers are shorter."""

_NO_FLUSH = frozenset(
    {
        errno.EINVAL,
        errno.ENOTSUP,
        errno.EOPNOTSUPP,
        errno.ENOSYS,
        errno.EBADF,
        errno.EACCES,
        errno.EISDIR,
    }
)
"""How network file systems say that they do not bring files or folders to the disk on request."""


ReadFiles = Collection[Path] | Callable[[], Iterable[Path]]
"""The files that a command reads; a function is asked only where something lies at an output."""


@dataclass(frozen=True)
class FileKind:
    """A kind of file that a command writes.

    Attributes:
        words: what people call it, with its article.
        is_ours: whether a regular file that is not empty is an earlier one of its kind. Raises
            nothing but OSError.
    """

    words: str
    is_ours: Callable[[Path], bool]


def marked(words: str, mark: bytes) -> FileKind:
    """A kind whose files hold a mark near their beginning or their end."""

    def is_ours(path: Path) -> bool:
        with open_regular(path) as stream:
            start = stream.read(_LOOKED_AT)
            stream.seek(max(0, path.stat().st_size - _LOOKED_AT))
            return mark in start or mark in stream.read(_LOOKED_AT)

    return FileKind(words, is_ours)


FIGURES = marked("figures of Mattebox", b'"kind": "mattebox/')
TABLE = marked("a table of Mattebox", b"<!-- generator: " + GENERATOR)
DRAWING = marked("a drawing of Mattebox", b"<!-- generator: " + GENERATOR)
ONNX = marked("a network that Mattebox wrote", b"\x12\x08" + GENERATOR)  # its producer
TORCHSCRIPT = marked("a network that Mattebox wrote", b"/extra/mattebox.json")
PAGE = marked("a report of Mattebox", b'<meta name="generator" content="Mattebox ')


@dataclass(frozen=True)
class OutputFile:
    """One file that a command was told to write.

    Attributes:
        path: where.
        kind: what.
        inputs: the files that the command reads.
        overwrite: whether the user allows to replace a file of another kind.
        next_step: what the user can do where it cannot be written.
    """

    path: Path
    kind: FileKind
    inputs: ReadFiles = ()
    overwrite: bool = False
    next_step: str = OTHER_PLACE

    def check(self) -> None:
        """Refuse what must not be replaced: before the work, and again where it is written.

        Raises:
            UsageError: an input, something that is no file, or a file of another kind.
        """
        if not self._is_there():
            return
        refuse_inputs([self.path], self.inputs() if callable(self.inputs) else self.inputs)
        if self.holds_foreign():
            raise UsageError(
                f"{self.path} is not {self.kind.words} and would be replaced",
                next_step=f"choose another name, or say {named('overwrite')}",
                path=self.path,
            )

    def holds_foreign(self) -> bool:
        """Whether a file lies there that must not be replaced, inputs aside.

        Raises UsageError where it is no file.
        """
        if not self._is_there() or self.overwrite:
            return False
        try:
            return self.path.stat().st_size > 0 and not self.kind.is_ours(self.path)
        except OSError as error:
            raise _unwritable(self.path, error, self.next_step) from error

    def _is_there(self) -> bool:
        """Whether a file lies there, through links. Raises UsageError where it is no file."""
        try:
            refuse_special(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except NotRegularError as error:
            raise UsageError(
                f"{self.path} cannot be written: {error.strerror}",
                expected="the name of a file to write",
                next_step="choose another name",
                path=self.path,
            ) from error
        except OSError as error:
            raise _unwritable(self.path, error, self.next_step) from error
        return True

    def write(self, data: bytes) -> None:
        """Write all of it. Raises as ``check``, and WriteError: the earlier file is untouched."""
        self.check()
        write_whole(self.path, data, next_step=self.next_step)


def refuse_inputs(outputs: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Refuse to write onto a file that is read, also through a link to it or to its folder.

    Raises:
        UsageError: an output is one of the inputs.
    """
    taken = {key: path for path in dict.fromkeys(inputs) for key in _identities(path)}
    for output in outputs:
        for key in _identities(output):
            if key in taken:
                raise UsageError(
                    f"the output {output} is the input {taken[key]}",
                    expected="an output that is not an input of the job",
                    next_step="write into another folder or under another name (-o)",
                    path=output,
                )


def write_whole(path: Path, data: bytes, *, next_step: str = OTHER_PLACE) -> None:
    """Write a file in a place of our own, whatever lies there; ``OutputFile`` asks first.

    Raises:
        WriteError: it cannot be written; the earlier file, if there was one, is untouched.
    """
    try:
        with draft_of(path) as draft, draft.open("wb") as stream:
            stream.write(data)
    except OSError as error:
        raise _unwritable(path, error, next_step) from error


@contextmanager
def draft_of(
    path: Path, *, suffix: str | None = None, check: Callable[[Path], None] | None = None
) -> Iterator[Path]:
    """A hidden name beside a file's own; what lies there at the end takes the file's name.

    What a killed process leaves is named as unfinished frames are, and goes with them.

    Args:
        path: the file; what is there is replaced in one step, a link itself.
        suffix: of the draft, where a writer goes by it; default: the file's own.
        check: called with the draft once it is on the disk; what it raises keeps the earlier file.

    Raises:
        OSError: the draft cannot be brought to the disk, or cannot take the name.
    """
    draft = _beside(path, path.suffix if suffix is None else suffix)
    try:
        yield draft
        flush(draft)
        if check is not None:
            check(draft)
        if path.is_dir() and not path.is_symlink():
            raise IsADirectoryError(errno.EISDIR, "a folder has that name", str(path))
        draft.replace(path)
        flush(path.parent)
    finally:
        with suppress(OSError):  # it is gone where it was renamed
            draft.unlink()


def write_folder(folder: Path, texts: dict[str, str], kind: FileKind) -> None:
    """Write a folder of texts as a whole: all of them under a hidden name, then one rename.

    An earlier folder is replaced where it holds files of these names alone, and one of them is of
    the kind. Folders above it are made.

    Raises:
        UsageError: it is a link, no folder, or holds something else.
        WriteError: it cannot be written; the earlier folder stays.
    """
    _refuse_foreign_folder(folder, texts, kind)
    draft = _beside(folder, "")
    earlier = _beside(folder, ".old")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft.mkdir()
        for name, text in texts.items():
            (draft / name).write_bytes(text.encode())
            flush(draft / name)
        if folder.exists():
            folder.replace(earlier)
        try:
            draft.replace(folder)
        except OSError:
            with suppress(OSError):  # the error that led here is the one to tell
                earlier.replace(folder)
            raise
        flush(folder.parent)
    except OSError as error:
        raise _unwritable(folder, error, "choose another folder (-o)") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        if folder.exists():
            shutil.rmtree(earlier, ignore_errors=True)


class NotFlushed:
    """The first place of this process whose file system brings nothing to the disk on request.

    Files are written by several threads; whoever talks to the user takes it and says it once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: str | None = None
        self._is_told = False

    def found(self, path: Path, error: OSError) -> None:
        """Remember a file or folder that was refused."""
        with self._lock:
            self._found = self._found or (
                f"{path} is on a file system that does not bring it to the disk on request "
                f"({error.strerror}): it is whole for all who read it, and reaches the disk later"
            )

    def take(self) -> str | None:
        """What to tell the user, the first time there is something; then None."""
        with self._lock:
            if self._found is None or self._is_told:
                return None
            self._is_told = True
            return self._found


not_flushed = NotFlushed()

NOT_FLUSHED_STEP = (
    "if the machine that holds these files loses power before that, run the same command again"
)


def flush(path: Path) -> None:
    """Have the system bring a file, or a folder's names, to the disk.

    Where a file system does not do that on request, it does it in its own time: the file is whole
    for all who read it, so ``not_flushed`` remembers it and nothing is raised. Raises OSError for
    every other fault.
    """
    if path.is_dir() and os.name == "nt":
        return  # Windows has no handle of a folder to flush
    try:
        handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno not in _NO_FLUSH:
            raise
        not_flushed.found(path, error)


def _refuse_foreign_folder(folder: Path, texts: Collection[str], kind: FileKind) -> None:
    if folder.is_symlink():
        raise UsageError(
            f"{folder} is a link", expected="a folder of its own", next_step="name its target"
        )
    try:
        there = sorted(path.name for path in folder.iterdir())
        others = [name for name in there if name not in texts]
        is_ours = not there or any(
            (folder / name).is_file() and kind.is_ours(folder / name) for name in there
        )
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unwritable(folder, error, "choose another folder (-o)") from error
    if others or not is_ours:
        what = f"holds {others[0]}" if others else "holds other files"
        raise UsageError(
            f"{folder} {what}, and is replaced as a whole",
            expected=f"a new folder, or {kind.words}",
            next_step="choose another folder (-o)",
            path=folder,
        )


def _beside(path: Path, suffix: str) -> Path:
    unique = f"{os.getpid()}-{secrets.token_hex(4)}"
    return path.with_name(f"{DRAFT_PREFIX}{unique}.tmp{suffix}")


def _unwritable(path: Path, error: OSError, next_step: str) -> WriteError:
    return WriteError(
        f"{path} could not be written: {error.strerror or error}", next_step=next_step, path=path
    )


def _identities(path: Path) -> list[object]:
    """What a path is the same as: its real path, and the file behind it where there is one."""
    found: list[object] = [os.path.realpath(path)]
    with contextlib.suppress(OSError, ValueError):  # there is none
        status = path.stat()
        found.append((status.st_dev, status.st_ino))
    return found
