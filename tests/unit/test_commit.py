"""The commit of a checkout, of what git packs, and of an installation that says none."""

from __future__ import annotations

import runpy
import shutil
import tarfile
from pathlib import Path

import pytest
from tests.conftest import REPOSITORY
from tests.support.git import git, needs_git

import mattebox.commit
from mattebox.commit import commit_in_words

pytestmark = needs_git

OURS = ("core/mattebox/commit.py", "core/mattebox/commit.txt", ".gitattributes")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A clone of as much of the project as knows its commit."""
    folder = tmp_path / "a clone"
    for name in OURS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, folder / name)
    (folder / OURS[1]).write_text("$Format:%H$\n")  # in an archive of ours it is replaced already
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=One")
    return folder


def commit_of(folder: Path, package: str = "core/mattebox") -> object:
    """What the file in there says, as a build asks it."""
    return runpy.run_path(str(folder / package / "commit.py"))["commit"]()


def test_a_checkout_is_asked(checkout: Path) -> None:
    assert commit_of(checkout) == git(checkout, "rev-parse", "HEAD")


def test_changes_are_told_and_tags_change_nothing(checkout: Path) -> None:
    git(checkout, "tag", "v1.0")
    (checkout / ".gitattributes").write_text("# other\n")
    assert commit_of(checkout) == git(checkout, "rev-parse", "HEAD") + "+changes"


def test_the_git_of_a_hook_of_another_repository_is_not_asked(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = git(checkout, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    assert commit_of(checkout) == head


def test_what_git_packs_says_its_commit_without_git(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(checkout, "archive", "--output", str(tmp_path / "packed.tar"), "HEAD")
    with tarfile.open(tmp_path / "packed.tar") as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    monkeypatch.setenv("PATH", "/nowhere")
    assert (
        commit_of(tmp_path / "unpacked")
        == (checkout / ".git/refs/heads")
        .joinpath((checkout / ".git/HEAD").read_text().strip().rpartition("/")[2])
        .read_text()
        .strip()
    )


def test_an_installation_within_somebody_elses_checkout_is_not_of_its_commit(
    checkout: Path,
) -> None:
    shutil.copytree(checkout / "core/mattebox", checkout / "lib/site/mattebox")
    assert commit_of(checkout, "lib/site/mattebox") is None


@pytest.mark.parametrize("path", ["/nowhere", None])
def test_without_git_or_a_repository_nobody_knows(
    path: str | None, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if path is None:
        (checkout / ".git").rename(checkout / "moved")
    else:
        monkeypatch.setenv("PATH", path)
    assert commit_of(checkout) is None


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("0123456789abcdef0123456789abcdef01234567\n", "commit 0123456789ab"),
        ("0123456789abcdef0123456789abcdef01234567+changes", "commit 0123456789ab with changes"),
        ("$Format:%H$", "commit not known"),
        ("0123", "commit not known"),
        (None, "commit not known"),
    ],
)
def test_it_is_said_in_words(
    written: str | None, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "site/packages/mattebox/commit.txt"
    file.parent.mkdir(parents=True)
    if written is not None:
        file.write_text(written)
    monkeypatch.setattr(mattebox.commit, "COMMIT", file)
    assert commit_in_words() == words
