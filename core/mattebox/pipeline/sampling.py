"""The frames of a shot that are read for what all frames share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mattebox.errors import InputError
from mattebox.events import Reporter, WarningEvent
from mattebox.shot import Pictures, Shot

Pairs = tuple[tuple[int, ...], ...]


def read_pairs(
    shot: Shot,
    count: int,
    cuts: Sequence[int],
    reporter: Reporter,
    read_frame: Callable[[int], Pictures] | None = None,
) -> tuple[Pairs, dict[int, Pictures]]:
    """Pairs of neighbouring frames spread over the whole input, and what was read of each frame.

    A frame that cannot be read, or that has no pixels inside the format, tells nothing of the shot:
    others stand in for it, and the run says what is wrong with it. The same files give the same
    pairs.

    ``read_frame`` reads a frame of the shot, where more is wanted than ``Shot.read`` gives.

    Raises what is wrong with the first frame where none can be used, and at once what is wrong with
    a picture that serves all frames.
    """
    read: dict[int, Pictures] = {}
    faults: dict[int, InputError] = {}
    pairs = shot.spread_pairs(count, cuts)
    reading = read_frame or shot.read
    while True:
        wanted = dict.fromkeys(frame for pair in pairs for frame in pair)
        _read(reading, [f for f in wanted if f not in read and f not in faults], read, faults)
        empty = {frame for frame, pictures in read.items() if not pictures.covered.any()}
        unusable = {*faults, *empty}
        if not unusable & set(wanted):
            break
        if all(frame in unusable or shot.missing(frame) for frame in shot.plate.frames):
            raise faults[min(faults)] if faults else _nothing_inside(shot)
        pairs = shot.spread_pairs(count, cuts, without=unusable)
    for frame, error in sorted(faults.items()):
        reporter.emit(
            fault_warning("frame_left_out", "the analysis leaves a frame out", frame, error)
        )
    return pairs, {frame: read[frame] for frame in wanted}


def _read(
    reading: Callable[[int], Pictures],
    frames: Sequence[int],
    read: dict[int, Pictures],
    faults: dict[int, InputError],
) -> None:
    """Read frames into ``read``, or what is wrong with them into ``faults``."""
    for frame in frames:
        try:
            read[frame] = reading(frame)
        except InputError as error:
            if error.frame is None:  # of a picture that serves all frames
                raise
            faults[frame] = error


def fault_warning(code: str, what: str, frame: int, error: InputError) -> WarningEvent:
    """What is said of a frame that cannot be used, while all others go on."""
    return WarningEvent(
        code=code,
        message=f"{what}: {error.message}",
        frame=frame,
        path=None if error.path is None else str(error.path),
        next_step=error.next_step,
    )


def _nothing_inside(shot: Shot) -> InputError:
    return InputError(
        f"no frame of {shot.plate} has pixels inside its format {shot.window}",
        expected="a data window that touches the display window",
        next_step="check the windows with `mattebox info`, or keep what lies outside with overscan",
    )
