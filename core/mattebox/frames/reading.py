"""Pixels from files: plates and mattes, at their full depth, with channels found by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import OpenImageIO as oiio
from numpy.typing import NDArray

from mattebox.errors import UnknownNameError, UnreadableError, named
from mattebox.frames import seam
from mattebox.frames.attributes import attributes_of
from mattebox.frames.exr_header import is_sealed
from mattebox.frames.headers import Header, Part, header_of, refuse_deep
from mattebox.frames.layers import (
    Channel,
    Layer,
    choose_channel,
    choose_layer,
    layers_of,
    same_channel,
    same_layer,
)
from mattebox.frames.turning import Turning
from mattebox.images import Frame, PassedChannel, Pixels, Window, copy_onto
from mattebox.regular_files import open_regular

_ROWS_AT_ONCE = 16
EXR_MAGIC = b"\x76\x2f\x31\x01"
"""Rows per try when the readable part of a damaged file is measured; a zip chunk of EXR."""


def read_frame(
    path: Path,
    *,
    part: str | None = None,
    view: str | None = None,
    layers: Sequence[str] = (),
    alpha: Literal["premultiply", "as stored"] = "premultiply",
    first: Layer | None = None,
) -> Frame:
    """A picture with R, G, B, A where it has one, and the layers asked for.

    Half stays float16, float stays float32, integers become float32 code / (2^bits - 1) with
    one correct rounding at their own depth (8, 10, 12, 16 bits). A grey file gives its one channel
    as R, G and B. A file of another format than EXR keeps its transfer curve. Straight alpha (PNG,
    most TIFF) is multiplied in, on the code values, unless ``as stored`` is asked for: the way a
    plate whose alpha is not used stays as it was shot.

    Args:
        path: the file.
        part: name of a part of a multi-part EXR, or of a layer with R, G and B (Blender's
            ``ViewLayer.Combined``); default the picture by its name (``choose_layer``).
        view: name of the view of a multi-view EXR.
        layers: names of layers (``depth``) or channels (``depth.Z``) to read as well, from any
            part; they come after R, G, B, A under their full names, 0 outside their part's window.
        alpha: what to do with straight alpha.
        first: what was chosen in the first frame of a sequence, in place of ``part`` and ``view``.

    Raises:
        UsageError: a movie; several views or pictures and none chosen.
        UnknownNameError: no R, G and B, no such part, view or layer.
        InputError: not there, a folder, not permitted; no layer with the names of ``first``.
        UnreadableError: empty, deep, truncated, not a picture.
    """
    opened = seam.open_input(path)
    header = header_of(opened, path)
    refuse_deep(header)
    layer = choose_layer(header, part, view) if first is None else same_layer(header, first)
    chosen = layer.part
    names, indices = layer.picture
    pixels = _read_channels(opened, path, chosen, indices)
    if alpha == "premultiply" and chosen.alpha == "straight" and "A" in names:
        pixels[:, :, :3] *= pixels[:, :, 3:]
    frame = Frame(
        pixels=pixels,
        channels=names,
        data_window=chosen.data_window,
        display_window=chosen.display_window,
        pixel_aspect=chosen.pixel_aspect,
        attributes=chosen.attributes,
        attribute_types=chosen.attribute_types,
    )
    extra = find_channels(header, layer, layers)
    return _with_layers(opened, path, frame, extra) if extra else frame


def read_matte(
    path: Path,
    channel: str | None = None,
    *,
    part: str | None = None,
    view: str | None = None,
    first: Channel | None = None,
) -> Frame:
    """One channel of a file as a matte: HxWx1 float32 named A, values as stored (integers 0..1).

    Args:
        path: the file.
        channel: its channel, or a layer whose A is meant; default A, else the first.
        part: name of a part of a multi-part EXR, or of a layer.
        view: name of the view of a multi-view EXR.
        first: what was chosen in the first frame of a sequence, in place of the names.

    Raises:
        UsageError: a movie, several views or layers and none chosen.
        UnknownNameError: no such channel, part or view.
        InputError, UnreadableError: as ``read_frame``.
    """
    opened = seam.open_input(path)
    header = header_of(opened, path)
    refuse_deep(header)
    chosen = (
        choose_channel(header, channel, part, view)
        if first is None
        else same_channel(header, first)
    )
    owner = chosen.layer.part
    if owner.is_alpha_misread and owner.channels[chosen.index] == "A":
        raise UnreadableError(
            f"{path}: the alpha of a 10-bit DPX {owner.data_window.width} pixels wide is misread",
            next_step="convert it to EXR with the program that made it",
            path=path,
        )
    pixels = _read_channels(opened, path, owner, [chosen.index])
    return Frame(
        pixels=pixels.astype(np.float32, copy=False),
        channels=("A",),
        data_window=owner.data_window,
        display_window=owner.display_window,
        pixel_aspect=owner.pixel_aspect,
        attributes=owner.attributes,
        attribute_types=owner.attribute_types,
    )


def read_passed(
    path: Path, names: Sequence[str], window: Window, *, main: Layer
) -> tuple[PassedChannel, ...]:
    """Channels as they are stored, bit for bit, on a window; 0 outside their part's own.

    Integers of files other than EXR, which have a range, become float32 0..1.

    Args:
        path: the file.
        names: layers (``depth``) or channels (``depth.Z``), from any part.
        window: HxW of every channel.
        main: the picture of the first frame, whose names these channels do not take.

    Raises:
        UnknownNameError: no such layer.
        InputError, UnreadableError: as ``read_frame``; a number type that EXR does not have.
    """
    opened = seam.open_input(path)
    header = header_of(opened, path)
    refuse_deep(header)
    layer = same_layer(header, main)
    taken, _ = layer.picture
    passed: list[PassedChannel] = []
    for owner, index in find_channels(header, layer, names):
        values = _read_values(opened, path, owner.part, index)
        placed = np.zeros((window.height, window.width), values.dtype)
        copy_onto(values, owner.part.data_window, placed, window)
        passed.append(PassedChannel(unmistakable_name(owner, index, taken), placed))
    return tuple(passed)


def _read_values(opened: oiio.ImageInput, path: Path, part: Part, index: int) -> NDArray[Any]:
    """HxW of one channel, upright, in the type that it is passed on in."""
    kind = part.channel_types[index]
    if kind == "double":
        raise UnreadableError(
            f"{path}: {part.channels[index]} is of 64-bit floats, which EXR does not have",
            expected="half, float or uint",
            next_step=f"convert it to 32-bit floats, or leave it out of {named('layers')}",
            path=path,
        )
    stored = _read_run(opened, path, part, (index, index + 1), "native")
    values = _normalised(stored, part.bits) if part.bits else stored
    return np.ascontiguousarray(Turning.of(part.orientation).pixels(values)[:, :, 0])


def read_attributes_only(path: Path) -> dict[str, Any] | None:
    """The attributes of a file's first part, or None where it is not there or is not a picture.

    Nothing is raised. A header that opens does not prove that the pixels are whole.
    """
    try:
        opened = seam.open_input(path)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is not a finished frame
        return None
    return attributes_of(opened.spec())[0]


def is_broken_exr(path: Path) -> bool:
    """Whether a file is the rest of an EXR: it is empty, or begins as one and cannot be opened.

    Nobody can read it any more, so nothing is lost where it is replaced. Nothing is raised.
    """
    try:
        with open_regular(path) as file:
            beginning = file.read(len(EXR_MAGIC))
    except OSError:
        return False
    return EXR_MAGIC.startswith(beginning) and read_attributes_only(path) is None


def read_attributes_if_whole(path: Path) -> dict[str, Any] | None:
    """The same of a frame of ours, and None as well where any byte of it has changed since.

    Our own frames are renamed only once they are whole; what spoils them is a copy that stopped, a
    disk, or a program that wrote them again.
    """
    try:
        return read_attributes_only(path) if is_sealed(path) else None
    except OSError:
        return None


def find_channels(header: Header, main: Layer, wanted: Sequence[str]) -> list[tuple[Layer, int]]:
    """The channels of the layers and channels that are named, each with its place in its part.

    The picture's own part comes first, then parts of its view or of none. Of a file that keeps its
    views as channels, those of another view are left out.

    Raises UnknownNameError where one is not there.
    """
    layers = [
        layer
        for layer in layers_of(header.parts, header.views)
        if main.view is None or layer.view in (None, main.view)
    ]
    layers.sort(key=lambda layer: layer.part.index != main.part.index)
    found: list[tuple[Layer, int]] = []
    for name in wanted:
        here = _channels_called(layers, main, name)
        if not here:
            known = [n for layer in layers for n in (layer.label, *_full_names(layer)) if n]
            raise UnknownNameError(
                "layer", name, dict.fromkeys(known), next_step=f"in {header.path}"
            )
        found.extend(item for item in here if item not in found)
    return found


def _channels_called(layers: Sequence[Layer], main: Layer, name: str) -> list[tuple[Layer, int]]:
    for place in dict.fromkeys(layer.part.index for layer in layers):
        here = [
            (layer, index)
            for layer in layers
            if layer.part.index == place
            for index in layer.channels.values()
            if _is_called(layer, index, name, is_main=place == main.part.index)
        ]
        if here:
            return sorted(here, key=lambda item: item[1])
    return []


def _is_called(layer: Layer, index: int, name: str, *, is_main: bool) -> bool:
    is_part = not is_main and name in (layer.part.name, layer.part_name)
    return is_part or any(
        full == name or full.startswith(f"{name}.")
        for full in (layer.part.channels[index], layer.full_name(index))
    )


def _full_names(layer: Layer) -> list[str]:
    return [layer.full_name(index) for index in layer.channels.values()]


def _with_layers(
    opened: oiio.ImageInput, path: Path, frame: Frame, extra: list[tuple[Layer, int]]
) -> Frame:
    names = list(frame.channels)
    blocks: list[Pixels] = [frame.pixels]
    parts = {layer.part.index: layer.part for layer, _ in extra}
    for part in parts.values():
        here = [(layer, index) for layer, index in extra if layer.part.index == part.index]
        pixels = _read_channels(opened, path, part, [index for _, index in here])
        own_names = [unmistakable_name(layer, index, names) for layer, index in here]
        block = Frame(pixels, tuple(own_names), part.data_window, part.display_window)
        names.extend(own_names)
        same_place = part.data_window == frame.data_window
        blocks.append(pixels if same_place else block.placed(frame.data_window))
    return Frame(
        pixels=np.concatenate(blocks, axis=2),
        channels=tuple(names),
        data_window=frame.data_window,
        display_window=frame.display_window,
        pixel_aspect=frame.pixel_aspect,
        attributes=frame.attributes,
        attribute_types=frame.attribute_types,
    )


def unmistakable_name(layer: Layer, index: int, taken: Sequence[str]) -> str:
    """A channel's name, its part's before it where it would else be taken for colour."""
    name, part = layer.full_name(index), layer.part_name
    return f"{part}.{name}" if part and (name in taken or "." not in name) else name


def _read_channels(
    opened: oiio.ImageInput, path: Path, part: Part, indices: Sequence[int]
) -> Pixels:
    """HxWxC of the given channels, upright: float16 where all are half, else float32."""
    stored = _read_stored(opened, path, part, indices)
    return np.ascontiguousarray(Turning.of(part.orientation).pixels(stored))


def _read_stored(opened: oiio.ImageInput, path: Path, part: Part, indices: Sequence[int]) -> Pixels:
    kinds = {part.channel_types[index] for index in indices}
    wanted = "half" if kinds == {"half"} else "float"
    dtype = np.float16 if wanted == "half" else np.float32
    height, width = part.stored_window.height, part.stored_window.width
    runs = _runs(sorted(set(indices)))
    if len(runs) == 1 and list(indices) == sorted(set(indices)) and not _is_integer(kinds):
        return _read_run(opened, path, part, runs[0], wanted)
    pixels = np.empty((height, width, len(indices)), dtype)
    for first, end in runs:
        run_kinds = {part.channel_types[index] for index in range(first, end)}
        if _is_integer(run_kinds):
            block = _normalised(_read_run(opened, path, part, (first, end), "native"), part.bits)
        else:
            block = _read_run(opened, path, part, (first, end), wanted)
        for place, index in enumerate(indices):
            if first <= index < end:
                pixels[:, :, place] = block[:, :, index - first]
    return pixels


def _is_integer(kinds: set[str]) -> bool:
    return not kinds <= {"half", "float", "double"}


def _normalised(codes: NDArray[Any], bits: int) -> NDArray[np.float32]:
    """Codes as float32 0..1; OpenImageIO's own conversion is off in the last place.

    10 and 12 bits arrive in the upper bits of ``uint16``, the lower ones filled up. An EXR of
    unsigned integers (object numbers) has no range, so its values stay what they are.
    """
    if codes.dtype == np.uint16 and 0 < bits < 16:
        codes = codes >> (16 - bits)
    values = codes.astype(np.float32)
    return values / np.float32(2**bits - 1) if bits else values


def _runs(indices: Sequence[int]) -> list[tuple[int, int]]:
    """Sorted indices as runs of neighbours: first and one past the last."""
    runs: list[tuple[int, int]] = []
    for index in indices:
        if runs and runs[-1][1] == index:
            runs[-1] = (runs[-1][0], index + 1)
        else:
            runs.append((index, index + 1))
    return runs


def _read_run(
    opened: oiio.ImageInput, path: Path, part: Part, run: tuple[int, int], kind: str
) -> NDArray[Any]:
    wanted = part.channel_types[run[0]] if kind == "native" else kind
    pixels = opened.read_image(part.index, 0, run[0], run[1], wanted)
    if pixels is None or opened.has_error:  # a truncated JPEG gives pixels and an error
        reason = seam.last_error(opened)
        rows, height = _readable_rows(opened, part, run), part.stored_window.height
        raise UnreadableError(
            f"{path} is damaged: {rows} of {height} rows can be read ({reason})",
            next_step="copy the file again or render it again",
            path=path,
        )
    return pixels.reshape(part.stored_window.height, part.stored_window.width, run[1] - run[0])


def _readable_rows(opened: oiio.ImageInput, part: Part, run: tuple[int, int]) -> int:
    window = part.stored_window
    spec = opened.spec()
    step = spec.tile_height or _ROWS_AT_ONCE
    readable = 0
    for top in range(window.y, window.bottom, step):
        bottom = min(top + step, window.bottom)
        if part.is_tiled:
            block = opened.read_tiles(
                part.index, 0, window.x, window.right, top, bottom, 0, 1, run[0], run[1], "float"
            )
        else:
            block = opened.read_scanlines(part.index, 0, top, bottom, 0, run[0], run[1], "float")
        if block is not None and not opened.has_error:
            readable += bottom - top
        seam.last_error(opened)
    return readable
