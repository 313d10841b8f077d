"""Which space a plate is in, and how we know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath

import numpy as np

from mattebox_ocio.config import LoadedConfig
from mattebox_ocio.errors import ColourError
from mattebox_ocio.icc import read_icc
from mattebox_ocio.interop import (
    CICP_CURVES,
    CICP_NAMES,
    CICP_PRIMARIES,
    CICP_UNSPECIFIED,
    DATA_IDS,
    REC709_VIDEO,
    SD_PRIMARIES,
    KnownId,
)
from mattebox_ocio.lookup import (
    canonical_space,
    space_of_behaviour,
    space_of_id,
    space_of_light,
    srgb_texture_space,
)
from mattebox_ocio.primaries import AP0, Primaries, identify_chromaticities
from mattebox_ocio.seam import OCIO_ERRORS

ENCODED_SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".psd", ".bmp", ".tga", ".webp", ".heic", ".avif")
)
"""Files that hold display-encoded pictures unless their samples are floating point."""

VIDEO_SUFFIXES = frozenset(
    (".mov", ".mp4", ".m4v", ".mxf", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".mts", ".m2ts",
     ".ts", ".wmv", ".ogv")
)  # fmt: skip
"""Movies: Rec.709 video unless they say otherwise."""

UNDECIDED_SUFFIXES = frozenset((".dpx", ".cin"))
"""Files that hold camera log, printing density or video alike, with headers that seldom say
which: no default would be right often enough."""


@dataclass(frozen=True)
class Resolution:
    """The space a plate is in.

    Attributes:
        space: the config's name for it.
        reason: how we know, one clause for people: "the file says ACEScg (colorInteropID)".
        warning: why to check it, or None where the user or the file said it.
    """

    space: str
    reason: str
    warning: str | None = None


def resolve_plate_space(
    config: LoadedConfig,
    *,
    explicit: str | None = None,
    host_space: str | None = None,
    attributes: Mapping[str, object] | None = None,
    path: str = "",
    bits: int | None = None,
) -> Resolution:
    """Find the space of a plate. The first of these that says something decides:

    1. the user (``explicit``), 2. the host's working space, 3. ``colorInteropID``,
    4. ``acesImageContainerFlag``, 5. ``chromaticities``, 6. ``CICP`` (primaries and transfer as
    ITU-T H.273 numbers them), 7. ``ICCProfile``, 8. a file rule of the user's own config other
    than its default, 9. the kind of file: scene-linear for EXR and other floating-point files,
    Rec.709 video for movies, sRGB for integer pictures, all with a warning; DPX and Cineon must be
    told.

    Args:
        config: the config.
        explicit: what the user asked for: a name, alias or role of the config, or the Color
            Interop Forum's name.
        host_space: the working space of the host that hands over pixels.
        attributes: the file's attributes by OpenImageIO's names.
        path: the file, for file rules and its suffix; need not exist.
        bits: bits per sample of an integer file, 0 for floating point, None where not known (the
            suffix decides).

    Raises:
        ColourError: ``unknown_space`` or ``data_space`` for 1 and 2, ``undecided_space``.
    """
    if explicit is not None:
        return Resolution(canonical_space(config, explicit), "it was asked for")
    if host_space is not None:
        return Resolution(
            canonical_space(config, host_space, wanted="host working space"),
            "it is the host's working space",
        )
    doubts: list[str] = []
    held = attributes or {}
    found = (
        _from_interop_id(config, held, doubts)
        or _from_aces_flag(config, held, doubts)
        or _from_chromaticities(config, held, doubts)
        or _from_cicp(config, held, doubts, is_video=_is_video(path))
        or _from_icc(config, held, doubts)
        or _from_file_rules(config, path)
    )
    if found is None:
        found = _from_kind_of_file(config, path, bits)
        silent = "" if doubts else "the file does not say its colour space; "
        doubts.append(f"{silent}{found.space!r} is assumed (--in-space says otherwise)")
    return replace(found, warning="; ".join(doubts) or None)


def _from_interop_id(
    config: LoadedConfig, attributes: Mapping[str, object], doubts: list[str]
) -> Resolution | None:
    stated = str(attributes.get("colorInteropID") or "")
    if not stated or stated in DATA_IDS:
        return None
    space = space_of_id(config, stated)
    if space is None:
        doubts.append(
            f"the file says colorInteropID {stated!r}, which config {config.name} does not have"
        )
        return None
    return Resolution(space, f"the file says colorInteropID {stated}")


def _from_aces_flag(
    config: LoadedConfig, attributes: Mapping[str, object], doubts: list[str]
) -> Resolution | None:
    if attributes.get("acesImageContainerFlag") != 1:
        return None
    return _of_primaries(config, AP0, "acesImageContainerFlag", doubts)


def _from_chromaticities(
    config: LoadedConfig, attributes: Mapping[str, object], doubts: list[str]
) -> Resolution | None:
    values = attributes.get("chromaticities")
    if not isinstance(values, (tuple, list, np.ndarray)) or len(values) != 8:
        return None
    primaries = identify_chromaticities([float(v) for v in values])
    if primaries is None:
        shown = ", ".join(f"{float(v):.4g}" for v in values)
        doubts.append(f"the file has chromaticities of no known primaries ({shown})")
        return None
    return _of_primaries(config, primaries, f"chromaticities of {primaries.name}", doubts)


def _from_cicp(
    config: LoadedConfig, attributes: Mapping[str, object], doubts: list[str], *, is_video: bool
) -> Resolution | None:
    values = attributes.get("CICP")
    if not isinstance(values, (tuple, list, np.ndarray)) or len(values) < 2:
        return None
    primaries, transfer = int(values[0]), int(values[1])
    unsaid = CICP_UNSPECIFIED
    if transfer == unsaid and (primaries == unsaid or not is_video):
        return None
    said = "CICP " + "/".join(
        f"{number} ({CICP_NAMES[number]})" if number in CICP_NAMES else str(number)
        for number in (primaries, transfer)
    )
    if primaries in SD_PRIMARIES:
        doubts.append(f"the file has the primaries of {SD_PRIMARIES[primaries]}, taken as Rec.709")
    is_like_709 = primaries in SD_PRIMARIES or primaries == unsaid
    found = CICP_PRIMARIES.get(1 if is_like_709 else primaries)
    curve = CICP_CURVES.get(1 if transfer == unsaid else transfer)
    space = None if found is None or curve is None else space_of_light(config, found, curve)
    if space is None:
        doubts.append(
            f"the file says {said}, for which config {config.name} has no space; it is not used"
        )
        return None
    return Resolution(space, f"the file says {said}")


def _from_icc(
    config: LoadedConfig, attributes: Mapping[str, object], doubts: list[str]
) -> Resolution | None:
    held = attributes.get("ICCProfile")
    if not isinstance(held, (tuple, list, bytes)):
        return None
    profile = read_icc(bytes(held))
    if profile is None:
        doubts.append("the file has a damaged ICC profile; it is not used")
        return None
    name = f"the ICC profile {profile.description!r}"
    space = None
    if profile.primaries is not None and profile.curve is not None:
        space = space_of_light(config, profile.primaries, profile.curve)
    if space is None:
        doubts.append(
            f"the file has {name}, for which config {config.name} has no space; it is not used"
        )
        return None
    return Resolution(space, f"the file has {name}")


def _is_video(path: str) -> bool:
    return PurePath(path).suffix.casefold() in VIDEO_SUFFIXES


def _of_primaries(
    config: LoadedConfig, primaries: Primaries, what: str, doubts: list[str]
) -> Resolution | None:
    space = space_of_behaviour(config, KnownId(primaries.interop_id or "", primaries, "linear"))
    if space is None:
        doubts.append(
            f"the file has {what}, and config {config.name} has no linear space with those "
            "primaries"
        )
        return None
    return Resolution(space, f"the file has {what}")


def _from_file_rules(config: LoadedConfig, path: str) -> Resolution | None:
    """Rules of the user's config only: built-in ones would call any EXR ACES2065-1."""
    if not path or config.is_builtin:
        return None
    try:
        if config.ocio.filepathOnlyMatchesDefaultRule(path):
            return None
        name, index = config.ocio.getColorSpaceFromFilepath(path)
        rule = config.ocio.getFileRules().getName(index)
        space = config.ocio.getColorSpace(name)
    except OCIO_ERRORS:
        return None
    if space is None or space.isData():
        return None
    return Resolution(str(space.getName()), f"file rule {rule!r} of config {config.name}")


