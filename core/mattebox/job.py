"""The job file: everything that decides the pixels of a keyed shot, and its fingerprint.

A job has two halves. ``Job`` holds what the user said. A ``PreparedJob`` also holds what was found
out once for the whole shot (colour spaces, weights, per-shot analysis), so that a farm node keys
any chunk without looking at the rest of the shot. A job is prepared before it is run.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from mattebox import __version__
from mattebox.documents import NotTextError, json_of, read_text
from mattebox.errors import InputError, JobError, named
from mattebox.inputs import InputKind, Inputs, Matte, inputs, layer_behind
from mattebox.matte.statistics import BackgroundGain, NoiseModel, Registration, ShotStatistics
from mattebox.network_config import NetworkConfig
from mattebox.settings import EngineName, KeySettings
from mattebox.whole_files import FileKind, OutputFile, ReadFiles

SCHEMA_VERSION: Literal[2] = 2
ALPHA_ALGEBRA = 8
"""Counts changes of the solver, despill or layers that move pixels; part of the fingerprint."""


def _device(value: str) -> str:
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", value):
        raise ValueError(f"there is no device {value!r}; expected auto, cpu, cuda or cuda:n")
    return value


DECIDING = frozenset(
    {
        "settings",
        "part",
        "view",
        "layers",
        "hint_invert",
        "hint_label",
        "cuts",
        "device",
        "threads",
        "prepared",
        "mattebox",
    }
)
"""Entries of a job that decide pixels."""

STATED = ("part", "view", "layers", "hint_invert", "hint_label", "cuts", "offset", "hold")
"""Entries that a header tells where they are not the defaults."""

GIVEN = "given"
"""What a header calls the names of the inputs that are given."""


class _Part(BaseModel, frozen=True, extra="forbid"):
    """Values that never change, and no entry that is not known."""


class Colour(_Part, frozen=True):
    """Colour as the user asked for it; None means: find out, and say why."""

    config: str | None = Field(default=None, description="OCIO config; else $OCIO, else built-in.")
    in_space: str | None = Field(default=None, description="Colour space of the plate.")
    out_space: str | None = Field(
        default=None, description="Linear space of the result; default: the plate's, linearised."
    )
    clean_plate_space: str | None = Field(
        default=None, description="Colour space of the clean plate; default: found out."
    )
    plate2_space: str | None = Field(
        default=None, description="Colour space of the plate over a second background."
    )
    background2_space: str | None = Field(
        default=None, description="Colour space of the second background."
    )


class PreparedColour(_Part, frozen=True):
    """Colour as it was resolved."""

    config_identity: str
    in_space: str
    reason: str
    out_space: str | None
    chromaticities: tuple[float, ...] = Field(description="Of out-space: R, G, B, W as x, y.")
    interop_id: str | None = Field(description="Out-space's name across programs, if it has one.")
    files: str | None = Field(
        default=None, description="SHA-256 over the LUT files that the spaces are converted with."
    )
    inputs: dict[str, str] = Field(
        default_factory=dict, description="Spaces of inputs that are not in the plate's."
    )


class PreparedWeights(_Part, frozen=True):
    """The weights a network runs with."""

    path: str
    sha256: str
    network: str
    licence: str | None = Field(
        default=None, description="SPDX identifier, where the catalogue knows the file."
    )
    config: NetworkConfig | None = Field(
        default=None, description="Of engine onnx-matte: how the network is fed."
    )


class Analysis(_Part, frozen=True):
    """What is estimated once per shot from frames spread over the whole input."""

    frames: tuple[int, ...] = Field(description="The frames that were analysed.")
    digest: str = Field(description="SHA-256 over those frames' files: the plate's identity.")
    exposure: float = Field(description="Gain of the picture shown to a network.")
    screen: tuple[float, float, float] | None = Field(
        description="Colour of the screen's light, linear Rec.709; None where there is no screen."
    )
    plate: Literal["given", "estimated", "constant", "inpainted"] = Field(
        description="Where the background comes from."
    )
    registration: Registration | None = Field(
        default=None, description="How a clean plate is moved; None where it is not."
    )
    camera_moves: bool = Field(
        default=False,
        description="Whether the clean plate is moved anew for each frame, from that frame alone.",
    )
    takes: Literal["registered", "disagreeing", "apart"] = Field(
        default="registered",
        description="How two takes lie: apart, the second is moved onto the first, frame by frame; "
        "where they disagree, the first is solved alone.",
    )
    gain: BackgroundGain | None = Field(
        default=None, description="What a clean plate is multiplied by; None where it is not."
    )
    plate_grain: NoiseModel | None = Field(
        default=None,
        description="Grain that is taken out of a clean plate; None where it has none.",
    )
    window: tuple[int, int, int, int] | None = Field(
        default=None,
        description="With overscan: x, y, width and height of what all frames of the shot cover.",
    )
    statistics: ShotStatistics | None = Field(
        description="What the solver knows of the shot; None where no plate is known."
    )


class Prepared(_Part, frozen=True):
    """What was found out once for the whole shot."""

    colour: PreparedColour
    weights: PreparedWeights | None
    unmixing: str = Field(description="SHA-256 of the unmixing network's weights.")
    analysis: Analysis
    flow: str | None = Field(
        default=None, description="What finds optical flow, where the job asks for it."
    )


class _Head(_Part, frozen=True):
    """What a job file begins with."""

    schema_version: Literal[2] = SCHEMA_VERSION
    mattebox: str = Field(default=__version__, description="Version that wrote the job.")


class Job(Inputs, _Head, frozen=True):
    """One shot to key. Patterns: ``shot.####.exr``, ``shot.%04d.exr``, or one file."""

    output: str = Field(description="Where the keyed EXR go: a pattern or a folder.")
    part: str | None = Field(
        default=None, description="Part or layer of the plate, and of other inputs that have it."
    )
    timecode: bool = Field(
        default=False, description="Number the frames of movies by their timecode, not from 1."
    )
    layers: tuple[str, ...] = Field(
        default=(), description="Layers or channels of the plate that are passed through."
    )
    view: str | None = Field(
        default=None, description="Named view of the plate and of other inputs that have views."
    )
    hint_invert: bool = Field(
        default=False, description="The hint is 1 where the background is: it is inverted."
    )
    hint_label: int | None = Field(
        default=None,
        ge=0,
        description="The hint is a map of labels: the code of the one that is the subject.",
    )
    offset: dict[str, int] = Field(
        default={},
        description="By the name of an input: what is added to the number of a plate's frame to "
        "find its picture.",
    )
    hold: tuple[str, ...] = Field(
        default=(),
        description="Inputs that hold: where they have no picture of a number, that of the one "
        "before serves, or their first.",
    )
    weights: str | None = Field(
        default=None, description="A file, or a name of the catalogue; default: the engine's own."
    )
    network_config: str | None = Field(
        default=None, description="TOML or JSON file that describes the network (onnx-matte)."
    )
    cuts: tuple[int, ...] = Field(
        default=(), description="First frames of new scenes: nothing is remembered across a cut."
    )
    colour: Colour = Colour()
    device: Annotated[str, AfterValidator(_device)] = "auto"
    threads: int = Field(default=1, ge=1, le=256)
    settings: KeySettings = KeySettings()
    prepared: Prepared | None = None

    @property
    def _moved(self) -> list[str]:
        """The inputs that are given and have a picture for each frame, but the plate."""
        each = [one.name for one in inputs() if one.kind is not InputKind.KEYS]
        return [name for name in each if name != "plate" and getattr(self, name) is not None]

    @property
    def stated(self) -> dict[str, Any]:
        """What decides pixels and is no default, by name, as a header tells it to people: settings,
        entries, and which inputs are given. Paths are not in it: frames are passed on."""
        given = [one.name for one in inputs() if getattr(self, one.name) is not None]
        usual = KeySettings().model_dump(mode="json")
        settings = self.settings.model_dump(mode="json")
        return {
            **{name: value for name, value in settings.items() if value != usual[name]},
            **self.model_dump(mode="json", include=set(STATED), exclude_defaults=True),
            GIVEN: given,
        }

    @staticmethod
    def checked(values: dict[str, Any], *, path: Path | None = None) -> Job:
        """A job from plain values, prepared where they say so.

        Raises JobError with all faults at once.
        """
        kind = Job if values.get("prepared") is None else PreparedJob
        try:
            job = kind.model_validate(values)
        except ValidationError as error:
            faults = [_fault(entry, as_flags=path is None) for entry in error.errors()]
            raise JobError(faults, path=path) from error
        faults = job.faults()
        if faults:
            raise JobError(faults, path=path)
        return job

    @staticmethod
    def read(path: Path) -> Job:
        """A job from its file. Raises InputError or JobError with all faults at once."""
        try:
            values = json_of(read_text(path))
        except OSError as error:
            raise InputError(
                f"cannot read the job file {path}: {error.strerror}", path=path
            ) from error
        except ValueError as error:
            raise JobError(
                [f"not JSON: {error}; write one with `mattebox key ... --write-job`"], path=path
            ) from error
        if not isinstance(values, dict):
            raise JobError([f"expected a JSON object, found {type(values).__name__}"], path=path)
        if values.get("schema_version") == 1:
            raise JobError(
                [
                    (
                        "schema_version: 1 is of an older Mattebox with another solver; make the "
                        "job again with this one: `mattebox key ... --write-job` or `mattebox "
                        "analyse`"
                    )
                ],
                path=path,
            )
        return Job.checked(values, path=path)

    def write(self, path: Path, *, overwrite: bool = False) -> None:
        """Write the job as JSON, atomically. Raises as ``OutputFile.write``."""
        job_file(path, overwrite=overwrite).write((self.model_dump_json(indent=2) + "\n").encode())

    def faults(self) -> list[str]:
        """Everything that cannot be right in the user's words, without touching a file."""
        settings, found = self.settings, []
        if settings.clip_black >= settings.clip_white:
            found.append(
                f"{named('clip_black')} {settings.clip_black:g} must lie below "
                f"{named('clip_white')} {settings.clip_white:g}"
            )
        has_screen = self.clean_plate is not None or settings.screen is not None
        if settings.engine in (EngineName.SCREEN, EngineName.BGMV2) and not has_screen:
            found.append(
                f"{named('engine')} {settings.engine} needs a clean plate or a screen colour; "
                f"give {named('clean_plate')} FILE or {named('screen')} auto|green|blue|R,G,B"
            )
        if settings.engine is EngineName.HINT and self.hint is None and self.hint_keys is None:
            found.append(
                f"{named('engine')} hint needs a matte; give {named('hint')} FILE[:channel]"
            )
        if self.hint is not None and self.hint_keys is not None:
            found.append(
                f"{named('hint')} and {named('hint_keys')} both say where the hint comes from; "
                "give one of them"
            )
        found += [
            f"{named(entry)} names {name!r}; expected an input beside the plate that is given, one "
            f"of {', '.join(self._moved) or 'none here'}"
            for entry in ("offset", "hold")
            for name in getattr(self, entry)
            if name not in self._moved
        ]
        if settings.engine is EngineName.TRIANGULATE:
            wanted = ("clean_plate", "plate2", "background2")
            absent = [named(name) for name in wanted if getattr(self, name) is None]
            if absent:
                found.append(
                    f"{named('engine')} triangulate needs two backgrounds; give {', '.join(absent)}"
                )
        if settings.engine is EngineName.ONNX_MATTE:
            needed = {"weights": " FILE.onnx", "network_config": " FILE"}
            absent = [named(n) + form for n, form in needed.items() if getattr(self, n) is None]
            if absent:
                found.append(
                    f"{named('engine')} onnx-matte needs a network; give {' and '.join(absent)}"
                )
        return found


