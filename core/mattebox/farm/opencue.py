"""A job of OpenCue: the XML that Cuebot launches, with plain commands.

Written without ``pyoutline``: it would wrap each command in its own runner, and every worker would
need it. Elements stand in the order of Cuebot's job language (``cjsl-1.15``).
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

from mattebox.errors import UsageError
from mattebox.farm.submission import JOB_FILE, Needs, Submission, job_text, write_files

LANGUAGE = "1.15"
DOCTYPE = (
    '<!DOCTYPE spec PUBLIC "SPI Cue  Specification Language" '
    f'"http://localhost:8080/spcue/dtd/cjsl-{LANGUAGE}.dtd">'
)
SPEC_FILE = "opencue.xml"

PIECE = "#FRAMESPEC#"
"""What Cuebot puts in for the frames of a task. Not ``#FRAME_END#``: that is wrong where the last
chunk is a short one."""

RETRIES = 2
GPU_TAG = "gpu"


@dataclass(frozen=True)
class Booking:
    """Where a job stands in OpenCue's order of things."""

    show: str
    shot: str
    user: str
    uid: int
    facility: str = "local"


@dataclass(frozen=True)
class _Layer:
    name: str
    kind: str
    command: str
    range: str
    chunk: int
    needs: Needs


def write_job(submission: Submission, booking: Booking, folder: Path) -> tuple[Path, ...]:
    """Write the XML and the job file beside it.

    Raises:
        UsageError: a name that Cuebot refuses.
        WriteError: the folder cannot be written.
    """
    text = spec(submission, booking, job_file=str(folder.absolute() / JOB_FILE))
    return write_files(folder, {SPEC_FILE: text, JOB_FILE: job_text(submission.job)})


def spec(submission: Submission, booking: Booking, *, job_file: str) -> str:
    """The job as Cuebot reads it."""
    for flag, value in (("--show", booking.show), ("--shot", booking.shot)):
        if not value.strip():
            raise UsageError(f"{flag} is empty", expected="a name that Cuebot knows")
    root = ET.Element("spec")
    for tag, text in (
        ("facility", booking.facility),
        ("show", booking.show),
        ("shot", booking.shot),
        ("user", booking.user),
        ("uid", str(booking.uid)),
    ):
        _put(root, tag, text)
    job = ET.SubElement(root, "job", {"name": submission.token})
    for tag, text in (("paused", "False"), ("maxretries", str(RETRIES)), ("autoeat", "False")):
        _put(job, tag, text)
    ET.SubElement(job, "env")
    layers = ET.SubElement(job, "layers")
    described = _layers(submission, job_file)
    for layer in described:
        _add_layer(layers, layer)
    depends = ET.SubElement(root, "depends")
    for before, after in pairwise(described):
        _add_dependency(depends, submission.token, after=after.name, before=before.name)
    ET.indent(root)
    return f'<?xml version="1.0"?>\n{DOCTYPE}\n{ET.tostring(root, encoding="unicode")}\n'


def _layers(submission: Submission, job_file: str) -> tuple[_Layer, ...]:
    return (
        _Layer(
            "analyse",
            "Util",
            _shell(submission, submission.analyse_arguments(job_file)),
            "1",
            1,
            submission.analysis_needs,
        ),
        _Layer(
            "key",
            "Render",
            _shell(submission, submission.key_arguments(PIECE)),
            submission.span,
            submission.chunks.size,
            submission.needs,
        ),
        _Layer(
            "check",
            "Util",
            _shell(submission, submission.check_arguments),
            "1",
            1,
            submission.check_needs,
        ),
    )


def _shell(submission: Submission, arguments: tuple[str, ...]) -> str:
    """A line for the worker's shell. Cuebot's own words stand bare, so that it finds them."""
    words = (*submission.command, *arguments)
    return " ".join(word if word == PIECE else shlex.quote(word) for word in words)


def _add_layer(layers: ET.Element, layer: _Layer) -> None:
    found = ET.SubElement(layers, "layer", {"name": layer.name, "type": layer.kind})
    values = {
        "cmd": layer.command,
        "range": layer.range,
        "chunk": str(layer.chunk),
        "cores": f"{layer.needs.cores:.1f}",
        # More cores would idle: the job fixes its threads.
        "threadable": "False",
        "memory": f"{layer.needs.memory_mib}m",
    }
    if layer.needs.gpus:
        values |= {
            "gpus": str(layer.needs.gpus),
            "gpu_memory": f"{layer.needs.gpu_memory_mib}m",
            "tags": GPU_TAG,
        }
    for tag, text in values.items():
        _put(found, tag, text)
    ET.SubElement(found, "env")
    _put(ET.SubElement(found, "services"), "service", "shell")


def _add_dependency(depends: ET.Element, job: str, *, after: str, before: str) -> None:
    depend = ET.SubElement(depends, "depend", {"type": "LAYER_ON_LAYER", "anyframe": "False"})
    for tag, text in (("depjob", job), ("deplayer", after), ("onjob", job), ("onlayer", before)):
        _put(depend, tag, text)


def _put(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, tag).text = text