def _from_kind_of_file(config: LoadedConfig, path: str, bits: int | None) -> Resolution:
    suffix = PurePath(path).suffix.casefold()
    if suffix in UNDECIDED_SUFFIXES:
        raise ColourError(
            f"{PurePath(path).name}: a {suffix[1:].upper()} file does not say whether it holds "
            "camera log, film density or video",
            kind="undecided_space",
            name=path,
            known=config.spaces,
            next_step=f"say it with --in-space, for instance --in-space {_example_log(config)!r}",
        )
    if _is_video(path):
        space = space_of_id(config, REC709_VIDEO.interop_id) or srgb_texture_space(config)
        if space is not None:
            return Resolution(space, "movies are taken as Rec.709 video")
    is_encoded = bits > 0 if bits is not None else suffix in ENCODED_SUFFIXES
    if is_encoded:
        space = srgb_texture_space(config)
        if space is None:
            raise ColourError(
                f"config {config.name} has no sRGB space for {PurePath(path).name}",
                kind="undecided_space",
                name=path,
                known=config.spaces,
                next_step="say what it holds with --in-space",
            )
        return Resolution(space, "integer pictures are taken as sRGB")
    return Resolution(config.scene_linear, "it is the config's scene-linear space")


def _example_log(config: LoadedConfig) -> str:
    logs = [
        name for name in config.spaces if "log" in name.casefold() or "cineon" in name.casefold()
    ]
    return next((name for name in logs if "LogC" in name), (logs or [config.scene_linear])[0])
