"""``mattebox hint``: other people's matting tools, run beside Mattebox on a plate."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mattebox.cli.licences import have_accepted
from mattebox.cli.output import say
from mattebox.errors import UsageError

if TYPE_CHECKING:
    from mattebox.cli.run import Session
    from mattebox.hints import Tool
    from mattebox.hints.recipe import Recipe
    from mattebox.inputs import Matte
    from mattebox.job import Job
    from mattebox.weights.catalogue import Licence

hint = typer.Typer(
    no_args_is_help=True,
    help="Mattes of other people's tools (MatAnyone, SAM 2, rembg): list, show, set, make.",
)

ToolName = Annotated[str, typer.Argument(metavar="TOOL", help="A name of `mattebox hint list`.")]
Said = Annotated[
    list[str], typer.Argument(metavar="NAME=VALUE...", help="Parameters; an empty value forgets.")
]


@hint.command("list")
def list_tools(
    as_json: Annotated[bool, typer.Option("--json", help="The list as JSON, for hosts.")] = False,
) -> None:
    """Show all tools that are known, their licences, and which can be used here, or why not.

    `mattebox hint list`
    """
    from mattebox.hints import open_tool, read_recipes

    recipes = read_recipes()
    if as_json:
        tools = [_listed(open_tool(name)) for name in recipes]
        typer.echo(json.dumps({"version": 1, "tools": tools}, indent=2))
        return
    for name, recipe in recipes.items():
        faults = open_tool(name).faults()
        say(f"{name}: {recipe.title}, {recipe.licence.name}")
        say("  usable" if not faults else f"  not usable: {'; '.join(faults)}")


@hint.command()
def show(tool: ToolName) -> None:
    """Show all that is known of a tool: its home, licence, installation, parameters and limits.

    `mattebox hint show rembg`
    """
    from mattebox.hints import open_tool

    opened = open_tool(tool)
    for line in _described(opened.recipe, opened):
        say(line)


@hint.command("set")
def set_values(tool: ToolName, said: Said) -> None:
    """Say where a tool is on this machine, for all later runs.

    `mattebox hint set matanyone2 folder=/opt/MatAnyone2 python=/opt/MatAnyone2/.venv/bin/python`
    """
    from mattebox.hints import open_tool, remember_values

    path = remember_values(tool, _pairs(said))
    say(f"{path} is written")
    for fault in open_tool(tool).faults():
        say(f"not usable yet: {fault}")


@hint.command()
def make(  # noqa: PLR0917 - one parameter per option; nobody calls it by position
    tool: ToolName,
    plate: Annotated[str, typer.Argument(metavar="PLATE", help="As for `mattebox key`.")],
    output: Annotated[
        str, typer.Option("--output", "-o", help="Where the mattes go: a pattern or a folder.")
    ],
    mask: Annotated[
        str | None,
        typer.Option(help="FILE[:channel]: the mask that a tool wants, of one frame or of all."),
    ] = None,
    clean_plate: Annotated[
        str | None, typer.Option(help="The clean plate that a tool wants: FILE[:layer].")
    ] = None,
    frames: Annotated[str | None, typer.Option(help="Frames: 1001-1050, 1,5,9-12.")] = None,
    in_space: Annotated[str | None, typer.Option(help="Colour space of the plate.")] = None,
    ocio: Annotated[str | None, typer.Option(help="OCIO config: a file or ocio://name.")] = None,
    part: Annotated[str | None, typer.Option(help="Part or layer of the plate.")] = None,
    view: Annotated[str | None, typer.Option(help="Named view of the plate.")] = None,
    timecode: Annotated[
        bool, typer.Option("--timecode", help="Number frames of movies by their timecode.")
    ] = False,
    exposure: Annotated[
        float | None, typer.Option(help="Stops that its pictures are lifted by; default: found.")
    ] = None,
    longest: Annotated[
        int | None, typer.Option(min=16, help="Longer side of its pictures at most, in pixels.")
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A parameter for this run alone."),
    ] = None,
    patience: Annotated[
        float | None, typer.Option(min=1.0, help="Seconds of silence before it is ended.")
    ] = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Accept the licence that is shown.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Make current mattes again.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that are no such mattes.")
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the pictures and the tool's own files.")
    ] = False,
    json_lines: Annotated[
        bool, typer.Option("--json", help="Event lines on standard output, for hosts and farms.")
    ] = False,
) -> None:
    """Have a tool make mattes of a plate: EXR under the plate's frame numbers, for `--hint`.

    Its pictures are sRGB of the size that it wants; its own environment and command run in a
    process of their own, whose log stays beside the mattes. Current mattes are skipped.

    `mattebox hint make rembg shot.####.exr -o mattes/`

    `mattebox hint make matanyone2 shot.####.exr -o mattes/ --mask roto.1001.exr:A`
    """
    from mattebox.cli.run import Listener, open_session
    from mattebox.hints import open_tool
    from mattebox.job import Job
    from mattebox.pipeline.hint_pictures import HintWish
    from mattebox.pipeline.hints import make_mattes

    with open_session(Listener.chosen(json_lines=json_lines, openjd_lines=False)) as session:
        opened = open_tool(tool, _pairs(values or []))
        opened.refuse_unusable()
        accept_terms(opened.recipe, accepted=accept_licence)
        given: dict[str, Any] = {"plate": plate, "output": output, "part": part, "view": view}
        given |= {} if clean_plate is None else {"clean_plate": clean_plate}
        job = Job.checked(
            given
            | {
                "timecode": timecode,
                "threads": min(os.cpu_count() or 1, 8),
                "colour": {"in_space": in_space, "config": ocio},
                "settings": {"engine": "rvm"},
            }
        )
        wish = HintWish(
            tool=opened,
            job=job,
            mask=matte_of(mask),
            frames=frames,
            exposure=exposure,
            longest=longest,
            patience=patience,
            force=force,
            overwrite=overwrite,
            keep=keep,
        )
        make_mattes(wish, session.reporter, session.stop, session.tally)
        session.end(0)


def hint_for(name: str, job: Job, session: Session, *, mask: str | None, frames: str | None) -> str:
    """Mattes of a tool for a key of the same plate; returns the folder, for ``hint`` of its job.

    They lie beside the keyed frames. A licence is accepted at a terminal, or before with
    `mattebox hint make`. Raises as ``make_mattes``, and UsageError where it was not.
    """
    from mattebox.hints import open_tool
    from mattebox.job import Job
    from mattebox.pipeline.clock import Tally
    from mattebox.pipeline.hint_pictures import HintWish
    from mattebox.pipeline.hints import make_mattes
    from mattebox.sequences import find_sequence, output_pattern

    opened = open_tool(name)
    opened.refuse_unusable()
    accept_terms(opened.recipe, accepted=False)
    plate = find_sequence(job.plate, timecode=job.timecode)
    folder = output_pattern(job.output, plate, plate.frames).folder / f"hint_{name}"
    background = job.clean_plate if opened.recipe.background is not None else None
    alone = {"plate", "part", "view", "timecode", "threads", "colour"}
    kept = {key: value for key, value in job if key in alone}
    kept |= {"output": f"{folder}{os.sep}", "clean_plate": background}
    wish = HintWish(opened, Job.model_validate(kept), mask=matte_of(mask), frames=frames)
    make_mattes(wish, session.reporter, session.stop, Tally())
    return str(folder)


def _listed(tool: Tool) -> dict[str, Any]:
    """A tool as hosts read it."""
    recipe = tool.recipe
    mask = recipe.mask
    return {
        "name": recipe.name,
        "title": recipe.title,
        "licence": recipe.licence.name,
        "line": recipe.licence.line,
        "url": recipe.licence.url,
        "accepted": _is_accepted(recipe),
        "wants_mask": mask is not None and not mask.optional,
        "wants_clean_plate": recipe.background is not None,
        "why_not": tool.faults(),
    }


def _is_accepted(recipe: Recipe) -> bool:
    from mattebox.weights.store import Store

    return Store.from_environment().has_accepted(*_terms_of(recipe))


def _terms_of(recipe: Recipe) -> tuple[str, Licence]:
    """What a tool's licence is kept as, and the licence."""
    from mattebox.weights.catalogue import Licence

    licence = Licence(line=recipe.licence.line, url=recipe.licence.url)
    return f"hint-{recipe.name}", licence


