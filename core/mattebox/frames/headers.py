"""What a file holds, without its pixels: parts, windows, channels, views, attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import OpenImageIO as oiio

from mattebox.errors import UnreadableError, UsageError
from mattebox.frames import seam
from mattebox.frames.attributes import attributes_of
from mattebox.frames.layers import choose_layer
from mattebox.frames.turning import Turning
from mattebox.images import Frame, Window

AlphaKind = Literal["none", "premultiplied", "straight"]


@dataclass(frozen=True)
class Part:
    """One part of a file; all but multi-part EXR have exactly one.

    Attributes:
        index: its place in the file.
        name: its name, empty where it has none.
        view: the view of a stereo file it belongs to, or None.
        channels: its channel names, R G B A first.
        channel_types: stored type of each: ``half``, ``float``, ``uint8``, ``uint16``, ``uint``.
        bits: bits per sample of an integer file (10 and 12 are stored in ``uint16``), else 0.
        data_window: where its pixels lie.
        display_window: the format of the shot.
        pixel_aspect: width of a pixel divided by its height.
        compression: as OpenImageIO calls it, or ``none``.
        alpha: whether colour is multiplied with alpha in the file.
        is_deep: several samples per pixel; its pixels cannot be read here.
        is_tiled: stored in tiles, not in rows.
        is_alpha_misread: its alpha cannot be trusted as OpenImageIO reads it (some 10-bit DPX).
        orientation: how it is stored, 1..8 as EXIF numbers it; 1 is upright. Windows, aspect and
            pixels are those of the picture turned upright.
        stored_window: where its pixels lie in the file, before they are turned.
        attributes: every other attribute.
        attribute_types: types of attributes, where the value does not tell.
    """

    index: int
    name: str
    view: str | None
    channels: tuple[str, ...]
    channel_types: tuple[str, ...]
    bits: int
    data_window: Window
    display_window: Window
    pixel_aspect: float
    compression: str
    alpha: AlphaKind
    is_deep: bool
    is_tiled: bool
    is_alpha_misread: bool
    orientation: int
    stored_window: Window
    attributes: Mapping[str, Any] = field(repr=False)
    attribute_types: Mapping[str, str] = field(repr=False)

    @property
    def layers(self) -> tuple[str, ...]:
        """The names before the dot of its channels, without doubles."""
        return tuple(dict.fromkeys(c.rpartition(".")[0] for c in self.channels if "." in c))


@dataclass(frozen=True)
class Header:
    """What a file says about itself.

    Attributes:
        path: the file.
        format_name: ``openexr``, ``png``, ``dpx``, ``tiff``...
        parts: its parts, one at least.
        views: the names of its views; empty for a file with one unnamed view.
    """

    path: Path
    format_name: str
    parts: tuple[Part, ...]
    views: tuple[str, ...]

    @property
    def is_deep(self) -> bool:
        return any(part.is_deep for part in self.parts)

    @property
    def data_window(self) -> Window:
        """Of the main part."""
        return self.main.data_window

    @property
    def display_window(self) -> Window:
        """Of the main part; all parts of a file share it."""
        return self.main.display_window

    @property
    def pixel_aspect(self) -> float:
        return self.main.pixel_aspect

    @property
    def channels(self) -> tuple[str, ...]:
        """Of the main part."""
        return self.main.channels

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Of the main part."""
        return self.main.attributes

    @cached_property
    def main(self) -> Part:
        """The part whose picture is read where none is named; the first where that is open."""
        try:
            return choose_layer(self).part
        except UsageError:
            return self.parts[0]


def read_header(path: Path) -> Header:
    """The header of a file; deep files included, no pixels read.

    Raises:
        UsageError: a movie.
        InputError: not there, a folder, not permitted.
        UnreadableError: empty, or not a picture.
    """
    return header_of(seam.open_input(path), path)


