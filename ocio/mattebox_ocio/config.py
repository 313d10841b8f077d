"""Which OpenColorIO config is used, and why."""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from mattebox_ocio.errors import ColourError, nearest_names
from mattebox_ocio.primaries import AP0, REC709, Matrix, rgb_to_rgb
from mattebox_ocio.seam import (
    OCIO_ERRORS,
    OcioConfig,
    matrix_of,
    ocio,
    processor_between,
    transforms_between,
)

PINNED_BUILTIN = "studio-config-v2.2.0_aces-v1.3_ocio-v2.4"
"""The config when none is given. A full name, because ``default`` and ``latest`` move with the
library; the newest that every allowed library (2.4 and up) carries, so that one job is one picture
everywhere; a studio config, because the CG configs have no camera logs; and the first whose
aliases hold the Color Interop Forum's names."""

REFERENCE_IN_BUILTIN = "ACES2065-1"
URI = "ocio://"

_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)|%(\w+)%")
"""A context variable in a config's text, in the three forms that OpenColorIO resolves."""

_FALLBACK_ROLES = ("scene_linear", "compositing_linear", "rendering", "reference")


@dataclass(frozen=True, eq=False)
class LoadedConfig:
    """An OpenColorIO config that is ready for use.

    Attributes:
        ocio: the ``PyOpenColorIO.Config``.
        name: built-in name, or the name written in the file, or the file's own.
        source: who chose it.
        reason: one sentence for people; may hold a path.
        identity: what decides the pixels, for a job's fingerprint; holds no path. Built-in: the
            full name. File: its name, the SHA-256 of its bytes, and the context variables that it
            names (a ``.ocioz`` holds its LUT files; for those beside a ``.ocio`` see
            ``files_digest``).
        hub: the space of the config all others are converted through.
        hub_to_rec709: (3, 3) float64 from ``hub`` to linear Rec.709.
        warning: what could not be known about the config, or None.
        location: where it was read from; empty where that is not known.
    """

    ocio: OcioConfig
    name: str
    source: Literal["argument", "$OCIO", "built-in"]
    reason: str
    identity: str
    hub: str
    hub_to_rec709: Matrix
    warning: str | None = None
    location: str = ""

    @property
    def spaces(self) -> tuple[str, ...]:
        """Names of the active colour spaces, in the config's order."""
        return tuple(self.ocio.getColorSpaceNames())

    @property
    def is_builtin(self) -> bool:
        """Whether it came with the library, whoever chose it."""
        return self.identity.startswith(URI)

    @property
    def is_archive(self) -> bool:
        """Whether it holds its own files: an ``.ocioz``."""
        return self.location.casefold().endswith(".ocioz")

    @property
    def scene_linear(self) -> str:
        """The space behind the role ``scene_linear``; the hub where there is no such role."""
        return _role_space(self.ocio, "scene_linear") or self.hub


def load_config(source: str | Path | None = None) -> LoadedConfig:
    """Load the config: the argument, else ``$OCIO``, else the pinned built-in one.

    Args:
        source: path of a ``.ocio`` or ``.ocioz`` file, ``ocio://name``, or the bare name of a
            built-in config; None to look further.

    Raises:
        ColourError: ``unreadable_config``, ``newer_config``, ``raw_config``, ``no_scene_linear``.
    """
    if source is not None and str(source):
        return _load(str(source), "argument", "it was asked for")
    from_environment = os.environ.get("OCIO", "")
    if from_environment:
        return _load(from_environment, "$OCIO", "$OCIO names it")
    return _load(URI + PINNED_BUILTIN, "built-in", "no config was asked for and $OCIO is not set")


def _load(
    location: str, source: Literal["argument", "$OCIO", "built-in"], because: str
) -> LoadedConfig:
    builtin = _builtin_name(location)
    if builtin is not None:
        config, name, identity = _read(URI + builtin, location), builtin, f"{URI}{builtin}"
        place = f"built-in config {builtin}"
    else:
        config, name, identity = _read_file(Path(location))
        place = f"config {location}"
    _refuse_raw(config, location)
    hub, hub_to_rec709, warning = _hub_of(config, name)
    return LoadedConfig(
        ocio=config,
        name=name,
        source=source,
        reason=f"{place}, because {because}",
        identity=identity,
        hub=hub,
        hub_to_rec709=hub_to_rec709,
        warning=warning,
        location=location,
    )


def _builtin_name(location: str) -> str | None:
    """The full name of a built-in config, or None for a file."""
    known = [entry[0] for entry in ocio.BuiltinConfigRegistry().getBuiltinConfigs()]
    if location in known:
        return location
    if not location.startswith(URI):
        return None
    name = str(ocio.ResolveConfigPath(location)).removeprefix(URI)
    if name in known:
        return name
    near = nearest_names(name, known)
    raise ColourError(
        f"OpenColorIO {ocio.__version__} has no built-in config {name!r}",
        kind="unreadable_config",
        name=name,
        known=known,
        nearest=near,
        next_step=f"use one of: {', '.join(near or known)}",
    )


