"""Flamenco's job type, run by a real JavaScript interpreter as its Manager would run it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.farm_tools import ask, node_command
from tests.unit.farm.conftest import Submit

from mattebox.errors import UsageError
from mattebox.farm.flamenco import JOB_TYPE, SCRIPT, script, submitted_job, write_job
from mattebox.farm.submission import Submission
from mattebox.job import Job

MANAGER = """
const author = {
  Task: (name, type) => ({
    name, type, commands: [], needs: [],
    addCommand(command) { this.commands.push(command); },
    addDependency(task) { this.needs.push(task.name); },
  }),
  Command: (name, parameters) => ({ name, parameters }),
};
function frameChunker(text, size) {
  const frames = text.split(",").flatMap(part => {
    const [first, last] = part.split("-").map(Number);
    return Array.from({ length: (last ?? first) - first + 1 }, (_, i) => first + i);
  });
  const pieces = [];
  for (let i = 0; i < frames.length; i += size) {
    const piece = frames.slice(i, i + size);
    pieces.push(`${piece[0]}-${piece[piece.length - 1]}`);
  }
  return pieces;
}
"""
"""What a script finds in Flamenco's Manager: frames are cut in order, ``size`` at a time."""

COMPILE = """
const job = { settings: SETTINGS, tasks: [], addTask(task) { this.tasks.push(task); } };
compileJob(job);
console.log(JSON.stringify({ tasks: job.tasks, type: JOB_TYPE }));
"""

SETTING_TYPES = {"string": str, "int32": int, "float": float, "bool": bool}


def compiled(submission: Submission) -> dict[str, Any]:
    settings = submitted_job(submission, job_file="/f/job.json")["settings"]
    given = COMPILE.replace("SETTINGS", json.dumps(settings))
    program = "\n".join((MANAGER, script(), given))
    found: dict[str, Any] = json.loads(ask(node_command(), "-", text=program))
    return found


def test_a_task_for_each_chunk_stands_between_analysis_and_check(submit: Submit) -> None:
    tasks = compiled(submit())["tasks"]
    assert [task["name"] for task in tasks] == [
        "analyse",
        "key-1000-1024",
        "key-1025-1049",
        "key-1050-1074",
        "check",
    ]
    assert [task["needs"] for task in tasks[1:4]] == [["analyse"]] * 3
    assert tasks[4]["needs"] == ["key-1000-1024", "key-1025-1049", "key-1050-1074"]
    assert {task["type"] for task in tasks} == {"misc"}


def test_commands_are_the_same_as_on_every_farm(submit: Submit) -> None:
    submission = submit(command=("python", "-I", "/tools/mattebox"))
    commands = [task["commands"] for task in compiled(submission)["tasks"]]
    before = ["-I", "/tools/mattebox"]
    assert commands[0] == [
        {
            "name": "exec",
            "parameters": {
                "exe": "python",
                "args": [*before, *submission.analyse_arguments("/f/job.json")],
            },
        }
    ]
    assert commands[1][0]["parameters"]["args"] == [
        *before,
        *submission.key_arguments("1000-1024"),
    ]
    assert commands[-1][0]["parameters"]["args"] == [*before, *submission.check_arguments]


def test_every_setting_is_one_that_the_job_type_declares_and_of_its_type(submit: Submit) -> None:
    declared = {one["key"]: one for one in compiled(submit())["type"]["settings"]}
    settings = submitted_job(submit(), job_file="/f/job.json")["settings"]
    assert declared.keys() == settings.keys()
    for key, value in settings.items():
        assert isinstance(value, SETTING_TYPES[declared[key]["type"]]), key


def test_the_submitted_job_has_what_the_manager_requires(submit: Submit) -> None:
    job = submitted_job(submit(), job_file="/f/job.json")
    assert {"name", "type", "priority", "submitter_platform"} <= job.keys()
    assert Path(SCRIPT).stem.replace("_", "-") == JOB_TYPE == job["type"]


def test_frames_below_zero_are_refused(submit: Submit) -> None:
    with pytest.raises(UsageError, match="begin below 0"):
        submitted_job(submit(frames=(-1, 0, 1)), job_file="/f/job.json")


def test_script_job_and_job_file_lie_in_one_folder(submit: Submit, tmp_path: Path) -> None:
    written = write_job(submit(), tmp_path / "fla")
    assert [path.name for path in written] == [SCRIPT, "flamenco_job.json", "job.json"]
    told = json.loads(written[1].read_text(encoding="utf-8"))
    assert Job.read(Path(told["settings"]["job_file"])) == submit().job
