"""Weights come from a real server that behaves, misbehaves or lies; only the right file stays."""

from __future__ import annotations

import hashlib
import io
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tests.support.file_server import Cut, Drip, FileServer, Redirect, Served, Stall, Status
from tests.unit.weights.conftest import BODY

from mattebox.errors import InputError, MatteboxError, UsageError, WeightsError, WriteError
from mattebox.weights.catalogue import Entry
from mattebox.weights.download import CHUNK, Patience, _refuse_leaving
from mattebox.weights.fetch import Installed, check_installed, install
from mattebox.weights.store import Store, locked

MakeEntry = Callable[..., Entry]

SIX = 6 * CHUNK
"""Where most downloads here break off. What arrived of the next chunk is not kept."""

ONE_TRY = Patience(connect=5.0, stall=0.3, tries=1, pause=0.0)
FOUR_TRIES = Patience(connect=5.0, stall=5.0, tries=4, pause=0.0)


def fetch(
    entry: Entry, store: Store, patience: Patience = FOUR_TRIES, source: Path | None = None
) -> Installed:
    return install(entry, store, source=source, patience=patience, on_bytes=lambda _, __: None)


def refused(
    entry: Entry, store: Store, patience: Patience = FOUR_TRIES, source: Path | None = None
) -> str:
    """What is said; nothing is installed."""
    with pytest.raises(WeightsError) as fault:
        fetch(entry, store, patience, source)
    assert fault.value.exit_code == 69
    assert fault.value.next_step
    assert store.find(entry) is None
    return str(fault.value)


def files_of(store: Store) -> list[str]:
    """Everything in the store but its notes."""
    return sorted(path.name for path in store.folders[0].iterdir() if path.name != ".mattebox")


def kept(store: Store) -> int | None:
    part = store.folders[0] / ".own.pth.part"
    return part.stat().st_size if part.exists() else None


def test_a_file_is_installed_whole_and_alone_and_noted(
    server: FileServer, store: Store, make_entry: MakeEntry
) -> None:
    server.files["/own.pth"] = Served(BODY)
    seen: list[tuple[int, int | None]] = []
    entry = make_entry()
    done = install(
        entry, store, patience=ONE_TRY, on_bytes=lambda done, total: seen.append((done, total))
    )
    assert done.path.read_bytes() == BODY
    assert not done.was_there
    assert done.checked.known_by == "sha256 (confirmed)"
    assert files_of(store) == ["own.pth"]
    assert seen[-1] == (len(BODY), len(BODY))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    receipt = store.receipt(done.path)
    assert receipt is not None
    assert receipt.sha256 == entry.sha256
    assert receipt.source == entry.url
    # Not for the owner alone, as temporary files are; a studio's folder is for all.
    assert done.path.stat().st_mode & 0o777 == (store.folders[0].stat().st_mode & 0o666)


def test_what_is_installed_and_good_is_not_fetched_again(
    server: FileServer, store: Store, make_entry: MakeEntry
) -> None:
    (store.folders[0] / "own.pth").write_bytes(BODY)
    assert fetch(make_entry(), store).was_there
    assert server.asked == []


def test_what_is_installed_and_wrong_is_replaced_only_by_the_right_file(
    server: FileServer, store: Store, make_entry: MakeEntry
) -> None:
    installed = store.folders[0] / "own.pth"
    server.files["/own.pth"] = Served(BODY)
    fetch(make_entry(), store)
    installed.write_bytes(b"something else")
    del server.files["/own.pth"]
    with pytest.raises(WeightsError, match="404"):
        fetch(make_entry(), store)
    assert installed.read_bytes() == b"something else"
    server.files["/own.pth"] = Served(BODY)
    assert not fetch(make_entry(), store).was_there
    assert installed.read_bytes() == BODY


def test_a_file_that_somebody_put_there_is_replaced_only_on_request(
    server: FileServer, store: Store, make_entry: MakeEntry
) -> None:
    own = store.folders[0] / "own.pth"
    own.write_bytes(b"trained for a week")
    server.files["/own.pth"] = Served(BODY)
    with pytest.raises(UsageError, match="is not a file that Mattebox installed"):
        fetch(make_entry(), store)
    assert own.read_bytes() == b"trained for a week"
    install(make_entry(), store, patience=FOUR_TRIES, on_bytes=lambda _, __: None, overwrite=True)
    assert own.read_bytes() == BODY