def _read_file(path: Path) -> tuple[OcioConfig, str, str]:
    if path.is_dir():
        inside = path / "config.ocio"
        hint = f"name the file: {inside}" if inside.is_file() else "name the .ocio file in it"
        raise ColourError(
            f"{path} is a folder, not an OpenColorIO config",
            kind="unreadable_config",
            name=str(path),
            next_step=hint,
        )
    try:
        if path.exists() and not path.is_file():  # a named pipe would be waited for
            raise OSError(errno.EINVAL, "it is not a file")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ColourError(
            f"the OpenColorIO config {path} cannot be read: {error.strerror or error}",
            kind="unreadable_config",
            name=str(path),
            next_step="correct the path in --ocio or $OCIO, or leave both out for the built-in "
            "config",
        ) from error
    config = _read(str(path), str(path))
    name = str(config.getName()) or path.stem
    return config, name, " ".join([f"{name} sha256:{digest}", *_context_of(config)])


def _context_of(config: OcioConfig) -> list[str]:
    """The context variables that a config names, with their values, as ``SHOT=sh010``.

    Values that are paths are left out: they differ between machines, and what lies there counts by
    its bytes (``files_digest``).
    """
    context = config.getCurrentContext()
    names = {found[1] or found[2] or found[3] for found in _VARIABLE.finditer(config.serialize())}
    values = {name: context.resolveStringVar("${" + name + "}") for name in names}
    return [
        f"{name}={'' if '$' in value else value}"
        for name, value in sorted(values.items())
        if "/" not in value and "\\" not in value
    ]


def files_digest(config: LoadedConfig, spaces: Iterable[str]) -> str | None:
    """SHA-256 over the bytes of all files that these spaces are converted with, or None for none.

    Files inside an ``.ocioz`` are part of its identity already.

    Raises:
        ColourError: ``broken_space`` where a space cannot be built or a file cannot be read.
    """
    whole, seen = hashlib.sha256(), False
    for space in dict.fromkeys(spaces):
        metadata = processor_between(config.ocio, space, config.hub).getProcessorMetadata()
        for name in metadata.getFiles():
            if config.is_archive:
                continue
            path = Path(str(config.ocio.getWorkingDir())) / str(name)
            try:
                whole.update(path.read_bytes())
            except OSError as error:
                raise ColourError(
                    f"the file {path}, which {space!r} is converted with, cannot be read: "
                    f"{error.strerror or error}",
                    kind="broken_space",
                    name=space,
                    next_step="check the config's search path and its context variables",
                ) from error
            seen = True
    return whole.hexdigest() if seen else None


def _read(location: str, shown: str) -> OcioConfig:
    try:
        return ocio.Config.CreateFromFile(location)
    except OCIO_ERRORS as error:
        text = str(error)
        if "is not able to load that config version" in text or "is not supported for" in text:
            raise ColourError(
                f"{shown} is of a newer profile version than OpenColorIO {ocio.__version__} reads",
                kind="newer_config",
                name=shown,
                next_step="install a newer `opencolorio`, or use a config of an older version",
            ) from error
        raise ColourError(
            f"{shown} is not an OpenColorIO config: {' '.join(text.split())}",
            kind="unreadable_config",
            name=shown,
            next_step="check the file with `ociocheck --iconfig FILE`",
        ) from error


def _refuse_raw(config: OcioConfig, shown: str) -> None:
    if all(space.isData() for space in config.getColorSpaces()):
        raise ColourError(
            f"{shown} holds no colour space, only raw data",
            kind="raw_config",
            name=shown,
            next_step="use a config with colour spaces, or none for the built-in one",
        )


def _hub_of(config: OcioConfig, name: str) -> tuple[str, Matrix, str | None]:
    """A space of the config whose colours are known, its matrix to linear Rec.709, a warning."""
    interchange = _role_space(config, "aces_interchange")
    if interchange is not None:
        return interchange, _ap0_to_rec709(), None
    # OpenColorIO looks for a space it knows from its built-in configs, by its behaviour.
    reference = ocio.Config.CreateFromBuiltinConfig(PINNED_BUILTIN)
    try:
        found, known = ocio.Config.IdentifyInterchangeSpace(
            config, config.getColorSpaceNames()[0], reference, REFERENCE_IN_BUILTIN
        )
    except OCIO_ERRORS:
        pass
    else:
        matrix = _ap0_to_rec709()
        for transform in transforms_between(reference, str(known), REFERENCE_IN_BUILTIN):
            matrix = matrix @ matrix_of(transform)[0]
        return str(found), matrix, None
    for role in _FALLBACK_ROLES:
        space = _role_space(config, role)
        if space is not None and not config.getColorSpace(space).isData():
            return (
                space,
                np.eye(3),
                (
                    f"config {name} has no role aces_interchange: its {role} space {space!r} is "
                    "taken to have Rec.709 primaries"
                ),
            )
    raise ColourError(
        f"config {name} has neither a role aces_interchange nor a role scene_linear",
        kind="no_scene_linear",
        name=name,
        next_step="add `scene_linear: <space>` under `roles:` in the config",
    )


def _role_space(config: OcioConfig, role: str) -> str | None:
    name = config.getRoleColorSpace(role) if config.hasRole(role) else ""
    return str(name) or None


def _ap0_to_rec709() -> Matrix:
    return rgb_to_rgb(AP0.chromaticities, REC709.chromaticities)
