"""Values of settings that are said as a text: what they are, how they are read and written.

A job file and a command line hold the text, the code the value.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, TypeAlias

from pydantic_core import CoreSchema, core_schema

Colour: TypeAlias = tuple[float, float, float]
"""R, G, B in linear light."""


class ScreenName(enum.StrEnum):
    """A screen that is found in the shot: any, or one of this colour."""

    AUTO = "auto"
    GREEN = "green"
    BLUE = "blue"


class SrgbColour(NamedTuple):
    """A colour as #rrggbb: sRGB codes, 0..255."""

    red: int
    green: int
    blue: int


Screen: TypeAlias = ScreenName | SrgbColour | Colour
"""A screen's colour; in numbers it is scene-linear with out-space primaries."""


@dataclass(frozen=True)
class Words:
    """How a value is said: as a text, on command lines and in job files.

    Attributes:
        parse: from the text; raises ValueError with what was expected.
        say: to the text.
        optional: whether None stands for itself beside the text.
    """

    parse: Callable[[str], Any]
    say: Callable[[Any], str]
    optional: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(self._text_of)
        parsed = core_schema.no_info_after_validator_function(self.parse, core_schema.str_schema())
        if self.optional:
            said = core_schema.no_info_before_validator_function(self._as_text, parsed)
            return core_schema.nullable_schema(said, serialization=written)
        return core_schema.no_info_before_validator_function(
            self._as_text, parsed, serialization=written
        )

    def _text_of(self, value: Any) -> str | None:
        return None if self.optional and value is None else self.say(value)

    def _as_text(self, value: Any) -> Any:
        """A value from Python as its text; what is no such value is for the next check."""
        try:
            return value if isinstance(value, str) else self.say(value)
        except (TypeError, ValueError):
            return value


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _said(number: float) -> str:
    return repr(float(number)).removesuffix(".0")


def _ratio(text: str) -> float | None:
    ratio = _number(text)
    if text != "auto" and (ratio is None or not 0.0 < ratio <= 1.0):
        raise ValueError(f"{text!r} is not a ratio; expected auto or a number in (0, 1]")
    return ratio


def _exposure(text: str) -> float | None:
    stops = _number(text)
    if text != "auto" and (stops is None or not -16.0 <= stops <= 16.0):
        raise ValueError(f"{text!r} is not an exposure; expected auto or stops in -16..16")
    return stops


def _number_or_auto(value: float | None) -> str:
    return "auto" if value is None else _said(value)


def _preroll(text: str) -> int | None:
    if text in ("auto", "whole"):
        return None
    if not re.fullmatch(r"\d{1,6}", text):
        raise ValueError(f"{text!r} is not a preroll; expected auto, whole or a number of frames")
    return int(text)


def _preroll_said(frames: int | None) -> str:
    return "whole" if frames is None else str(frames)


def _colour(text: str) -> Colour:
    parts = [number for number in map(_number, text.split(",")) if number is not None]
    if len(parts) != 3 or text.count(",") != 2 or min(parts) <= 0.0:
        raise ValueError(f"{text!r} is not a colour; expected R,G,B, each above 0")
    return _within_half(text, (parts[0], parts[1], parts[2]))


def _colour_said(colour: Colour) -> str:
    return ",".join(map(_said, colour))


_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_NUMBERS = re.compile(rf"({_NUMBER}),({_NUMBER}),({_NUMBER})")
_CODES = re.compile(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")


LARGEST_LIGHT = 65504.0
"""The largest number that a keyed frame holds (half); no light is beyond it."""


def _within_half(text: str, colour: tuple[float, float, float]) -> tuple[float, float, float]:
    """Raise ValueError for light that no frame holds; infinity and NaN are such."""
    if not all(abs(part) <= LARGEST_LIGHT for part in colour):
        raise ValueError(f"{text!r} is beyond {LARGEST_LIGHT:g}, the most that a frame holds")
    return colour


def _screen(text: str) -> Screen:
    if text in set(ScreenName):
        return ScreenName(text)
    codes, numbers = _CODES.fullmatch(text), _NUMBERS.fullmatch(text)
    if codes:
        return SrgbColour(*(int(part, 16) for part in codes.groups()))
    if not numbers:
        raise ValueError(
            f"{text!r} is not a screen colour; expected auto, green, blue, R,G,B (scene-linear, "
            "out-space primaries) or #rrggbb (sRGB)"
        )
    return _within_half(text, (float(numbers[1]), float(numbers[2]), float(numbers[3])))


def _screen_said(screen: Screen) -> str:
    if isinstance(screen, SrgbColour):
        return "#{:02x}{:02x}{:02x}".format(*screen)
    return screen.value if isinstance(screen, ScreenName) else _colour_said(screen)


ScreenSaid = Annotated[Screen | None, Words(_screen, _screen_said, optional=True)]
"""None: no screen is known."""
Stops = Annotated[float | None, Words(_exposure, _number_or_auto)]
"""None: found out, once per shot."""
Ratio = Annotated[float | None, Words(_ratio, _number_or_auto)]
"""None: by the frame's size."""
Preroll = Annotated[int | None, Words(_preroll, _preroll_said)]
"""None: the whole scene so far."""
COLOUR = Words(_colour, _colour_said)
