"""What headers say of how a shot was keyed: defaults, older frames, what somebody else wrote."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mattebox.report.stated import Statements, is_given, settings_of

JOB = {"mattebox/job": "abc", "mattebox/engine": "screen", "PixelAspectRatio": 1.0}


def header(**settings: Any) -> dict[str, Any]:
    return JOB | {"mattebox/settings": json.dumps({"given": ["plate"], **settings})}


def test_what_a_header_leaves_out_is_the_default_and_an_older_one_says_nothing() -> None:
    statements = Statements()
    for attributes in (header(gamma=1.2), header(gamma=1.2), header(), JOB):
        statements.add(attributes)
    stated = statements.result()
    assert (stated.frames, stated.silent) == (4, 1)
    assert stated.values("gamma") == (("1.2", 2), ("default", 1), ("not said (an older frame)", 1))
    assert stated.values("erode") == (("default", 3), ("not said (an older frame)", 1))
    assert stated.values("weights") == (("none", 4),)
    assert stated.values("engine") == (("screen", 4),)
    assert [setting.name for setting in stated.mixed] == ["gamma", "given"]


def test_what_differs_from_frame_to_frame_is_no_setting() -> None:
    statements = Statements()
    for number in (0.1, 0.2):
        statements.add(JOB | {"mattebox/identity": number, "mattebox/inputs": str(number)})
    assert [setting.name for setting in statements.result().settings] == ["engine", "job"]


@pytest.mark.parametrize("text", ["", "[]", "3", "{", "[" * 100_000, '{"given": NaN}'])
def test_settings_that_are_none_count_as_not_said(text: str) -> None:
    assert settings_of({"mattebox/settings": text}) is None


@pytest.mark.parametrize("given", [None, 3, "inside", [["inside"]], {"inside": 1}])
def test_inputs_that_are_no_list_are_not_given(given: Any) -> None:
    assert not is_given({"given": given}, "inside")
    assert is_given({"given": ["plate", "inside"]}, "inside")
