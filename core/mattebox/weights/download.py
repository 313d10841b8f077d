"""Bringing one file over HTTP or from a folder, going on where an earlier try stopped.

requests speaks HTTP; ours is what neither it nor a download library does: going on within one state
of a file (ranges, by ETag or date), giving up a server that stalls, and a cure for every fault.
What arrived of a file is kept beside its later place, and only where the server can send the rest.
"""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol
from urllib.parse import urljoin, urlsplit
from urllib.request import url2pathname

from pydantic import BaseModel, ConfigDict, ValidationError

from mattebox.engines.weights_file import foreign_start
from mattebox.errors import WeightsError, WriteError
from mattebox.weights.network_faults import KIND_OF_ANSWER, MAY_PASS, is_stall, reason, shown
from mattebox.weights.store import unwritable

if TYPE_CHECKING:
    import requests

CHUNK = 2**16
MOST_REDIRECTS = 10
LEAST_RATE = 1024
"""Bytes a second, on average over the patience with a server: one that sends fewer never ends."""
STORES = {"github.com": "githubusercontent.com", "huggingface.co": "hf.co"}
"""Where sites keep their files: they send on to hosts below these."""
OK, PARTIAL, NO_SUCH_RANGE = 200, 206, 416
HTML = ("text/html", "application/xhtml+xml")


@dataclass(frozen=True)
class Patience:
    """How long a download waits, in seconds, and how often it tries."""

    connect: float = 10.0
    stall: float = 30.0
    tries: int = 4
    pause: float = 1.0

    def before(self, attempt: int) -> float:
        """Pause before a try, counted from 0; doubles each time."""
        return self.pause * 2.0 ** (attempt - 1) if attempt else 0.0


class OnBytes(Protocol):
    """Told how far a download is; the total is None where the server does not say it."""

    def __call__(self, done: int, total: int | None, /) -> None: ...


class _Offer(BaseModel):
    """What a server said of a file of which a part is here."""

    model_config = ConfigDict(frozen=True)

    url: str
    validator: str | None
    total: int | None


class _PassingError(WeightsError):
    """A fault that may be gone at the next try."""


