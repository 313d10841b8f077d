"""Which weights file a job means: a path, a name of the catalogue, or an engine's default.

Never reaches the network: a farm node uses what is installed, or says what to install.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mattebox.engines.weights_file import Weights, file_sha256, read_weights
from mattebox.errors import WeightsError, named, nearest_names
from mattebox.settings import EngineName
from mattebox.weights.catalogue import DEFAULTS, Catalogue, Entry
from mattebox.weights.check import described
from mattebox.weights.store import Store


@dataclass(frozen=True)
class ChosenWeights:
    """The file a job runs with.

    Attributes:
        path: the file.
        entry: its entry where it was chosen by name; None for a path.
    """

    path: Path
    entry: Entry | None


@dataclass(frozen=True)
class KnownWeights:
    """A file that was read, and the licence it came with where that is known."""

    file: Weights
    licence: str | None


def choose_weights(asked: str | None, engine: EngineName) -> ChosenWeights:
    """The file that ``--weights`` means.

    Args:
        asked: a path, a name, or None for the engine's default.
        engine: a network engine.

    Raises:
        WeightsError: no such file or name, or not installed.
    """
    if asked is not None and (_is_path(asked) or Path(asked).is_file()):
        return ChosenWeights(Path(asked), None)
    catalogue, store = Catalogue.read(), Store.from_environment()
    if asked is None:
        if engine not in DEFAULTS:
            raise WeightsError(
                f"{named('engine')} {engine} needs weights",
                next_step=f"give {named('weights')} FILE",
                setting="weights",
            )
        return _installed(DEFAULTS[engine], catalogue, store, engine)
    if asked not in catalogue.entries:
        near = nearest_names(asked, catalogue.entries)
        hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
        raise WeightsError(
            f"there is no weights file {asked}, and the catalogue has no weights of that name",
            expected="a file, or a name that `mattebox weights list` shows",
            next_step=f"{hint}check {named('weights')}",
            setting="weights",
        )
    return _installed(asked, catalogue, store, None)


def know_weights(chosen: ChosenWeights) -> KnownWeights:
    """Read a chosen file: whose weights it holds, and under which licence.

    Raises:
        WeightsError: damaged, something else, or not what its entry says.
    """
    file = read_weights(chosen.path)
    store = Store.from_environment() if chosen.entry is not None else None
    if chosen.entry is not None and store is not None:
        _refuse_another(chosen.path, chosen.entry, file, store)
        return KnownWeights(file, chosen.entry.licence)
    return KnownWeights(file, _licence_of(file.sha256))


def located_weights(path: Path, sha256: str) -> Path:
    """The file that a prepared job names, or the same file in this machine's store.

    Args:
        path: where it was when the job was prepared, perhaps on another machine.
        sha256: what it has to be.

    Raises:
        WeightsError: neither is that file.
    """
    here = _sha256(path)
    if here == sha256:
        return path
    catalogue, store = Catalogue.read(), Store.from_environment()
    for entry in catalogue.entries.values():
        other = store.find(entry) if entry.sha256 in (None, sha256) else None
        if other is not None and _sha256(other) == sha256:
            return other
    found = "is not there" if here is None else f"has the sha256 {here}"
    raise WeightsError(
        f"the weights that the job was prepared with are not here: {path} {found}",
        expected=f"a file with the sha256 {sha256}, there or in "
        + ", ".join(map(str, store.folders)),
        next_step="bring that file here, or prepare the job again",
        path=path,
    )


def _installed(
    name: str, catalogue: Catalogue, store: Store, default_of: EngineName | None
) -> ChosenWeights:
    entry = catalogue.named(name)
    path = store.find(entry)
    if path is not None:
        return ChosenWeights(path, entry)
    looked = f"looked in {', '.join(map(str, store.folders))}"
    if default_of is None:
        raise WeightsError(
            f"the weights {name} are not installed ({looked})",
            next_step=f"mattebox weights fetch {name}",
        )
    others = [
        other.name
        for other in catalogue.entries.values()
        if other.network.startswith(default_of) and store.find(other) is not None
    ]
    instead = named("weights") + (f" {others[0]}, which is installed" if others else " FILE")
    raise WeightsError(
        f"{named('engine')} {default_of} needs weights, and its default {name} is not installed "
        f"({looked})",
        next_step=f"mattebox weights fetch {name}; or give {instead}; or use {named('engine')} "
        "screen, "
        "which needs none",
        setting="weights",
    )


def _refuse_another(path: Path, entry: Entry, file: Weights, store: Store) -> None:
    """Raise WeightsError where a file is not what its name promises."""
    receipt = store.receipt(path)
    noted = receipt.sha256 if receipt is not None and receipt.name == entry.name else None
    wanted = entry.sha256 or noted
    if wanted is not None and file.sha256 != wanted:
        raise WeightsError(
            f"{path} is not the {entry.name} it is installed as: its sha256 is {file.sha256}",
            expected=described(entry) if entry.sha256 else wanted,
            next_step=f"mattebox weights verify {entry.name}",
            path=path,
        )
    if file.network != entry.network:
        raise WeightsError(
            f"{path} is not the {entry.name} it is installed as: it holds "
            f"{file.network or 'no network that Mattebox knows'}",
            expected=described(entry),
            next_step=f"mattebox weights verify {entry.name}",
            path=path,
        )


def _licence_of(sha256: str) -> str | None:
    """The licence of a file given by its path, where its hash is known."""
    entry = Catalogue.read().with_sha256(sha256)
    if entry is not None:
        return entry.licence
    with suppress(WeightsError):  # a file given by its path needs no store
        receipt = Store.from_environment().receipt_of(sha256)
        return None if receipt is None else receipt.licence
    return None


def _sha256(path: Path) -> str | None:
    try:
        return file_sha256(path)
    except WeightsError:
        return None


def _is_path(text: str) -> bool:
    """Whether a text names a place and so cannot be a name of the catalogue."""
    return os.sep in text or bool(os.altsep and os.altsep in text)
