"""A matting tool makes the hint from the add-on's menu: a stand-in, and the real core."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.hosts.conftest import Blender
from tests.support.hints import write_any
from tests.support.pictures import write_shot

from mattebox.hints.recipe import settings_folder

pytestmark = pytest.mark.slow


def test_a_tool_of_the_menu_makes_the_hint_that_is_keyed_with(
    blender: Blender, tmp_path: Path
) -> None:
    write_shot(tmp_path / "plate")
    write_any(settings_folder())
    places = {"MATTEBOX_SETTINGS": str(settings_folder())}
    ran = blender.try_run("hint.make_and_key", environ=places, folder=tmp_path, first=1, last=4)
    assert ran.code == 0, ran.text
    answer = ran.answer
    assert answer["listed"] == ["FINISHED"]
    assert "tools: any" in ran.text
    assert "the licence MIT was not accepted; nothing was run" in answer["unaccepted"]
    assert "there is no tool 'other'" in answer["unknown"]
    assert "MatAnyone cannot be used here: folder is not set" in answer["absent"]
    assert (answer["made"], answer["keyed"]) == (["FINISHED"], ["FINISHED"])
    assert (answer["before"], answer["engine"]) == ("screen", "hint")
    assert answer["hint"].startswith("//mattebox/")
    assert answer["hint"].endswith("_hint_any/shot.####.exr")
    assert answer["states"] == dict.fromkeys("1234", "current")
