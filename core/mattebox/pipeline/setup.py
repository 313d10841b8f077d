"""What a job works with, each opened once: its shot, device, colour, weights and engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from mattebox.devices import Device, choose_device
from mattebox.engines.base import Engine
from mattebox.engines.registry import engine_info, make_engine
from mattebox.events import Reporter
from mattebox.inputs import inputs
from mattebox.job import Analysis, Job, PreparedColour, PreparedJob, PreparedWeights
from mattebox.network_config import read_network_config
from mattebox.pipeline.backgrounds import Backgrounds, OwnBackground, own_background
from mattebox.pipeline.carried import CarriedMattes
from mattebox.pipeline.colour import open_colour, resolve_colour
from mattebox.pipeline.plan import Plan
from mattebox.pipeline.reduction import Reduction
from mattebox.pipeline.standing import reach_of
from mattebox.settings import knobs
from mattebox.shot import Pictures, Shot
from mattebox.weights.choose import choose_weights, know_weights, located_weights
from mattebox_ocio.plate import PlateColour


@dataclass
class ShotSetup:
    """Opens what a job needs at the first call for it, and keeps it for every phase of a run.

    The job may be prepared or not: the phases of a run differ in nothing that is opened here.
    """

    job: Job
    _colour: PlateColour | None = field(default=None, init=False, repr=False)
    _engine: Engine[Any] | None = field(default=None, init=False, repr=False)
    _own: tuple[object, OwnBackground | None] | None = field(default=None, init=False, repr=False)
    _fitted: tuple[Analysis, Backgrounds] | None = field(default=None, init=False, repr=False)
    _carried: CarriedMattes | None = field(default=None, init=False, repr=False)

    @cached_property
    def device(self) -> Device:
        """Where it is computed. Raises DeviceError where that is not there."""
        return choose_device(self.job.device)

    @cached_property
    def shot(self) -> Shot:
        """All inputs. Raises as ``Shot.open``."""
        return Shot.open(self.job)

    def again(self, job: Job) -> ShotSetup:
        """A setup for another job that takes over what both have in common."""
        other, before = ShotSetup(job), self.job
        same_device = job.device == before.device
        if same_device and "device" in vars(self):
            vars(other)["device"] = self.device
        same_shot = _reads(job) == _reads(before)
        if same_shot and "shot" in vars(self):
            vars(other)["shot"] = self.shot
        if same_shot and job.colour == before.colour:
            other._colour = self._colour
            other._carried = self._carried
            if job.settings.proxy is before.settings.proxy:
                other._own = self._own
                other._fitted = self._fitted if same_device else None
        if same_device and _engine_of(job) == _engine_of(before):
            other._engine = self._engine
        return other

    def close(self) -> None:
        """End the programs that read movies."""
        if "shot" in vars(self):
            self.shot.close()

    def find_colour(self, reporter: Reporter) -> PreparedColour:
        """The colour of the plate; what is doubtful about it goes to the reporter."""
        return resolve_colour(self.job, self.shot, reporter)

    def find_weights(self) -> PreparedWeights | None:
        """The weights that the job means; None where its engine has none. Raises WeightsError."""
        if not engine_info(self.job.settings.engine).wants_encoded:
            return None
        chosen = choose_weights(self.job.weights, self.job.settings.engine)
        known = know_weights(chosen)
        return PreparedWeights(
            path=str(chosen.path),
            sha256=known.file.sha256,
            network=known.file.network or "unknown",
            licence=known.licence,
            config=read_network_config(self.job.network_config),
        )

    def colour(self, found: PreparedColour) -> PlateColour:
        """The transforms of the colour that was found. Raises as ``open_colour``."""
        if self._colour is None:
            self._colour = open_colour(self.job, found)
        return self._colour

    def own_background(self, found: PreparedColour, analysis: Analysis) -> OwnBackground | None:
        """The background made from the shot, made once a run; None where there is none."""
        made_from = (analysis.plate, analysis.screen, analysis.frames)
        if self._own is None or self._own[0] != made_from:
            reduction = Reduction.of(self.job.settings, self.shot)
            own = own_background(self.shot, self.colour(found), analysis, reduction)
            self._own = (made_from, own)
        return self._own[1]

    def backgrounds(self, found: PreparedColour, analysis: Analysis) -> Backgrounds:
        """The backgrounds of a shot that was analysed; a still clean plate is fitted once."""
        if self._fitted is None or self._fitted[0] != analysis:
            own = self.own_background(found, analysis)
            colour, device = self.colour(found), self.device.torch
            self._fitted = (analysis, Backgrounds(colour, analysis, own, device))
        return self._fitted[1]

    def hinted(self, pictures: Pictures, found: PreparedColour) -> Pictures:
        """A frame's pictures with the hint that is carried to it, where there are key frames.

        Raises ToolError where OpenCV is not installed, InputError as ``CarriedMattes.of``.
        """
        keys = self.shot.key_frames
        if keys is None:
            return pictures
        if self._carried is None:
            self._carried = CarriedMattes(self.shot, keys, self.colour(found))
        carried = self._carried.of(pictures.frame)
        given = {**pictures.given, "hint": carried.alpha}
        return replace(pictures, given=given, hint_error=carried.error)

    def engine(self, weights: PreparedWeights | None) -> Engine[Any]:
        """The engine on its device, with the weights that were found. Raises as ``make_engine``."""
        if self._engine is None:
            path = None if weights is None else located_weights(Path(weights.path), weights.sha256)
            self._engine = make_engine(
                self.job.settings,
                weights=path,
                device=self.device.torch,
                config=None if weights is None else weights.config,
            )
        return self._engine

    def plan(self, job: PreparedJob, frames: str | None) -> Plan:
        """The frames of a run. Raises as ``Plan.make``."""
        return Plan.make(job, self.shot, frames, reach_of(job))


def _reads(job: Job) -> Mapping[str, object]:
    """All that decides which pictures a shot reads."""
    entries = {*(one.name for one in inputs()), "part", "view", "layers", "timecode"}
    entries |= {"hint_invert", "hint_label", "cuts", "offset", "hold"}
    settings = {"overscan", "non_finite"}
    return job.model_dump(include={**dict.fromkeys(entries, True), "settings": settings})


def _engine_of(job: Job) -> Mapping[str, object]:
    """All that decides an engine but its device."""
    settings = {"engine", *(knob.name for knob in knobs() if knob.group == "Network")}
    return job.model_dump(include={"weights": True, "network_config": True, "settings": settings})
