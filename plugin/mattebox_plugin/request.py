"""What an artist asked for, as the job file that the core reads, and where its frames go."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from .parameters import INPUTS, PARAMETERS
from .patterns import frames_on_disk, held, is_pattern, numbered, split_channel

JOB_FILE = "request.json"
PREPARED_FILE = "prepared.json"

ENGINES = ("screen", "rvm", "bgmv2", "hint", "onnx-matte")
"""What a node offers. ``triangulate`` is for renders and reads two plates: the command line's."""

NEEDS_SCREEN = ("screen", "bgmv2")
"""Engines that work against a known background: a clean plate, or a screen colour."""

SCREEN_CHOICES = ("automatic", "clip", "green", "blue", "colour")
"""What a panel offers: what the engine needs, found in the clip, named, or picked."""

FILES = ("plate", *(one.name for one in INPUTS), "network_config")
"""Entries of a job that are files of the project."""

FIRST_INPUTS = 5
"""Inputs that a digest names where they are not given too: those that there were at first. Of later
ones only the given count, so that frames keyed without them are found again."""


@dataclass(frozen=True)
class Request:
    """One node's key.

    Attributes:
        name: of the node; the folder of its frames begins with it.
        root: folder that holds the results of all nodes.
        plate: the clip as the core reads it: ``shot.####.exr``, or one file.
        pictures: the inputs that are given, by name: a file or pattern, or ``FILE[:channel]``.
        part: part or layer of the plate's files, by name; None lets the core find it.
        offset: by name of a given input, what is added to a plate's frame to find its picture.
        hold: given inputs whose picture before serves where there is none of a number.
        weights: file or catalogue name; None for the engine's own.
        network_config: how an ``onnx-matte`` network is fed.
        cuts: first frames of new scenes.
        in_space: colour space of the plate by the config's name; None lets the core find out.
        out_space: the host's working space; results are read raw in it.
        config: OCIO config, a file or ``ocio://name``; None means $OCIO.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:n``.
        settings: the core's settings by name, in the job file's form.
    """

    name: str
    root: str
    plate: str
    pictures: Mapping[str, str] = field(default_factory=dict)
    part: str | None = None
    offset: Mapping[str, int] = field(default_factory=dict)
    hold: tuple[str, ...] = ()
    weights: str | None = None
    network_config: str | None = None
    cuts: tuple[int, ...] = ()
    in_space: str | None = None
    out_space: str | None = None
    config: str | None = None
    device: str = "auto"
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """12 hex digits over everything but name and place: other settings, another folder.

        A host may then go back and forth between settings and find its frames again, and never
        shows the pixels of one under the knobs of another. Files count by their way from the
        root, so that a project keeps its frames when it is moved or mounted elsewhere; an OCIO
        config by its name, since every machine has it somewhere else (the core's own fingerprint
        covers what is in it).
        """
        deciding = asdict(self)
        del deciding["name"], deciding["root"], deciding["pictures"]
        deciding.update((one.name, None) for one in INPUTS[:FIRST_INPUTS])
        deciding.update(self.pictures)
        for name in ("part", "offset", "hold"):
            if not deciding[name]:
                del deciding[name]  # so that frames keyed before there were these are found again
        for name in FILES:
            if deciding.get(name) is not None:
                deciding[name] = _way(deciding[name], self.root)
        if self.weights is not None and Path(self.weights).name != self.weights:
            deciding["weights"] = _way(self.weights, self.root)
        if self.config is not None:
            deciding["config"] = Path(self.config).name
        text = json.dumps(deciding, sort_keys=True, separators=(",", ":"), default=list)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def folder(self) -> Path:
        """Where the frames, the job and what was found out about the shot lie."""
        return Path(self.root) / f"{safe_name(self.name)}_{self.digest}"

    @property
    def proxy(self) -> int:
        """How many pixels of the plate, on a side, are one of the frames'."""
        return int(self.settings.get("proxy", 1))

    @property
    def output(self) -> str:
        """Pattern of the keyed frames: the plate's name and padding, always EXR."""
        stem = Path(self.plate).stem
        if not is_pattern(stem):
            stem = f"{stem}.####"
        return str(self.folder / f"{stem}.exr")

    def frame_path(self, frame: int) -> Path:
        """The keyed frame of this number."""
        return Path(numbered(self.output, frame))

    def inputs(self, frame: int) -> tuple[Path, ...]:
        """The files that a frame is made from, as far as a host can tell by their names."""
        given = tuple(one.name for one in INPUTS if one.name in self.pictures)
        plate = Path(numbered(self.plate, frame))
        return (plate, *(self.picture(name, frame) for name in given))

    def picture(self, name: str, frame: int) -> Path:
        """The file of an input that serves a frame of the plate."""
        pattern, _ = split_channel(self.pictures[name])
        wanted = frame + self.offset.get(name, 0)
        path = Path(numbered(pattern, wanted))
        if name in self.hold and not path.exists():
            path = Path(numbered(pattern, held(frames_on_disk(pattern), wanted)))
        return path

    def with_passes_of(self, wanted: Collection[str]) -> Request:
        """The same without the passes that are not among ``wanted``: a quick look."""
        passes = next(one for one in PARAMETERS if one.name == "passes")
        left = [one for one in self.settings.get("passes", passes.default) if one in wanted]
        values = {name: value for name, value in self.settings.items() if name != "passes"}
        if left != passes.written(passes.default):
            values["passes"] = left
        return replace(self, settings=values)

    def job(self) -> dict[str, Any]:
        """The job file's content; the core finds out the rest."""
        mattes = {one.name for one in INPUTS if one.is_matte}
        given = {
            "plate": self.plate,
            "output": self.output,
            **{n: _matte(file) if n in mattes else file for n, file in self.pictures.items()},
            "part": self.part,
            "offset": dict(self.offset),
            "hold": list(self.hold),
            "weights": self.weights,
            "network_config": self.network_config,
            "cuts": list(self.cuts),
            "device": self.device,
            "threads": min(os.cpu_count() or 1, 8),
        }
        colour = {
            "config": self.config,
            "in_space": self.in_space,
            "out_space": self.out_space,
        }
        return {
            **{name: value for name, value in given.items() if value not in (None, [], {})},
            "colour": {name: value for name, value in colour.items() if value is not None},
            "settings": dict(self.settings),
        }

    def write(self) -> Path:
        """Write the job file into the folder, which is made; its path.

        Raises OSError where the folder cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / JOB_FILE
        hidden = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            hidden.write_text(json.dumps(self.job(), indent=2) + "\n", encoding="utf-8")
            hidden.replace(path)
        finally:
            hidden.unlink(missing_ok=True)
        return path

    @property
    def prepared(self) -> Path:
        """The job with what was found out about the shot; the core writes it."""
        return self.folder / PREPARED_FILE


def settings_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """A host's values by parameter name, as the job file has them. Defaults are left out, so that
    a core with a knob less or more still reads the job."""
    found = {}
    for parameter in PARAMETERS:
        if parameter.name in values:
            written = parameter.written(values[parameter.name])
            if written != parameter.written(parameter.default):
                found[parameter.name] = written
    return found


def screen_text(
    choice: str, colour: tuple[float, float, float], *, engine: str, has_clean_plate: bool
) -> str | None:
    """The setting ``screen`` from one of ``SCREEN_CHOICES`` and a picked scene-linear colour."""
    if choice == "automatic":
        return "auto" if engine in NEEDS_SCREEN and not has_clean_plate else None
    if choice == "colour":
        return ",".join(f"{part:.6g}" for part in colour)
    return {"clip": "auto"}.get(choice, choice)


def _way(file: str, root: str) -> str:
    """A file seen from a folder, with forward slashes; whole where they share no drive."""
    try:
        return os.path.relpath(file, root).replace("\\", "/")
    except ValueError:
        return file


def safe_name(name: str) -> str:
    """A node's name as a folder's: no character that a file system minds."""
    return re.sub(r"[^\w.-]+", "_", name).strip("._") or "mattebox"


def _matte(text: str) -> dict[str, str | None]:
    pattern, channel = split_channel(text)
    return {"pattern": pattern, "channel": channel}
