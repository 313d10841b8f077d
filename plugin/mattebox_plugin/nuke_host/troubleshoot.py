"""What is wrong with a node, its script and its machine, each with its cure."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nuke

from ..keyed_frames import Status, in_words
from ..mattebox_command import BrokenError, Fault, NotFoundError, examine, find
from . import attach, colour
from .knobs import file_text
from .messages import NodeError, say
from .node_request import request_of, results_folder

OLDEST, NEWEST = 14, 17
"""Versions of Nuke whose knobs this package was checked against."""

GIZMO = "Mattebox.gizmo"

TEMPORARY = ("/tmp/", "/var/tmp/", "C:/Temp/", "C:/Windows/Temp/")  # noqa: S108 - told, not used
"""Folders that systems empty."""


def show(node: nuke.Node) -> None:
    """Tell the artist everything that was found."""
    faults = list(found(node))
    facts = list(_facts(node))
    listed = [f"{number}. {f.what}\n   Cure: {f.cure}" for number, f in enumerate(faults, 1)]
    say("\n".join([*facts, "", *(listed or ["No faults found."])]))


def found(node: nuke.Node) -> Iterator[Fault]:
    """Every fault, the most general first. Runs the core's own doctor, which takes seconds."""
    if not OLDEST <= nuke.NUKE_VERSION_MAJOR <= NEWEST:
        yield Fault(
            f"Nuke {nuke.NUKE_VERSION_STRING} was not checked with this version of Mattebox",
            f"use Nuke {OLDEST} to {NEWEST}, or a newer Mattebox",
        )
    yield from _installations()
    yield from _core(node)
    yield from _colour()
    yield from _folder(node)
    yield from _node(node)


def _facts(node: nuke.Node) -> Iterator[str]:
    """What works, for a report that is sent to somebody."""
    yield f"Nuke {nuke.NUKE_VERSION_STRING}, plug-in in {Path(__file__).resolve().parent.parent}"
    try:
        mattebox = find(file_text(node, "environment"))
        yield f"core: {' '.join(mattebox.command)} (from {mattebox.source})"
        yield from examine(mattebox).lines[:3]
    except (NotFoundError, BrokenError):
        pass
    try:
        space = colour.of_script()
        yield f"colour: {space.working} of {space.config}"
        wanted = request_of(node)
    except NodeError:
        return
    for pipe, picture in wanted.pictures.items():
        how = "as it is" if picture.why_rendered is None else f"rendered: {picture.why_rendered}"
        yield f"{pipe}: {picture.pattern} ({picture.space}), {how}"
    yield f"frames: {wanted.request.folder}"


def _installations() -> Iterator[Fault]:
    """Two installations, of which Nuke takes the first."""
    folders = [Path(folder) for folder in nuke.pluginPath()]
    places = [str(folder) for folder in dict.fromkeys(folders) if (folder / GIZMO).is_file()]
    if len(places) > 1:
        yield Fault(
            f"Mattebox is installed {len(places)} times: {', '.join(places)}",
            "leave one of them in NUKE_PATH and ~/.nuke",
        )


def _core(node: nuke.Node) -> Iterator[Fault]:
    try:
        yield from examine(find(file_text(node, "environment"))).faults
    except NotFoundError as error:
        yield Fault("Mattebox was not found on this machine", str(error))
    except BrokenError as error:
        yield Fault(str(error), "choose another environment (About tab), or install it again")


def _colour() -> Iterator[Fault]:
    try:
        space = colour.of_script()
    except NodeError as error:
        yield Fault(error.what, error.next_step)
        return
    is_file = not space.config.startswith("ocio://")
    if is_file and not Path(space.config).is_file():
        source = "$OCIO" if os.environ.get("OCIO") else "the project's OCIO config"
        yield Fault(
            f"{source} is {space.config}, which is not there",
            "set $OCIO, or choose a config (Project Settings, Color)",
        )


def _folder(node: nuke.Node) -> Iterator[Fault]:
    try:
        folder = Path(results_folder(node))
    except NodeError as error:
        yield Fault(error.what, error.next_step)
        return
    there = next((one for one in (folder, *folder.parents) if one.exists()), folder)
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        why = error.strerror
        yield Fault(f"{folder} cannot be written: {why}", "choose another folder (Output tab)")
    if f"{folder.as_posix()}/".startswith(TEMPORARY):
        yield Fault(
            f"{folder} is emptied by the system and seen by this machine alone",
            "choose a folder on the project's share (Output tab)",
        )


def _node(node: nuke.Node) -> Iterator[Fault]:
    """Inputs and frames."""
    try:
        wanted = request_of(node)
    except NodeError as error:
        yield Fault(error.what, error.next_step)
        return
    settings = wanted.request.settings
    engine = settings.get("engine", "screen")
    if engine == "hint" and "hint" not in wanted.pictures:
        yield Fault("engine hint has no hint", "connect a matte to the hint input")
    if engine == "bgmv2" and "screen" not in settings and "clean_plate" not in wanted.pictures:
        yield Fault("engine bgmv2 has no clean plate", "connect one, or choose a screen colour")
    for picture in wanted.pictures.values():
        first = picture.number(wanted.span.first)
        files = picture.sources(first)
        if picture.pipe in wanted.request.hold:
            files = (wanted.request.picture(picture.pipe, wanted.span.first),)
        if picture.why_rendered is None and not _is_there(files):
            yield Fault(
                f"{picture.pipe}: {picture.pattern} is not there at frame {first}",
                f"look at {picture.node.name()}, and at the node's frames (Key tab)",
            )
    fingerprint = attach.fingerprint_of(node, wanted)
    statuses = [wanted.frame_status(frame, fingerprint) for frame in wanted.span.frames]
    if any(one.status is not Status.CURRENT for one in statuses):
        yield Fault(f"frames: {in_words(statuses)}", "Key range (Key tab)")
    elif not attach.is_attached(node, wanted):
        yield Fault("the frames of these settings are not shown", "Update (Key tab)")


def _is_there(files: tuple[Path, ...]) -> bool:
    return all(file.exists() for file in files)
