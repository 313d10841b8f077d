"""The pictures within a file: parts, layers and views, found by their names, never by position."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mattebox.errors import InputError, UnknownNameError, UsageError, named

if TYPE_CHECKING:
    from mattebox.frames.headers import Header, Part

PICTURE_NAMES = ("c", "ci", "beauty", "rgba", "rgb", "combined", "")
"""What renderers and compositors call the picture itself, the likeliest first, in lower case:
Mantra and Karma, RenderMan, Arnold and many others, Nuke, V-Ray, Blender. Empty: no name at all."""

_DATA_NAMES = """
    n nn normal normals p pos position positions pworld pref worldposition world_position depth z
    motion motionvector motionvectors mv velocity vector vectors forward backward uv uvs st id ids
    objectid materialid
"""

DATA_NAMES = frozenset(_DATA_NAMES.split())
"""Layers that hold no light, though some of them have R, G and B; nor do those of Cryptomatte."""

_COLOUR_NAMES = {"r": "R", "g": "G", "b": "B", "a": "A"} | {
    "red": "R",
    "green": "G",
    "blue": "B",
    "alpha": "A",
}
_GREY_NAMES = frozenset(("y", "i", "l", "luminance", "gray", "grey"))
_Fold = Callable[[str], str]
_DEFAULT_VIEW = "main"
"""Nuke's name of the only view, which it puts behind the names of parts: ``rgba.main``."""


@dataclass(frozen=True)
class Layer:
    """One picture of a file: the channels that share a layer's name in one part and view.

    Attributes:
        part: the part that holds it.
        name: the layer's name, without part and view: ``beauty``, ``ViewLayer.Combined``, or empty.
        view: the view it belongs to; None in files without views.
        channels: its channels by their own names (``R``, ``Z``), each its place in the part.
        is_alone: whether its part is the only one of the file, whose name then says nothing.
    """

    part: Part
    name: str
    view: str | None
    channels: Mapping[str, int]
    is_alone: bool

    @property
    def colour(self) -> dict[str, int]:
        """Where R, G, B and A are: by name, in any case, also as ``red`` and so on.

        An alpha that is misread is left out.
        """
        found: dict[str, int] = {}
        for channel, index in self.channels.items():
            name = _COLOUR_NAMES.get(channel.casefold())
            if name is not None and not (name == "A" and self.part.is_alpha_misread):
                found.setdefault(name, index)
        return found

    @property
    def is_colour(self) -> bool:
        """Whether it has R, G and B."""
        return {"R", "G", "B"} <= self.colour.keys()

    @property
    def grey(self) -> int | None:
        """The place of the one channel of a grey picture; None where it is none."""
        by_name = {channel.casefold(): index for channel, index in self.channels.items()}
        if {"ry", "by"} & by_name.keys():
            return None  # luminance of a luminance-chroma file is not the picture
        found = [index for name, index in by_name.items() if name in _GREY_NAMES]
        if not found and len(by_name) == 1 and not _is_data(next(iter(by_name))):
            found = list(by_name.values())
        return found[0] if found and not _is_data(self.label) else None

    @property
    def picture(self) -> tuple[tuple[str, ...], list[int]]:
        """R, G, B, and A where there is one, and their places; a grey picture is all three.

        Empty where the layer is no picture.
        """
        colour = self.colour
        if not self.is_colour:
            grey = next(iter(self.channels.values())) if len(self.channels) == 1 else self.grey
            if grey is None:
                return (), []
            colour |= dict.fromkeys("RGB", grey)
        names = tuple(name for name in ("R", "G", "B", "A") if name in colour)
        if not self.is_colour and len(self.channels) == 1:
            names = names[:3]  # the one channel may be called A
        return names, [colour[name] for name in names]

    @property
    def part_name(self) -> str:
        """Its part's name without the view behind it; empty where the file has one part."""
        if self.is_alone:
            return ""
        head, _, tail = self.part.name.rpartition(".")
        return head if head and tail in (self.view, _DEFAULT_VIEW) else self.part.name

    @property
    def label(self) -> str:
        """What people call it, and what finds it: ``beauty``, ``N``, ``ViewLayer.Combined``."""
        part = self.part_name
        if not self.name or not part or self.name.split(".")[0] == part:
            return self.name or part
        return f"{part}.{self.name}"

    def full_name(self, index: int) -> str:
        """The name of one of its channels, by its place, without a view: ``depth.Z``."""
        own = next(name for name, place in self.channels.items() if place == index)
        return f"{self.name}.{own}" if self.name else own

    @property
    def identity(self) -> tuple[str, str, str | None]:
        """What holds from frame to frame: part, layer and view by their names."""
        return (self.part_name, self.name, self.view)


