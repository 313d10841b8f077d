"""Header attributes: read with their types, carried over, written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import OpenImageIO as oiio

from mattebox.errors import MatteboxError
from mattebox.header_words import PREFIX
from mattebox.images import Frame

_ODD_TYPES = {
    # Types whose printed name OpenImageIO does not read back.
    "vector2i": oiio.TypeVector2i,
    "vectori": oiio.TypeVector3i,
    "vector2i[2]": oiio.TypeBox2i,
    "float2[2]": oiio.TypeBox2,
    "vector[2]": oiio.TypeBox3,
    "vectori[2]": oiio.TypeBox3i,
}


_PLAIN_TYPES = {str: "string", int: "int", float: "float"}

_NEVER_WRITTEN = frozenset(
    {
        # They describe the file they were read from and would lie about ours.
        "acesImageContainerFlag",  # also makes OpenImageIO refuse every compression
        "chunkCount",
        "compression",
        "compressionlevel",
        "name",
        "view",
        "multiView",
        "version",
        "type",
        "textureformat",
        "Orientation",  # OpenImageIO turns nothing; a still's flag would turn a viewer's picture
        "planarconfig",
        "PixelAspectRatio",  # comes from the frame
    }
)
_NEVER_WRITTEN_PREFIXES = ("oiio:", "openexr:", "tiff:", "png:", "dpx:", "jpeg:", "thumbnail_")
_NOT_CARRIED = frozenset(
    {
        "colorInteropID",
        "chromaticities",
        "adoptedNeutral",
        "whiteLuminance",
        "Software",
        "ICCProfile",
        "CICP",
        "nuke/node_hash",
        "nuke/full_layer_names",
    }
)


def attributes_of(spec: oiio.ImageSpec) -> tuple[dict[str, Any], dict[str, str]]:
    """Header attributes as values, and the types of those whose value does not tell it."""
    values: dict[str, Any] = {}
    types: dict[str, str] = {}
    for attribute in spec.extra_attribs:
        kind = str(attribute.type)
        value: Any = attribute.value
        if hasattr(value, "tolist"):  # byte blobs come as numpy arrays
            value = tuple(value.tolist())
        value = tuple(map(_text, value)) if isinstance(value, tuple) else _text(value)
        values[attribute.name] = value
        if kind != _inferred_type(value):
            types[attribute.name] = kind
    return values, types


def _text(value: Any) -> Any:
    """Text that is not UTF-8 read as Latin-1, in which every byte is a letter.

    OpenImageIO hands such bytes out as lone surrogates, and takes none back.
    """
    if isinstance(value, str) and any("\udc80" <= letter <= "\udcff" for letter in value):
        return value.encode("utf-8", "surrogateescape").decode("latin-1")
    return value


def _inferred_type(value: object) -> str | None:
    """OpenImageIO's type for a plain value, or None where a header cannot hold it."""
    if isinstance(value, tuple):
        return _inferred_array_type(value)
    if isinstance(value, int) and not -(2**31) <= value < 2**31:
        return None
    return next((name for kind, name in _PLAIN_TYPES.items() if isinstance(value, kind)), None)


def _inferred_array_type(values: tuple[object, ...]) -> str | None:
    kinds = {_inferred_type(value) for value in values}
    if kinds == {"int", "float"}:
        kinds = {"float"}
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind is None or "[" in kind:
        return None
    if kind == "int" and len(values) not in (2, 3):
        return None  # EXR has no such attribute, and OpenImageIO drops it without a word
    return f"{kind}[{len(values)}]"


def set_attributes(
    spec: oiio.ImageSpec, values: Mapping[str, Any], types: Mapping[str, str]
) -> None:
    """Put attributes into a header, by name, so that equal ones give equal bytes.

    Lists and numpy's scalars are taken as tuples and plain numbers. What describes another file is
    left out. Without a ``DateTime`` none is written, not even the present time.

    Raises:
        MatteboxError: a value a header cannot hold; numbers beyond 32 bits are such.
    """
    spec.attribute("DateTime", "")
    for name in sorted(values):
        if _describes_another_file(name):
            continue
        value = _plain(values[name])
        kind = types.get(name) or _inferred_type(value)
        if kind is None:
            raise MatteboxError(
                f"the attribute {name} is {value!r}, which a header cannot hold",
                expected="text, a 32-bit whole number, a float; a tuple of texts, of floats, or of "
                "two or three whole numbers",
            )
        spec.attribute(name, _ODD_TYPES.get(kind) or oiio.TypeDesc(kind), value)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    return tuple(value) if isinstance(value, list) else value


def carried_attributes(frame: Frame) -> tuple[dict[str, Any], dict[str, str]]:
    """The source's attributes that stay true of a result made from it, and their types.

    Colour (``colorInteropID``, chromaticities) is left out, since the caller says the result's own;
    so are hashes of the source's pixels and ``mattebox/*`` of an earlier run.
    """
    kept = {
        name: value
        for name, value in frame.attributes.items()
        if not _describes_another_file(name)
        and name not in _NOT_CARRIED
        and not name.startswith((PREFIX, "icc:", "ICCProfile"))
    }
    return kept, {n: t for n, t in frame.attribute_types.items() if n in kept}


def _describes_another_file(name: str) -> bool:
    return name in _NEVER_WRITTEN or name.startswith(_NEVER_WRITTEN_PREFIXES)
