"""``mattebox key``: key a shot."""

from __future__ import annotations

import enum
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from mattebox.cli.job_options import RUNNING, job_values, said_flags, with_job_options
from mattebox.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from mattebox.cli.run import Session
    from mattebox.events import Reporter
    from mattebox.job import Job
    from mattebox.pipeline.movie import MovieWish

Word = TypeVar("Word", bound=enum.StrEnum)

MOST_THREADS = 8
"""More threads make frames no faster and take cores from the host beside us."""


def _running(flag: str, help_text: str) -> Any:
    return typer.Option(flag, help=help_text, rich_help_panel=RUNNING, show_default=False)


@with_job_options
def key(  # noqa: PLR0917 - one parameter per option; nobody calls it by position
    plate: Annotated[
        str | None,
        typer.Argument(
            help="Picture sequence or movie: shot.####.exr, shot.%04d.exr, a folder, one file, "
            "clip.mov."
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", help="Where the keyed EXR go: a pattern or a folder."),
    ] = None,
    frames: Annotated[
        str | None, typer.Option(help="Frames to key: 1001-1050, 1001-1050x2, 1,5,9-12.")
    ] = None,
    chunk: Annotated[
        str | None,
        _running("--chunk", "Of --frames, only those in this piece; it may hold none (farms)."),
    ] = None,
    job: Annotated[
        Path | None, _running("--job", "Key from a job file; other inputs come from it.")
    ] = None,
    write_job: Annotated[
        Path | None, _running("--write-job", "Prepare the shot, write the job file and stop.")
    ] = None,
    prepared: Annotated[
        Path | None,
        _running(
            "--prepared",
            "Where the prepared job is kept: reused while its files are the same, else made again.",
        ),
    ] = None,
    analysis: Annotated[
        bool,
        _running(
            "--analysis/--no-analysis",
            "With --write-job: analyse the shot now, or leave it to `mattebox analyse`.",
        ),
    ] = True,
    state_in: Annotated[
        Path | None,
        _running("--state-in", "State file of the chunk before, in place of a preroll (rvm)."),
    ] = None,
    state_out: Annotated[
        Path | None,
        _running("--state-out", "Write the state after the last frame, for the chunk after (rvm)."),
    ] = None,
    max_memory: Annotated[
        str | None,
        _running("--max-memory", "Memory that keying may take: 512M, 8G. Changes no pixel."),
    ] = None,
    hint_tool: Annotated[
        str | None,
        _running(
            "--hint-tool",
            "Have a tool of `mattebox hint list` make the hint first, in a folder beside the keyed "
            "frames.",
        ),
    ] = None,
    hint_mask: Annotated[
        str | None,
        _running("--hint-mask", "Of --hint-tool: the mask that the tool wants, FILE[:channel]."),
    ] = None,
    force: Annotated[
        bool, _running("--force", "Compute frames again that are already current.")
    ] = False,
    overwrite: Annotated[
        bool, _running("--overwrite", "Replace files that were not written by Mattebox.")
    ] = False,
    preview: Annotated[
        Path | None, _running("--preview", "Also write a contact sheet of the keyed shot (PNG).")
    ] = None,
    movie_out: Annotated[
        Path | None,
        _running(
            "--movie-out",
            "Also make a movie with alpha of the keyed frames, by ffmpeg: .mov is ProRes 4444, "
            ".mkv FFV1, .webm VP9.",
        ),
    ] = None,
    movie_alpha: Annotated[
        str | None,
        _running("--movie-alpha", "Of --movie-out: straight or premultiplied. [default: straight]"),
    ] = None,
    movie_space: Annotated[
        str | None,
        _running("--movie-space", "Of --movie-out: rec709 (gamma 2.4) or srgb. [default: rec709]"),
    ] = None,
    fps: Annotated[
        str | None,
        _running("--fps", "Of --movie-out: 24, 23.976, 30000/1001; default: the plate's own."),
    ] = None,
    json_lines: Annotated[
        bool, _running("--json", "Event lines on standard output, for hosts and farms.")
    ] = False,
    openjd_lines: Annotated[
        bool, _running("--openjd", "Progress and failures as Open Job Description reads them.")
    ] = False,
    **said: Any,
) -> None:
    """Key a shot: one EXR per frame with premultiplied RGBA, fg, spill, net and conf.

    Frames that are on disk and current are skipped; `--force` computes them again.

    **A screen, nothing else said**: `mattebox key shot.####.exr -o keyed/`

    **With a clean plate, ACEScg**: `mattebox key shot.####.exr -o keyed/ --clean-plate plate.exr
    --in-space ACEScg`
    """
    from mattebox.cli.run import Listener, RunOptions, open_session, prepare_job, run_job

    listener = Listener.chosen(json_lines=json_lines, openjd_lines=openjd_lines)
    with open_session(listener) as session:
        whole = {"--write-job": write_job, "--chunk": chunk}
        movie = _movie(movie_out, movie_alpha, movie_space, fps, whole)
        kept = {
            "--frames": frames,
            "--chunk": chunk,
            "--state-in": state_in,
            "--state-out": state_out,
            "--preview": preview,
            "--max-memory": max_memory,
            "--force": force or None,
        }
        _check_preparing(write_job, prepared, kept, analysis=analysis)
        if hint_mask is not None and hint_tool is None:
            raise UsageError(
                "--hint-mask has a meaning only beside --hint-tool",
                next_step="add --hint-tool TOOL, or give a finished matte with --hint",
            )
        if job is not None:
            beside = (["PLATE"] if plate is not None else []) + said_flags(said)
            beside += ["--hint-tool"] if hint_tool is not None else []
            asked = _job_of_file(job, output, beside)
        else:
            tool = None
            if hint_tool is not None:
                tool = partial(_made_hint, hint_tool, hint_mask, session, frames, chunk)
            asked = _job_of_options(plate, output, said, tool, session.reporter)
        if write_job is not None and analysis:
            prepare_job(asked, write_job, session, overwrite=overwrite)
        elif write_job is not None:
            asked.write(write_job, overwrite=overwrite)
        else:
            options = RunOptions(
                prepared=prepared,
                frames=frames,
                chunk=chunk,
                force=force,
                overwrite=overwrite,
                preview=preview,
                state_in=state_in,
                state_out=state_out,
                max_memory=None if max_memory is None else _memory(max_memory),
                movie=movie,
            )
            run_job(asked, options, session)


def _job_of_file(file: Path, output: str | None, beside: Sequence[str]) -> Job:
    """The job of a file, its frames somewhere else where that is said. Raises UsageError where
    flags stand beside it that would change it."""
    from mattebox.cli.jobs import read_job

    if beside:
        raise UsageError(
            f"--job decides everything; {', '.join(beside)} cannot be changed beside it",
            next_step="drop them, or write a new job with --write-job",
        )
    job = read_job(file)
    # Where frames go decides no pixel.
    return job if output is None else job.model_copy(update={"output": output})


def _job_of_options(
    plate: str | None,
    output: str | None,
    said: Mapping[str, Any],
    tool: Callable[[Mapping[str, Any]], str] | None,
    reporter: Reporter,
) -> Job:
    """The job that a command line says, with the engine that its inputs ask for.

    Args:
        plate, output: as they were said.
        said: the options of a job by name, None where they were not said.
        tool: makes the hint of a job with these values, and returns its folder.
    """
    from mattebox.job import Job

    if plate is None or output is None:
        absent = "PLATE" if plate is None else "-o OUTPUT"
        raise UsageError(
            f"{absent} is missing",
            next_step="mattebox key PLATE -o OUTPUT, or mattebox key --job FILE; "
            "see mattebox key --help",
        )
    plate, values = _with_layer(plate, job_values(said))
    values.setdefault("threads", min(os.cpu_count() or 1, MOST_THREADS))
    settings = values["settings"]
    if tool is not None:
        hint = tool({"plate": plate, "output": output} | values)
        said = {**said, "hint": hint}
        values["hint"] = {"pattern": hint, "channel": "A"}
    undecided = "engine" not in settings and not any(
        said[known] is not None
        for known in ("hint", "hint_keys", "clean_plate", "screen", "weights")
    )
    if undecided:
        settings["screen"] = "auto"
    settings.setdefault("engine", _engine_of(said))
    job = Job.checked({"plate": plate, "output": output} | values)
    if undecided:
        from mattebox.pipeline.engine_choice import with_engine

        return with_engine(job, reporter)
    return job


def _check_preparing(
    write_job: Path | None, prepared: Path | None, kept: Mapping[str, object], *, analysis: bool
) -> None:
    """Raise UsageError where --write-job stands beside what a job does not hold, or is missing."""
    if write_job is None:
        if not analysis:
            raise UsageError(
                "--no-analysis has a meaning only beside --write-job",
                next_step="add --write-job FILE, and run `mattebox analyse --job FILE` later",
            )
        return
    if prepared is not None:
        raise UsageError(
            "--prepared keys, and --write-job only prepares", next_step="give one of them"
        )
    flags = [flag for flag, said in kept.items() if said is not None]
    if flags:
        them = "it" if len(flags) == 1 else "them"
        raise UsageError(
            f"--write-job prepares the whole shot and keys nothing; {', '.join(flags)} would be "
            "left out",
            next_step=f"drop {them} here, and give {them} to `mattebox key --job FILE`",
        )


def _made_hint(
    tool: str,
    mask: str | None,
    session: Session,
    frames: str | None,
    chunk: str | None,
    values: Mapping[str, Any],
) -> str:
    """The folder of the mattes that a tool made. Raises UsageError beside what it cannot be."""
    from mattebox.cli.hint import hint_for
    from mattebox.job import Job

    given = next((flag for flag in ("hint", "hint_keys") if flag in values), None)
    if given is not None:
        raise UsageError(
            f"--{given.replace('_', '-')} and --hint-tool both say where the hint comes from",
            next_step="give one of them",
        )
    if chunk is not None:
        raise UsageError(
            "--hint-tool runs once for a whole shot, and --chunk keys a piece of it",
            next_step="make the mattes first with `mattebox hint make`, and give them with --hint",
        )
    alone = {"settings": {"engine": "rvm"}}  # the key's own settings decide no matte
    return hint_for(tool, Job.checked({**values, **alone}), session, mask=mask, frames=frames)


def _with_layer(text: str, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The plate's file, and the job's values with the part that stands behind it."""
    from mattebox.sequences import split_channel

    plate, layer = split_channel(text)
    if layer is None:
        return plate, values
    if values.get("part") not in (None, layer):
        raise UsageError(
            f"--part {values['part']} is asked for, and {text} names {layer}",
            next_step="give one of them",
        )
    return plate, values | {"part": layer}


def _engine_of(said: Mapping[str, Any]) -> str:
    """The engine that the inputs ask for, where none is named."""
    if said["hint"] is not None or said["hint_keys"] is not None:
        return "hint"
    return "rvm" if said["weights"] is not None else "screen"


def _movie(
    path: Path | None,
    alpha: str | None,
    space: str | None,
    fps: str | None,
    beside: Mapping[str, object],
) -> MovieWish | None:
    """The movie that is asked for. Raises UsageError beside what gives no whole run."""
    if path is None:
        for flag, said in (("--movie-alpha", alpha), ("--movie-space", space), ("--fps", fps)):
            if said is not None:
                raise UsageError(
                    f"{flag} has a meaning only beside --movie-out",
                    next_step="add --movie-out FILE.mov, or drop it",
                )
        return None
    from mattebox.pipeline.movie import MovieAlpha, MovieSpace, MovieWish, parse_rate

    for flag, value in beside.items():
        if value is not None:
            raise UsageError(
                f"--movie-out is made of a whole run, and {flag} gives none",
                next_step=f"run again without {flag}: frames that are there are skipped, and the "
                "movie is made",
            )
    if fps is not None:
        parse_rate(fps)
    return MovieWish(path, _one_of(MovieAlpha, alpha), _one_of(MovieSpace, space), fps)


def _one_of(kind: type[Word], said: str | None) -> Word:
    """The word that was said, or the first where none was. Raises UnknownNameError."""
    if said is None:
        return next(iter(kind))
    try:
        return kind(said)
    except ValueError:
        words = [word.value for word in kind]
        raise UnknownNameError(f"--movie-{kind.__name__[5:].lower()}", said, words) from None


def _memory(text: str) -> int:
    from mattebox.pipeline.memory import parse_memory

    return parse_memory(text)
