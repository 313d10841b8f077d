"""What is keyed: the clip's files as they are, or frames that Blender writes for the key."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import bpy

from ..patterns import frames_on_disk, numbered, pattern_of
from . import colour
from .versions import make_compositor, make_output, write_float_exr

_writers: set[str] = set()
"""Names of the scenes that write a source now."""


def is_writing() -> bool:
    """Whether a render that is under way writes a source: no key is needed for that."""
    return bool(_writers)


class SourceError(Exception):
    """There is nothing to key. Its text says what to do."""


class Source(NamedTuple):
    """Where the frames to key lie.

    Attributes:
        pattern: as the core reads it.
        space: colour space of the files.
        first, last: frame numbers of the files.
        is_written: whether Blender has to write them first.
        is_still: whether one picture stands for all frames.
    """

    pattern: str
    space: str
    first: int
    last: int
    is_written: bool = False
    is_still: bool = False


def source_of(settings: Any, scene: Any, root: str, name: str) -> Source:
    """The source of a group. Raises SourceError."""
    written = str(Path(root) / f"{name}_source" / "source.####.exr")
    if settings.source == "RENDER":
        first = scene.frame_start + settings.frame_offset
        last = scene.frame_end + settings.frame_offset
        return Source(written, colour.working_space(), first, last, is_written=True)
    image = settings.image
    if image is None:
        raise SourceError("no clip is chosen: pick an image sequence or a movie")
    if image.source == "MOVIE":
        return Source(written, colour.working_space(), 1, image.frame_duration, is_written=True)
    if image.source not in ("SEQUENCE", "FILE"):
        raise SourceError(
            f"{image.name} is not a file ({image.source.lower()}): pick an image sequence or a "
            "movie"
        )
    path = bpy.path.abspath(image.filepath, library=image.library)
    space = str(image.colorspace_settings.name)
    if image.source == "FILE":
        return Source(path, space, 1, 1, is_still=True)
    pattern = pattern_of(path)
    frames = frames_on_disk(pattern)
    if not frames:
        # The plates of a finished key may be elsewhere: what was keyed still says its range.
        if settings.clip_last < settings.clip_first:
            raise SourceError(f"there is no file {pattern}")
        frames = (settings.clip_first, settings.clip_last)
    return Source(pattern, space, frames[0], frames[-1])


def write_source(settings: Any, scene: Any, source: Source, frames: tuple[int, ...]) -> None:
    """Write the frames of a movie, or of the scene's own render, as float EXR.

    Of a movie, all that are not there yet: the analysis should see all of it, whichever
    frame is keyed first. A render may take long, so of it only what is keyed.

    Args:
        settings: of the group.
        scene: the one that is rendered.
        source: where they go.
        frames: numbers of the files that are wanted.

    Raises:
        SourceError: Blender could not write them.
    """
    Path(source.pattern).parent.mkdir(parents=True, exist_ok=True)
    is_render = settings.source == "RENDER"
    wanted = frames if is_render else _not_yet_written(settings.image, source)
    if not wanted:
        return
    with _writer(settings, scene) as writer:
        offset = settings.frame_offset if is_render else 0
        for frame in wanted:
            path = Path(numbered(source.pattern, frame))
            write_float_exr(writer, str(path.with_name(".source.####.exr")))
            # As an animation: in a still of a scene that is not shown, movies stay at the frame of
            # the scene that is.
            writer.frame_start = writer.frame_end = frame - offset
            fresh = Path(writer.render.frame_path(frame=frame - offset))
            bpy.ops.render.render(animation=True, scene=writer.name)
            if not fresh.is_file():
                raise SourceError(f"Blender did not write {path}: is the folder writable?")
            _replace_if_other(path, fresh)


def _not_yet_written(movie: Any, source: Source) -> tuple[int, ...]:
    """The frames of a movie that are not on disk, or older than it."""
    path = Path(bpy.path.abspath(movie.filepath, library=movie.library))
    if not path.is_file():
        raise SourceError(f"there is no movie {path}")
    changed = path.stat().st_mtime_ns
    files = {f: Path(numbered(source.pattern, f)) for f in range(source.first, source.last + 1)}
    return tuple(
        frame
        for frame, file in files.items()
        if not file.is_file() or file.stat().st_mtime_ns < changed
    )


def _replace_if_other(path: Path, fresh: Path) -> None:
    """Put a fresh file in place, unless it is the same picture: a newer one makes its key stale.

    Not by their bytes: Cycles writes how long it took into the header.
    """
    if path.is_file() and _pixels(path) == _pixels(fresh):
        fresh.unlink()
    else:
        fresh.replace(path)


def _pixels(path: Path) -> tuple[tuple[int, ...], bytes]:
    """Size and pixels of a picture, as Blender reads it."""
    image = bpy.data.images.load(str(path), check_existing=False)
    try:
        pixels = array("f", bytes(4 * len(image.pixels)))
        if pixels:
            image.pixels.foreach_get(pixels)
        return tuple(image.size), pixels.tobytes()
    finally:
        bpy.data.images.remove(image)


@contextmanager
def _writer(settings: Any, scene: Any) -> Iterator[Any]:
    """A scene that renders what is to be keyed and nothing else; removed afterwards."""
    tree = None
    if settings.source == "RENDER":
        writer = scene.copy()
        writer.render.use_compositing = False
        writer.render.use_sequencer = False
    else:
        writer = bpy.data.scenes.new("mattebox source")
        tree = _show_movie(writer, settings.image)
    _leave_out_times(writer.render)
    writer.render.use_overwrite, writer.render.use_placeholder = True, False
    name = writer.name
    _writers.add(name)
    try:
        yield writer
    finally:
        _writers.discard(name)
        bpy.data.scenes.remove(writer)
        if tree is not None:
            bpy.data.node_groups.remove(tree)


def _show_movie(writer: Any, movie: Any) -> Any:
    """Let a scene render a movie, frame 1 at scene frame 1; the tree to remove afterwards."""
    tree = make_compositor(writer)
    node = tree.nodes.new("CompositorNodeImage")
    node.image = movie
    node.frame_start, node.frame_offset, node.frame_duration = 1, 0, movie.frame_duration
    node.use_auto_refresh = True
    tree.links.new(node.outputs["Image"], make_output(tree))
    writer.render.resolution_x, writer.render.resolution_y = movie.size
    writer.render.resolution_percentage = 100
    # Before 5.0 the tree belongs to its scene and goes with it.
    return tree if tree.name in bpy.data.node_groups else None


def _leave_out_times(render: Any) -> None:
    """Metadata with times would make the same picture another file, and its key stale."""
    for name in ("date", "time", "render_time", "memory", "filename", "hostname"):
        setattr(render, f"use_stamp_{name}", False)
