"""Job files, as tests read them."""

from __future__ import annotations

from pathlib import Path

from mattebox.job import Job, PreparedJob


def prepared_job_of(path: Path) -> PreparedJob:
    """The job of a file that holds what was found out."""
    job = Job.read(path)
    assert isinstance(job, PreparedJob)
    return job
