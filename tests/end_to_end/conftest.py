"""Running the installed command as its user would."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

COMMAND = Path(sys.executable).with_name("mattebox")


@pytest.fixture
def mattebox() -> Run:
    """Call the installed ``mattebox`` command; returns code, standard output and error."""

    def run(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # type: ignore[call-overload, no-any-return]
            [str(COMMAND), *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            **options,
        )

    return run


@pytest.fixture
def bug(shared: Path, request: pytest.FixtureRequest) -> Path:
    """The shared input of a reported fault, named by the test's parameter or marker."""
    folder = shared / "bugs" / str(request.param)
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there; it runs where MATTEBOX_SHARED holds it")
    return folder


def of_bug(name: str) -> pytest.MarkDecorator:
    """Mark a test of a reported fault, whose input is ``bug``."""
    return pytest.mark.parametrize("bug", [name], indirect=True, ids=[name])


def key_clean(mattebox: Run, shot: Path, output: Path, *more: object) -> list[dict[str, object]]:
    """Key with the clean plate and --json; returns the events."""
    plate = shot.parent / "clean.exr"
    done = mattebox("key", shot, "-o", output, "--clean-plate", plate, "--json", *more)
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