def header_of(opened: oiio.ImageInput, path: Path) -> Header:
    """The header of an open file."""
    format_name = opened.format_name()
    # Pages and thumbnails of others are no parts of a plate, and to look for them spoils WebP.
    specs = seam.specs_of(opened) if format_name == "openexr" else [opened.spec()]
    if not specs:
        raise UnreadableError(f"{path} holds no picture", path=path)
    try:
        parts = tuple(_part_of(spec, index, format_name) for index, spec in enumerate(specs))
    except UnicodeDecodeError as error:
        raise UnreadableError(
            f"{path} has a channel or attribute whose name is not UTF-8",
            next_step="copy the file again or render it again",
            path=path,
        ) from error
    views = tuple(dict.fromkeys(part.view for part in parts if part.view))
    listed = parts[0].attributes.get("multiView")
    if not views and isinstance(listed, tuple):
        views = tuple(str(view) for view in listed)
    return Header(path, format_name, parts, views)


def format_difference(first: Part | Frame, other: Part | Frame) -> tuple[str, str] | None:
    """What a later picture's format is and what the first's, in words; None where they are equal.

    A data window may move within a shot; the display window and the pixel aspect may not.
    """
    if first.display_window != other.display_window:
        return str(other.display_window), str(first.display_window)
    if abs(first.pixel_aspect - other.pixel_aspect) > 1e-4:  # stored as float
        return f"of pixel aspect {other.pixel_aspect:g}", f"{first.pixel_aspect:g}"
    return None


def refuse_deep(header: Header) -> None:
    """Refuse deep data: read as flat, it gives uninitialised memory.

    Raises:
        UnreadableError: any part is deep.
    """
    if header.is_deep:
        raise UnreadableError(
            f"{header.path} holds deep data",
            expected="one sample per pixel",
            next_step="flatten it first: oiiotool deep.exr --flatten -o flat.exr, "
            "or DeepToImage in Nuke",
            path=header.path,
        )


def _part_of(spec: oiio.ImageSpec, index: int, format_name: str) -> Part:
    attributes, types = attributes_of(spec)
    name = str(attributes.get("oiio:subimagename") or attributes.get("name") or "")
    view = attributes.get("view")
    stored, display = seam.data_window_of(spec), seam.display_window_of(spec)
    aspect = float(attributes.pop("PixelAspectRatio", 1.0)) or 1.0
    # EXR is upright by its own rules: one that has the attribute was made of something turned.
    orientation = 1 if format_name == "openexr" else int(attributes.get("Orientation", 1))
    turning = Turning.of(orientation)
    return Part(
        index=index,
        name=name,
        view=str(view) if view else None,
        channels=tuple(spec.channelnames),
        channel_types=seam.channel_types_of(spec),
        bits=_bits_of(spec, attributes),
        data_window=turning.window(stored, display),
        display_window=turning.window(display, display),
        pixel_aspect=1.0 / aspect if turning.is_transposed else aspect,
        compression=str(attributes.get("compression", "none")),
        alpha=_alpha_of(spec, attributes, format_name),
        is_deep=bool(spec.deep),
        is_tiled=spec.tile_width > 0,
        is_alpha_misread=_is_alpha_misread(spec, attributes, format_name),
        orientation=orientation,
        stored_window=stored,
        attributes=attributes,
        attribute_types=types,
    )


def _bits_of(spec: oiio.ImageSpec, attributes: Mapping[str, Any]) -> int:
    container = {"uint8": 8, "uint16": 16}.get(str(spec.format), 0)
    stated = int(attributes.get("oiio:BitsPerSample", 0))
    return stated if 0 < stated < container else container


def _is_alpha_misread(
    spec: oiio.ImageSpec, attributes: Mapping[str, Any], format_name: str
) -> bool:
    """OpenImageIO 3.2 gets the last alpha of every row wrong where rows end within a word."""
    packed = format_name == "dpx" and attributes.get("oiio:BitsPerSample") == 10
    return packed and spec.nchannels == 4 and spec.width % 3 == 1


def _alpha_of(spec: oiio.ImageSpec, attributes: Mapping[str, Any], format_name: str) -> AlphaKind:
    if spec.alpha_channel < 0 and not any(c.casefold() == "a" for c in spec.channelnames):
        return "none"
    if format_name != "openexr" and attributes.get("oiio:UnassociatedAlpha"):
        return "straight"
    return "premultiplied"
