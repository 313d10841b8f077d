"""Words of a message over as many lines as fit a panel, which cuts what is too long."""

from __future__ import annotations

from typing import Callable


def wrapped(text: str, fits: Callable[[str], bool]) -> list[str]:
    """The lines of a text, broken between words, and within one that is too long for a line.

    Args:
        text: with its own line breaks, which stay.
        fits: whether a line is short enough.
    """
    lines = []
    for given in text.splitlines():
        line = ""
        for word in given.split():
            longer = f"{line} {word}" if line else word
            if fits(longer):
                line = longer
                continue
            if line:
                lines.append(line)
            line = _broken(word, fits, lines)
        lines.append(line)
    return lines


def _broken(word: str, fits: Callable[[str], bool], lines: list[str]) -> str:
    """The rest of a word, such as a path, whose first pieces are lines of their own."""
    while not fits(word) and len(word) > 1:
        most = next((n for n in range(len(word) - 1, 1, -1) if fits(word[:n])), 1)
        lines.append(word[:most])
        word = word[most:]
    return word