class PreparedJob(Job, frozen=True):
    """A job with everything found out: what is keyed, chunk by chunk."""

    prepared: Prepared = Field(...)

    @classmethod
    def of(cls, job: Job, prepared: Prepared, *, device: str) -> Self:
        """A job with what was found out about its shot, for one device."""
        return cls.model_validate(dict(job) | {"prepared": prepared, "device": device})

    def asked(self, **changes: object) -> Job:
        """The job as it was before it was prepared, but for ``changes``."""
        return Job.model_validate(dict(self) | {"prepared": None} | changes)

    @property
    def fingerprint(self) -> str:
        """32 hex digits over everything that decides pixels; paths and places do not."""
        deciding = self.model_dump(mode="json", include=set(DECIDING))
        deciding["device"] = self.device.split(":")[0]
        weights = deciding["prepared"]["weights"]
        if weights is not None:
            del weights["path"], weights["licence"]
        # What a job does not use leaves its fingerprint as it was before there was such a thing.
        if deciding["prepared"]["flow"] is None:
            del deciding["prepared"]["flow"]
        if deciding["prepared"]["analysis"]["takes"] == "registered":
            del deciding["prepared"]["analysis"]["takes"]
        # Why a space was chosen decides nothing once it is chosen, and may name a folder.
        del deciding["prepared"]["colour"]["reason"]
        deciding["alpha_algebra"] = ALPHA_ALGEBRA
        given = {one.name: getattr(self, one.name) for one in inputs()}
        deciding["channels"] = {
            name: one.channel if isinstance(one, Matte) else layer_behind(one)
            for name, one in given.items()
            if one is not None and (isinstance(one, Matte) or layer_behind(one))
        }
        text = json.dumps(deciding, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:32]


