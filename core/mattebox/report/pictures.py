"""The pictures of one keyed frame, as they are put into the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import InputError
from mattebox.frames import Clip
from mattebox.frames.encoded import encoded_picture
from mattebox.images import Frame
from mattebox.views import VIEWS, Encode, Linear, ViewInfo, ViewLayers, frame_views

PICTURE_WIDTH = 960
"""The widest a picture of the page is: HD halved, so that its pixels are averaged evenly."""

_LOSSLESS = "status"  # JPEG would blur single pixels of colour, and flat areas make a small PNG

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
    frame: Frame, number: int, colours: Colours, plate: PlateSource | None
) -> tuple[tuple[EncodedView, ...], ViewInfo]:
    """All views of a keyed frame, and what its ``before`` is.

    Raises:
        InputError: a plate of another format, or one that cannot be read.
    """
    layers, before = _view_layers(frame, number, colours, plate)
    return tuple(_encoded(frame_views(layers, colours.encode, most=PICTURE_WIDTH))), before


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
    for info in VIEWS:
        picture = views.get(info.name)
        if picture is not None:
            kind: Kind = "png" if info.name == _LOSSLESS else "jpeg"
            data = encoded_picture(picture, kind)
            yield EncodedView(info.name, kind, data, picture.shape[1], picture.shape[0])
