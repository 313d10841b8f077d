"""Command-line options made from the settings, so that no knob is written down twice."""

from __future__ import annotations

import enum
import inspect
import types
import typing
from collections.abc import Callable
from typing import Annotated, Any

import typer

from mattebox.settings import Knob, knobs

ENGINE_DEFAULT = "hint where --hint is given, screen where a screen or clean plate is, else rvm"
"""Of the command line alone: jobs and hosts say which."""


def with_knobs(command: Callable[..., None]) -> Callable[..., None]:
    """Replace the command's ``**knob_values`` by one typed option per setting.

    Every option's default is None, so that the command can tell what the user said from what
    they left alone; the true default stands in the help.
    """
    signature = inspect.signature(command)
    annotations = dict(typing.get_type_hints(command, include_extras=True))
    annotations.pop("knob_values", None)
    parameters = [
        parameter.replace(annotation=annotations[parameter.name])
        for parameter in signature.parameters.values()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    for knob in knobs():
        annotation: Any = Annotated[_option_type(knob) | None, _option(knob)]
        parameters.append(
            inspect.Parameter(
                knob.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
            )
        )
        annotations[knob.name] = annotation

    def wrapped(**values: Any) -> None:
        command(**values)

    wrapped.__doc__ = command.__doc__
    wrapped.__name__ = command.__name__
    wrapped.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    wrapped.__annotations__ = annotations
    return wrapped


def said(knob_values: dict[str, Any]) -> dict[str, Any]:
    """The settings the user said, in the form the settings model reads."""
    lists = {knob.name for knob in knobs() if typing.get_origin(knob.annotation) is tuple}
    return {
        name: _split(value) if name in lists else value
        for name, value in knob_values.items()
        if value is not None
    }


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _option_type(knob: Knob) -> Any:
    """The plain type an option of this knob has on the command line."""
    if knob.words is not None:
        return str
    annotation = knob.annotation
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        annotation = next(a for a in typing.get_args(annotation) if a is not type(None))
    return str if typing.get_origin(annotation) is tuple else annotation


def _option(knob: Knob) -> Any:
    default = knob.default
    if isinstance(default, tuple):
        default = ",".join(default)
    elif isinstance(default, enum.Enum):
        default = default.value
    elif isinstance(default, float):
        default = f"{default:g}"
    if knob.name == "engine":
        default = ENGINE_DEFAULT
    shown = "" if default is None else f" [default: {default}]"
    unit = "" if knob.unit is None else f" ({knob.unit})"
    flag = f"{knob.flag}/--no-{knob.flag[2:]}" if knob.annotation is bool else knob.flag
    return typer.Option(
        flag, help=knob.help + unit + shown, rich_help_panel=knob.group, show_default=False
    )