def test_a_broken_download_goes_on_where_it_stopped(
    server: FileServer, store: Store, make_entry: MakeEntry
) -> None:
    server.files["/own.pth"] = Served(BODY, [Cut(SIX + 100)])
    said = refused(make_entry(), store, ONE_TRY)
    here = kept(store)
    assert here == SIX + 100
    assert "broke off; 393,316 of 700,000 bytes are kept" in said
    assert "run the same command again to go on from there" in said
    fetch(make_entry(), store, ONE_TRY)
    assert server.asked == [("/own.pth", None), ("/own.pth", f"bytes={SIX + 100}-")]
    assert server.sent["/own.pth"] == len(BODY)
    assert files_of(store) == ["own.pth"]
    assert (store.folders[0] / "own.pth").read_bytes() == BODY


def test_one_run_goes_on_by_itself_a_few_times(
    server: FileServer, store: Store, make_entry: MakeEntry
) -> None:
    server.files["/own.pth"] = Served(BODY, [Cut(CHUNK), Cut(CHUNK), Cut(CHUNK)])
    fetch(make_entry(), store)
    assert [begin for _, begin in server.asked] == [
        None, "bytes=65536-", "bytes=131072-", "bytes=196608-"
    ]  # fmt: skip
    assert server.sent["/own.pth"] == len(BODY)


def test_a_server_that_ignores_ranges_is_read_from_the_start(
    server: FileServer, store: Store, make_entry: MakeEntry
) -> None:
    server.files["/own.pth"] = Served(BODY, [Cut(SIX + 100)], takes_ranges=False)
    fetch(make_entry(), store)
    assert [begin for _, begin in server.asked] == [None, f"bytes={SIX + 100}-"]
    assert server.sent["/own.pth"] == SIX + 100 + len(BODY)


def test_nothing_is_kept_of_a_server_that_cannot_send_the_rest(
    server: FileServer, store: Store, make_entry: MakeEntry
) -> None:
    server.files["/own.pth"] = Served(BODY, [Cut(SIX + 100)], says_ranges=False)
    assert "kept" not in refused(make_entry(), store, ONE_TRY)
    assert files_of(store) == []
    fetch(make_entry(), store, ONE_TRY)
    assert [begin for _, begin in server.asked] == [None, None]


@pytest.mark.parametrize(
    ("etags", "old"),
    [
        (('"one"', '"two"'), bytes(700_000)),  # told by If-Range
        ((None, None), bytes(650_000)),  # told by the whole's size
        ((None, None), bytes(700_000)),  # told by the hash, and then read once more
    ],
    ids=["another etag", "another size", "the same size and no etag"],
)
def test_a_file_that_changed_meanwhile_is_read_from_the_start(
    server: FileServer,
    store: Store,
    make_entry: MakeEntry,
    etags: tuple[str | None, str | None],
    old: bytes,
) -> None:
    server.files["/own.pth"] = Served(b"\x80" + old[1:], [Cut(SIX)], etag=etags[0])
    refused(make_entry(), store, ONE_TRY)
    assert kept(store) == SIX
    server.files["/own.pth"] = Served(BODY, etag=etags[1])
    fetch(make_entry(), store)
    assert (store.folders[0] / "own.pth").read_bytes() == BODY
    assert files_of(store) == ["own.pth"]


def test_a_range_beyond_the_file_starts_over(
    server: FileServer, store: Store, make_entry: MakeEntry
) -> None:
    server.files["/own.pth"] = Served(bytes([128]) * 900_000, [Cut(10 * CHUNK)], etag=None)
    refused(make_entry(bytes=None, sha256="0" * 64), store, ONE_TRY)
    short = BODY[:600_000]
    server.files["/own.pth"] = Served(short, etag=None)
    fetch(make_entry(short), store)
    assert [begin for _, begin in server.asked] == [None, f"bytes={10 * CHUNK}-", None]


