"""A job of Flamenco 3: its job type, a script for the Manager, and one shot as values for it."""

from __future__ import annotations

import json
import sys
from importlib import resources
from pathlib import Path
from typing import Any

from mattebox.errors import UsageError
from mattebox.farm.submission import JOB_FILE, Submission, job_text, write_files

SCRIPT = "mattebox_key.js"
JOB_TYPE = "mattebox-key"
"""What the Manager calls the script: its name without suffix, with dashes."""

SUBMITTED = "flamenco_job.json"
PRIORITY = 50


def write_job(submission: Submission, folder: Path) -> tuple[Path, ...]:
    """Write the job type, the submitted job and the job file.

    Raises:
        UsageError: frames that Flamenco cannot count.
        WriteError: the folder cannot be written.
    """
    job = submitted_job(submission, job_file=str(folder.absolute() / JOB_FILE))
    return write_files(
        folder,
        {
            SCRIPT: script(),
            SUBMITTED: json.dumps(job, indent=2) + "\n",
            JOB_FILE: job_text(submission.job),
        },
    )


def script() -> str:
    """The job type: JavaScript for the Manager's folder ``scripts``."""
    return (resources.files("mattebox.farm") / SCRIPT).read_text(encoding="utf-8")


def submitted_job(submission: Submission, *, job_file: str) -> dict[str, Any]:
    """What is sent to the Manager (POST /api/v3/jobs)."""
    if submission.chunks.first_of(submission.frames[0]) < 0:
        raise UsageError(
            f"the frames {submission.frames_text} begin below 0, which Flamenco reads as a range",
            next_step="key them with another dispatcher, or renumber the plate",
        )
    return {
        "name": submission.name,
        "type": JOB_TYPE,
        "priority": PRIORITY,
        "submitter_platform": sys.platform.replace("win32", "windows"),
        "metadata": {"project": submission.name},
        "settings": {
            "job_file": job_file,
            "frames": submission.frames_text,
            "span": submission.span,
            "chunk_size": submission.chunks.size,
            "output": submission.output,
            "prepared_job": submission.prepared_path,
            "command": submission.command[0],
            "command_arguments": json.dumps(submission.command[1:]),
        },
    }
