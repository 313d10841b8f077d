"""Recipes: those that are shipped, a user's own, and what is said where one cannot be used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.hints import write_any

from mattebox.errors import InputError, ToolError, UnknownNameError, WriteError
from mattebox.hints import (
    open_tool,
    read_recipes,
    recipe_named,
    remember_values,
    sam2_driver,
)
from mattebox.hints.recipe import Size, filled_command, settings_folder

SHIPPED = [
    "bgmv2", "corridorkey", "gvm", "matanyone", "matanyone2", "rembg", "rvm", "sam2", "videomama",
]  # fmt: skip


def test_these_are_shipped_and_each_says_whose_it_is_and_where_its_command_is_from() -> None:
    recipes = read_recipes()
    assert sorted(recipes) == SHIPPED
    for recipe in recipes.values():
        assert recipe.licence.url.startswith("https://")
        assert recipe.install
        assert (recipe.documentation is None) == (recipe.unusable is not None)


def test_a_recipe_of_the_users_own_replaces_a_shipped_one() -> None:
    write_any(settings_folder())
    own = (settings_folder() / "recipes/any.toml").read_text()
    (settings_folder() / "recipes/mine.toml").write_text(own.replace('"any"', '"rembg"', 1))
    assert recipe_named("rembg").title == "Any Tool"
    assert recipe_named("any").title == "Any Tool"


def test_an_unknown_tool_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError) as raised:
        recipe_named("matanyone3")
    assert "did you mean 'matanyone" in str(raised.value)
    assert raised.value.exit_code == 64


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("{pictures}", "{picture}"), "there is no parameter picture"),
        (("[version]", "[versions]"), "versions: Extra inputs are not permitted"),
        (("name = \"MIT\"", "name = 5"), "licence.name: Input should be a valid string"),
        (("schema = 1", "schema = 2"), "schema: Input should be 1"),
        (("[mattes]", "[mattes]\nblack = 300"), "black must lie below white"),
        (("[pictures]", "[pictures]\nfolder = '/tmp/all'"), "does not name {clip}"),
        (("[pictures]", "[pictures]\nbits = 16\nsuffix = '.jpg'"), "have 8 bits"),
        (("[pictures]", "[pictures"), "is not TOML"),
    ],
)  # fmt: skip
def test_a_faulty_recipe_is_told_with_its_fault(change: tuple[str, str], said: str) -> None:
    write_any(settings_folder())
    path = settings_folder() / "recipes/any.toml"
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(InputError) as raised:
        read_recipes()
    assert said in str(raised.value)
    assert raised.value.exit_code == 66
    assert "any.toml" in str(raised.value)


def test_what_is_set_is_remembered_until_it_is_set_to_nothing() -> None:
    write_any(settings_folder())
    remember_values("any", {"fault": 'with "quotes" and \\'})
    assert open_tool("any").values["fault"] == 'with "quotes" and \\'
    assert open_tool("any", {"fault": "now"}).values["fault"] == "now"
    remember_values("any", {"fault": ""})
    assert "fault" not in open_tool("any").values
    assert open_tool("any").values["python"] == sys.executable
    with pytest.raises(UnknownNameError, match="parameter of any 'falt'"):
        remember_values("any", {"falt": "x"})


def test_a_settings_folder_that_cannot_be_made_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("MATTEBOX_SETTINGS", str(tmp_path / "file" / "settings"))
    with pytest.raises(WriteError, match="cannot be made: Not a directory") as raised:
        remember_values("rvm", {"device": "cpu"})
    assert raised.value.exit_code == 74


def test_every_reason_why_a_tool_cannot_be_used_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "clone").mkdir()
    said = {"folder": str(tmp_path / "clone"), "python": "no-such-python"}
    faults = open_tool("rvm", said).faults()
    assert [fault.partition(":")[0] for fault in faults] == [
        f"the folder {tmp_path / 'clone'} does not hold inference.py",
        "there is no program no-such-python (Python of its environment)",
        "checkpoint is not set (rvm_mobilenetv3.pth or rvm_resnet50.pth)",
    ]
    with pytest.raises(ToolError) as raised:
        open_tool("rvm", said).refuse_unusable()
    assert raised.value.exit_code == 69
    assert "git clone" in str(raised.value)


def test_an_environment_without_the_tools_package_is_told() -> None:
    said = {"python": sys.executable, "program": sys.executable}
    tool = open_tool("rembg", said)
    assert tool.faults() == []
    with pytest.raises(ToolError, match="No package metadata was found for rembg"):
        tool.version()


def test_a_list_in_a_command_is_left_out_where_its_parameter_is_unset() -> None:
    command = ("tool", ("-x", '{"path": "{weights}"}'), "{pictures}")
    assert filled_command(command, {"pictures": "/p"}) == ["tool", "/p"]
    values = {"pictures": "/p", "weights": "w"}
    assert filled_command(command, values) == ["tool", "-x", '{"path": "w"}', "/p"]


def test_sam2s_driver_runs_by_any_python_without_mattebox() -> None:
    path = str(sam2_driver.__file__)
    command = [sys.executable, "-I", "-S", path, "--help"]  # no packages at all
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "--mask MASK" in done.stdout


def test_sizes_keep_their_aspect_and_are_multiples() -> None:
    assert Size().of(1920, 1080) == (1920, 1080)
    assert Size(longest=960).of(1920, 1080) == (960, 540)
    assert Size(longest=960).of(640, 360) == (640, 360)
    assert Size(longest=1000, multiple=8).of(1920, 1080) == (1000, 560)
    assert Size(exactly=(1024, 576)).of(320, 240) == (1024, 576)