@dataclass(frozen=True)
class Download:
    """One file on its way.

    Attributes:
        url: http, https or file.
        partial: where the bytes are gathered; a note of the same name and ``.json`` lies beside.
        most: size above which a file cannot be the right one, or None.
        by_hand: the command that installs a file brought in another way, for messages.
        patience: how long to wait, how often to try.
        on_bytes: told how far it is.
    """

    url: str
    partial: Path
    most: int | None
    by_hand: str
    patience: Patience
    on_bytes: OnBytes

    def run(self) -> None:
        """Bring the whole file to ``partial``.

        Raises:
            WeightsError: the server or folder does not give it; what can be gone on with is kept.
            WriteError: it cannot be written here; nothing is kept.
        """
        if self.url.lower().startswith("file://"):
            self._copy()
            return
        with _session(self.url, self._elsewhere) as session:
            session.max_redirects = MOST_REDIRECTS
            for attempt in range(self.patience.tries):
                time.sleep(self.patience.before(attempt))
                try:
                    with self._our_faults():
                        self._receive(session)
                except _PassingError:
                    if attempt == self.patience.tries - 1:
                        raise
                else:
                    return

    def discard(self) -> None:
        """Forget what has arrived."""
        for path in (self.partial, self._note):
            with suppress(OSError):
                path.unlink(missing_ok=True)

    @property
    def has_begun(self) -> bool:
        """Whether a part of the file is here that can be gone on with."""
        return self._offer() is not None

    @property
    def _note(self) -> Path:
        return self.partial.with_name(self.partial.name + ".json")

    def _offer(self) -> _Offer | None:
        """What is known of the part that is here; None where it is of no use."""
        try:
            offer = _Offer.model_validate_json(self._note.read_bytes())
            arrived = self.partial.stat().st_size
        except (OSError, ValidationError):
            return None
        return offer if offer.url == shown(self.url) and arrived else None

    def _copy(self) -> None:
        source = Path(url2pathname(urlsplit(self.url).path))
        self.discard()
        try:
            with source.open("rb") as stream, self._writing("wb") as target:
                total = source.stat().st_size
                while chunk := stream.read(CHUNK):
                    _write(target, chunk)
                    self.on_bytes(target.tell(), total)
        except OSError as error:
            self.discard()
            raise WeightsError(
                f"{source} cannot be read: {error.strerror or error}",
                next_step="check the address or folder that the file should come from",
                path=source,
            ) from error
        except BaseException:
            self.discard()
            raise

    def _receive(self, session: requests.Session) -> None:
        """One try."""
        offer = self._offer()
        arrived = self.partial.stat().st_size if offer is not None else 0
        if offer is not None and offer.total == arrived:
            return  # whole; an earlier run ended before it was looked at
        # Ranges count the bytes as they are stored, so nothing may be packed on the way.
        headers = {"Accept-Encoding": "identity"}
        if offer is not None:
            headers["Range"] = f"bytes={arrived}-"
            if offer.validator is not None:
                headers["If-Range"] = offer.validator
        patience = (self.patience.connect, self.patience.stall)
        with session.get(self.url, headers=headers, stream=True, timeout=patience) as answer:
            self._refuse_answer(answer)
            begins, total = _extent(answer)
            other_size = offer is not None and offer.total not in (None, total)
            if begins not in (0, arrived) or (begins and other_size):
                raise self._changed()
            if begins == 0:
                self.discard()
                self._keep_offer(answer, total)
            self._store(answer, total, "ab" if begins else "wb")

    def _store(
        self, answer: requests.Response, total: int | None, mode: Literal["ab", "wb"]
    ) -> None:
        with self._writing(mode) as target:
            began, before = time.monotonic(), target.tell()
            for chunk in _arriving(answer):
                if target.tell() == 0 and (stranger := foreign_start(chunk)) is not None:
                    raise self._refused(f"{shown(self.url)} gave {stranger}")
                _write(target, chunk)
                if self.most is not None and target.tell() > self.most:
                    raise self._refused(
                        f"{shown(self.url)} gives more than the {self.most:,} bytes that are right"
                    )
                self.on_bytes(target.tell(), total)
                spent = time.monotonic() - began
                if spent > self.patience.stall:
                    came = target.tell() - before
                    if came < LEAST_RATE * spent:
                        raise self._broken(
                            f"{shown(self.url)} sent {came:,} bytes in {spent:.0f} s",
                            "--timeout SECONDS waits longer",
                        )
                    began, before = time.monotonic(), target.tell()
            arrived = target.tell()
        if total is not None and arrived < total:
            raise self._broken(f"{shown(self.url)} broke off")

    def _keep_offer(self, answer: requests.Response, total: int | None) -> None:
        """Note what the rest can be asked for with, where the server can be asked for it."""
        etag = answer.headers.get("ETag", "")
        # A weak one (W/"...") says that two states are alike, not that their bytes are.
        validator = etag if etag.startswith('"') else answer.headers.get("Last-Modified")
        takes_ranges = answer.headers.get("Accept-Ranges", "").strip().lower() == "bytes"
        if not takes_ranges or (validator is None and total is None):
            return
        offer = _Offer(url=shown(self.url), validator=validator, total=total)
        try:
            self._note.write_text(offer.model_dump_json(), encoding="utf-8")
        except OSError as error:
            raise unwritable(self._note, error) from error

    @contextmanager
    def _writing(self, mode: Literal["ab", "wb"]) -> Iterator[io.FileIO]:
        try:
            # Unbuffered: a full disk is met at the write, not again when the file is closed.
            stream = self.partial.open(mode, buffering=0)
        except OSError as error:
            raise unwritable(self.partial, error) from error
        with stream:
            yield stream

    def _refuse_answer(self, answer: requests.Response) -> None:
        code = answer.status_code
        if code in (OK, PARTIAL):
            kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if kind in HTML:
                raise self._refused(f"{shown(self.url)} gave {foreign_start(b'<html')}")
            return
        if code == NO_SUCH_RANGE:
            raise self._changed()
        said = f"{shown(self.url)} answered {code} {answer.reason or ''}".rstrip()
        if code in MAY_PASS:
            raise self._broken(said)
        what = KIND_OF_ANSWER.get(code, "that is not a file")
        raise WeightsError(f"{said}: {what}", next_step=self._elsewhere)

    @contextmanager
    def _our_faults(self) -> Iterator[None]:
        """Turn faults of requests into ours; keep only what can be gone on with."""
        from requests import exceptions as faults

        host = urlsplit(self.url).hostname or shown(self.url)
        try:
            try:
                yield
            except faults.SSLError as error:
                raise WeightsError(
                    f"no trusted connection to {host}: {reason(error)}",
                    next_step="where a proxy opens encrypted connections, name its certificates in "
                    f"REQUESTS_CA_BUNDLE; else {self._elsewhere}",
                ) from error
            except faults.TooManyRedirects as error:
                raise WeightsError(
                    f"{shown(self.url)} redirects too often: more than {MOST_REDIRECTS} redirects",
                    next_step=self._elsewhere,
                ) from error
            except faults.ConnectTimeout as error:
                within = f"{self.patience.connect:g} s"
                raise self._broken(f"no connection to {host} within {within}") from error
            except faults.ChunkedEncodingError as error:
                raise self._broken(f"{shown(self.url)} broke off") from error
            except (faults.ConnectionError, faults.Timeout) as error:
                if not is_stall(error):
                    raise self._broken(f"{host} cannot be reached: {reason(error)}") from error
                raise self._broken(
                    f"{shown(self.url)} sent nothing for {self.patience.stall:g} s",
                    "--timeout SECONDS waits longer",
                ) from error
            except faults.RequestException as error:
                raise WeightsError(
                    f"{shown(self.url)} cannot be fetched: {reason(error)}",
                    next_step=self._elsewhere,
                ) from error
        except WriteError:
            self.discard()  # on a full disk, what has arrived is in the way
            raise
        except BaseException:
            if not self.has_begun:
                self.discard()
            raise

    @property
    def _elsewhere(self) -> str:
        return (
            "check the address (`mattebox weights list --json`), set MATTEBOX_WEIGHTS to a mirror, "
            f"or bring the file in another way: `{self.by_hand}`"
        )

    def _changed(self) -> _PassingError:
        """The part that is here is of another state of the file."""
        self.discard()
        return _PassingError(
            f"{shown(self.url)} has changed on the server", next_step="run the same command again"
        )

    def _refused(self, message: str) -> WeightsError:
        """The server gave something else; nothing of it is kept."""
        self.discard()
        return WeightsError(message, next_step=self._elsewhere)

    def _broken(self, message: str, advice: str | None = None) -> _PassingError:
        """The way broke; another try may go on from what is here."""
        offer, step = self._offer(), "run the same command again"
        if offer is not None:
            whole = "" if offer.total is None else f" of {offer.total:,}"
            message += f"; {self.partial.stat().st_size:,}{whole} bytes are kept"
            step += " to go on from there"
        steps = [step, *([advice] if advice else []), f"by hand: `{self.by_hand}`"]
        return _PassingError(message, next_step="; ".join(steps))