@pytest.mark.parametrize("after", [None, 200_000], ids=["before the answer", "within the file"])
def test_a_server_that_stalls_is_named_with_the_seconds_waited(
    server: FileServer, store: Store, make_entry: MakeEntry, after: int | None
) -> None:
    server.files["/own.pth"] = Served(BODY, [Stall(after)])
    said = refused(make_entry(), store, ONE_TRY)
    assert f"{server.url('/own.pth')} sent nothing for 0.3 s" in said
    assert "--timeout SECONDS waits longer" in said
    assert "mattebox weights fetch own --from FILE" in said
    assert (kept(store) or 0) <= (after or 0)
    fetch(make_entry(), store)
    assert (store.folders[0] / "own.pth").read_bytes() == BODY


def test_a_redirect_is_followed_and_a_circle_is_not(
    server: FileServer, store: Store, make_entry: MakeEntry
) -> None:
    server.files["/own.pth"] = Served(b"", [Redirect("/there.pth")])
    server.files["/there.pth"] = Served(BODY)
    fetch(make_entry(), store)
    circle = make_entry(url=server.url("/circle"), file="circle.pth", name="circle")
    server.files["/circle"] = Served(b"", [Redirect("/circle")] * 20)
    assert "more than 10 redirects" in refused(circle, store)
    assert len(server.asked) == 2 + 11


def test_a_redirect_to_another_host_is_refused_and_nothing_is_asked_of_it(
    server: FileServer, store: Store, make_entry: MakeEntry
) -> None:
    elsewhere = f"http://localhost:{server.port}/there.pth"
    server.files["/own.pth"] = Served(b"", [Redirect(elsewhere)])
    server.files["/there.pth"] = Served(BODY)
    said = refused(make_entry(), store)
    assert "sends on to http://localhost; nothing was fetched from there" in said
    assert "name it: MATTEBOX_WEIGHTS=ADDRESS" in said
    assert [path for path, _ in server.asked] == ["/own.pth"]


def test_a_redirect_by_a_host_whose_name_only_begins_alike_is_refused() -> None:
    for url, target in (
        ("https://github.com/a", "https://githubusercontent.com.evil.org/a"),
        ("https://github.com/a", "https://evilgithubusercontent.com/a"),
        ("https://github.com/a", "http://objects.githubusercontent.com/a"),
        ("https://studio.org/a", "https://user:word@studio.org.evil.org/a"),
    ):
        with pytest.raises(WeightsError, match="sends on to"):
            _refuse_leaving(url, target, "elsewhere")
    _refuse_leaving("https://github.com/a", "https://objects.githubusercontent.com/a", "elsewhere")


def test_a_server_that_sends_drop_by_drop_is_given_up(
    server: FileServer, store: Store, make_entry: MakeEntry
) -> None:
    server.files["/own.pth"] = Served(BODY, [Drip(0.05)])
    said = refused(make_entry(), store, Patience(stall=0.4, tries=1))
    assert re.search(r"sent \d+ bytes in \d s", said)
    assert "--timeout SECONDS waits longer" in said


def test_wrong_bytes_of_the_right_length_are_refused_with_both_hashes(
    server: FileServer, store: Store, make_entry: MakeEntry
) -> None:
    lie = BODY[:-1] + bytes([BODY[-1] ^ 1])
    server.files["/own.pth"] = Served(lie)
    said = refused(make_entry(), store)
    assert hashlib.sha256(lie).hexdigest() in said
    assert f"700,000 bytes, sha256 {hashlib.sha256(BODY).hexdigest()} (confirmed)" in said
    assert files_of(store) == []
    assert len(server.asked) == 1


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/octet-stream"])
def test_a_web_page_is_no_weights_whatever_its_type_says(
    server: FileServer, store: Store, make_entry: MakeEntry, kind: str
) -> None:
    page = b"\n<!DOCTYPE html><title>Please log in</title>" + bytes(300)
    server.files["/own.pth"] = Served(page, kind=kind)
    assert "gave a web page, not weights" in refused(make_entry(), store)
    assert files_of(store) == []


