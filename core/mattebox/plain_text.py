"""Text from outside (names, attributes, others' words) on its way to people and dispatchers.

Everything that Mattebox says goes through ``harmless``, whoever listens.
"""

from __future__ import annotations

import re

_HIDDEN = re.compile(
    # Control characters but tab and line break; marks that turn the direction of writing; line and
    # paragraph separators; lone surrogates, which stand for bytes that are not UTF-8.
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_ORDERS = re.compile("^(?=openjd_)", re.MULTILINE)
"""Open Job Description obeys lines that begin so, on either output, whoever wrote them."""


def harmless(text: str) -> str:
    """A text in which nothing moves a cursor, colours a terminal, or gives a dispatcher orders.

    Line breaks stay; a line that would be an order is indented.
    """
    return _ORDERS.sub(" ", _HIDDEN.sub(_escaped, text))


def one_line(text: str) -> str:
    """The same in one line."""
    return harmless(" ".join(text.split()))


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
