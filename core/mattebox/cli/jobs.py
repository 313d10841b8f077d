"""Job files as commands read and write them: with the paths of this machine."""

from __future__ import annotations

from pathlib import Path

from mattebox.errors import MatteboxError, WriteError
from mattebox.farm.path_mapping import PathMapping
from mattebox.job import Job
from mattebox.regular_files import is_file


def read_job(path: Path) -> Job:
    """A job from its file, its paths mapped to this machine where a farm says how.

    Raises InputError or JobError as ``Job.read``, and what ``PathMapping.of_session`` raises.
    """
    return PathMapping.of_session().here(Job.read(path))


def job_if_readable(path: Path) -> Job | None:
    """The job in a file; None where the file is missing or cannot be read."""
    try:
        return read_job(path) if is_file(path) else None
    except MatteboxError:
        return None


def write_job(job: Job, path: Path, *, overwrite: bool = False) -> None:
    """Write a job with the paths of the machine it came from, so that any worker can read it.

    Its folder is made where it is not there. Raises as ``Job.write``.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(
            f"cannot make the folder of the job file {path}: {error.strerror}", path=path
        ) from error
    PathMapping.of_session().there(job).write(path, overwrite=overwrite)
