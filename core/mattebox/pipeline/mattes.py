"""What mattes from elsewhere hold, judged once per shot: wrong forms are refused with the value."""

from __future__ import annotations

from collections.abc import Iterable

from mattebox.errors import InputError, named
from mattebox.events import Reporter, WarningEvent
from mattebox.inputs import HINTS, InputKind, inputs
from mattebox.shot import Pictures, Shot

LARGEST_MATTE = 1.5
"""Filters overshoot 1 by less; codes 0..255 in floats go far beyond."""

LARGEST_LABEL = 8.0 / 255.0
"""A matte that never rises above this is a map of labels 0, 1, 2 ... in 8 bits."""

LOW_MATTE = 0.9
"""A hint that never comes near 1 says nowhere that there is a subject."""


def judge_mattes(pictures: Iterable[Pictures], shot: Shot, reporter: Reporter) -> None:
    """Refuse mattes that cannot be mattes by their values in the analysed frames, and in all keys.

    Raises InputError for values beyond 1, for label maps, for a hint that is the same everywhere
    in all frames, and for a key that cannot be read. A hint that never comes near 1 is warned of.
    """
    frames, keys = list(pictures), shot.key_frames
    for one in inputs():
        if one.kind is InputKind.KEYS and keys is not None:
            mattes = [shot.read_key(key) for key in keys.keys]
        elif one.kind is InputKind.MATTE and (one.name != "hint" or keys is None):
            given = [frame.input(one.name) for frame in frames]
            mattes = [matte for matte in given if matte is not None]
        else:
            continue
        if mattes:
            lowest = min(float(matte.min()) for matte in mattes)
            highest = max(float(matte.max()) for matte in mattes)
            _judge(one.name, lowest, highest, reporter)


def _judge(name: str, lowest: float, highest: float, reporter: Reporter) -> None:
    if highest > LARGEST_MATTE:
        raise InputError(
            f"the matte of {named(name)} reaches {highest:g}",
            expected="values 0..1",
            next_step=f"divide it by {highest:g}, or name another channel as FILE:channel",
            setting=name,
        )
    if name not in HINTS:
        return
    if lowest == highest:
        raise InputError(
            f"the matte of {named(name)} is {highest:g} everywhere in all analysed frames",
            expected="1 where the subject is and 0 where it is not",
            next_step="name the channel that holds the matte, such as FILE:R",
            setting=name,
        )
    if highest <= LARGEST_LABEL:
        raise InputError(
            f"the matte of {named(name)} never rises above {highest:.3g}, which is code "
            f"{highest * 255:.0f} of 255: a map of labels",
            expected="values 0..1, or a label that is meant",
            next_step=f"say {named('hint_label')} {highest * 255:.0f}, or another label's code",
            setting=name,
        )
    if highest < LOW_MATTE:
        reporter.emit(
            WarningEvent(
                code="low_matte",
                message=f"the matte of {named(name)} never rises above {highest:.3g}",
                next_step="where it is a map of colours or labels, "
                f"{named('hint_label')} or FILE:channel says which is meant",
            )
        )
