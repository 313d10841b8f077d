"""The pictures of one keyed frame, as they are put into the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import InputError
from mattebox.frames import Clip
from mattebox.frames.encoded import encoded_picture
from mattebox.images import Frame
from mattebox.views import (
    VIEWS,
    Encode,
    Linear,
    ViewInfo,
    ViewLayers,
    difference_view,
    frame_views,
)

PICTURE_WIDTH = 960
"""The widest a picture of the page is: HD halved, so that its pixels are averaged evenly."""

SECOND = "b-"
"""Before the names of the views of a second key."""

DIFFERENCE = "difference"

DIFFERENCE_VIEW = ViewInfo(
    DIFFERENCE,
    "difference",
    "Alpha of B against A. Black is equal; orange: B has more; blue: A has more. Brightness is the "
    "root of the difference: 0.01 shows as a tenth.",
)

_LOSSLESS = ("status", DIFFERENCE)
"""JPEG would blur single pixels of colour, and flat areas make a small PNG."""

BEFORE_PLATE = ViewInfo("before", "plate", "The plate, clipped to 0..1.")
BEFORE_LAYERS = ViewInfo(
    "before", "plate", "The plate, added up from the layers of the keyed frame, clipped to 0..1."
)
BEFORE_SUBJECT = ViewInfo(
    "before", "with spill", "The subject before despill, over black; --plate shows the plate here."
)

Kind: TypeAlias = Literal["jpeg", "png"]
ToLinear: TypeAlias = Callable[[Linear], Linear]


@dataclass(frozen=True)
class Colours:
    """Colour for the eye, brought by the caller.

    Attributes:
        keyed: HxWx3 float32 of a keyed file to linear Rec.709.
        encode: HxWx3 float32 linear Rec.709 to uint8 sRGB.
    """

    keyed: ToLinear
    encode: Encode


@dataclass(frozen=True)
class PlateSource:
    """A plate beside the keyed frames, and the way from its space to linear Rec.709."""

    clip: Clip
    to_rec709: ToLinear


@dataclass(frozen=True)
class EncodedView:
    """A picture as the bytes of a file; its size in pixels."""

    name: str
    kind: Kind
    data: bytes
    width: int
    height: int


def draw_frame(
    frames: Sequence[Frame], number: int, colours: Sequence[Colours], plate: PlateSource | None
) -> tuple[tuple[EncodedView, ...], ViewInfo]:
    """All views of a frame as one key has it, or two, and what its ``before`` is.

    Those of a second key bear ``SECOND`` before their names; ``DIFFERENCE`` is of both.

    Raises:
        InputError: a plate of another format, or one that cannot be read.
    """
    layers, before = _view_layers(frames[0], number, colours[0], plate)
    pictures = frame_views(layers, colours[0].encode, most=PICTURE_WIDTH)
    if len(frames) > 1:
        other, _ = _view_layers(frames[1], number, colours[1], plate)
        second = frame_views(other, colours[1].encode, most=PICTURE_WIDTH)
        del second["before"]
        pictures |= {f"{SECOND}{name}": picture for name, picture in second.items()}
        pictures[DIFFERENCE] = difference_view(layers.alpha, other.alpha, most=PICTURE_WIDTH)
    return tuple(_encoded(pictures)), before


def views_of(before: ViewInfo, *, of_two: bool) -> tuple[ViewInfo, ...]:
    """What each view is, in the order in which the page offers them."""
    own = VIEWS[1:]
    if not of_two:
        return (before, *own)
    first = [replace(view, title=f"A: {view.title}") for view in own]
    second = [replace(view, name=f"{SECOND}{view.name}", title=f"B: {view.title}") for view in own]
    paired = [view for pair in zip(first, second, strict=True) for view in pair]
    return (before, *paired, DIFFERENCE_VIEW)


def channels_of(frame: Frame) -> dict[str, NDArray[np.float32]]:
    planes = np.moveaxis(frame.pixels.astype(np.float32, copy=False), 2, 0)
    return dict(zip(frame.channels, planes, strict=True))


def _colour(channels: dict[str, NDArray[np.float32]], layer: str = "") -> Linear | None:
    names = [f"{layer}{name}" for name in "RGB"]
    if not set(names) <= channels.keys():
        return None
    return np.stack([channels[name] for name in names], axis=2)


def _view_layers(
    frame: Frame, number: int, colours: Colours, plate: PlateSource | None
) -> tuple[ViewLayers, ViewInfo]:
    """The layers of a frame for the views, and what its ``before`` is."""
    channels = channels_of(frame)
    rgb, spill, own = _colour(channels), _colour(channels, "spill."), _colour(channels, "plate.")
    assert rgb is not None
    alpha = channels["A"]
    if plate is not None:
        before, what = plate.to_rec709(_plate_pixels(frame, number, plate)), BEFORE_PLATE
    elif spill is not None and own is not None:
        # The identity that every frame states.
        source = np.asarray(rgb + spill + (1.0 - alpha[..., None]) * own, np.float32)
        before, what = colours.keyed(source), BEFORE_LAYERS
    else:
        before = colours.keyed(rgb if spill is None else rgb + spill)
        what = BEFORE_SUBJECT
    layers = ViewLayers(
        before=before,
        rgb=colours.keyed(rgb),
        alpha=alpha,
        spill=None if spill is None else colours.keyed(spill),
        confidence=channels.get("conf.A"),
    )
    return layers, what


def _plate_pixels(keyed: Frame, number: int, plate: PlateSource) -> Linear:
    own = plate.clip.sequence.first if plate.clip.sequence.explicit else number
    path = plate.clip.sequence.path(own)
    frame = plate.clip.read(own, alpha="as stored")
    found, wanted = frame.display_window, keyed.display_window
    if (found.width, found.height) != (wanted.width, wanted.height):
        raise InputError(
            f"the plate {path} is {found.width}x{found.height}",
            expected=f"{wanted.width}x{wanted.height}, like the keyed frames",
            next_step="give the plate that the shot was keyed from",
            path=path,
            frame=number,
        )
    return np.asarray(np.nan_to_num(frame.placed(keyed.data_window)[..., :3]), np.float32)


def _encoded(views: dict[str, NDArray[np.uint8]]) -> Iterator[EncodedView]:
    for name, picture in views.items():
        kind: Kind = "png" if name.removeprefix(SECOND) in _LOSSLESS else "jpeg"
        data = encoded_picture(picture, kind)
        yield EncodedView(name, kind, data, picture.shape[1], picture.shape[0])