_BEGINNING = re.compile(r'\{\s*"schema_version": [0-9]+,\s*"mattebox": "')
"""Of every job that was written by Mattebox."""


def _is_job(path: Path) -> bool:
    """Whether a file is a job of any version; hand-written ones are, and one that is damaged."""
    try:
        text = read_text(path)
    except NotTextError:
        return False
    try:
        values = json_of(text)
    except ValueError:
        return _BEGINNING.match(text) is not None
    return isinstance(values, dict) and {"plate", "output"} <= values.keys()


JOB_KIND = FileKind("a job file of Mattebox", _is_job)


def job_file(path: Path, *, inputs: ReadFiles = (), overwrite: bool = False) -> OutputFile:
    """Where a job is written, never onto the inputs."""
    step = "choose another place for the job file"
    return OutputFile(path, JOB_KIND, inputs, overwrite, next_step=step)


def _fault(entry: Any, *, as_flags: bool) -> str:
    """One pydantic error as a sentence: where, what, which value."""
    where = [str(part) for part in entry["loc"]]
    if as_flags:
        names = [
            part for part in where if part not in ("settings", "colour") and not part.isdigit()
        ]
        name = ".".join([named(names[0]), *names[1:]])
    else:
        name = ".".join(where)
    if entry["type"] == "extra_forbidden":
        return f"{name}: unknown entry"
    if entry["type"] == "missing":
        return f"{name}: missing"
    message = str(entry["msg"]).removeprefix("Value error, ")
    if entry["type"] == "value_error":
        return f"{name}: {message}"
    return f"{name}: {message} (found {entry['input']!r})"
