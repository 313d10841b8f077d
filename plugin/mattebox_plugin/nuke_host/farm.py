"""The node's key as a job of a render farm."""

from __future__ import annotations

import nuke

from ..mattebox_command import ask, find
from . import key, rendering, status
from .knobs import file_text, text
from .messages import NodeError, say
from .node_request import request_of

SECONDS = 600
"""Writing a bundle reads headers of the whole plate, which may lie on a slow share."""


def export_job(node: nuke.Node) -> None:
    """Render inputs that need it, then write the Open Job Description bundle.

    The frames go where the node looks for them, so Update shows them once the farm is done.

    Raises:
        NodeError: the device is not said.
        NotFoundError, BrokenError: there is no Mattebox, or it refuses the job.
    """
    wanted = request_of(node)
    if wanted.request.device == "auto":
        raise NodeError(
            "the device is auto, and workers that differ would give frames that differ",
            "choose cpu or cuda (Network tab)",
        )
    mattebox = find(file_text(node, "environment"))
    try:
        key.render_inputs(node, wanted)
    except rendering.StoppedError:
        status.say(node, "stopped while its inputs were rendered")
        return
    job = wanted.request.write()
    folder = file_text(node, "farm_folder") or f"{wanted.request.folder.as_posix()}/job"
    words = ["farm", "openjd", "--job", str(job), "-o", folder, f"--frames={wanted.span.text}"]
    words += ["--chunk", text(node, "farm_chunk") or "auto"]
    words += ["--command", text(node, "farm_command") or "mattebox"]
    answer = ask(mattebox, words, seconds=SECONDS)
    status.say(node, f"job written: {folder}")
    say(f"{answer.strip()}\n\ndeadline bundle submit {folder}")
