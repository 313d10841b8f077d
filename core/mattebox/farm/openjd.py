"""A job bundle of Open Job Description (2023-09): analyse, then key in chunks, then check.

One folder for ``openjd run`` on any machine and for ``deadline bundle submit``. The template holds
no path: those are values, which a scheduler maps to its workers.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mattebox.errors import UsageError
from mattebox.farm.submission import (
    ANALYSE_SECONDS,
    JOB_FILE,
    SECONDS_TO_START,
    Needs,
    Submission,
    job_text,
    write_files,
)

SPECIFICATION = "jobtemplate-2023-09"
EXTENSION = "TASK_CHUNKING"
"""Task parameters of type CHUNK[INT]: a scheduler cuts the span into tasks of several frames."""

LONGEST_VALUE = 1024
"""Characters a text parameter may have (template schema, section 2.1)."""

NOTIFY_SECONDS = 30
"""Between the request to stop and the end: the frame in hand may take ten (``cli.stop``)."""

COMMAND = "{{Param.Command}}"
JOB = "{{Param.JobFile}}"
PREPARED = "{{Param.OutputDir}}/{{Param.PreparedName}}"
FRAMES = "{{Param.Frames}}"

_Values = dict[str, Any]


def write_bundle(submission: Submission, folder: Path) -> tuple[Path, ...]:
    """Write the bundle: template, values for Deadline and for ``openjd run``, assets, job file.

    Raises:
        UsageError: the frames are too many pieces for one parameter.
        WriteError: the folder cannot be written.
    """
    return write_files(
        folder,
        {
            "template.yaml": _yaml(template(submission)),
            "parameter_values.yaml": _yaml({"parameterValues": deadline_values(submission)}),
            "asset_references.yaml": _yaml(asset_references(submission)),
            "openjd_values.json": json.dumps(values(submission), indent=2) + "\n",
            JOB_FILE: job_text(submission.job),
        },
    )


def template(submission: Submission) -> _Values:
    """The job template, as plain values."""
    return {
        "specificationVersion": SPECIFICATION,
        "extensions": [EXTENSION],
        "name": submission.token,
        "description": "Keys a shot: analyse once, key in chunks, check every frame.",
        "parameterDefinitions": _parameters(submission),
        "jobEnvironments": [_session(submission)],
        "steps": [_analyse(submission), _key(submission), _check(submission)],
    }


def values(submission: Submission) -> dict[str, str]:
    """The values that belong to this shot, by name.

    Raises:
        UsageError: one is longer than a parameter may be.
    """
    found = {
        "Frames": submission.frames_text,
        "Span": submission.span,
        "OutputDir": submission.output_folder,
    }
    for name, value in found.items():
        if len(value) > LONGEST_VALUE:
            raise UsageError(
                f"the {name} are {len(value)} characters long: {value[:40]}...",
                expected=f"at most {LONGEST_VALUE}, as Open Job Description allows",
                next_step="submit runs of frames, or several jobs",
            )
    return found


def deadline_values(submission: Submission) -> list[_Values]:
    """The same for Deadline Cloud. Its own settings come with the command that submits."""
    return [{"name": name, "value": value} for name, value in values(submission).items()]


def asset_references(submission: Submission) -> _Values:
    """Every file the job reads, and where it writes."""
    return {
        "assetReferences": {
            "inputs": {
                "filenames": sorted(map(str, submission.inputs.files)),
                "directories": sorted(map(str, submission.inputs.folders)),
            },
            "outputs": {"directories": [submission.output_folder]},
            "referencedPaths": [],
        }
    }


def _parameters(submission: Submission) -> list[_Values]:
    """The job's parameters: those a person may change, and those that only carry values."""
    output_name = submission.output_name or ""
    return [
        _text("Frames", "Frames to key, such as 1001-1050,1060.", label="Frames"),
        {
            "name": "ChunkSize",
            "type": "INT",
            "minValue": 1,
            "default": submission.chunks.size,
            "description": "Frames per task. Borders stay where they are while this stays.",
            "userInterface": {"control": "SPIN_BOX", "label": "Frames per task"},
        },
        {
            "name": "OutputDir",
            "type": "PATH",
            "objectType": "DIRECTORY",
            "dataFlow": "OUT",
            "description": "Folder of the keyed frames, and of the prepared job beside them.",
            "userInterface": {"control": "CHOOSE_DIRECTORY", "label": "Output folder"},
        },
        {
            "name": "JobFile",
            "type": "PATH",
            "objectType": "FILE",
            "dataFlow": "IN",
            "default": JOB_FILE,
            "description": "The Mattebox job: all that decides the pixels.",
            "userInterface": {"control": "CHOOSE_INPUT_FILE", "label": "Job file"},
        },
        _text(
            "Command", "How Mattebox is called on a worker.", submission.command[0], label="Command"
        ),
        _text("Span", "Whole chunks that hold the frames; tasks are cut from it."),
        _text("OutputName", "Names of the frames; empty: as the plate's.", output_name),
        _text("PreparedName", "File of the prepared job.", submission.prepared_name),
    ]


