"""Files of words that somebody else wrote (JSON, TOML), read so that nothing odd comes through.

What parsers let pass and nothing behind them expects is refused here, with a sentence: nesting
that ends the interpreter, numbers that are not finite, text that no file name can hold.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mattebox.regular_files import read_regular


class NotTextError(ValueError):
    """A file that holds something else than text."""


class OddValueError(ValueError):
    """A value that the language of a file allows, and nothing behind it expects."""


def read_text(path: Path) -> str:
    """The text of a file.

    Raises OSError as ``read_regular``, NotTextError where it is not UTF-8.
    """
    try:
        return read_regular(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotTextError("it is not text (UTF-8)") from error


def json_of(text: str) -> Any:
    """What JSON holds. Raises ValueError with words."""
    return _checked(text, lambda given: json.loads(given, parse_constant=_refuse_constant))


def toml_of(text: str) -> dict[str, Any]:
    """What TOML holds. Raises ValueError with words."""
    values: dict[str, Any] = _checked(text, tomllib.loads)
    return values


def _checked(text: str, parse: Callable[[str], Any]) -> Any:
    try:
        values = parse(text)
        _refuse_odd(values)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return values


def _refuse_constant(name: str) -> None:
    raise OddValueError(f"{name} is not a number that can be used")


def _refuse_odd(value: Any, place: tuple[str, ...] = ()) -> None:
    """Raise OddValueError for what can be no setting and no path."""
    where = ".".join(place) + ": " if place else ""
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise OddValueError(f"{where}{value!r} holds a character that no name can have")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise OddValueError(f"{where}{value} is not a number that can be used")
    elif isinstance(value, dict):
        for name, one in value.items():
            _refuse_odd(name, place)
            _refuse_odd(one, (*place, str(name)))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            _refuse_odd(one, (*place, str(index)))
