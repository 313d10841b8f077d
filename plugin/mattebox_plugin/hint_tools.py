"""Other people's matting tools, as the core knows them: which can be used, and mattes by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .mattebox_command import BrokenError, Mattebox, ask, understood
from .patterns import is_pattern, split_channel
from .request import Request, safe_name
from .run import Run

LIST_SECONDS = 120.0
"""Listing loads no network; a cold environment on a share takes its time."""


@dataclass(frozen=True)
class HintTool:
    """A tool of ``mattebox hint list``.

    Attributes:
        name: as commands call it.
        title: as people do.
        licence, line: its licence's name, and what it says in a sentence.
        accepted: whether somebody accepted that here.
        wants_mask, wants_clean_plate: what it needs beside the plate.
        why_not: why it cannot be used here; empty where it can.
    """

    name: str
    title: str
    licence: str
    line: str
    accepted: bool
    wants_mask: bool
    wants_clean_plate: bool
    why_not: tuple[str, ...]

    @property
    def terms(self) -> str:
        """What is accepted by whoever uses it first."""
        return f"{self.title} is under {self.licence}. {self.line}"


def known_tools(mattebox: Mattebox) -> tuple[HintTool, ...]:
    """All tools that the core knows, in its order. Raises BrokenError."""
    answer = ask(mattebox, ("hint", "list", "--json"), seconds=LIST_SECONDS)
    return understood(
        mattebox, answer, lambda said: tuple(map(_tool, said["tools"])), what="its tools"
    )


def _tool(one: Mapping[str, Any]) -> HintTool:
    return HintTool(
        name=one["name"],
        title=one["title"],
        licence=one["licence"],
        line=one["line"],
        accepted=one["accepted"],
        wants_mask=one["wants_mask"],
        wants_clean_plate=one["wants_clean_plate"],
        why_not=tuple(one["why_not"]),
    )


def usable(tools: tuple[HintTool, ...]) -> tuple[HintTool, ...]:
    """Those that can be used here."""
    return tuple(tool for tool in tools if not tool.why_not)


def mattes_of(request: Request, tool: HintTool) -> str:
    """Pattern of the mattes that a tool makes for a node: beside the folders of its keyed frames,
    since it is none of them that they belong to."""
    stem = Path(request.plate).stem
    name = f"{stem}.exr" if is_pattern(stem) else f"{stem}.####.exr"
    return str(Path(request.root) / f"{safe_name(request.name)}_hint_{tool.name}" / name)


def start_making(
    mattebox: Mattebox,
    request: Request,
    tool: HintTool,
    *,
    frames: str | None = None,
    accept_licence: bool = False,
) -> Run:
    """Have a tool make mattes of a node's plate; those that are current stay.

    A tool that wants a mask gets the hint that the node has.

    Args:
        mattebox: the core.
        request: of the node.
        tool: one that can be used.
        frames: as the core reads them; None means all of the plate.
        accept_licence: whether the person at the host accepts its licence now.

    Raises:
        OSError: the folder cannot be made.
        BrokenError: the core does not start, or an input that the tool wants is moved.
    """
    moved = [name for name in _wanted(tool) if name in {*request.offset, *request.hold}]
    if moved:
        raise BrokenError(
            f"{tool.title} takes the {moved[0].replace('_', ' ')} by the plate's own frame "
            "numbers; set its offset to 0 and its hold off, or run `mattebox hint make` yourself"
        )
    mattes = mattes_of(request, tool)
    folder = Path(mattes).parent
    folder.mkdir(parents=True, exist_ok=True)
    words = ["hint", "make", tool.name, request.plate, "-o", mattes, "--json"]
    given = {name: request.pictures.get(name) for name in _wanted(tool)}
    options = {
        "--part": request.part,
        "--in-space": request.in_space,
        "--ocio": request.config,
        "--clean-plate": given.get("clean_plate"),
        "--mask": _other_than(given.get("hint"), mattes),
    }
    for option, value in options.items():
        if value is not None:
            words += [option, value]
    if frames is not None:
        words.append(f"--frames={frames}")
    if accept_licence:
        words.append("--accept-licence")
    return Run.of_words(mattebox, words, folder=folder)


def _wanted(tool: HintTool) -> tuple[str, ...]:
    """The inputs of a node that a tool takes."""
    wanted = {"clean_plate": tool.wants_clean_plate, "hint": tool.wants_mask}
    return tuple(name for name, is_wanted in wanted.items() if is_wanted)


def _other_than(mask: str | None, mattes: str) -> str | None:
    """A mask, unless it is what the tool itself made before."""
    if mask is None or Path(split_channel(mask)[0]) == Path(mattes):
        return None
    return mask
