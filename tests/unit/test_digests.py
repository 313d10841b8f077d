"""Digests kept between runs: right for every file, whatever happened to it or to what is kept."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mattebox import digests
from mattebox.digests import KEPT_SECONDS, FileDigests


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files count as settled at once: a test need not wait for two seconds."""
    monkeypatch.setattr(digests, "SETTLED_NS", -(10**12))


def pictures(folder: Path, count: int = 3) -> list[Path]:
    folder.mkdir(exist_ok=True)
    paths = [folder / f"a.{number:04d}.exr" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(bytes([number]) * 100)
    return paths


def true_digest(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


def kept_in(folder: Path) -> dict[str, list[object]]:
    (file,) = folder.glob("*.json")
    held: dict[str, list[object]] = json.loads(file.read_text())
    return held


@pytest.mark.usefixtures("settled")
def test_a_file_is_hashed_once_and_known_to_the_next_process(tmp_path: Path) -> None:
    first, *_ = paths = pictures(tmp_path / "in")
    known = FileDigests(tmp_path / "cache")
    assert [known.of(path) for path in paths] == [true_digest(path) for path in paths]
    known.keep()
    assert kept_in(tmp_path / "cache").keys() == {path.name for path in paths}
    # What is kept is believed: so the file was not read again.
    (file,) = (tmp_path / "cache").glob("*.json")
    file.write_text(file.read_text().replace(true_digest(first).hex(), "ab" * 32))
    assert FileDigests(tmp_path / "cache").of(first) == bytes.fromhex("ab" * 32)


def same_size_and_time(path: Path) -> None:
    status = path.stat()
    path.write_bytes(b"x" * status.st_size)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def replaced(path: Path) -> None:
    status = path.stat()
    other = path.with_name("other")
    other.write_bytes(b"y" * status.st_size)
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            same_size_and_time,
            marks=pytest.mark.skipif(
                sys.platform == "win32", reason="Windows has no time of change; Linux runs it"
            ),
        ),
        replaced,
        lambda path: path.write_bytes(b"longer" * 50),
    ],
)
def test_a_changed_file_is_hashed_again_even_with_the_old_size_and_time(
    change: Callable[[Path], object], tmp_path: Path
) -> None:
    path, *_ = pictures(tmp_path / "in")
    known = FileDigests(tmp_path / "cache")
    before = known.of(path)
    known.keep()
    time.sleep(0.05)  # longer than the tick of a disk's clock
    change(path)
    for asked in (known, FileDigests(tmp_path / "cache")):
        assert asked.of(path) == true_digest(path) != before


def test_a_file_that_was_just_written_is_not_kept(tmp_path: Path) -> None:
    path, *_ = pictures(tmp_path / "in")
    known = FileDigests(tmp_path / "cache")
    assert known.of(path) == true_digest(path)
    known.keep()
    assert not (tmp_path / "cache").exists()


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[]", b'{"a.0000.exr": 3}', b'{"a.0000.exr": [1, 2, 3, 4, "short"]}', b"\xff"],
)
def test_what_is_kept_may_be_damaged_and_is_made_anew(damage: bytes, tmp_path: Path) -> None:
    path, *_ = pictures(tmp_path / "in")
    known = FileDigests(tmp_path / "cache")
    known.of(path)
    known.keep()
    (file,) = (tmp_path / "cache").glob("*.json")
    file.write_bytes(damage)
    again = FileDigests(tmp_path / "cache")
    assert again.of(path) == true_digest(path)
    again.keep()
    assert kept_in(tmp_path / "cache").keys() == {path.name}


@pytest.mark.usefixtures("settled")
def test_a_cache_that_cannot_be_written_costs_hashing_and_nothing_else(tmp_path: Path) -> None:
    path, *_ = pictures(tmp_path / "in")
    (tmp_path / "cache").write_text("a file is in the way")
    known = FileDigests(tmp_path / "cache")
    assert known.of(path) == true_digest(path)
    known.keep()
    assert (tmp_path / "cache").read_text() == "a file is in the way"


@pytest.mark.usefixtures("settled")
def test_what_is_gone_or_was_not_asked_for_in_two_months_is_forgotten(tmp_path: Path) -> None:
    first, *rest = pictures(tmp_path / "in")
    known = FileDigests(tmp_path / "cache")
    known.of(first)
    known.keep()
    first.unlink()
    old = tmp_path / "cache" / "0.digests.json"
    old.write_text("{}")
    os.utime(old, (time.time() - KEPT_SECONDS - 60,) * 2)
    known = FileDigests(tmp_path / "cache")
    for path in rest:
        known.of(path)
    known.keep()
    assert kept_in(tmp_path / "cache").keys() == {path.name for path in rest}


def test_a_file_that_is_not_there_is_said_by_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FileDigests(tmp_path).of(tmp_path / "none.exr")


def hash_and_keep(cache: Path, paths: list[Path]) -> list[bytes]:
    digests.SETTLED_NS = -(10**12)
    known = FileDigests(cache)
    found = [known.of(path) for path in paths]
    known.keep()
    return found


@pytest.mark.slow
def test_several_processes_may_keep_digests_at_once(tmp_path: Path) -> None:
    paths = pictures(tmp_path / "in", 40)
    context = multiprocessing.get_context("spawn")
    parts = [(tmp_path / "cache", paths[start::4]) for start in range(4)]
    with context.Pool(4) as pool:
        found = pool.starmap(hash_and_keep, parts)
    for (_, part), answer in zip(parts, found, strict=True):
        assert answer == [true_digest(path) for path in part]
    # Whoever was last is whole; the others' digests are there or are made again.
    kept = {name: entry[-1] for name, entry in kept_in(tmp_path / "cache").items()}
    assert kept
    assert kept == {name: true_digest(tmp_path / "in" / name).hex() for name in kept}
    assert [path.name for path in (tmp_path / "cache").iterdir() if path.name.startswith(".")] == []
