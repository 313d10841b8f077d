"""``mattebox key``: key a shot."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from mattebox.cli.knob_options import said, with_knobs
from mattebox.errors import UsageError

INPUTS, COLOUR, RUNNING = "Inputs", "Colour", "Running"

MOST_THREADS = 8
"""More threads make frames no faster and take cores from the host beside us."""


def _input(flag: str, help_text: str, alias: str | None = None) -> Any:
    flags = (flag,) if alias is None else (flag, alias)
    return typer.Option(*flags, help=help_text, rich_help_panel=INPUTS, show_default=False)


def _colour(flag: str, help_text: str) -> Any:
    return typer.Option(flag, help=help_text, rich_help_panel=COLOUR, show_default=False)


def _running(flag: str, help_text: str) -> Any:
    return typer.Option(flag, help=help_text, rich_help_panel=RUNNING, show_default=False)


@with_knobs
def key(  # noqa: PLR0917 - one parameter per option; nobody calls it by position
    plate: Annotated[
        str | None,
        typer.Argument(help="Picture sequence: shot.####.exr, shot.%04d.exr, a folder, one file."),
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
        _running("--chunk", "Of --frames, only those in this piece; none is no error (farms)."),
    ] = None,
    clean_plate: Annotated[
        str | None,
        _input("--clean-plate", "The background without the subject: one file, or a sequence."),
    ] = None,
    hint: Annotated[
        str | None, _input("--hint", "A matte from elsewhere, FILE[:channel] (engine hint).")
    ] = None,
    inside: Annotated[
        str | None, _input("--inside", "Holdout matte, FILE[:channel]: alpha is at least this.")
    ] = None,
    outside: Annotated[
        str | None, _input("--outside", "Garbage matte, FILE[:channel]: alpha is 0 there.")
    ] = None,
    protect: Annotated[
        str | None, _input("--protect", "Matte, FILE[:channel]: despill leaves it alone.")
    ] = None,
    plate2: Annotated[
        str | None, _input("--plate2", "The shot over a second background (triangulate).")
    ] = None,
    background: Annotated[
        str | None, _input("--background", "First background: file or R,G,B (triangulate).")
    ] = None,
    background2: Annotated[
        str | None, _input("--background2", "Second background: file or R,G,B (triangulate).")
    ] = None,
    part: Annotated[str | None, _input("--part", "Named part of a multi-part plate.")] = None,
    layers: Annotated[
        str | None, _input("--layers", "Layers of the plate to pass through: depth,id.")
    ] = None,
    view: Annotated[str | None, _input("--view", "Named view of a multi-view plate.")] = None,
    weights: Annotated[
        str | None,
        _input(
            "--weights",
            "Weights of a network: a file, or a name of `mattebox weights list`. "
            "[default: rvm_mobilenetv3 for rvm, bgmv2_resnet50 for bgmv2]",
            "--model",
        ),
    ] = None,
    network_config: Annotated[
        str | None,
        _input(
            "--model-config",
            "How the network is fed: TOML or JSON (engine onnx-matte).",
            "--network-config",
        ),
    ] = None,
    cuts: Annotated[
        str | None,
        _input("--cuts", "First frames of new scenes, 1040,1100: nothing is remembered across."),
    ] = None,
    in_space: Annotated[
        str | None, _colour("--in-space", "Colour space of the plate; default: found out.")
    ] = None,
    out_space: Annotated[
        str | None,
        _colour("--out-space", "Linear space of the result; default: the plate's, linearised."),
    ] = None,
    ocio: Annotated[
        str | None, _colour("--ocio", "OCIO config: a file or ocio://name; default: $OCIO.")
    ] = None,
    device: Annotated[
        str | None, _running("--device", "auto, cpu, cuda or cuda:n. [default: auto]")
    ] = None,
    threads: Annotated[
        int | None,
        _running("--threads", "CPU threads for arithmetic. [default: cores, at most 8]"),
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
            "Where the prepared job is kept: taken as it is while its files are the same, "
            "else made again.",
        ),
    ] = None,
    analysis: Annotated[
        bool,
        _running(
            "--analysis/--no-analysis",
            "With --write-job: look at the shot now, or leave it to `mattebox analyse`.",
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
    force: Annotated[
        bool, _running("--force", "Compute frames again that are already current.")
    ] = False,
    overwrite: Annotated[
        bool, _running("--overwrite", "Replace files that were not written by Mattebox.")
    ] = False,
    preview: Annotated[
        Path | None, _running("--preview", "Also write a contact sheet of the keyed shot (PNG).")
    ] = None,
    json_lines: Annotated[
        bool, _running("--json", "Event lines on standard output, for hosts and farms.")
    ] = False,
    openjd_lines: Annotated[
        bool, _running("--openjd", "Progress and failures as Open Job Description reads them.")
    ] = False,
    **knob_values: Any,
) -> None:
    """Key a shot: one EXR per frame with premultiplied RGBA, fg, spill, net and conf.

    Frames that are on disk and current are skipped; `--force` computes them again.

    **A green screen, nothing else known**: `mattebox key shot.####.exr -o keyed/ --screen auto`

    **With a clean plate, ACEScg**: `mattebox key shot.####.exr -o keyed/ --clean-plate plate.exr
    --in-space ACEScg`
    """
    from mattebox.cli.jobs import read_job
    from mattebox.cli.run import Listener, RunOptions, prepare_job, run_job, telling_errors
    from mattebox.job import Job

    values = {
        "plate": plate,
        "output": output,
        "clean_plate": clean_plate or background,
        "hint": _matte(hint),
        "inside": _matte(inside),
        "outside": _matte(outside),
        "protect": _matte(protect),
        "plate2": plate2,
        "background2": background2,
        "part": part,
        "view": view,
        "layers": None if layers is None else [n.strip() for n in layers.split(",") if n.strip()],
        "weights": weights,
        "network_config": network_config,
        "cuts": None if cuts is None else _cuts(cuts),
        "device": device,
        "threads": threads,
    }
    given = {name: value for name, value in values.items() if value is not None}
    colour = {"config": ocio, "in_space": in_space, "out_space": out_space}
    settings = said(knob_values)
    listener = Listener.chosen(json_lines=json_lines, openjd_lines=openjd_lines)
    with telling_errors(listener):
        if write_job is not None and prepared is not None:
            raise UsageError(
                "--prepared keys, and --write-job only prepares", next_step="give one of them"
            )
        if write_job is None and not analysis:
            raise UsageError(
                "--no-analysis has a meaning only beside --write-job",
                next_step="add --write-job FILE, and run `mattebox analyse --job FILE` later",
            )
        if job is not None:
            deciding = {name: value for name, value in given.items() if name != "output"}
            told = (
                _flags(deciding) + _flags({k: v for k, v in colour.items() if v}) + _flags(settings)
            )
            if told:
                raise UsageError(
                    f"--job decides everything; {', '.join(told)} cannot be changed beside it",
                    next_step="drop them, or write a new job with --write-job",
                )
            asked = read_job(job)
            if output is not None:  # where frames go decides no pixel
                asked = asked.model_copy(update={"output": output})
        else:
            if plate is None or output is None:
                absent = "PLATE" if plate is None else "-o OUTPUT"
                raise UsageError(
                    f"{absent} is missing",
                    next_step="mattebox key PLATE -o OUTPUT, or mattebox key --job FILE; "
                    "see mattebox key --help",
                )
            given.setdefault("threads", min(os.cpu_count() or 1, MOST_THREADS))
            if "engine" not in settings:
                has_screen = given.get("clean_plate") is not None or "screen" in settings
                settings["engine"] = _default_engine(
                    has_screen=has_screen, has_hint=hint is not None
                )
            asked = Job.checked(given | {"colour": colour, "settings": settings})
    if write_job is not None:
        if analysis:
            prepare_job(asked, write_job, listener)
        else:
            asked.write(write_job)
        return
    run_job(
        asked,
        RunOptions(
            prepared=prepared,
            frames=frames,
            chunk=chunk,
            force=force,
            overwrite=overwrite,
            preview=preview,
            state_in=state_in,
            state_out=state_out,
            max_memory=None if max_memory is None else _memory(max_memory),
        ),
        listener,
    )


def _default_engine(*, has_screen: bool, has_hint: bool) -> str:
    if has_hint:
        return "hint"
    return "screen" if has_screen else "rvm"


def _matte(text: str | None) -> dict[str, str | None] | None:
    if text is None:
        return None
    from mattebox.sequences import split_channel

    pattern, channel = split_channel(text)
    return {"pattern": pattern, "channel": channel}


def _memory(text: str) -> int:
    from mattebox.pipeline.memory import parse_memory

    return parse_memory(text)


def _cuts(text: str) -> list[int]:
    from mattebox.sequences import parse_frames

    return list(parse_frames(text))


def _flags(values: dict[str, Any]) -> list[str]:
    return ["--" + name.replace("_", "-") for name in values]
