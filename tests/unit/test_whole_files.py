"""Small files: whole, replaced in one step, and nothing left behind where that fails."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from mattebox import whole_files
from mattebox.errors import UsageError, WriteError
from mattebox.whole_files import NotFlushed, OutputFile, marked, write_folder, write_whole


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(b"before")
    write_whole(path, b"after")
    assert path.read_bytes() == b"after"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_take_its_name_says_so_and_leaves_no_draft(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(WriteError, match="taken could not be written") as caught:
        write_whole(tmp_path / "taken", b"x", next_step="choose another name")
    assert caught.value.next_step == "choose another name"
    assert list(tmp_path.iterdir()) == [tmp_path / "taken"]


SHEET = marked("a sheet of ours", b"our mark")


@pytest.mark.parametrize("content", [b"", b"our mark, and more", b"x" * 100_000 + b"our mark"])
def test_an_empty_file_and_one_of_ours_are_replaced(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(content)
    OutputFile(tmp_path / "a", SHEET).write(b"after")
    assert (tmp_path / "a").read_bytes() == b"after"


@pytest.mark.parametrize(
    "content", [b"x", b"our  mark", b"x" * 200_000 + b"our mark" + b"x" * 70_000]
)
def test_any_other_file_stays_until_the_user_says_so(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(UsageError, match="is not a sheet of ours and would be replaced"):
        OutputFile(tmp_path / "a", SHEET).write(b"after")
    assert (tmp_path / "a").read_bytes() == content
    OutputFile(tmp_path / "a", SHEET, overwrite=True).write(b"after")
    assert (tmp_path / "a").read_bytes() == b"after"


def test_an_input_is_refused_by_whatever_name_it_goes(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    plate = tmp_path / "in" / "plate"
    plate.write_bytes(b"our mark")
    (tmp_path / "linked").symlink_to(tmp_path / "in")
    (tmp_path / "hard").hardlink_to(plate)
    for name in ("in/plate", "linked/plate", "hard", "in/../in/plate"):
        with pytest.raises(UsageError, match="is the input"):
            OutputFile(tmp_path / name, SHEET, [plate], overwrite=True).write(b"after")
    assert plate.read_bytes() == b"our mark"


def test_a_link_is_replaced_and_what_it_points_at_stays(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"our mark")
    (tmp_path / "link").symlink_to("a")
    OutputFile(tmp_path / "link", SHEET).write(b"after")
    assert (tmp_path / "a").read_bytes() == b"our mark"
    assert not (tmp_path / "link").is_symlink()
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to("nowhere")
    OutputFile(tmp_path / "link", SHEET).write(b"after")
    assert not (tmp_path / "nowhere").exists()


def test_a_name_that_no_file_can_have_is_told(tmp_path: Path) -> None:
    for name in ("x" * 300, "a\0b"):
        with pytest.raises(WriteError, match="could not be written"):
            OutputFile(tmp_path / name, SHEET).check()


@pytest.mark.skipif(sys.platform == "win32", reason="fsync of folders is POSIX; Linux runs it")
@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_a_file_system_that_brings_nothing_to_the_disk_on_request_costs_no_file(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    told = NotFlushed()
    monkeypatch.setattr(whole_files, "not_flushed", told)
    write_whole(tmp_path / "a", b"after")
    assert (tmp_path / "a").read_bytes() == b"after"
    write_folder(tmp_path / "folder", {"b": "our mark"}, SHEET)
    assert (tmp_path / "folder/b").read_text() == "our mark"
    said = told.take()
    assert said is not None
    assert os.strerror(number) in said
    assert told.take() is None  # once


def test_a_disk_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(handle: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    (tmp_path / "a").write_bytes(b"before")
    with pytest.raises(WriteError, match="Input/output error"):
        write_whole(tmp_path / "a", b"after")
    assert (tmp_path / "a").read_bytes() == b"before"


def test_a_folder_appears_as_a_whole_and_replaces_only_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "bundle"
    write_folder(folder, {"a": "our mark", "b": "1"}, SHEET)
    write_folder(folder, {"a": "our mark", "b": "2"}, SHEET)
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"a": "our mark", "b": "2"}
    (folder / "notes").write_text("mine")
    with pytest.raises(UsageError, match="holds notes"):
        write_folder(folder, {"a": "our mark", "b": "3"}, SHEET)
    (folder / "notes").unlink()
    (folder / "a").write_text("theirs")
    with pytest.raises(UsageError, match="holds other files"):
        write_folder(folder, {"a": "our mark", "b": "3"}, SHEET)
    assert (folder / "b").read_text() == "2"
    assert list(folder.parent.iterdir()) == [folder]


def test_a_folder_that_cannot_be_written_whole_leaves_the_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "bundle"
    write_folder(folder, {"a": "our mark"}, SHEET)
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    with pytest.raises(WriteError, match="full"):
        write_folder(folder, {"a": "our mark again"}, SHEET)
    assert (folder / "a").read_text() == "our mark"
    assert list(tmp_path.iterdir()) == [folder]
