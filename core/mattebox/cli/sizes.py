"""Picture sizes as commands read them."""

from __future__ import annotations

import re

from mattebox.errors import UsageError

_SIZE = re.compile(r"(\d+)x(\d+)", re.IGNORECASE)


def parse_size(text: str, *, least: int = 1) -> tuple[int, int]:
    """Height and width of ``1920x1080``: people say the width first, arrays the height.

    Args:
        text: what was typed.
        least: pixels that either must have.

    Raises UsageError for anything else.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None or min(int(found[1]), int(found[2])) < least:
        raise UsageError(
            f"{text.strip()!r} is not a picture size",
            expected="width x height" + (f", at least {least} each" if least > 1 else ""),
            next_step="give it as 1920x1080",
        )
    return int(found[2]), int(found[1])
