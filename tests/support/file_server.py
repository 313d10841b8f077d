"""A real HTTP server on this machine that serves files well, badly, or not at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias


@dataclass(frozen=True)
class Status:
    """Answer with this code and a short body."""

    code: int


@dataclass(frozen=True)
class Cut:
    """Close the connection after so many bytes of the body, promising all of them."""

    after: int


@dataclass(frozen=True)
class Stall:
    """Send so many bytes of the body and then nothing; None: not even a header."""

    after: int | None


@dataclass(frozen=True)
class Drip:
    """Send the body byte by byte, so many seconds apart."""

    pause: float


@dataclass(frozen=True)
class Redirect:
    """Answer with another address."""

    to: str


Fault: TypeAlias = Status | Cut | Stall | Drip | Redirect


@dataclass
class Served:
    """One file: its faults are met one by one, request by request, and then no more."""

    body: bytes
    faults: list[Fault] = field(default_factory=list)
    takes_ranges: bool = True
    says_ranges: bool = True
    etag: str | None = '"one"'
    kind: str = "application/octet-stream"


@dataclass
class FileServer:
    """Files by path, and what was asked for and sent.

    Attributes:
        asked: (path, its Range header or None), in order.
        sent: bytes of bodies, by path.
    """

    port: int = 0
    files: dict[str, Served] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    sent: dict[str, int] = field(default_factory=dict)
    closing: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@contextmanager
def serving() -> Iterator[FileServer]:
    """A running server; ended with the block."""
    server = FileServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _answer(self, server)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    server.port = listening.server_address[1]
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        listening.shutdown()
        listening.server_close()
        thread.join()


def _answer(request: BaseHTTPRequestHandler, server: FileServer) -> None:
    wanted = request.headers.get("Range")
    server.asked.append((request.path, wanted))
    served = server.files.get(request.path)
    if served is None:
        request.send_error(404)
        return
    fault = served.faults.pop(0) if served.faults else None
    request.close_connection = True
    if fault == Stall(None):
        server.closing.wait(10)
        return
    if isinstance(fault, Status):
        request.send_error(fault.code)
        return
    if isinstance(fault, Redirect):
        request.send_response(302)
        request.send_header("Location", fault.to)
        request.end_headers()
        return
    begin = _begin(served, wanted, request.headers.get("If-Range"))
    if begin is not None and begin >= len(served.body):
        request.send_error(416)
        return
    body = served.body[begin or 0 :]
    request.send_response(200 if begin is None else 206)
    request.send_header("Content-Type", served.kind)
    request.send_header("Content-Length", str(len(body)))
    if begin is not None:
        whole = len(served.body)
        request.send_header("Content-Range", f"bytes {begin}-{whole - 1}/{whole}")
    if served.says_ranges:
        request.send_header("Accept-Ranges", "bytes")
    if served.etag is not None:
        request.send_header("ETag", served.etag)
    request.end_headers()
    if isinstance(fault, Drip):
        _drip(request, body, fault.pause, server.closing)
        return
    if isinstance(fault, Cut | Stall):
        body = body[: fault.after]
    # Counted first: a client that has the last byte looks at the sum at once.
    server.sent[request.path] = server.sent.get(request.path, 0) + len(body)
    with suppress(ConnectionError):  # a client may have had enough
        request.wfile.write(body)
        request.wfile.flush()
    if isinstance(fault, Stall):
        server.closing.wait(10)


def _drip(
    request: BaseHTTPRequestHandler, body: bytes, pause: float, closing: threading.Event
) -> None:
    """Send a body byte by byte, until the client or the test has had enough."""
    with suppress(ConnectionError):
        for byte in body:
            request.wfile.write(bytes([byte]))
            if closing.wait(pause):
                return


def _begin(served: Served, wanted: str | None, unless: str | None) -> int | None:
    """First byte of the range that is sent; None for the whole."""
    if wanted is None or not served.takes_ranges or unless not in (None, served.etag):
        return None
    return int(wanted.removeprefix("bytes=").partition("-")[0])