def test_a_git_lfs_pointer_is_no_weights(
    server: FileServer, store: Store, make_entry: MakeEntry
) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 15217721\n"
    server.files["/own.pth"] = Served(pointer)
    assert "a Git LFS pointer" in refused(make_entry(), store)
    assert files_of(store) == []


def test_a_file_too_long_is_left_as_soon_as_that_is_seen(
    server: FileServer, store: Store, make_entry: MakeEntry
) -> None:
    server.files["/own.pth"] = Served(BODY + bytes(100))
    assert "more than the 700,000 bytes" in refused(make_entry(), store)
    assert files_of(store) == []


def test_a_file_too_short_is_called_cut(
    server: FileServer, store: Store, make_entry: MakeEntry
) -> None:
    server.files["/own.pth"] = Served(BODY[:350_000])
    assert "is cut short: 350,000 of 700,000 bytes" in refused(make_entry(), store)
    assert files_of(store) == []


@pytest.mark.parametrize(
    ("code", "words"),
    [(404, "has no such file"), (403, "does not let us"), (401, "user name and password")],
)
def test_an_answer_that_will_not_change_is_not_asked_for_twice(
    server: FileServer, store: Store, make_entry: MakeEntry, code: int, words: str
) -> None:
    server.files["/own.pth"] = Served(BODY, [Status(code)])
    said = refused(make_entry(), store)
    assert f"answered {code}" in said
    assert words in said
    assert len(server.asked) == 1


def test_a_server_s_own_fault_is_tried_again(
    server: FileServer, store: Store, make_entry: MakeEntry
) -> None:
    server.files["/own.pth"] = Served(BODY, [Status(500), Status(503)])
    fetch(make_entry(), store)
    assert len(server.asked) == 3
    always = make_entry(url=server.url("/always"), file="always.pth", name="always")
    server.files["/always"] = Served(BODY, [Status(500)] * 9)
    assert "answered 500" in refused(always, store)
    assert len(server.asked) == 3 + 4