def layers_of(parts: Sequence[Part], views: Sequence[str]) -> tuple[Layer, ...]:
    """All layers of a file, in the order of the parts and of their channels."""
    found: list[Layer] = []
    for part in parts:
        groups: dict[tuple[str, str | None], dict[str, int]] = {}
        for index, channel in enumerate(part.channels):
            layer, view, own = _taken_apart(channel, part.view, views)
            groups.setdefault((layer, view), {}).setdefault(own, index)
        found += [
            Layer(part, name, view, channels, is_alone=len(parts) == 1)
            for (name, view), channels in groups.items()
        ]
    return tuple(found)


def choose_layer(header: Header, wanted: str | None = None, view: str | None = None) -> Layer:
    """The picture to read: the one that is named, else the one with a picture's name.

    Args:
        header: of the file.
        wanted: name of a part or layer, also behind a view's: ``right.beauty``.
        view: name of a view.

    Raises:
        UnknownNameError: no such part, layer or view; no R, G and B.
        UsageError: several views or pictures, and none chosen.
    """
    view, wanted = _view_of(header, view, wanted)
    layers = _in_view(header, view)
    if wanted is not None:
        layers = _called(header, layers, wanted)
    elif view is None and len(header.views) > 1:
        raise _several_views(header)
    pictures = [layer for layer in layers if layer.is_colour]
    chosen = _by_custom(pictures) if wanted is None else _of_that_name(pictures, wanted)
    if chosen is not None:
        return chosen
    if pictures:
        raise _several(header, pictures, wanted)
    return _grey_picture(header, layers, wanted)


@dataclass(frozen=True)
class Channel:
    """One channel of a file.

    Attributes:
        layer: the layer that holds it.
        name: its own name, as in ``Layer.channels``.
        was_named: whether somebody asked for this one.
    """

    layer: Layer
    name: str
    was_named: bool

    @property
    def index(self) -> int:
        """Its place in its part."""
        return self.layer.channels[self.name]


def choose_channel(
    header: Header, wanted: str | None = None, part: str | None = None, view: str | None = None
) -> Channel:
    """The channel of a matte: the one that is named, else the picture's A, else its first.

    Args:
        header: of the file.
        wanted: a channel (``A``, ``matte.R``), or a layer, part or view whose A is meant.
        part, view: where to look.

    Raises:
        UnknownNameError: no such channel, part or view.
        UsageError: several, and nothing says which.
    """
    if wanted is not None:
        found = _named_channels(header, wanted, part, view)
        if found:
            return found[0]
        if part is None and (wanted in header.views or has_layer(header, wanted)):
            part = wanted
        else:
            known = dict.fromkeys(name for one in header.parts for name in one.channels)
            raise UnknownNameError("channel", wanted, known, next_step=f"in {header.path}")
    view, part = _view_of(header, view, part)
    layers = _in_view(header, view)
    if part is not None:
        layers = _called(header, layers, part)
    elif view is None and len(header.views) > 1:
        raise _several_views(header)
    layer = _layer_of_matte(header, layers, part)
    own = {name: channel for channel, name in _own_names(layer).items()}
    return Channel(layer, own.get("A", next(iter(layer.channels))), was_named=False)


def same_channel(header: Header, first: Channel) -> Channel:
    """The channel of another frame with the names of the one chosen in the first.

    Raises InputError where the frame does not have it.
    """
    layer = same_layer(header, first.layer)
    if first.name not in layer.channels:
        raise InputError(
            f"{header.path} has no channel {first.name}, which the first frame has",
            expected=f"the channels of the first frame; it has {', '.join(layer.channels)}",
            next_step="render the frame again, or leave it out with " + named("frames"),
            path=header.path,
        )
    return Channel(layer, first.name, first.was_named)


def _own_names(layer: Layer) -> dict[str, str]:
    """Its channels by their own names, colours as R, G, B and A."""
    return {channel: _COLOUR_NAMES.get(channel.casefold(), channel) for channel in layer.channels}


