"""What runs only on other people's machines is held to what runs here: workflows and versions."""

from __future__ import annotations

import re
import tomllib
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.conftest import REPOSITORY

import make_version

WORKFLOWS = sorted((REPOSITORY / ".github/workflows").glob("*.yml"))
MAKEFILE = (REPOSITORY / "Makefile").read_text("utf-8")
PYTHONS = ["3.11", "3.12", "3.13"]
PINNED = r"actions/[a-z-]+@[0-9a-f]{40}"
ONLY_SETS_UP = ("command -v make || choco install make ",)


def jobs(workflow: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(workflow.read_text("utf-8"))["jobs"]
    return found


def steps(workflow: Path) -> list[dict[str, Any]]:
    return list(chain.from_iterable(job["steps"] for job in jobs(workflow).values()))


def test_there_are_workflows() -> None:
    assert [path.name for path in WORKFLOWS] == ["ci.yml"]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_step_runs_a_make_target_that_is_in_the_makefile(workflow: Path) -> None:
    commands = [step["run"] for step in steps(workflow) if "run" in step]
    checks = [command for command in commands if not command.startswith(ONLY_SETS_UP)]
    assert [command for command in checks if not command.startswith("make ")] == []
    (phony,) = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    for command in checks:
        target, *variables = command.split()[1:]
        assert target in phony.split(), command
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), command
        for name in re.findall(r"([A-Z_]+)=", " ".join(variables)):
            assert f"$({name})" in MAKEFILE, command


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_read_only_and_uses_pinned_actions_of_the_hosts_own(workflow: Path) -> None:
    whole = yaml.safe_load(workflow.read_text("utf-8"))
    assert whole["permissions"] == {"contents": "read"}
    assert whole["concurrency"]["group"].endswith("${{ github.ref }}")
    for job in jobs(workflow).values():
        assert "timeout-minutes" in job
        assert "permissions" not in job
    used = [step["uses"] for step in steps(workflow) if "uses" in step]
    assert [action for action in used if not re.fullmatch(PINNED, action)] == []


def test_every_python_that_is_promised_is_tested() -> None:
    """And the oldest is the one of pyproject.toml."""
    (ci,) = WORKFLOWS
    assert jobs(ci)["linux"]["strategy"]["matrix"]["python"] == PYTHONS
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["requires-python"] == f">={PYTHONS[0]}"


def test_the_plug_in_has_the_cores_version() -> None:
    for path, text in make_version.files().items():
        assert path.read_text(encoding="utf-8") == text, "run `make plugin`"


def test_versions_are_written_as_blender_wants_them() -> None:
    assert make_version.semantic("0.2.0.dev0") == "0.2.0-dev.0"
    assert make_version.semantic("1.12.3") == "1.12.3"
    with pytest.raises(ValueError, match="neither a release"):
        make_version.semantic("1.0")
