"""What the weights tests share: a server, a store, and entries of files that it serves."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.support.file_server import FileServer, serving

from mattebox.engines.checkpoints import build_network
from mattebox.weights.catalogue import Entry
from mattebox.weights.store import Store

BODY = random.Random(4).randbytes(700_000)
"""A file whose hash is known; what it holds does not count then."""


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving() as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "store").mkdir()
    return Store((tmp_path / "store",))


@pytest.fixture(scope="session")
def rvm_pth() -> bytes:
    """A whole .pth of rvm_mobilenetv3 with torch's own random weights."""
    with torch.random.fork_rng():
        torch.manual_seed(7)
        stream = io.BytesIO()
        torch.save(dict(build_network("rvm_mobilenetv3").state_dict()), stream)
    return stream.getvalue()


@pytest.fixture
def make_entry(server: FileServer) -> Callable[..., Entry]:
    """An entry of a file on the server; its hash is confirmed unless it is said otherwise."""

    def make(body: bytes = BODY, **changes: Any) -> Entry:
        values = {
            "name": "own",
            "network": "rvm_mobilenetv3",
            "format": "pth",
            "file": "own.pth",
            "url": server.url("/own.pth"),
            "bytes": len(body),
            "sha256": hashlib.sha256(body).hexdigest(),
            "certainty": "confirmed",
            "licence": "MIT",
            "source": "a test",
        }
        return Entry.model_validate(values | changes)

    return make
