"""What people should know of how a shot's inputs are read, one sentence each."""

from __future__ import annotations

from mattebox.errors import named
from mattebox.frames import is_resizable, is_same_size
from mattebox.sequences import format_frames, remark_on_names
from mattebox.shot.open_input import OpenInput
from mattebox.shot.shot import Shot


def remarks_on(shot: Shot) -> tuple[str, ...]:
    """How they are read where it may not be as one thinks: turned, resized, left out, held."""
    said = [remark for clip in shot.clips for remark in clip.remarks]
    first = shot.first_part
    if not shot.job.settings.overscan and shot.window.union(first.data_window) != shot.window:
        said.append(
            f"the plate has pixels on {first.data_window}, outside its format {shot.window}; "
            "they are left out, overscan keeps them"
        )
    for one in shot.others:
        if one.is_matte:
            said += _on_matte(one, shot)
    for one in shot.others:
        served = [frame for frame in shot.plate.frames if one.serves_another(frame)]
        if served:
            said.append(
                f"{named(one.what.name)} holds: frames {format_frames(served)} of the plate "
                "have the picture before"
            )
    if shot.key_frames is not None:
        said.append(
            f"the hint is carried from its keys {format_frames(shot.key_frames.keys)} to the "
            "frames between, by optical flow"
        )
    return tuple(said)


def doubts_about(shot: Shot) -> tuple[str, ...]:
    """What may be another input than is meant: names beside its sequences, not read."""
    sequences = (shot.plate, *(one.sequence for one in shot.others if one.sequence is not None))
    return tuple(said for said in map(remark_on_names, sequences) if said is not None)


def _on_matte(one: OpenInput, shot: Shot) -> list[str]:
    part, view = one.place(shot.job)
    owner = one.clip.channel(one.named, part, view).layer.part
    first = shot.first_part
    path = one.clip.sequence.path(one.clip.sequence.first)
    said = []
    if not is_same_size(owner, first) and is_resizable(owner, first):
        said.append(
            f"the matte {path} is {owner.display_window} and is resized to the plate's "
            f"{first.display_window}"
        )
    shared = owner.display_window.intersection(owner.data_window)
    if shared != owner.display_window:
        area = owner.display_window.width * owner.display_window.height
        left = 1.0 - shared.width * shared.height / area
        said.append(f"the matte {path} leaves {left:.0%} of its format out; it is 0 there")
    return said