def _text(
    name: str, description: str, default: str | None = None, label: str | None = None
) -> _Values:
    """A parameter that is a line of text; hidden in a submitter where it has no label."""
    shown = {"control": "LINE_EDIT", "label": label} if label else {"control": "HIDDEN"}
    definition: _Values = {"name": name, "type": "STRING", "description": description}
    if default is not None:
        definition["default"] = default
    return definition | {"userInterface": shown}


def _session(submission: Submission) -> _Values:
    """Once per session: Mattebox starts, and learns where this worker has its shares."""
    return {
        "name": "Mattebox",
        "description": "Mattebox starts here; paths in job files are mapped to this worker.",
        "variables": {"PYTHONNOUSERSITE": "1", "PYTHONUNBUFFERED": "1"},
        "script": {
            "actions": {
                "onEnter": _action(
                    submission,
                    ("farm", "worker", "--path-mapping", "{{Session.PathMappingRulesFile}}"),
                    SECONDS_TO_START,
                )
            }
        },
    }


def _worker(submission: Submission) -> _Values:
    """Once per session, before its first chunk: device, weights and OCIO config are here."""
    return {
        "name": "Worker",
        "description": "This worker has the job's device, weights and OCIO config.",
        "script": {
            "actions": {
                "onEnter": _action(
                    submission, ("farm", "worker", "--job", PREPARED), SECONDS_TO_START
                )
            }
        },
    }


def _analyse(submission: Submission) -> _Values:
    arguments = ("analyse", "--job", JOB, "--write-job", PREPARED, "--openjd")
    return {
        "name": "Analyse",
        "description": "What the job left open is found out once, for all chunks.",
        "hostRequirements": _host(submission.analysis_needs),
        "script": {"actions": {"onRun": _task(submission, arguments, ANALYSE_SECONDS)}},
    }


def _key(submission: Submission) -> _Values:
    arguments = (
        *("key", "--job", PREPARED, "--output", _output(submission)),
        *("--frames", FRAMES, "--chunk", "{{Task.Param.Chunk}}", "--openjd"),
    )
    return {
        "name": "Key",
        "dependencies": [{"dependsOn": "Analyse"}],
        "hostRequirements": _host(submission.needs),
        "stepEnvironments": [_worker(submission)],
        "parameterSpace": {
            "taskParameterDefinitions": [
                {
                    "name": "Chunk",
                    "type": "CHUNK[INT]",
                    "range": "{{Param.Span}}",
                    # Without targetRuntimeSeconds: it would move the borders from run to run.
                    "chunks": {
                        "defaultTaskCount": "{{Param.ChunkSize}}",
                        "rangeConstraint": "CONTIGUOUS",
                    },
                }
            ]
        },
        "script": {"actions": {"onRun": _task(submission, arguments, submission.key_seconds)}},
    }


def _check(submission: Submission) -> _Values:
    arguments = (
        *("check", _output(submission), "--job", PREPARED, "--frames", FRAMES),
        "--openjd",
    )
    return {
        "name": "Check",
        "dependencies": [{"dependsOn": "Key"}],
        "hostRequirements": _host(submission.check_needs),
        "script": {"actions": {"onRun": _task(submission, arguments, submission.check_seconds)}},
    }


def _output(submission: Submission) -> str:
    name = "" if submission.output_name is None else "{{Param.OutputName}}"
    return "{{Param.OutputDir}}/" + name


def _action(submission: Submission, arguments: tuple[str, ...], seconds: int) -> _Values:
    return {
        "command": COMMAND,
        "args": [*submission.command[1:], *arguments],
        "timeout": seconds,
    }


def _task(submission: Submission, arguments: tuple[str, ...], seconds: int) -> _Values:
    """An action that is asked to stop before it is ended."""
    cancelation = {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": NOTIFY_SECONDS}
    return _action(submission, arguments, seconds) | {"cancelation": cancelation}


def _host(needs: Needs) -> _Values:
    amounts = {
        "amount.worker.vcpu": needs.cores,
        "amount.worker.memory": needs.memory_mib,
        "amount.worker.gpu": needs.gpus,
        "amount.worker.gpu.memory": needs.gpu_memory_mib if needs.gpus else 0,
    }
    return {"amounts": [{"name": name, "min": least} for name, least in amounts.items() if least]}


def _yaml(tree: _Values) -> str:
    import yaml

    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=100)
