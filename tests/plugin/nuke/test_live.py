"""In a real Nuke, where there is one: the report that a user with a licence can send back.

NUKE_EXECUTABLE=/usr/local/Nuke15.1v3/Nuke15.1 python -m pytest tests/plugin/nuke/test_live.py -s
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import REPOSITORY
from tests.plugin.nuke.conftest import Start, command_line

VARIABLE = "NUKE_EXECUTABLE"


ONLY_IN_NUKE = (
    "what could only be assumed",
    "the node shows the file's pixels",
    "the script keeps what is attached",
)
"""Checks that the stand-in cannot answer."""


@pytest.mark.slow
def test_the_drivers_other_checks_pass_in_the_stand_in(
    start: Start,
    plate: str,
    by_command: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A driver that nobody ever ran would tell a user with a licence about its own faults."""
    keyed = tmp_path / "keyed"
    keyed.mkdir()
    for name, content in by_command.items():
        (keyed / name).write_bytes(content)
    start(has_window=False)
    driver = REPOSITORY / "tests/plugin/nuke/live_driver.py"
    monkeypatch.setattr(sys, "argv", [str(driver), str(tmp_path), plate, str(keyed)])
    exec(compile(driver.read_text(encoding="utf-8"), str(driver), "exec"), {"__name__": "driver"})
    checks = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["checks"]
    assert len(checks) == 12
    assert [one for one in checks if not one["ok"] and one["name"] not in ONLY_IN_NUKE] == []


def test_a_real_nuke_keys_renders_refuses_and_bakes(plate: str, tmp_path: Path) -> None:
    executable = os.environ.get(VARIABLE)
    if not executable:
        pytest.skip(f"no Nuke at hand; it runs where {VARIABLE} names one that has a licence")
    keyed = tmp_path / "keyed"
    command_line(plate, keyed)
    driver = REPOSITORY / "tests/plugin/nuke/live_driver.py"
    done = subprocess.run(
        [executable, "-t", str(driver), str(tmp_path), plate, str(keyed)],
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
        env={
            **os.environ,
            "MATTEBOX_PYTHON": sys.executable,
            "NUKE_PATH": str(REPOSITORY / "plugin" / "nuke_path"),
        },
    )
    report = tmp_path / "report.json"
    assert report.is_file(), f"Nuke ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    text = report.read_text(encoding="utf-8")
    print("\n==== send this back ====\n" + text)
    failed = [one for one in json.loads(text)["checks"] if not one["ok"]]
    assert failed == []