def _session(url: str, elsewhere: str) -> requests.Session:
    """A session that stays with the host that was named."""
    import requests

    class Staying(requests.Session):
        def get_redirect_target(self, resp: requests.Response) -> str | None:
            target = super().get_redirect_target(resp)
            if target is not None:
                try:
                    _refuse_leaving(url, urljoin(resp.url, target), elsewhere)
                except WeightsError:
                    resp.close()
                    raise
            return target

    return Staying()


def _refuse_leaving(url: str, target: str, elsewhere: str) -> None:
    """Raise WeightsError where a redirect leads to another host, or from https to http."""
    there, here = urlsplit(target), urlsplit(url)
    host, named = there.hostname or "", here.hostname or ""
    store = STORES.get(named)
    is_same = host == named or (store is not None and f".{host}".endswith(f".{store}"))
    if is_same and (there.scheme == "https" or here.scheme == "http"):
        return
    raise WeightsError(
        f"{shown(url)} sends on to {there.scheme}://{host}; nothing was fetched from there",
        expected=f"a file of {named} itself",
        next_step=f"where that host is right, name it: MATTEBOX_WEIGHTS=ADDRESS; else {elsewhere}",
    )


def _arriving(answer: requests.Response) -> Iterator[bytes]:
    """The body as it arrives, in pieces of any size: a slow server is met at each of them.

    Raises as ``Response.iter_content``, which waits for whole pieces.
    """
    from requests import exceptions as faults
    from urllib3 import exceptions as lower

    try:
        while piece := answer.raw.read1(CHUNK):
            yield piece
    except lower.ProtocolError as error:
        raise faults.ChunkedEncodingError(error) from error
    except lower.ReadTimeoutError as error:
        raise faults.ConnectionError(error) from error
    except lower.SSLError as error:
        raise faults.SSLError(error) from error


def _write(target: io.FileIO, chunk: bytes) -> None:
    left = memoryview(chunk)
    try:
        while left:
            left = left[target.write(left) :]
    except OSError as error:
        raise unwritable(Path(str(target.name)), error) from error


def _extent(answer: requests.Response) -> tuple[int, int | None]:
    """Place of the answer's first byte in the file (-1: not said), and the whole file's size."""
    if answer.status_code == PARTIAL:
        said = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", ""))
        if said is None:
            return -1, None
        return int(said[1]), None if said[2] == "*" else int(said[2])
    length = answer.headers.get("Content-Length", "")
    # Packed in spite of what was asked: then the length is not the file's.
    is_plain = answer.headers.get("Content-Encoding", "identity") == "identity"
    return 0, int(length) if is_plain and length.isdigit() else None
