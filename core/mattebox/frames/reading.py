"""Pixels from files: plates and mattes, at their full depth, with channels found by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import OpenImageIO as oiio
from numpy.typing import NDArray

from mattebox.errors import UnknownNameError, UnreadableError, UsageError, named
from mattebox.frames import seam
from mattebox.frames.attributes import attributes_of
from mattebox.frames.headers import Header, Part, header_of, refuse_deep
from mattebox.frames.turning import Turning
from mattebox.images import Frame, Pixels

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
            ``ViewLayer.Combined``); default the first part with R, G and B.
        view: name of the view of a multi-view EXR.
        layers: names of layers (``depth``) or channels (``depth.Z``) to read as well, from any
            part; they come after R, G, B, A under their full names, 0 outside their part's window.
        alpha: what to do with straight alpha.

    Raises:
        UsageError: a movie; several views and none chosen; layers of a view kept as channels.
        UnknownNameError: no R, G and B, no such part, view or layer.
        InputError: not there, a folder, not permitted.
        UnreadableError: empty, deep, truncated, not a picture.
    """
    opened = seam.open_input(path)
    header = header_of(opened, path)
    refuse_deep(header)
    chosen, prefix = header.choose(part, view)
    found = chosen.colour(prefix)
    names, indices = _colour_channels(found, chosen, prefix, path)
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
    if view is not None and prefix and layers:
        raise UsageError(
            f"layers of the view {view} cannot be read from {path}",
            expected="a file with one part per view",
            next_step="split the views into files of their own",
            path=path,
        )
    extra = _find_layers(header, chosen, layers)
    return _with_layers(opened, path, frame, extra) if extra else frame


def read_matte(
    path: Path, channel: str | None = None, *, part: str | None = None, view: str | None = None
) -> Frame:
    """One channel of a file as a matte: HxWx1 float32 named A, values as stored (integers 0..1).

    Args:
        path: the file.
        channel: its channel; default A, else the first.
        part: name of a part of a multi-part EXR, or of a layer.
        view: name of the view of a multi-view EXR.

    Raises:
        UsageError: a movie, several views and none chosen.
        UnknownNameError: no such channel, part or view.
        InputError, UnreadableError: as ``read_frame``.
    """
    opened = seam.open_input(path)
    header = header_of(opened, path)
    refuse_deep(header)
    chosen, prefix = header.choose(part, view)
    if channel is None:
        index = chosen.colour(prefix).get("A", 0)
    else:
        chosen, index = _find_channel(header, chosen, prefix, channel)
    if chosen.is_alpha_misread and (channel is None or chosen.channels[index] == "A"):
        raise UnreadableError(
            f"{path}: the alpha of a 10-bit DPX {chosen.data_window.width} pixels wide is misread",
            next_step="convert it to EXR with the program that made it",
            path=path,
        )
    pixels = _read_channels(opened, path, chosen, [index])
    return Frame(
        pixels=pixels.astype(np.float32, copy=False),
        channels=("A",),
        data_window=chosen.data_window,
        display_window=chosen.display_window,
        pixel_aspect=chosen.pixel_aspect,
        attributes=chosen.attributes,
        attribute_types=chosen.attribute_types,
    )


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
        with path.open("rb") as file:
            beginning = file.read(len(EXR_MAGIC))
    except OSError:
        return False
    return EXR_MAGIC.startswith(beginning) and read_attributes_only(path) is None


def read_attributes_if_whole(path: Path) -> dict[str, Any] | None:
    """The same, and None as well where the last row is gone: a file that was cut short.

    For resume, so as cheap as can be. Our own frames are renamed only once they are whole; what
    cuts them is a copy that stopped, or a disk.
    """
    try:
        opened = seam.open_input(path)
        spec = opened.spec()
        last = spec.y + spec.height - 1
        row = opened.read_scanlines(0, 0, last, last + 1, 0, 0, spec.nchannels, "half")
    except Exception:  # noqa: BLE001 - as above
        return None
    if row is None or opened.has_error:
        seam.last_error(opened)
        return None
    return attributes_of(spec)[0]


