"""Installing an entry of the catalogue: brought, held against its entry, then put in its place.

The only module, with ``download``, that reaches the network.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mattebox.errors import InputError, WeightsError
from mattebox.weights.catalogue import Entry
from mattebox.weights.check import Checked, check_file
from mattebox.weights.download import Download, OnBytes, Patience
from mattebox.weights.network_faults import shown
from mattebox.weights.store import Store, locked, unwritable
from mattebox.whole_files import FileKind, OutputFile


@dataclass(frozen=True)
class Installed:
    """An entry in its place. ``was_there`` is True where nothing had to be brought."""

    path: Path
    checked: Checked
    was_there: bool


def install(
    entry: Entry,
    store: Store,
    *,
    source: Path | None = None,
    patience: Patience,
    on_bytes: OnBytes,
    overwrite: bool = False,
) -> Installed:
    """Have an entry installed. A good file that is there is left alone; a wrong one is replaced
    where Mattebox installed it, or where the user says so.

    Args:
        entry: what.
        store: where to.
        source: a file brought by hand; None fetches from the mirror or the entry's own address.
        patience: how long to wait for a server.
        on_bytes: told how far it is.
        overwrite: whether a wrong file goes that Mattebox did not install.

    Raises:
        UsageError: a file of another lies in the place.
        InputError: ``source`` is not there.
        WeightsError: it cannot be had, or is not what the entry says; nothing is installed.
        WriteError: the store cannot be written.
    """
    if source is not None and not source.is_file():
        raise InputError(f"there is no file {source}", next_step="check --from", path=source)
    found = store.find(entry)
    if found is not None:
        try:
            return Installed(found, check_installed(entry, store, found), was_there=True)
        except WeightsError as error:
            if found.parent != store.target():
                error.next_step = f"replace {found} by hand; it cannot be written from here"
                raise
    folder = store.target()
    place = OutputFile(folder / entry.file, _installed(store), overwrite=overwrite)
    place.check()
    with locked(folder, entry):
        return _bring(entry, store, folder, source, patience, on_bytes)


def _installed(store: Store) -> FileKind:
    return FileKind("a file that Mattebox installed", lambda path: store.receipt(path) is not None)


def check_installed(entry: Entry, store: Store, path: Path) -> Checked:
    """Hold an installed file against its entry and against the receipt of its installation.

    Raises WeightsError where it is something else.
    """
    receipt = store.receipt(path)
    same = receipt is not None and receipt.name == entry.name
    return check_file(path, entry, installed_sha256=receipt.sha256 if receipt and same else None)


def _bring(
    entry: Entry,
    store: Store,
    folder: Path,
    source: Path | None,
    patience: Patience,
    on_bytes: OnBytes,
) -> Installed:
    address = store.address(entry) if source is None else source.absolute().as_uri()
    called = shown(address) if source is None else str(source)
    download = Download(
        address,
        partial=folder / f".{entry.file}.part",
        most=entry.bytes,
        by_hand=f"mattebox weights fetch {entry.name} --from FILE",
        patience=patience,
        on_bytes=on_bytes,
    )
    went_on = download.has_begun
    download.run()
    try:
        checked = _checked(download, entry, called)
    except WeightsError:
        if not went_on:
            raise
        # What an earlier run kept may be of another state of the file: once from the start.
        download.run()
        checked = _checked(download, entry, called)
    path = folder / entry.file
    try:
        download.partial.replace(path)
    except OSError as error:
        raise unwritable(path, error) from error
    download.discard()
    store.note_receipt(path, entry, sha256=checked.sha256, source=called)
    return Installed(path, checked, was_there=False)


def _checked(download: Download, entry: Entry, called: str) -> Checked:
    """Hold what has arrived against the entry; nothing wrong is kept."""
    try:
        return check_file(download.partial, entry, called=called)
    except WeightsError:
        download.discard()
        raise