def test_nobody_listening_is_said_with_the_system_s_words(
    store: Store, make_entry: MakeEntry
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        entry = make_entry(url=f"http://127.0.0.1:{port}/own.pth")
        assert "127.0.0.1 cannot be reached: Connection refused" in refused(entry, store)


def test_a_connection_that_cannot_be_trusted_is_refused(
    server: FileServer, store: Store, make_entry: MakeEntry
) -> None:
    entry = make_entry(url=server.url("/own.pth").replace("http:", "https:"))
    said = refused(entry, store)
    assert "no trusted connection to 127.0.0.1" in said
    assert "REQUESTS_CA_BUNDLE" in said


def test_passwords_in_an_address_are_not_shown(
    server: FileServer, store: Store, make_entry: MakeEntry
) -> None:
    entry = make_entry(url=server.url("/none.pth").replace("//", "//user:secret@"))
    assert "secret" not in refused(entry, store)


def test_a_mirror_is_asked_for_the_file_s_name_and_nobody_else(
    server: FileServer, store: Store, make_entry: MakeEntry
) -> None:
    server.files["/mirror/own.pth"] = Served(BODY)
    mirrored = Store(store.folders, server.url("/mirror"))
    elsewhere = make_entry(url="https://weights.invalid/releases/v1/own.pth")
    fetch(elsewhere, mirrored)
    assert server.asked == [("/mirror/own.pth", None)]


def test_a_folder_can_be_a_mirror(tmp_path: Path, store: Store, make_entry: MakeEntry) -> None:
    folder = tmp_path / "a mirror"
    folder.mkdir()
    mirrored = Store(store.folders, folder.as_uri())
    assert "own.pth cannot be read: No such file" in refused(make_entry(), mirrored)
    (folder / "own.pth").write_bytes(BODY)
    assert fetch(make_entry(), mirrored).path.read_bytes() == BODY
    assert (folder / "own.pth").read_bytes() == BODY


def test_a_file_copied_by_hand_is_checked_and_stays_where_it_is(
    server: FileServer, tmp_path: Path, store: Store, make_entry: MakeEntry
) -> None:
    stick = tmp_path / "stick.bin"
    stick.write_bytes(BODY[:1000])
    assert f"{stick} is cut short: 1,000 of 700,000" in refused(make_entry(), store, source=stick)
    stick.write_bytes(BODY)
    assert fetch(make_entry(), store, source=stick).path.name == "own.pth"
    assert stick.read_bytes() == BODY
    assert server.asked == []
    with pytest.raises(InputError, match="there is no file"):
        fetch(make_entry(), store, source=tmp_path / "none")


def test_an_unknown_hash_is_held_against_what_the_file_holds(
    server: FileServer, store: Store, make_entry: MakeEntry, rvm_pth: bytes
) -> None:
    server.files["/own.pth"] = Served(rvm_pth)
    unknown = {"sha256": None, "bytes": None, "certainty": "unknown"}
    done = fetch(make_entry(**unknown), store)
    assert done.checked.known_by == "structure"
    # From now on the hash is known here.
    done.path.write_bytes(rvm_pth[:-1] + bytes([rvm_pth[-1] ^ 1]))
    with pytest.raises(WeightsError, match="has changed since it was installed"):
        check_installed(make_entry(**unknown), store, done.path)
    # And an entry whose file is another network's is refused by name.
    other = make_entry(name="other", file="other.pth", network="bgmv2_mobilenetv2", **unknown)
    said = refused(other, store)
    assert f"{server.url('/own.pth')} holds weights of rvm_mobilenetv3" in said


def test_a_hash_seen_once_does_not_vouch_for_what_the_file_holds(
    server: FileServer, store: Store, make_entry: MakeEntry, rvm_pth: bytes
) -> None:
    once = make_entry(rvm_pth, certainty="seen once")
    server.files["/own.pth"] = Served(rvm_pth)
    assert fetch(once, store).checked.known_by == "sha256 (seen once) and structure"
    server.files["/other.pth"] = Served(BODY)
    other = {"name": "other", "file": "other.pth", "url": server.url("/other.pth")}
    assert "not a weights file" in refused(make_entry(certainty="seen once", **other), store)


def test_a_pickle_with_code_is_not_opened(
    server: FileServer,
    store: Store,
    make_entry: MakeEntry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    stream = io.BytesIO()
    torch.save({"weight": _Opener()}, stream)
    server.files["/own.pth"] = Served(stream.getvalue())
    entry = make_entry(sha256=None, bytes=None, certainty="unknown")
    assert "would run code when opened" in refused(entry, store)
    assert not (tmp_path / "opened").exists()
    assert files_of(store) == []


class _Opener:
    """Unpickled, it would make a file."""

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return (open, ("opened", "w"))


def test_two_at_once_do_not_write_one_file(
    server: FileServer, store: Store, make_entry: MakeEntry
) -> None:
    server.files["/own.pth"] = Served(BODY)
    with locked(store.folders[0], make_entry()):
        assert "another process is installing own" in refused(make_entry(), store)
    fetch(make_entry(), store)


@pytest.mark.parametrize("place", [".own.pth.part", ".own.pth.part.json"])
def test_a_folder_that_cannot_be_written_is_74_and_nothing_stays(
    server: FileServer, store: Store, make_entry: MakeEntry, place: str
) -> None:
    server.files["/own.pth"] = Served(BODY)
    (store.folders[0] / place).mkdir()
    with pytest.raises(MatteboxError) as fault:
        fetch(make_entry(), store)
    assert isinstance(fault.value, WriteError)
    assert fault.value.exit_code == 74
    assert "MATTEBOX_WEIGHTS=FOLDER" in str(fault.value)
    assert files_of(store) == [place]


def test_an_interruption_keeps_what_can_be_gone_on_with(
    server: FileServer, store: Store, make_entry: MakeEntry
) -> None:
    def interrupt(done: int, total: int | None) -> None:
        if done > 100_000:
            raise KeyboardInterrupt

    server.files["/own.pth"] = Served(BODY)
    with pytest.raises(KeyboardInterrupt):
        install(make_entry(), store, patience=ONE_TRY, on_bytes=interrupt)
    here = kept(store)
    assert here is not None
    assert 100_000 < here < len(BODY)
    fetch(make_entry(), store, ONE_TRY)
    assert server.asked[-1] == ("/own.pth", f"bytes={here}-")
