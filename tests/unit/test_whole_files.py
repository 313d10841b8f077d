"""Small files: whole, replaced in one step, and nothing left behind where that fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from mattebox.errors import WriteError
from mattebox.whole_files import write_whole


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