def accept_terms(recipe: Recipe, *, accepted: bool) -> None:
    """Show the licence of a tool once and have it accepted. Raises UsageError where it is not."""
    from mattebox.weights.store import Store

    store, (key, licence) = Store.from_environment(), _terms_of(recipe)
    if store.has_accepted(key, licence):
        return
    have_accepted(
        recipe.licence.name,
        licence,
        covers=recipe.title,
        accepted=accepted,
        nothing="nothing was run",
    )
    store.accept(key, licence)


def matte_of(text: str | None) -> Matte | None:
    """``FILE[:channel]`` as a matte."""
    from mattebox.inputs import Matte
    from mattebox.sequences import split_channel

    if text is None:
        return None
    pattern, channel = split_channel(text)
    return Matte(pattern=pattern, channel=channel)


def _pairs(said: list[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in said:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"{text!r} is no parameter", expected="NAME=VALUE")
        pairs[name] = value
    return pairs


def _described(recipe: Recipe, tool: Tool) -> list[str]:
    page = recipe.documentation
    lines = [f"{recipe.title}: {recipe.purpose}", f"  home: {recipe.home}"]
    lines.append(f"  licence: {recipe.licence.name}: {recipe.licence.line} {recipe.licence.url}")
    if page is not None:
        lines.append(f"  command line from: {page.page} ({page.read})")
    lines.append(f"  run by Mattebox's authors: {recipe.run_here}")
    lines += [f"  to have it: {step}" for step in recipe.install]
    lines += [f"  limit: {limit}" for limit in recipe.limits]
    for name, parameter in recipe.parameters.items():
        value = tool.values.get(name, "not set")
        lines.append(f"  {name} = {value} ({parameter.kind}: {parameter.help})")
    faults = tool.faults()
    lines += [f"  not usable: {fault}" for fault in faults] or ["  usable"]
    return lines
