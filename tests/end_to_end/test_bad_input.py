"""Bad input, as docs/bad_input.md tells it: every row is run, and every case has its row."""

from __future__ import annotations

import os
import re
import resource
import subprocess
from functools import partial
from pathlib import Path

import pytest
from tests.end_to_end.bad_input import (
    backgrounds,
    hints,
    movies,
    outputs,
    plates,
    settings,
    tools,
    weights,
)
from tests.end_to_end.conftest import Run

PAGE = Path(__file__).parents[2] / "docs" / "bad_input.md"

SECTIONS = {
    "Plate and frames": plates.CASES,
    "Screen and clean plate": backgrounds.CASES,
    "Hints": hints.CASES,
    "Matting tools": tools.CASES,
    "Movies": movies.CASES,
    "Engines and weights": weights.CASES,
    "Settings, colour and job files": settings.CASES,
    "What is written": outputs.CASES,
}
"""The page's sections, and the cases of each."""


def rows() -> dict[str, dict[str, tuple[list[str], int]]]:
    """Section -> case -> the words a user sees (in backticks), exit code; from the page."""
    found: dict[str, dict[str, tuple[list[str], int]]] = {}
    for section in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        title, *lines = section.splitlines()
        found[title] = {}
        for line in lines:
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if len(cells) == 3 and cells[2].isdigit():
                found[title][cells[0]] = (re.findall(r"`([^`]+)`", cells[1]), int(cells[2]))
    return found


ROWS = rows()


def test_the_page_and_the_cases_are_the_same() -> None:
    told = {section: sorted(of_section) for section, of_section in ROWS.items()}
    assert told == {section: sorted(cases) for section, cases in SECTIONS.items()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("section", "name"),
    [
        pytest.param(section, name, marks=case.marks, id=name)
        for section, cases in SECTIONS.items()
        for name, case in cases.items()
    ],
)
def test_bad_input(section: str, name: str, tmp_path: Path, mattebox: Run) -> None:
    (words, code), case = ROWS[section][name], SECTIONS[section][name]
    arguments, limit = case.build(tmp_path), case.largest_file
    env = os.environ | {name: str(tmp_path / folder) for name, folder in case.environment.items()}
    small = None if limit is None else partial(limit_files, limit)
    done = mattebox(*arguments, env=env, preexec_fn=small)
    said = plain(done)
    assert done.returncode == code, said
    assert words, "the row says nothing"
    for part in words:
        assert part in said
    assert "Traceback" not in said
    assert not list(tmp_path.rglob("*.tmp*"))
    if limit is not None:
        assert not list((tmp_path / "out").glob("*"))


def limit_files(size: int) -> None:
    """No file of this process grows beyond a size in bytes, as on a disk that is full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def plain(done: subprocess.CompletedProcess[str]) -> str:
    """What was said, without line breaks and the boxes that the argument parser draws."""
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", done.stdout + done.stderr).split())
