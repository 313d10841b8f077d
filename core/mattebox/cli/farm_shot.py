"""Make a farm submission of a job file: absolute paths, listed inputs, chosen chunks."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from mattebox.engines.registry import engine_info
from mattebox.errors import UsageError, WeightsError
from mattebox.farm.chunks import Chunks, default_size
from mattebox.farm.job_paths import NAMED_CONFIG, rooted
from mattebox.farm.submission import Inputs, Needs, Submission
from mattebox.job import Job
from mattebox.pipeline.colour import choose_config
from mattebox.sequences import output_pattern, parse_frames
from mattebox.shot import Shot
from mattebox.weights.choose import choose_weights
from mattebox_ocio import LoadedConfig

WHOLE = "whole"
AUTO = "auto"


@dataclass(frozen=True)
class FarmOptions:
    """What is said on the command line, the same for every dispatcher."""

    frames: str | None
    chunk: str
    device: str | None
    memory_mib: int
    gpu_memory_mib: int
    seconds_per_frame: int
    command: str
    name: str | None


def submission_of(path: Path, options: FarmOptions) -> Submission:
    """Make the submission of a job file.

    Raises:
        UsageError: the device is ``auto``, or an option cannot be right.
        MatteboxError: the job or its inputs cannot be read.
    """
    job = _placed(Job.read(path), options.device)
    shot = Shot.open(job)
    whole = tuple(sorted({*shot.plate.frames, *shot.plate.missing}))
    frames = whole if options.frames is None else parse_frames(options.frames)
    config = _frozen_config(job)
    job = job.model_copy(
        update={"colour": job.colour.model_copy(update={"config": _location(config, job)})}
    )
    output = output_pattern(job.output, shot.plate, frames)
    gpus = 1 if job.device == "cuda" else 0
    chunks = _chunks(job, options.chunk, frames)
    return Submission(
        name=options.name or shot.plate.pattern.before.rstrip("._- ") or "mattebox",
        job=job,
        frames=frames,
        chunks=chunks,
        longest_preroll=_longest_preroll(job, whole, chunks.first_of(frames[-1])),
        output_folder=str(output.folder),
        output_name=None if output.pattern is None else output.pattern.name_with_hashes,
        command=_command(options.command),
        needs=Needs(job.threads, options.memory_mib, gpus, options.gpu_memory_mib),
        seconds_per_frame=options.seconds_per_frame,
        inputs=_inputs(job, shot, config),
        absent=tuple(f for f in frames if f not in shot.plate.files or shot.missing(f)),
    )


def _placed(job: Job, device: str | None) -> Job:
    """The job without relative paths, on one kind of device."""
    asked = (device or job.device).split(":")[0]  # a worker numbers its own devices
    values = job.model_dump() | {"device": asked}
    return rooted(Job.checked(values))


def _frozen_config(job: Job) -> LoadedConfig:
    """The OCIO config that workers will use, whatever their own ``$OCIO`` says."""
    config = choose_config(job.colour.config)
    if job.prepared is not None and config.identity != job.prepared.colour.config_identity:
        raise UsageError(
            f"the OCIO config here is {config.identity}",
            expected=f"{job.prepared.colour.config_identity}, as when the job was prepared",
            next_step="give the same config with $OCIO, or prepare the job again",
        )
    return config


def _location(config: LoadedConfig, job: Job) -> str:
    if config.is_builtin:
        return config.identity
    return os.path.abspath(job.colour.config or os.environ["OCIO"])  # noqa: PTH100 - as rooted


def _chunks(job: Job, asked: str, frames: tuple[int, ...]) -> Chunks:
    if asked == WHOLE:
        return Chunks.whole(frames)
    if asked == AUTO:
        info, preroll = engine_info(job.settings.engine), job.settings.preroll
        settled = info.settles if preroll is None else preroll
        return Chunks(default_size(settled if info.recurrent else 0))
    if not asked.isdecimal():
        raise UsageError(
            f"--chunk {asked!r} is not a number of frames", expected=f"{AUTO}, {WHOLE} or a number"
        )
    return Chunks(int(asked))


def _longest_preroll(job: Job, whole: tuple[int, ...], last_chunk: int) -> int:
    """The most frames that the task of any chunk reads before its own."""
    if not engine_info(job.settings.engine).recurrent:
        return 0
    before = sum(frame < last_chunk for frame in whole)
    return before if job.settings.preroll is None else min(before, job.settings.preroll)


def _command(text: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(f"--command {text!r} is not understood: {error}") from error
    if not words:
        raise UsageError("--command is empty", expected="such as mattebox")
    return words


def _inputs(job: Job, shot: Shot, config: LoadedConfig) -> Inputs:
    """All files that are there: the whole shot, since a chunk reads beyond its own frames."""
    files = {path for frame in shot.plate.frames for path in shot.files(frame) if path.exists()}
    weights = _weights(job)
    if weights is not None:
        files.add(weights)
    if job.network_config is not None:
        files.add(Path(job.network_config))
    folders: set[Path] = set()
    location = job.colour.config
    if location is not None and not location.startswith(NAMED_CONFIG):
        files.add(Path(location))
        folders = _look_up_tables(config, Path(location).parent)
    return Inputs(tuple(sorted(files)), tuple(sorted(folders)))


def _weights(job: Job) -> Path | None:
    """The weights file, where the job's engine has one and it is on this machine."""
    if job.prepared is not None:
        path = None if job.prepared.weights is None else Path(job.prepared.weights.path)
    elif engine_info(job.settings.engine).wants_encoded:
        try:
            path = choose_weights(job.weights, job.settings.engine).path
        except WeightsError:
            return None  # workers may have them installed; the first one says it where not
    else:
        path = None
    return None if path is None or not path.is_file() else Path(os.path.abspath(path))  # noqa: PTH100


def _look_up_tables(config: LoadedConfig, folder: Path) -> set[Path]:
    """The folders in which a config that is a file looks for its tables."""
    named = config.ocio.getSearchPath().split(":")  # by colons on Windows too
    return {folder / name for name in named if name and (folder / name).is_dir()}
