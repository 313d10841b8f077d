"""Rendering inputs that are no plain files: float EXR in the working space, each frame once."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import nuke

from ..keyed_frames import written_at
from ..patterns import numbered
from .inputs import Picture
from .messages import NodeError

CANCELLED = "Cancelled"
"""How Nuke's RuntimeError begins where the artist stopped a render."""


class StoppedError(Exception):
    """The artist stopped a render of an input."""


def render(picture: Picture) -> tuple[int, ...]:
    """Render the frames of an input that are not there or older than their files.

    Frames come to their place whole, one by one: two Nukes may render the same input, and a render
    that was stopped goes on where it was. Main thread only.

    Returns:
        The frames that were rendered now.

    Raises:
        StoppedError: the artist stopped it.
        NodeError: Nuke could not render a frame; its own words are in the text.
    """
    needed = [frame for frame in picture.rendered.frames if not is_fresh(picture, frame)]
    if not needed:
        return ()
    folder = Path(picture.pattern).parent
    work = folder / f".{os.getpid()}-{uuid.uuid4().hex[:8]}"
    work.mkdir(parents=True)
    try:
        with _full_size(), _writer(picture, work) as write:
            for first, last in _stretches(needed):
                try:
                    _execute(picture, write, first, last)
                except StoppedError:
                    _keep(picture, work, range(first, last + 1), is_last_whole=False)
                    raise
                _keep(picture, work, range(first, last + 1))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return tuple(needed)


def is_fresh(picture: Picture, frame: int) -> bool:
    """Whether the rendered frame is there and not older than the files it was made from."""
    rendered = written_at(Path(numbered(picture.pattern, frame)))
    return rendered > 0 and all(written_at(source) <= rendered for source in picture.sources(frame))


def _keep(
    picture: Picture, work: Path, frames: Sequence[int], *, is_last_whole: bool = True
) -> None:
    """Bring rendered frames to their place; where a render was stopped, its last may be half."""
    targets = [Path(numbered(picture.pattern, frame)) for frame in frames]
    done = [target for target in targets if (work / target.name).is_file()]
    for target in done if is_last_whole else done[:-1]:
        (work / target.name).replace(target)


def _execute(picture: Picture, write: nuke.Node, first: int, last: int) -> None:
    try:
        nuke.execute(write, first, last, 1, [nuke.views()[0]])
    except RuntimeError as error:
        if str(error).startswith(CANCELLED):
            raise StoppedError from error
        raise NodeError(
            f"the {picture.pipe} ({picture.why_rendered}) cannot be rendered: {error}",
            f"look at {picture.node.name()} in the Viewer",
        ) from error


@contextmanager
def _full_size() -> Iterator[None]:
    """Proxy mode off, which would render smaller pictures under the same names."""
    proxy = nuke.root()["proxy"]
    was_on = bool(proxy.value())
    if was_on:
        proxy.setValue(False)
    try:
        yield
    finally:
        if was_on:
            proxy.setValue(True)


@contextmanager
def _writer(picture: Picture, work: Path) -> Iterator[nuke.Node]:
    """A Write that exists for one render, beside the node that it renders."""
    nuke.Undo.disable()
    try:
        group = picture.node.parent() or nuke.root()
        with group:
            write = nuke.nodes.Write()
        try:
            name = Path(picture.pattern).name
            write["file_type"].setValue("exr")  # first: the knobs of EXR come with it
            write["file"].setValue(f"{work.as_posix()}/{name}")
            write["channels"].setValue("rgba")
            write["raw"].setValue(True)
            write["datatype"].setValue("32 bit float")
            write["compression"].setValue("Zip (1 scanline)")
            write["metadata"].setValue("all metadata")
            write.setInput(0, picture.node)
            yield write
        finally:
            nuke.delete(write)
    finally:
        nuke.Undo.enable()


def _stretches(frames: Sequence[int]) -> list[tuple[int, int]]:
    """Runs of consecutive frames, first and last."""
    found: list[tuple[int, int]] = []
    for frame in frames:
        if found and frame == found[-1][1] + 1:
            found[-1] = (found[-1][0], frame)
        else:
            found.append((frame, frame))
    return found