def _colour_channels(
    found: dict[str, int], part: Part, prefix: str, path: Path
) -> tuple[tuple[str, ...], list[int]]:
    if {"R", "G", "B"} <= found.keys():
        names = tuple(name for name in ("R", "G", "B", "A") if name in found)
        return names, [found[name] for name in names]
    grey_names = {f"{prefix}{name}".casefold() for name in ("Y", "I")}
    grey = [i for i, c in enumerate(part.channels) if c.casefold() in grey_names]
    if any(channel.rpartition(".")[2] in ("RY", "BY") for channel in part.channels):
        grey = []  # luminance of a luminance-chroma file is not the picture
    elif not grey and len(part.channels) == 1:
        grey = [0]
    if grey:
        alpha = [found["A"]] if "A" in found else []
        return ("R", "G", "B", "A")[: 3 + len(alpha)], [grey[0]] * 3 + alpha
    raise UnknownNameError(
        "channel",
        f"{prefix}R",
        part.channels,
        next_step=f"{path} has no R, G and B there; choose a part or layer with {named('part')}",
    )


def _find_layers(header: Header, main: Part, wanted: Sequence[str]) -> list[tuple[Part, int]]:
    others = (p for p in header.parts if p.index != main.index and p.view in (None, main.view))
    ordered = [main, *others]
    found: list[tuple[Part, int]] = []
    for name in wanted:
        for part in ordered:
            here = [
                (part, index)
                for index, channel in enumerate(part.channels)
                if channel == name
                or channel.startswith(f"{name}.")
                or (part.index != main.index and part.name == name)
            ]
            if here:
                found.extend(item for item in here if item not in found)
                break
        else:
            known = [*dict.fromkeys(n for p in ordered for n in (*p.layers, *p.channels))]
            raise UnknownNameError("layer", name, known, next_step=f"in {header.path}")
    return found


def _find_channel(header: Header, main: Part, prefix: str, channel: str) -> tuple[Part, int]:
    others = (p for p in header.parts if p.index != main.index and p.view in (None, main.view))
    parts = [main, *others]
    for part in parts:
        for name in (f"{prefix}{channel}", channel):
            if name in part.channels:
                return part, part.channels.index(name)
        own = {f"{part.name}.{c}": i for i, c in enumerate(part.channels)}
        if channel in own:
            return part, own[channel]
    colour = main.colour(prefix).get(channel.upper())
    if colour is not None:
        return main, colour
    known = [*dict.fromkeys(name for part in parts for name in part.channels)]
    raise UnknownNameError("channel", channel, known, next_step=f"in {header.path}")


def _with_layers(
    opened: oiio.ImageInput, path: Path, frame: Frame, extra: list[tuple[Part, int]]
) -> Frame:
    names = list(frame.channels)
    blocks: list[Pixels] = [frame.pixels]
    parts = {part.index: part for part, _ in extra}
    for part in parts.values():
        indices = [index for owner, index in extra if owner.index == part.index]
        pixels = _read_channels(opened, path, part, indices)
        own_names = [_full_name(part, index, names) for index in indices]
        layer = Frame(pixels, tuple(own_names), part.data_window, part.display_window)
        names.extend(own_names)
        same_place = part.data_window == frame.data_window
        blocks.append(pixels if same_place else layer.placed(frame.data_window))
    return Frame(
        pixels=np.concatenate(blocks, axis=2),
        channels=tuple(names),
        data_window=frame.data_window,
        display_window=frame.display_window,
        pixel_aspect=frame.pixel_aspect,
        attributes=frame.attributes,
        attribute_types=frame.attribute_types,
    )


def _full_name(part: Part, index: int, taken: Sequence[str]) -> str:
    """A channel's name with its part's before it where it would else be taken for colour."""
    name = part.channels[index]
    return f"{part.name}.{name}" if name in taken or ("." not in name and part.name) else name


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
