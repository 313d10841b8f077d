"""What the hosts' panels know of the core's settings, held to the core's own model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import make_parameters
from mattebox.settings import KeySettings, knobs
from mattebox_plugin.parameter import Kind, Parameter
from mattebox_plugin.parameters import PARAMETERS
from mattebox_plugin.request import settings_of

BY_NAME = {parameter.name: parameter for parameter in PARAMETERS}

TEXTS = {
    "screen": ("auto", "blue", "0.05,0.4,0.1", "#10c830"),
    "exposure": ("auto", "-16", "2.5"),
    "ratio": ("auto", "0.25", "1"),
    "preroll": ("whole", "auto", "24", "0"),
}
"""What the core reads of every setting that is shown as a text."""


def parameters(*kinds: Kind) -> pytest.MarkDecorator:
    chosen = [parameter for parameter in PARAMETERS if parameter.kind in kinds]
    return pytest.mark.parametrize("parameter", chosen, ids=[one.name for one in chosen])


def taken(parameter: Parameter, value: Any) -> Any:
    """What the core makes of a host's value. Raises ValidationError."""
    settings = KeySettings.model_validate({parameter.name: parameter.written(value)})
    return settings.model_dump(mode="json")[parameter.name]


def test_the_generated_file_is_the_one_the_core_would_have_written_today() -> None:
    written = make_parameters.TARGET.read_text(encoding="utf-8")
    assert written == make_parameters.text(), "run `make plugin`"


def test_the_generated_file_is_as_the_formatter_wants_it() -> None:
    ruff = Path(sys.executable).with_name("ruff")
    if not ruff.is_file():
        pytest.skip("ruff is not installed; this runs where the dev group is")
    done = subprocess.run(
        [str(ruff), "format", "--stdin-filename", str(make_parameters.TARGET), "-"],
        input=make_parameters.text(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == make_parameters.text()


def test_every_setting_is_there_in_the_cores_order_with_its_words() -> None:
    assert [(p.name, p.group, p.help, p.unit or None) for p in PARAMETERS] == [
        (knob.name, knob.group, knob.help, knob.unit) for knob in knobs()
    ]
    assert all(p.tip.startswith(p.help) and p.unit in p.tip for p in PARAMETERS)


def test_all_defaults_together_are_the_cores_own() -> None:
    written = {parameter.name: parameter.written(parameter.default) for parameter in PARAMETERS}
    assert KeySettings.model_validate(written) == KeySettings()


@parameters(Kind.NUMBER)
def test_a_number_is_taken_from_its_least_to_its_most_and_not_beyond(parameter: Parameter) -> None:
    assert parameter.minimum is not None
    assert parameter.maximum is not None
    for value in (parameter.minimum, parameter.maximum):
        assert taken(parameter, value) == value
    for value in (parameter.minimum - 0.0011, parameter.maximum + 0.0011):
        with pytest.raises(ValidationError):
            taken(parameter, value)


@parameters(Kind.INTEGER)
def test_an_integer_of_zero_is_the_cores_own_default(parameter: Parameter) -> None:
    assert parameter.minimum == parameter.default == 0
    assert parameter.maximum is None
    assert taken(parameter, 0) is None
    assert taken(parameter, 10**9) == 10**9


@parameters(Kind.CHOICE, Kind.CHOICES)
def test_choices_are_those_of_the_core(parameter: Parameter) -> None:
    schema = KeySettings.model_json_schema()
    entry = schema["properties"][parameter.name]
    place = entry.get("items", entry)["$ref"].rpartition("/")[2]
    assert list(parameter.choices) == schema["$defs"][place]["enum"]


@parameters(Kind.CHOICE)
def test_every_choice_is_taken(parameter: Parameter) -> None:
    assert parameter.default in parameter.choices
    for choice in parameter.choices:
        assert taken(parameter, choice) == choice


@parameters(Kind.CHOICES)
def test_none_or_all_of_several_choices_are_taken_in_the_cores_order(parameter: Parameter) -> None:
    assert taken(parameter, ()) == []
    assert taken(parameter, set(parameter.choices)) == list(parameter.choices)
    assert taken(parameter, tuple(reversed(parameter.choices))) == list(parameter.choices)


@parameters(Kind.FLAG)
def test_a_flag_is_taken_either_way(parameter: Parameter) -> None:
    assert [taken(parameter, value) for value in (False, True)] == [False, True]


@parameters(Kind.COLOUR)
def test_a_colour_is_three_numbers_above_zero(parameter: Parameter) -> None:
    assert taken(parameter, (0.5, 0.25, 2.0)) == "0.5,0.25,2"
    assert taken(parameter, (1e-30, 1.0, 6e4)) == "1e-30,1,60000"
    with pytest.raises(ValidationError, match="beyond 65504"):
        taken(parameter, (1.0, 1.0, 1e30))
    with pytest.raises(ValidationError, match="above 0"):
        taken(parameter, (1.0, 0.0, 1.0))


def test_no_text_is_without_an_example_here() -> None:
    assert {p.name for p in PARAMETERS if p.kind is Kind.TEXT} == TEXTS.keys()


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, texts in TEXTS.items() for text in texts]
)
def test_a_text_is_taken_as_it_is(name: str, text: str) -> None:
    expected = "whole" if (name, text) == ("preroll", "auto") else text
    assert taken(BY_NAME[name], f" {text} ") == expected


@parameters(Kind.TEXT)
def test_a_text_that_was_emptied_is_its_default(parameter: Parameter) -> None:
    assert taken(parameter, " ") == (parameter.default or None)


def test_a_number_that_a_host_holds_in_32_bits_is_what_was_typed() -> None:
    assert BY_NAME["refine_threshold"].written(0.699999988079071) == 0.7
    assert BY_NAME["erode"].written(-1.2999999523162842) == -1.3


def test_only_what_differs_from_the_defaults_is_in_the_job() -> None:
    defaults = {parameter.name: parameter.default for parameter in PARAMETERS}
    as_a_host_has_them = {
        "refine_threshold": 0.699999988079071,
        "passes": {"fg", "spill", "net", "conf"},
        "spill_bias": [1.0, 1.0, 1.0],
        "exposure": "",
    }
    assert settings_of(defaults | as_a_host_has_them) == {}
    assert settings_of({"gamma": 1.5, "refine_pixels": 64.0, "nonsense": 3}) == {
        "gamma": 1.5,
        "refine_pixels": 64,
    }


def test_everything_changed_at_once_is_taken() -> None:
    changed: dict[str, Any] = {}
    for parameter in PARAMETERS:
        match parameter.kind:
            case Kind.CHOICE:
                value: Any = parameter.choices[
                    -1 if parameter.default == parameter.choices[0] else 0
                ]
            case Kind.CHOICES:
                value = ("plate",)
            case Kind.NUMBER:
                value = 0.5 if parameter.default != 0.5 else 0.25
            case Kind.INTEGER:
                value = 4096
            case Kind.FLAG:
                value = not parameter.default
            case Kind.COLOUR:
                value = (0.9, 0.6, 0.5)
            case Kind.TEXT:
                value = TEXTS[parameter.name][2]
        changed[parameter.name] = value
    settings = settings_of(changed)
    assert settings.keys() == BY_NAME.keys()
    dumped = KeySettings.model_validate(settings).model_dump(mode="json")
    assert dumped == settings
