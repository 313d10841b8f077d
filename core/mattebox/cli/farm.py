"""``mattebox farm``: a shot as a job of a render farm."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mattebox.cli.output import say
from mattebox.errors import MatteboxError

if TYPE_CHECKING:
    from mattebox.farm.submission import Submission
    from mattebox.job import Job

farm = typer.Typer(no_args_is_help=True, help="Key on a render farm: openjd, opencue, flamenco.")

DEFAULT_MEMORY_MIB = 8192
DEFAULT_GPU_MEMORY_MIB = 6144
DEFAULT_SECONDS_PER_FRAME = 300

JobOption = Annotated[
    Path, typer.Option("--job", help="The job file, as `mattebox key --write-job` wrote it.")
]
OutputOption = Annotated[
    Path, typer.Option("--output", "-o", help="Folder for the files that are submitted.")
]
FramesOption = Annotated[
    str | None, typer.Option(help="Frames to key: 1001-1050. [default: the whole plate]")
]
ChunkOption = Annotated[
    str,
    typer.Option(
        help="Frames per task, or whole: one task. Borders lie at multiples of it, so another "
        "range keeps them. auto: 25, longer for engines with memory."
    ),
]
DeviceOption = Annotated[
    str | None, typer.Option(help="cpu or cuda, where the job says auto or another.")
]
MemoryOption = Annotated[int, typer.Option("--min-memory", min=1, help="MiB a worker must have.")]
GpuMemoryOption = Annotated[
    int, typer.Option("--min-gpu-memory", min=1, help="MiB its GPU must have (--device cuda).")
]
SecondsOption = Annotated[
    int, typer.Option(min=1, help="A task that takes longer than this per frame is ended.")
]
CommandOption = Annotated[str, typer.Option(help="How Mattebox is called on a worker.")]
NameOption = Annotated[str | None, typer.Option(help="Name of the job. [default: the plate's]")]


@farm.command()
def openjd(
    job: JobOption,
    output: OutputOption,
    frames: FramesOption = None,
    chunk: ChunkOption = "auto",
    device: DeviceOption = None,
    min_memory: MemoryOption = DEFAULT_MEMORY_MIB,
    min_gpu_memory: GpuMemoryOption = DEFAULT_GPU_MEMORY_MIB,
    seconds_per_frame: SecondsOption = DEFAULT_SECONDS_PER_FRAME,
    command: CommandOption = "mattebox",
    name: NameOption = None,
) -> None:
    """Write a job bundle of Open Job Description, for Deadline Cloud or `openjd run`.

    `mattebox farm openjd --job shot.json -o bundle/ --device cuda`, then

    `deadline bundle submit bundle/`, or on this machine

    `openjd run bundle/template.yaml -p file://bundle/openjd_values.json`
    """
    from mattebox.cli.farm_shot import FarmOptions, submission_of
    from mattebox.farm.openjd import write_bundle

    options = FarmOptions(
        frames, chunk, device, min_memory, min_gpu_memory, seconds_per_frame, command, name
    )
    submission = submission_of(job, options)
    _say(submission, write_bundle(submission, output))


@farm.command()
def opencue(  # noqa: PLR0917 - one parameter per option; nobody calls it by position
    job: JobOption,
    output: OutputOption,
    show: Annotated[str, typer.Option(help="Show, as Cuebot knows it.")],
    shot: Annotated[str, typer.Option(help="Shot of the show.")],
    user: Annotated[str | None, typer.Option(help="Whose job it is. [default: yours]")] = None,
    facility: Annotated[str, typer.Option(help="Facility, as Cuebot knows it.")] = "local",
    frames: FramesOption = None,
    chunk: ChunkOption = "auto",
    device: DeviceOption = None,
    min_memory: MemoryOption = DEFAULT_MEMORY_MIB,
    min_gpu_memory: GpuMemoryOption = DEFAULT_GPU_MEMORY_MIB,
    seconds_per_frame: SecondsOption = DEFAULT_SECONDS_PER_FRAME,
    command: CommandOption = "mattebox",
    name: NameOption = None,
) -> None:
    """Write a job of OpenCue: the XML that Cuebot launches, and the job file.

    The folder has to be one that every worker sees under the same path.

    `mattebox farm opencue --job shot.json -o submitted/ --show demo --shot sh010 --device cuda`
    """
    from mattebox.cli.farm_shot import FarmOptions, submission_of
    from mattebox.farm.opencue import Booking, write_job

    options = FarmOptions(
        frames, chunk, device, min_memory, min_gpu_memory, seconds_per_frame, command, name
    )
    booking = Booking(show, shot, user or getpass.getuser(), _uid(), facility)
    submission = submission_of(job, options)
    _say(submission, write_job(submission, booking, output))


@farm.command()
def flamenco(
    job: JobOption,
    output: OutputOption,
    frames: FramesOption = None,
    chunk: ChunkOption = "auto",
    device: DeviceOption = None,
    command: CommandOption = "mattebox",
    name: NameOption = None,
) -> None:
    """Write a job of Flamenco 3: the job type for the Manager, the submitted job, the job file.

    The folder has to be one that every worker sees under the same path.

    `mattebox farm flamenco --job shot.json -o submitted/ --device cuda`
    """
    from mattebox.cli.farm_shot import FarmOptions, submission_of
    from mattebox.farm.flamenco import write_job

    options = FarmOptions(
        frames,
        chunk,
        device,
        DEFAULT_MEMORY_MIB,
        DEFAULT_GPU_MEMORY_MIB,
        DEFAULT_SECONDS_PER_FRAME,
        command,
        name,
    )
    submission = submission_of(job, options)
    _say(submission, write_job(submission, output))


@farm.command()
def worker(
    job: Annotated[
        Path | None, typer.Option("--job", help="Also: are its device, weights and config here?")
    ] = None,
    path_mapping: Annotated[
        Path | None, typer.Option(help="The session's rules; later commands follow them.")
    ] = None,
) -> None:
    """Check a worker before its first task; bundles call it once per session.

    Prints lines that Open Job Description reads, and ends with the exit code of the first fault.

    `mattebox farm worker --job shot.json`
    """
    from mattebox import __version__
    from mattebox.cli.jobs import read_job
    from mattebox.farm.openjd_lines import failure, status, variable
    from mattebox.farm.path_mapping import VARIABLE, PathMapping

    try:
        if path_mapping is not None:
            PathMapping.read(path_mapping)  # a fault is told here, not in every task
            typer.echo(variable(VARIABLE, str(path_mapping)))
        ready = "" if job is None else f" on {_device_for(read_job(job))}"
    except MatteboxError as error:
        typer.echo(failure(f"{error} (exit code {error.exit_code})"))
        raise
    typer.echo(status(f"mattebox {__version__} is ready{ready}"))


def _device_for(job: Job) -> str:
    """The device of a job on this worker. Raises where that, or what else it needs, is not here."""
    from mattebox.devices import choose_device
    from mattebox.engines.registry import engine_info
    from mattebox.job import PreparedJob
    from mattebox.pipeline.colour import choose_config, open_colour
    from mattebox.weights.choose import choose_weights, located_weights

    if not isinstance(job, PreparedJob):
        choose_config(job.colour.config)
        if engine_info(job.settings.engine).wants_encoded:
            choose_weights(job.weights, job.settings.engine)
    else:
        open_colour(job, job.prepared.colour)
        weights = job.prepared.weights
        if weights is not None:
            located_weights(Path(weights.path), weights.sha256)
    _refuse_without_ffmpeg(job)
    return choose_device(job.device).description


def _refuse_without_ffmpeg(job: Job) -> None:
    """Another worker may have it: 69, where a task would say that the job is wrong."""
    from mattebox.errors import DeviceError
    from mattebox.ffmpeg import find_programs
    from mattebox.inputs import Matte, inputs
    from mattebox.sequences import is_movie

    given = (getattr(job, one.name) for one in inputs())
    names = [one.pattern if isinstance(one, Matte) else one for one in given if one is not None]
    movies = [name for name in names if is_movie(Path(name))]
    if movies and find_programs() is None:
        raise DeviceError(
            f"{movies[0]} is a movie, and ffmpeg, which reads movies, is not on this worker",
            next_step="install it here, or give the job to workers that have it",
        )


def _uid() -> int:
    """The number of the user; Windows has none, and Cuebot then takes its own."""
    return os.getuid() if hasattr(os, "getuid") else 0


def _say(submission: Submission, written: tuple[Path, ...]) -> None:
    from mattebox.sequences import format_frames

    if submission.absent:
        say(
            f"mattebox: warning: not on disk yet: {format_frames(submission.absent)}; their tasks "
            "end with 66 until the files are there",
            err=True,
        )
    pieces = submission.chunks.cut(submission.frames)
    folder = written[0].parent
    tasks = f"{len(pieces)} tasks ({pieces[0]} ... {pieces[-1]})"
    if len(pieces) == 1:
        tasks = f"one task ({pieces[0]})"
    say(f"{folder}: {len(submission.frames)} frames in {tasks} on {submission.job.device}")
    for path in written:
        say(f"  {path.name}")
