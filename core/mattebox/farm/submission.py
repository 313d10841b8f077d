"""A shot on its way to a farm: what every dispatcher is told, in its own words."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from mattebox.errors import UsageError, named
from mattebox.farm.chunks import Chunks
from mattebox.job import JOB_KIND, Job
from mattebox.sequences import format_frames
from mattebox.whole_files import write_folder

JOB_FILE = "job.json"
"""The job, in the folder that is submitted."""

SECONDS_TO_START = 600
"""Patience with a worker that loads libraries and weights from a cold share."""

ANALYSE_SECONDS = 3600


@dataclass(frozen=True)
class Needs:
    """What a worker must have.

    Attributes:
        cores: CPU cores; the job's threads.
        memory_mib, gpu_memory_mib: in MiB.
        gpus: 0 or 1.
    """

    cores: int
    memory_mib: int
    gpus: int
    gpu_memory_mib: int


@dataclass(frozen=True)
class Inputs:
    """Files and folders that the job reads: plates, clean plates, mattes, weights, OCIO config."""

    files: tuple[Path, ...]
    folders: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Submission:
    """A shot as it is given to a farm.

    Attributes:
        name: what people see.
        job: without relative paths, its device ``cpu`` or ``cuda``.
        frames: which frames, sorted.
        chunks: how they are cut into tasks.
        output_folder, output_name: where frames go; the name is None where plates give theirs.
        command: how Mattebox is started on a worker: a program and its first arguments.
        needs: of the tasks that key.
        seconds_per_frame: a task that takes longer hangs.
        inputs: what the job reads.
        absent: those of the frames that cannot be keyed today, for want of a file.
        longest_preroll: the most frames that the task of a chunk reads before its own.
    """

    name: str
    job: Job
    frames: tuple[int, ...]
    chunks: Chunks
    output_folder: str
    output_name: str | None
    command: tuple[str, ...]
    needs: Needs
    seconds_per_frame: int
    inputs: Inputs
    absent: tuple[int, ...] = ()
    longest_preroll: int = 0

    def __post_init__(self) -> None:
        if self.job.device not in ("cpu", "cuda"):
            raise UsageError(
                f"the job's device is {self.job.device}, and a farm's workers differ",
                expected="cpu or cuda: the frames of one shot come from one kind of device",
                next_step=f"say {named('device')} cpu or {named('device')} cuda",
                setting="device",
            )

    @property
    def frames_text(self) -> str:
        return format_frames(self.frames)

    @property
    def span(self) -> str:
        """The whole chunks that hold the frames (``farm.chunks``)."""
        return self.chunks.span(self.frames)

    @property
    def output(self) -> str:
        """Where frames go, as ``-o`` takes it."""
        return f"{self.output_folder}/{self.output_name or ''}"

    @property
    def prepared_name(self) -> str:
        """The file beside the frames that holds the prepared job: one name per job."""
        told = self.job.model_dump_json(exclude={"output"}).encode()
        return f"{self.token}.{hashlib.sha256(told).hexdigest()[:12]}.job.json"

    @property
    def prepared_path(self) -> str:
        return f"{self.output_folder}/{self.prepared_name}"

    @property
    def token(self) -> str:
        """The name without blanks and signs, for files and XML."""
        return re.sub(r"[^A-Za-z0-9_.-]+", "_", self.name).strip("_.-")[:64] or "mattebox"

    @property
    def analysis_needs(self) -> Needs:
        """What the first task needs. A prepared job is only passed on."""
        if self.job.prepared is None:
            return self.needs
        return Needs(1, self.needs.memory_mib, 0, 0)

    @property
    def check_needs(self) -> Needs:
        """What the last task needs: it reads frames and keys none."""
        return Needs(1, self.needs.memory_mib, 0, 0)

    @property
    def key_seconds(self) -> int:
        """The longest that the task of one chunk may take."""
        frames = self.longest_preroll + self.chunks.size
        return SECONDS_TO_START + self.seconds_per_frame * frames

    @property
    def check_seconds(self) -> int:
        """The longest that checking all frames may take."""
        return SECONDS_TO_START + self.seconds_per_frame * len(self.frames)

    def analyse_arguments(self, job_file: str) -> tuple[str, ...]:
        """The first task: find out once what the job left open."""
        return ("analyse", "--job", job_file, "--write-job", self.prepared_path)

    def key_arguments(self, piece: str) -> tuple[str, ...]:
        """The task of one piece of the span."""
        return (
            *("key", "--job", self.prepared_path, "--output", self.output),
            *("--frames", self.frames_text, "--chunk", piece),
        )

    @property
    def check_arguments(self) -> tuple[str, ...]:
        """The last task: is every frame there, whole and current?"""
        return ("check", self.output, "--job", self.prepared_path, "--frames", self.frames_text)


def write_files(folder: Path, files: dict[str, str]) -> tuple[Path, ...]:
    """Write what is submitted as a folder of its own, whole or not at all. Raises as
    ``write_folder``."""
    write_folder(folder, files, JOB_KIND)
    return tuple(folder / name for name in files)


def job_text(job: Job) -> str:
    """A job as it stands in its file."""
    return job.model_dump_json(indent=2) + "\n"
