"""The paths inside a job, all changed at once."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from mattebox.inputs import Matte, inputs
from mattebox.job import Job

AnyJob = TypeVar("AnyJob", bound=Job)
Move = Callable[[str], str]
"""Maps a path, pattern or folder to another; returns any other text unchanged."""

NAMED_CONFIG = "ocio://"
_COLOUR = re.compile(r"[^,/\\]+,[^,/\\]+,[^,/\\]+")


def with_paths(job: AnyJob, move: Move) -> AnyJob:
    """Apply ``move`` to every path of a job. Names and colours are passed to it as well."""

    def moved(text: str | None) -> str | None:
        return None if text is None else move(text)

    def moved_input(given: str | Matte | None) -> str | Matte | None:
        if isinstance(given, Matte):
            return given.model_copy(update={"pattern": move(given.pattern)})
        return moved(given)

    prepared = job.prepared
    if prepared is not None and prepared.weights is not None:
        weights = prepared.weights.model_copy(update={"path": move(prepared.weights.path)})
        prepared = prepared.model_copy(update={"weights": weights})
    return job.model_copy(
        update={
            **{one.name: moved_input(getattr(job, one.name)) for one in inputs()},
            "output": move(job.output),
            "weights": moved(job.weights),
            "network_config": moved(job.network_config),
            "colour": job.colour.model_copy(update={"config": moved(job.colour.config)}),
            "prepared": prepared,
        }
    )


def rooted(job: Job) -> Job:
    """Make every path of a job absolute, since a worker has another working folder.

    Names (of weights, of built-in OCIO configs) and colours stay as they are.
    """
    placed = with_paths(job, lambda text: text if _is_colour(text) else _absolute(text))
    config, weights = job.colour.config, job.weights
    colour = placed.colour
    if config is not None and (config.startswith(NAMED_CONFIG) or not Path(config).is_file()):
        colour = colour.model_copy(update={"config": config})
    if weights is not None and not Path(weights).is_file():
        placed = placed.model_copy(update={"weights": weights})
    return placed.model_copy(update={"colour": colour})


def _absolute(text: str) -> str:
    # Without `..`, which no rule of a path mapping could match; a slash at the end says folder.
    return os.path.abspath(text) + ("/" if text.endswith(("/", os.sep)) else "")  # noqa: PTH100


def _is_colour(text: str) -> bool:
    """Whether a background is R,G,B and not a file."""
    return _COLOUR.fullmatch(text) is not None and not Path(text).exists()
