"""What hosts know of matting tools, and how they have one make mattes."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.support.hints import write_any

from mattebox.hints.recipe import read_recipes, settings_folder
from mattebox_plugin import hint_tools
from mattebox_plugin.hint_tools import HintTool, known_tools, mattes_of, start_making, usable
from mattebox_plugin.mattebox_command import BrokenError, Mattebox
from mattebox_plugin.request import Request
from mattebox_plugin.run import Run

CORE = Mattebox((sys.executable, "-m", "mattebox"), "test")
TOOL = HintTool("any", "Any Tool", "MIT", "Free.", False, True, True, ())


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words that the core would be started with."""
    words: list[str] = []

    def kept(_core: Mattebox, asked: Sequence[str], **_: object) -> None:
        words.extend(asked)

    monkeypatch.setattr(Run, "of_words", kept)
    return words


def request(tmp_path: Path, **more: object) -> Request:
    pictures = {"hint": f"{tmp_path}/roto.exr:R", "clean_plate": f"{tmp_path}/clean.exr"}
    given = {"name": "Key 1", "root": str(tmp_path), "plate": "/in/shot.####.exr"}
    return Request(**(given | {"pictures": pictures, "in_space": "ACEScg"} | more))  # type: ignore[arg-type]


def test_the_cores_list_tells_what_can_be_used_and_why_not() -> None:
    write_any(settings_folder())
    tools = {tool.name: tool for tool in known_tools(CORE)}
    assert set(tools) == set(read_recipes())
    assert [tool.name for tool in usable(tuple(tools.values()))] == ["any"]
    assert any("folder is not set" in why for why in tools["matanyone"].why_not)
    assert tools["matanyone"].wants_mask
    assert tools["bgmv2"].wants_clean_plate
    assert not tools["any"].accepted
    assert tools["any"].terms == "Any Tool is under MIT. Free for any use."


def test_an_answer_that_is_no_list_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hint_tools, "ask", lambda *_, **__: json.dumps({"other": 1}))
    with pytest.raises(BrokenError, match="something else than its tools"):
        known_tools(CORE)


def test_a_tool_is_started_with_what_it_wants(tmp_path: Path, said: list[str]) -> None:
    start_making(CORE, request(tmp_path), TOOL, frames="1-3", accept_licence=True)
    mattes = f"{tmp_path}/Key_1_hint_any/shot.####.exr"
    assert said == [
        "hint", "make", "any", "/in/shot.####.exr", "-o", mattes, "--json",
        "--in-space", "ACEScg", "--clean-plate", f"{tmp_path}/clean.exr",
        "--mask", f"{tmp_path}/roto.exr:R", "--frames=1-3", "--accept-licence",
    ]  # fmt: skip
    assert (tmp_path / "Key_1_hint_any").is_dir()


def test_a_tools_own_mattes_are_no_mask_for_it(tmp_path: Path, said: list[str]) -> None:
    own = mattes_of(request(tmp_path), TOOL)
    start_making(CORE, request(tmp_path, pictures={"hint": own}), TOOL)
    assert "--mask" not in said
    assert "--accept-licence" not in said
