"""The report on the clipboard, by the first program of the desktop that takes it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mattebox.doctor.clipboard import copy_text
from mattebox.errors import ToolError

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="these programs are Linux's; this runs there"
)

TEXT = "mattebox 0.2.0\n  größe: 3\n"


@pytest.fixture
def copier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Put a stand-in for a desktop's program on the PATH; where it leaves what it was given."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def make(name: str, *, code: int = 0) -> Path:
        kept, script = tmp_path / f"{name}.txt", tmp_path / name
        script.write_text(
            f"#!{sys.executable} -S\nimport sys\n"
            f"open({str(kept)!r}, 'wb').write(sys.stdin.buffer.read()); sys.exit({code})\n"
        )
        script.chmod(0o755)
        return kept

    return make


@pytest.mark.parametrize("name", ["wl-copy", "xclip", "xsel"])
def test_the_program_that_is_there_is_given_the_text(
    name: str, copier: Callable[..., Path]
) -> None:
    kept = copier(name)
    copy_text(TEXT)
    assert kept.read_bytes().decode("utf-8") == TEXT


def test_one_without_its_desktop_leaves_it_to_the_next(copier: Callable[..., Path]) -> None:
    copier("wl-copy", code=1)
    kept = copier("xclip")
    copy_text(TEXT)
    assert kept.read_bytes().decode("utf-8") == TEXT


def test_a_machine_without_any_is_told_the_way_without(copier: Callable[..., Path]) -> None:
    copier("xsel", code=1)
    with pytest.raises(ToolError, match="nothing here copies") as caught:
        copy_text(TEXT)
    assert caught.value.next_step == "mattebox doctor --report prints the same text"
    assert "wl-copy, xclip, xsel" in str(caught.value.expected)