def _named_channels(
    header: Header, wanted: str, part: str | None, view: str | None
) -> list[Channel]:
    """The channels that a name means, those of the picture first, exact names before loose ones."""
    view, part = _view_of(header, view, part)
    layers = _in_view(header, view)
    if part is not None:
        layers = _called(header, layers, part)
    head, dot, tail = wanted.rpartition(".")
    short = head + dot + _COLOUR_NAMES.get(tail.casefold(), tail)

    def names_meant(fold: _Fold) -> set[str]:
        return {fold(wanted), fold(short)}

    main = _by_custom([layer for layer in layers if layer.is_colour])
    ordered = sorted(layers, key=lambda layer: (layer is not main, bool(layer.name)))
    folds: tuple[_Fold, ...] = (str, str.casefold)
    for fold in folds:
        found = [
            Channel(layer, channel, was_named=True)
            for layer in ordered
            for channel, own in _own_names(layer).items()
            if names_meant(fold) & set(map(fold, _full_names(layer, channel, own)))
        ]
        if found:
            return found
    return []


def _full_names(layer: Layer, channel: str, own: str) -> set[str]:
    """Everything that one channel may be called."""
    names = {layer.part.channels[layer.channels[channel]]}
    for before in {layer.label, layer.name, layer.part_name, layer.part.name}:
        names |= {f"{before}.{name}" if before else name for name in (channel, own)}
    return names


def _layer_of_matte(header: Header, layers: Sequence[Layer], part: str | None) -> Layer:
    pictures = [layer for layer in layers if layer.is_colour]
    chosen = _by_custom(pictures) if part is None else _of_that_name(pictures, part)
    if chosen is not None:
        return chosen
    unnamed = [layer for layer in layers if not layer.label]
    for some in (unnamed, layers):
        if len(some) == 1:
            return some[0]
    raise UsageError(
        f"{header.path} holds several layers, and nothing says which is the matte: "
        f"{_listed(layer.label for layer in layers)}",
        expected="FILE:channel or FILE:layer",
        next_step=f"give {header.path.name}:{layers[0].label}, or another of them",
        path=header.path,
    )


def same_layer(header: Header, first: Layer) -> Layer:
    """The layer of another frame that has the names of the one chosen in the first.

    Raises InputError where the frame does not have it.
    """
    layers = layers_of(header.parts, header.views)
    same = [layer for layer in layers if layer.identity == first.identity]
    fitting = [layer for layer in same if layer.is_colour or not first.is_colour]
    if not fitting and header.format_name != "openexr":
        # Writers of PNG and TIFF store a picture without colour as grey.
        fitting = [layer for layer in same if layer.grey is not None]
    if fitting:
        return fitting[0]
    there = ", ".join(dict.fromkeys(layer.label or "R, G, B" for layer in layers))
    raise InputError(
        f"{header.path} has no {_in_words(first)}, which the first frame has",
        expected=f"the parts and layers of the first frame; it has {there}",
        next_step="render the frame again, or leave it out with " + named("frames"),
        path=header.path,
    )


def has_layer(header: Header, name: str) -> bool:
    """Whether a file has a part or layer of this name."""
    return bool(_matching(layers_of(header.parts, header.views), name))


def _taken_apart(
    channel: str, part_view: str | None, views: Sequence[str]
) -> tuple[str, str | None, str]:
    """A channel's layer, view and own name. OpenEXR puts a view before the last dot."""
    *before, own = channel.split(".")
    if part_view is not None or not views:
        return ".".join(before), part_view, own
    for place in (-1, 0):  # some writers put it first
        if before and before[place] in views:
            view = before.pop(place)
            return ".".join(before), view, own
    return ".".join(before), views[0], own


def _view_of(header: Header, view: str | None, wanted: str | None) -> tuple[str | None, str | None]:
    """The view and the name that are asked for; a view in the name comes first."""
    if view is not None and view not in header.views:
        raise UnknownNameError("view", view, header.views, next_step=f"in {header.path}")
    if wanted is not None and header.views:
        head, _, tail = wanted.partition(".")
        if head in header.views:
            return head, tail or None
    return view, wanted


def _in_view(header: Header, view: str | None) -> tuple[Layer, ...]:
    layers = layers_of(header.parts, header.views)
    return tuple(one for one in layers if view is None or one.view == view)


