"""What is refused before anything is built: changes, and a version that the CHANGELOG denies."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import REPOSITORY
from tests.support.git import git, needs_git

from mattebox import __version__
from release.source import ReleaseError, Source, check_agreement, checked_source, version_of

DATED = "# Changelog\n\n## Unreleased\n{}\n## 0.1.0 (2026-11-27)\n- First.\n"
ENTRY = "\n### Added\n- A knob.\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """As much of a repository as says its version."""
    folder = tmp_path / "a clone"
    (folder / "core/mattebox").mkdir(parents=True)
    (folder / "core/mattebox/__init__.py").write_text('"""Doc."""\n\n__version__ = "0.1.0"\n')
    (folder / "CHANGELOG.md").write_text(DATED.format(""))
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=One")
    return folder


@needs_git
def test_a_clean_clone_is_released_as_its_commit(clone: Path) -> None:
    source = checked_source(clone)
    assert source == Source(clone, "0.1.0", git(clone, "rev-parse", "HEAD"))
    assert source.name == "mattebox-0.1.0"


@needs_git
@pytest.mark.parametrize("file", ["CHANGELOG.md", "new.py", "core/mattebox/__init__.py"])
def test_a_tree_with_changes_is_refused_by_the_name_of_the_first(file: str, clone: Path) -> None:
    with (clone / file).open("a") as opened:
        opened.write("# more\n")
    with pytest.raises(ReleaseError) as caught:
        checked_source(clone)
    assert f"holds what no commit has ({file})" in str(caught.value)
    assert "fresh clone" in str(caught.value)


@needs_git
def test_a_version_that_the_changelog_denies_is_refused(clone: Path) -> None:
    (clone / "CHANGELOG.md").write_text(DATED.format(ENTRY))
    git(clone, "commit", "--quiet", "--all", "--message=Two")
    with pytest.raises(ReleaseError, match="entries below Unreleased"):
        checked_source(clone)


def test_a_folder_that_is_no_clone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="no clone"):
        checked_source(tmp_path)


@pytest.mark.parametrize(
    ("version", "changelog"),
    [
        ("0.1.0", DATED.format("")),
        ("0.1.1.dev0", DATED.format("")),
        ("0.10.0.dev3", DATED.format(ENTRY)),
    ],
)
def test_a_release_is_the_newest_dated_heading_and_what_is_on_the_way_is_newer(
    version: str, changelog: str
) -> None:
    check_agreement(version, changelog)


@pytest.mark.parametrize(
    ("version", "changelog", "words"),
    [
        ("0.2.0", DATED.format(""), "the version is 0.2.0 and CHANGELOG.md's newest release 0.1.0"),
        ("0.1.0", DATED.format(ENTRY), "has entries below Unreleased"),
        ("0.1.0.dev0", DATED.format(ENTRY), "has 0.1.0 already: raise the version"),
        ("0.1.0", "# Changelog\n\n## 0.1.0 (2026-11-27)\n", "no heading Unreleased above"),
        ("0.1.0", "# Changelog\n\n## Unreleased\n", "newest release is ''"),
        ("0.1.0", DATED.format("").replace("2026-11-27", "2026-11-31"), "0.1.0 (2026-11-31)"),
        ("0.1.0", DATED.format("").replace(" (2026-11-27)", ""), "newest release is '0.1.0'"),
    ],
)
def test_a_disagreement_is_told_in_one_sentence(version: str, changelog: str, words: str) -> None:
    with pytest.raises(ReleaseError) as caught:
        check_agreement(version, changelog)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_this_repository_agrees_with_itself() -> None:
    said = version_of((REPOSITORY / "core/mattebox/__init__.py").read_text("utf-8"))
    assert said == __version__
    check_agreement(said, (REPOSITORY / "CHANGELOG.md").read_text("utf-8"))
