"""The seam to ``mattebox_ocio``: from a job's words to transforms, and its errors to ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from mattebox.errors import InputError, MatteboxError, UsageError, named
from mattebox.events import Reporter, WarningEvent
from mattebox.frames import Part
from mattebox.job import Job, PreparedColour
from mattebox.shot import Shot
from mattebox_ocio import (
    ColourError,
    LoadedConfig,
    Resolution,
    files_digest,
    load_config,
    resolve_out_space,
    resolve_plate_space,
)
from mattebox_ocio.plate import PlateColour, plate_transform
from mattebox_ocio.seam import OCIO_ERRORS

IN_CONFIG = ("unreadable_config", "newer_config", "raw_config", "no_scene_linear", "broken_space")

CHROMATICITY_DIGITS = 9
"""After the point. Libraries of linear algebra differ in the last of sixteen, and a host's may not
be the farm's: the same shot must be the same job."""


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
        chromaticities=tuple(round(value, CHROMATICITY_DIGITS) for value in out.chromaticities),
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
    return _with_inputs(found, job, shot, reporter)


def _with_inputs(found: FoundColour, job: Job, shot: Shot, reporter: Reporter) -> PreparedColour:
    """The colour of a plate with the spaces of the other inputs, and the files that all need.

    An input is in the plate's space where its file says the same as the plate's, or nothing as the
    plate's does; else in the space that it says, or that its kind of file is taken for.
    """
    plate_path = shot.plate.path(shot.plate.first)
    prepared = found.prepared
    with _our_errors():
        config = load_config(job.colour.config)
        like_plate = _by_file(config, shot.first_part, plate_path)
        spaces: dict[str, str] = {}
        for name, (part, path) in shot.first_parts().items():
            explicit = getattr(job.colour, f"{name}_space")
            if explicit is None and _by_file(config, part, path) == like_plate:
                continue
            resolved = resolve_plate_space(
                config,
                explicit=explicit,
                attributes=part.attributes,
                path=str(path),
                bits=part.bits,
            )
            if resolved.space != prepared.in_space:
                spaces[name] = resolved.space
                reporter.emit(_said_space(name, path, resolved, prepared.in_space))
        files = files_digest(config, [prepared.in_space, *spaces.values()])
    return prepared.model_copy(update={"inputs": spaces, "files": files})


def _by_file(config: LoadedConfig, part: Part, path: Path) -> str:
    """The space that a file says or that its kind is taken for, or that its kind says none."""
    try:
        found = resolve_plate_space(
            config, attributes=part.attributes, path=str(path), bits=part.bits
        )
    except ColourError as error:
        if error.kind != "undecided_space":
            raise
        return f"undecided {path.suffix.casefold()}"
    return found.space


def _said_space(name: str, path: Path, found: Resolution, plate: str) -> WarningEvent:
    return WarningEvent(
        code="input_space",
        message=f"{path} is read as {found.space!r}, since {found.reason}; the plate is {plate!r}",
        path=str(path),
        next_step=f"{named(name + '_space')} says otherwise",
    )


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
        if files_digest(loaded, [prepared.in_space, *prepared.inputs.values()]) != prepared.files:
            raise UsageError(
                "the LUT files that the OCIO config uses here are others than when the job was "
                "prepared",
                expected="files of the same bytes under the config's search path",
                next_step="set the config's context variables as they were then, bring the files, "
                "or prepare the job again",
            )
        out = resolve_out_space(loaded, prepared.in_space, prepared.out_space)
        colour = plate_transform(loaded, prepared.in_space, out)
        others = {
            name: plate_transform(loaded, space, colour.out_space).to_out
            for name, space in prepared.inputs.items()
        }
        return replace(colour, inputs=others)


@contextmanager
def _our_errors() -> Iterator[None]:
    """Errors of the colour package, in the core's tree."""
    try:
        yield
    except ColourError as error:
        raise _mapped(error) from error
    except UnicodeDecodeError as error:  # OpenColorIO hands out names as bytes of UTF-8
        raise InputError(
            "the OpenColorIO config holds text that is not UTF-8",
            next_step="save the config as UTF-8",
        ) from error
    except OCIO_ERRORS as error:
        raise InputError(
            f"the OpenColorIO config cannot be used: {' '.join(str(error).split())}",
            next_step="check the file with `ociocheck --iconfig FILE`",
        ) from error


def _mapped(error: ColourError) -> MatteboxError:
    if error.kind in IN_CONFIG:
        return InputError(error.message, next_step=error.next_step)
    return UsageError(error.message, next_step=error.next_step)
