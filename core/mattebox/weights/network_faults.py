"""What went wrong between us and a server, in the operating system's own words."""

from __future__ import annotations

import re

MAY_PASS = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that another try may not meet again (RFC 9110, RFC 6585)."""

KIND_OF_ANSWER = {
    401: "the server wants a user name and password",
    403: "the server does not let us have it",
    404: "the server has no such file",
    407: "the proxy wants a user name and password",
    410: "the server has it no more",
}


def shown(url: str) -> str:
    """An address without user name and password."""
    return re.sub(r"(?<=://)[^/@]*@", "", url)


def is_stall(error: BaseException) -> bool:
    """Whether a fault of requests is a server that stopped sending."""
    from requests.exceptions import ReadTimeout
    from urllib3.exceptions import ReadTimeoutError

    # Within the body, requests wraps the timeout into its plain ConnectionError.
    return isinstance(error, ReadTimeout) or any(
        isinstance(part, ReadTimeoutError) for part in error.args
    )


def reason(error: BaseException) -> str:
    """The operating system's words deep inside a chain of exceptions, else the outermost's."""
    seen: list[BaseException] = []
    todo: list[object] = [error]
    while todo:
        part = todo.pop()
        if not isinstance(part, BaseException) or part in seen:
            continue
        seen.append(part)
        if isinstance(part, OSError) and part.strerror:
            return str(part.strerror)
        todo += [part.__context__, getattr(part, "reason", None), *part.args]
    return shown((str(error).splitlines() or [type(error).__name__])[0])[:200]
