"""Whether what was found out about a shot earlier still holds, so that nobody looks again."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mattebox.devices import choose_device
from mattebox.errors import MatteboxError
from mattebox.events import CollectingReporter
from mattebox.job import Job
from mattebox.matte.unmixing.weights_file import weights_sha256
from mattebox.pipeline.colour import resolve_colour
from mattebox.shot import Shot
from mattebox.weights.choose import located_weights


def still_holds(earlier: Job, asked: Job) -> bool:
    """Whether ``earlier`` is ``asked``, prepared, and from files that are still the same.

    The plate may have grown meanwhile: what was found in the frames that were there then serves
    the new ones too, and the frames that are keyed already stay current.

    Raises MatteboxError where the inputs of ``asked`` cannot be opened.
    """
    prepared = earlier.prepared
    if prepared is None or prepared.unmixing != weights_sha256():
        return False
    before = earlier.model_copy(
        update={"prepared": None, "device": asked.device, "output": asked.output}
    )
    device = choose_device(asked.device).kind
    if before != asked or device != earlier.device.split(":")[0]:
        return False
    shot = Shot.open(asked)
    frames = prepared.analysis.frames
    if any(frame not in shot.plate.files or shot.missing(frame) for frame in frames):
        return False
    digest = hashlib.sha256("".join(shot.digest(frame) for frame in frames).encode())
    if digest.hexdigest() != prepared.analysis.digest:
        return False
    # Why a space was chosen may name a folder, and decides nothing.
    colour = resolve_colour(asked, shot, CollectingReporter())
    if colour.model_copy(update={"reason": prepared.colour.reason}) != prepared.colour:
        return False
    return prepared.weights is None or _is_here(prepared.weights.path, prepared.weights.sha256)


def _is_here(path: str, sha256: str) -> bool:
    try:
        located_weights(Path(path), sha256)
    except MatteboxError:
        return False
    return True
