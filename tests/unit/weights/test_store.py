"""The store: which folders are looked in, which is written, and what is remembered there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mattebox.errors import WeightsError, WriteError
from mattebox.weights.catalogue import Entry, Licence
from mattebox.weights.store import WEIGHTS, Store, user_folder

GPL = Licence(line="copies stay free", url="https://gpl.invalid")


def test_without_a_variable_it_is_the_user_s_data_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert Store.from_environment() == Store((tmp_path / "mattebox" / "weights",))


def test_a_named_folder_is_read_first_and_the_user_s_own_after_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(WEIGHTS, str(tmp_path))
    assert Store.from_environment() == Store((tmp_path, user_folder()))


@pytest.mark.parametrize("mirror", ["https://m.invalid/w/", "http://m.invalid/w", "file:///w"])
def test_an_address_is_a_mirror(monkeypatch: pytest.MonkeyPatch, mirror: str) -> None:
    monkeypatch.setenv(WEIGHTS, mirror)
    assert Store.from_environment() == Store((user_folder(),), mirror.rstrip("/"))


def test_a_folder_that_is_not_there_is_never_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(WEIGHTS, str(tmp_path / "not mounted"))
    with pytest.raises(WeightsError, match="which is not a folder") as fault:
        Store.from_environment()
    assert fault.value.exit_code == 69
    assert list(tmp_path.iterdir()) == []


def test_the_first_folder_that_has_a_file_gives_it(
    tmp_path: Path, make_entry: Callable[..., Entry]
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    store, entry = Store((first, second)), make_entry()
    assert store.find(entry) is None
    second.mkdir()
    (second / "own.pth").write_bytes(b"2")
    assert store.find(entry) == second / "own.pth"
    (first / "own.pth").mkdir(parents=True)  # a folder of that name is no file
    assert store.find(entry) == second / "own.pth"
    (first / "own.pth").rmdir()
    (first / "own.pth").write_bytes(b"1")
    assert store.find(entry) == first / "own.pth"


def test_it_is_installed_to_the_first_folder_that_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cannot, can = tmp_path / "file" / "weights", tmp_path / "own"
    assert Store((cannot, can)).target() == can
    assert Store((can, cannot)).target() == can
    with pytest.raises(WriteError, match="no folder for weights can be written") as fault:
        Store((cannot,)).target()
    assert fault.value.exit_code == 74


def test_a_licence_is_accepted_once_and_for_one_text(tmp_path: Path) -> None:
    shared, own = tmp_path / "shared", tmp_path / "own"
    assert not Store((shared, own)).has_accepted("GPL", GPL)
    Store((own,)).accept("GPL", GPL)
    assert Store((shared, own)).has_accepted("GPL", GPL)
    assert not Store((shared,)).has_accepted("GPL", GPL)
    assert not Store((own,)).has_accepted("MIT", GPL)
    other = GPL.model_copy(update={"url": "https://gpl.invalid/4"})
    assert not Store((own,)).has_accepted("GPL", other)


def test_a_damaged_note_counts_as_none(tmp_path: Path) -> None:
    store = Store((tmp_path,))
    store.accept("GPL", GPL)
    (tmp_path / ".mattebox" / "GPL.licence.json").write_text('{"licence": ')
    assert not store.has_accepted("GPL", GPL)


def test_a_receipt_is_found_by_file_and_by_hash(
    tmp_path: Path, make_entry: Callable[..., Entry]
) -> None:
    path = tmp_path / "own.pth"
    path.write_bytes(b"12345")
    store = Store((tmp_path / "none", tmp_path))
    assert store.receipt(path) is None
    store.note_receipt(path, make_entry(), sha256="ab", source="https://m.invalid/own.pth")
    receipt = store.receipt(path)
    assert receipt is not None
    assert (receipt.name, receipt.licence, receipt.bytes) == ("own", "MIT", 5)
    assert store.receipt_of("ab") == receipt
    assert store.receipt_of("cd") is None
