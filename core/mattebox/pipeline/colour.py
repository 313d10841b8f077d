"""The seam to ``mattebox_ocio``: from a job's words to transforms, and its errors to ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mattebox.errors import InputError, MatteboxError, UsageError, named
from mattebox.events import Reporter, WarningEvent
from mattebox.frames import Part
from mattebox.job import Job, PreparedColour
from mattebox.shot import Shot
from mattebox_ocio import (
    ColourError,
    LoadedConfig,
    load_config,
    resolve_out_space,
    resolve_plate_space,
)
from mattebox_ocio.plate import PlateColour, plate_transform

IN_CONFIG = ("unreadable_config", "newer_config", "raw_config", "no_scene_linear", "broken_space")


@dataclass(frozen=True)
class FoundColour:
    """What is known of a plate's colour, and how it came to be known."""

    prepared: PreparedColour
    config_name: str
    config_source: str
    warnings: tuple[str, ...]


def choose_config(source: str | None) -> LoadedConfig:
    """The OCIO config of the argument, ``$OCIO`` or the pinned built-in one."""
    with _our_errors():
        return load_config(source)


def find_colour(
    part: Part, path: Path, *, config: str | None, in_space: str | None, out_space: str | None
) -> FoundColour:
    """Resolve the colour of one file. Raises UsageError or InputError with the next step."""
    with _our_errors():
        loaded = load_config(config)
        plate = resolve_plate_space(
            loaded,
            explicit=in_space,
            attributes=part.attributes,
            path=str(path),
            bits=part.bits,
        )
        out = resolve_out_space(loaded, plate.space, out_space)
    prepared = PreparedColour(
        config_identity=loaded.identity,
        in_space=plate.space,
        reason=plate.reason,
        out_space=out.name,
        chromaticities=tuple(out.chromaticities),
        interop_id=out.interop_id,
    )
    warnings = tuple(w for w in (loaded.warning, plate.warning, out.warning) if w)
    return FoundColour(prepared, loaded.name, loaded.source, warnings)


def resolve_colour(job: Job, shot: Shot, reporter: Reporter) -> PreparedColour:
    """The colour of a job's plate; what is doubtful about it goes to the reporter."""
    found = find_colour(
        shot.first_part,
        shot.plate.path(shot.plate.first),
        config=job.colour.config,
        in_space=job.colour.in_space,
        out_space=job.colour.out_space,
    )
    for warning in found.warnings:
        reporter.emit(
            WarningEvent(
                code="colour",
                message=warning,
                next_step=f"say it with {named('in_space')} or {named('ocio')}",
            )
        )
    return found.prepared


def open_colour(job: Job, prepared: PreparedColour) -> PlateColour:
    """The transforms of a prepared job.

    Raises UsageError where the config in reach is not the one the job was prepared with.
    """
    with _our_errors():
        loaded = load_config(job.colour.config)
        if loaded.identity != prepared.config_identity:
            raise UsageError(
                f"the OCIO config here is {loaded.identity}",
                expected=f"{prepared.config_identity}, as when the job was prepared",
                next_step="give the same config with $OCIO, or prepare the job again",
            )
        out = resolve_out_space(loaded, prepared.in_space, prepared.out_space)
        return plate_transform(loaded, prepared.in_space, out)


@contextmanager
def _our_errors() -> Iterator[None]:
    """Errors of the colour package, in the core's tree."""
    try:
        yield
    except ColourError as error:
        raise _mapped(error) from error


def _mapped(error: ColourError) -> MatteboxError:
    if error.kind in IN_CONFIG:
        return InputError(error.message, next_step=error.next_step)
    return UsageError(error.message, next_step=error.next_step)
