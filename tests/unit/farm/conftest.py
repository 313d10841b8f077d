"""A submission that needs no file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mattebox.farm.chunks import Chunks
from mattebox.farm.submission import Inputs, Needs, Submission
from mattebox.job import Job

Submit = Callable[..., Submission]


@pytest.fixture
def submit() -> Submit:
    """A submission of frames 1001-1050 on a GPU; anything may be said otherwise."""

    def made(**changes: object) -> Submission:
        device = str(changes.pop("device", "cuda"))
        job = Job.checked(
            {
                "plate": "/shows/demo/plate/sh010.####.exr",
                "output": "/shows/demo/keyed/sh010.####.exr",
                "device": device,
                "threads": 4,
                "settings": {"engine": "screen", "screen": "auto"},
            }
        )
        values: dict[str, object] = {
            "name": "sh010 key",
            "job": job,
            "frames": tuple(range(1001, 1051)),
            "chunks": Chunks(25),
            "output_folder": "/shows/demo/keyed",
            "output_name": "sh010.####.exr",
            "command": ("mattebox",),
            "needs": Needs(4, 8192, 1 if device == "cuda" else 0, 6144),
            "seconds_per_frame": 60,
            "inputs": Inputs((Path("/shows/demo/plate/sh010.1001.exr"),)),
        }
        return Submission(**(values | changes))  # type: ignore[arg-type]

    return made
