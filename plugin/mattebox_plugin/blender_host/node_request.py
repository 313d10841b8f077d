"""A group's settings as a request to the core."""

from __future__ import annotations

from typing import Any

import bpy

from ..parameter import Kind
from ..parameters import INPUTS
from ..patterns import split_channel
from ..request import Request, screen_text, settings_of
from . import colour
from .properties import SHOWN
from .source import Source, SourceError, source_of


def root_of(settings: Any) -> str:
    """The folder of the results. Raises SourceError for a file that was never saved."""
    if settings.folder.startswith("//") and not bpy.data.filepath:
        raise SourceError(
            f"the results go to {settings.folder}, beside this file, which has no place yet: save "
            "it, or choose another folder for the results"
        )
    return str(bpy.path.abspath(settings.folder)).rstrip("/\\") or "/"


def request_of(group: Any, scene: Any) -> tuple[Request, Source]:
    """What the group asks for, and where its source lies.

    Raises:
        SourceError: something has to be chosen first.
    """
    settings = group.mattebox
    root = root_of(settings)
    source = source_of(settings, scene, root, group.name)
    chosen = {
        one.name: (_matte if one.is_matte else _file)(getattr(settings, one.name)) for one in INPUTS
    }
    pictures = {name: file for name, file in chosen.items() if file is not None}
    screen = screen_text(
        settings.screen,
        tuple(settings.screen_colour),
        engine=settings.engine,
        has_clean_plate="clean_plate" in pictures,
    )
    values: dict[str, Any] = settings_of(_values(settings))
    values["engine"] = settings.engine
    if screen is not None:
        values["screen"] = screen
    return (
        Request(
            name=group.name,
            root=root,
            plate=source.pattern,
            pictures=pictures,
            part=_part(settings),
            offset={
                one.name: offset
                for one in INPUTS
                if one.name in pictures and (offset := getattr(settings, one.offset))
            },
            hold=tuple(
                one.name for one in INPUTS if one.name in pictures and getattr(settings, one.hold)
            ),
            weights=_weights(settings.weights),
            network_config=_file(settings.network_config),
            cuts=_cuts(settings.cuts),
            in_space=source.space,
            out_space=colour.working_space(),
            config=colour.config(),
            device=settings.device.strip() or "auto",
            settings=values,
        ),
        source,
    )


def _values(settings: Any) -> dict[str, Any]:
    """The artist's values by parameter name, as plain Python."""
    found: dict[str, Any] = {}
    for parameter in SHOWN:
        value = getattr(settings, parameter.name)
        if parameter.kind is Kind.NUMBER:
            # Blender keeps single precision: 0.1 comes back as 0.10000000149.
            value = float(f"{value:.6g}")
        elif parameter.kind is Kind.COLOUR:
            value = tuple(float(f"{part:.6g}") for part in value)
        elif parameter.kind is Kind.CHOICES:
            value = tuple(choice for choice in parameter.choices if choice in value)
        found[parameter.name] = value
    return found


def _file(text: str) -> str | None:
    """A chosen file, or a sequence, as the core reads it."""
    return str(bpy.path.abspath(text.strip())) if text.strip() else None


def _matte(text: str) -> str | None:
    if not text.strip():
        return None
    path, channel = split_channel(text.strip())
    pattern = _file(path)
    return pattern if channel is None else f"{pattern}:{channel}"


def _part(settings: Any) -> str | None:
    """The part of the clip; what Blender writes for the key has one alone."""
    is_file = settings.source == "IMAGE" and settings.image.source != "MOVIE"
    return (settings.part.strip() or None) if is_file else None


def _weights(text: str) -> str | None:
    name = text.strip()
    return (str(bpy.path.abspath(name)) if name.startswith("//") else name) or None


def _cuts(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise SourceError(f"cuts are frame numbers with commas, not {text!r}") from error