def _called(header: Header, layers: Sequence[Layer], wanted: str) -> tuple[Layer, ...]:
    found = _matching(layers, wanted)
    if not found:
        known = dict.fromkeys(n for one in layers for n in (one.part_name, one.label) if n)
        raise UnknownNameError("part or layer", wanted, known, next_step=f"in {header.path}")
    if len({one.view for one in found}) > 1:
        raise _several_views(header)
    return found


def _matching(layers: Sequence[Layer], wanted: str) -> tuple[Layer, ...]:
    """The layers that a name means: of a part, one layer, those below it; exact before loose."""
    folds: tuple[_Fold, ...] = (str, str.casefold)
    for fold in folds:
        name = fold(wanted)
        for tells in (_is_part, _is_layer, _is_above, _is_last):
            found = tuple(one for one in layers if tells(one, name, fold))
            if found:
                return found
    return ()


def _is_part(one: Layer, name: str, fold: _Fold) -> bool:
    return not one.is_alone and name in (fold(one.part.name), fold(one.part_name))


def _is_layer(one: Layer, name: str, fold: _Fold) -> bool:
    return name in (fold(one.label), fold(one.name))


def _is_above(one: Layer, name: str, fold: _Fold) -> bool:
    return fold(one.label).startswith(f"{name}.")


def _is_last(one: Layer, name: str, fold: _Fold) -> bool:
    return fold(one.label).rpartition(".")[2] == name


def _by_custom(pictures: Sequence[Layer]) -> Layer | None:
    """The picture with the likeliest name; None where there are several, or only data."""
    for name in PICTURE_NAMES:
        called = [one for one in pictures if one.label.rpartition(".")[2].casefold() == name]
        if called:
            return called[0] if len(called) == 1 else None
    alone = len(pictures) == 1 and not _is_data(pictures[0].label)
    return pictures[0] if alone else None


def _of_that_name(pictures: Sequence[Layer], wanted: str) -> Layer | None:
    """Of the pictures that a name means, its own: the layer itself before what lies below it."""
    last = wanted.rpartition(".")[2].casefold()
    own = [one for one in pictures if one.label.rpartition(".")[2].casefold() == last]
    for some in (own, [one for one in pictures if not one.name], pictures):
        if len(some) == 1:
            return some[0]
    return _by_custom(pictures)


def _grey_picture(header: Header, layers: Sequence[Layer], wanted: str | None) -> Layer:
    grey = [one for one in layers if one.grey is not None]
    if wanted is not None and not grey:
        grey = [one for one in layers if len(one.channels) == 1]
    if len(grey) == 1 and (wanted is not None or grey[0].is_alone):
        return grey[0]
    known = dict.fromkeys(name for one in layers for name in one.part.channels)
    named_layers = [one.label for one in layers if one.label]
    listed = f"; it holds {', '.join(dict.fromkeys(named_layers))}" if named_layers else ""
    raise UnknownNameError(
        "channel",
        "R",
        known,
        next_step=f"{header.path} has no R, G and B there{listed}; choose a part or layer with "
        f"{named('part')}",
    )


def _is_data(label: str) -> bool:
    last = label.rpartition(".")[2].casefold()
    return last in DATA_NAMES or last.startswith("crypto")


def _several(header: Header, pictures: Sequence[Layer], wanted: str | None) -> UsageError:
    names = [one.label or "R, G, B without a name" for one in pictures]
    where = str(header.path) if wanted is None else f"{wanted!r} of {header.path}"
    count = "one picture" if len(names) == 1 else f"{len(names)} pictures"
    return UsageError(
        f"{where} holds {count}, and no name says which is the plate: {_listed(names)}",
        expected="C, beauty, rgba or Combined, or R, G and B without a name",
        next_step=f"choose one with {named('part')} {names[0]}; of another input, as FILE:NAME",
        path=header.path,
        setting="part",
    )


def _several_views(header: Header) -> UsageError:
    return UsageError(
        f"{header.path} holds several views: {', '.join(header.views)}",
        expected="one view",
        next_step=f"choose one with {named('view')} {header.views[0]}",
        path=header.path,
        setting="view",
    )


def _listed(names: Iterable[str]) -> str:
    known = list(dict.fromkeys(names))
    return ", ".join(known[:12]) + (f" and {len(known) - 12} more" if len(known) > 12 else "")


def _in_words(layer: Layer) -> str:
    what = f"layer {layer.label}" if layer.label else "R, G and B without a layer's name"
    return what if layer.view is None else f"{what} in the view {layer.view}"
