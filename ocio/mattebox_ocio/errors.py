"""The one error of colour: what, which value, what was expected, the next step.

The core maps it to its own error tree by ``kind``; this package knows nothing of that tree.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Literal

Kind = Literal[
    "unknown_space",
    "undecided_space",
    "data_space",
    "not_linear",
    "unreadable_config",
    "newer_config",
    "raw_config",
    "no_scene_linear",
    "broken_space",
    "unsupported_transform",
]
"""What went wrong.

``unknown_space``         a name the config does not have
``undecided_space``       the file does not tell its space and a guess would be dangerous (DPX)
``data_space``            a space marked as data (raw): it has no colour to convert
``not_linear``            an out-space with a transfer curve
``unreadable_config``     missing, not a file, or not a config
``newer_config``          a config of a profile version above the library's
``raw_config``            a config without any colour space
``no_scene_linear``       a config without roles that tell what its spaces mean
``broken_space``          OpenColorIO cannot build the transform (a LUT file is missing, a look...)
``unsupported_transform`` the transform has an operator that cannot be run here (3D LUT, view)
"""


class ColourError(ValueError):
    """A colour space or config that cannot be used.

    Attributes:
        message: what is wrong, with the value.
        kind: which of the known kinds.
        name: the value that was given, or None.
        known: the values that would have been right.
        nearest: those of ``known`` closest to ``name``, best first.
        next_step: what the user can do now, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: Kind,
        name: str | None = None,
        known: Iterable[str] = (),
        nearest: Iterable[str] = (),
        next_step: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind: Kind = kind
        self.name = name
        self.known = tuple(known)
        self.nearest = tuple(nearest)
        self.next_step = next_step

    def __str__(self) -> str:
        if self.next_step is None:
            return self.message
        return f"{self.message}\n  next step: {self.next_step}"


def nearest_names(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The known names closest to a mistyped one, best first.

    Case, blanks and punctuation do not count; a name that holds the whole of the mistyped one
    comes before names that are merely alike.
    """
    by_key: dict[str, str] = {}
    for candidate in known:
        by_key.setdefault(_key(candidate), candidate)
    key = _key(name)
    holding = sorted((k for k in by_key if key and key in k), key=len)
    alike = difflib.get_close_matches(key, list(by_key), n=count, cutoff=0.55)
    return [by_key[k] for k in dict.fromkeys([*holding, *alike])][:count]


def _key(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())
