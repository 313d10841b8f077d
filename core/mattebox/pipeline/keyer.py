"""The way of one frame, from pixels as read to pixels as written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mattebox.colour_difference import colour_difference, difference_matte
from mattebox.engines.base import Engine, EngineInput, Prediction
from mattebox.errors import DeviceError, named
from mattebox.job import Analysis
from mattebox.matte.background_exposure import IDENTITY, frame_gain, gained_background
from mattebox.matte.controls import MatteControls, control_alpha
from mattebox.matte.despill import ScreenColour, SpillControls
from mattebox.matte.fill import pull_push
from mattebox.matte.inset import unlit
from mattebox.matte.interior import closed_alpha
from mattebox.matte.islands import seen_areas, without_islands
from mattebox.matte.layers import Despill, key_layers
from mattebox.matte.shadows import shadow_share
from mattebox.matte.solve import WORST_ERROR, Solution, solve_alpha
from mattebox.matte.takes import Lie, alpha_error, how_takes_lie
from mattebox.matte.unmixing.weights import networks_for
from mattebox.pipeline.backgrounds import Background, Backgrounds
from mattebox.pipeline.clock import StageClock
from mattebox.pipeline.keyed_frame import LeavingFrame, packed
from mattebox.pipeline.reduction import Reduction
from mattebox.pipeline.seen_frame import (
    SeenFrame,
    SolvedFrame,
    WindowSlices,
    is_empty,
    placed,
    shared_window,
)
from mattebox.pipeline.two_takes import settled, takes_of, with_second_moved
from mattebox.settings import (
    KeySettings,
    Markers,
    Pass,
    PixelType,
    PlateFit,
    Shadows,
    Solver,
    SourceAlpha,
    SpillRule,
)
from mattebox.shot import Pictures
from mattebox_ocio.model_space import ModelSpace
from mattebox_ocio.plate import PlateColour

SURELY_BACKGROUND = 0.02
"""Where an engine's alpha is below this, the source is taken as background for the fill."""


@dataclass(frozen=True)
class _Found:
    """[1,1,H,W] alpha and confidence, 0..1; [1,4,H,W] shares of the spill rules where known;
    [1,3,H,W] linear Rec.709 the frame as it was solved, where that is not what was seen."""

    alpha: torch.Tensor
    confidence: torch.Tensor
    spill: torch.Tensor | None = None
    source: torch.Tensor | None = None


class FrameKeyer:
    """Keys frames of one shot on one device. The engine's state travels outside of it."""

    def __init__(
        self,
        settings: KeySettings,
        *,
        engine: Engine[Any],
        colour: PlateColour,
        analysis: Analysis,
        device: torch.device,
        reduction: Reduction,
        backgrounds: Backgrounds,
        clock: StageClock,
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._colour = colour
        self._device = device
        self._clock = clock
        self._reduction = reduction
        self._model_space = ModelSpace(exposure=analysis.exposure)
        self._statistics = analysis.statistics
        self._camera_moves = analysis.camera_moves
        self._takes = analysis.takes
        self._backgrounds = backgrounds
        own = backgrounds.own if analysis.plate == "estimated" else None
        self._unlit: torch.Tensor | None = None
        # A rule that was asked for by its name holds all over the picture.
        if own is not None and own.unseen is not None and settings.spill_rule is SpillRule.LEARNED:
            self._unlit = unlit(1.0 - own.unseen)
        self._controls = MatteControls(
            settings.clip_black,
            settings.clip_white,
            settings.gamma,
            # In pixels of the plate, so that a proxy looks like the frame it stands for.
            settings.erode / reduction.factor,
            settings.blur / reduction.factor,
        )
        self._despill: Despill | None = None
        if analysis.screen is not None and settings.despill > 0.0:
            screen = ScreenColour(*analysis.screen)
            if screen.is_saturated:
                self._despill = Despill(
                    screen, spill_controls(settings), colour.to_rec709, colour.from_rec709
                )

    def see(self, pictures: Pictures, state: Any) -> tuple[SeenFrame, Any]:
        """Colour and engine: the part that a recurrent network's memory depends on."""
        with torch.inference_mode(), _device_errors(self._device):
            with self._timed("colour"):
                covered = self._covered(pictures)
                source = self._source(pictures)
                background = self._background(pictures, source)
                if background is not None and not bool(pictures.covered.all()):
                    background = replace(
                        background, out=background.out * covered, linear=background.linear * covered
                    )
                seen = self._engine_input(pictures, source, background)
                if self._takes == "apart":
                    seen = with_second_moved(seen)
            window = shared_window([pictures], self._reduction)
            with self._timed("engine"):
                prediction, after = self._engine.predict(seen, state)
                relit = self._relit(seen, background, prediction, window)
                if relit is not None:
                    background = relit
                    seen = self._engine_input(pictures, source, background)
                    if self._engine.info.needs_background:
                        prediction, after = self._engine.predict(seen, state)
                state = after
                if self._takes != "registered":
                    error = alpha_error(takes_of(seen))
                    prediction = replace(prediction, exact=False, error=error)
                alpha = prediction.alpha
                uncovered = None if background is None else background.uncovered
                if uncovered is not None and not prediction.sure_inside:
                    alpha = pull_push(alpha, 1.0 - uncovered)
                prediction = replace(prediction, alpha=alpha * covered)
            mattes = [
                None if matte is None else self._matte(matte)
                for matte in (
                    pictures.input("inside"),
                    pictures.input("outside"),
                    pictures.input("protect"),
                    pictures.source_alpha,
                )
            ]
            return (
                SeenFrame(
                    source=source,
                    background=None if background is None else background.out,
                    linear=seen.linear,
                    background_linear=seen.background_linear,
                    unseen=None if background is None else background.unseen,
                    uncovered=uncovered,
                    prediction=prediction,
                    inside=mattes[0],
                    outside=mattes[1],
                    protect=mattes[2],
                    source_alpha=mattes[3],
                    covered=covered,
                    window=window,
                ),
                state,
            )

    def how_takes_lie(self, pictures: Pictures) -> Lie:
        """How the two takes of a frame lie; it has two."""
        with torch.inference_mode(), _device_errors(self._device):
            source = self._source(pictures)
            background = self._background(pictures, source)
            return how_takes_lie(takes_of(self._engine_input(pictures, source, background)))

    def linear_light(self, pictures: Pictures) -> torch.Tensor:
        """[1,3,H,W] linear Rec.709 of a frame that is only a neighbour of others."""
        with torch.inference_mode(), _device_errors(self._device), self._timed("colour"):
            return self._colour.to_rec709(self._source(pictures))

    def solve(self, seen: SeenFrame, neighbours: Sequence[torch.Tensor]) -> SolvedFrame:
        """Alpha in linear light, before what ``finish`` does.

        ``neighbours`` are [1,3,H,W] linear Rec.709: the frames within ``steady.WINDOW``.
        """
        with torch.inference_mode(), _device_errors(self._device), self._timed("matte"):
            return SolvedFrame(seen, self._solution(seen, neighbours))

    def finish(self, solved: SolvedFrame) -> LeavingFrame:
        """Shadows, markers, controls, foreground, despill, layers."""
        settings, seen = self._settings, solved.seen
        with torch.inference_mode(), _device_errors(self._device), self._timed("matte"):
            first = seen.prediction.alpha
            found = self._found(solved)
            alpha, areas = found.alpha, None
            if settings.markers is Markers.REMOVE:
                alpha = without_islands(alpha)
            else:
                areas = seen_areas(alpha)
            inside = seen.inside
            if seen.source_alpha is not None:
                if settings.source_alpha is SourceAlpha.MULTIPLY:
                    alpha = alpha * seen.source_alpha
                elif settings.source_alpha is SourceAlpha.INSIDE:
                    given = seen.source_alpha
                    inside = given if inside is None else torch.maximum(inside, given)
            alpha = control_alpha(alpha, self._controls, inside, seen.outside) * seen.covered
            background = seen.background
            if background is None:
                background = pull_push(
                    seen.source, (first < SURELY_BACKGROUND).float() * seen.covered
                )
            layers = key_layers(
                seen.source,
                background,
                alpha,
                shown=None if found.source is None else self._shown(seen, found.source),
                despill=self._despill
                and replace(self._despill, protect=self._protected(seen), shares=found.spill),
                half=settings.pixel_type is PixelType.HALF,
                foreground=Pass.FG in settings.passes,
            )
            confidence = found.confidence * seen.covered
            return packed(settings, seen.source, layers, first, confidence, areas)

    def _solution(self, seen: SeenFrame, neighbours: Sequence[torch.Tensor]) -> Solution | None:
        """The solver's answer within the frame's window; None where nothing is to be solved."""
        prediction, statistics = seen.prediction, self._statistics
        if (
            prediction.exact
            or is_empty(seen.window, seen.linear)
            or seen.background_linear is None
            or statistics is None
            or self._settings.solver is Solver.OFF
        ):
            return None
        # Outside the plate's data window nothing is known: it must not reach in over the border.
        source, background = seen.linear[seen.window], seen.background_linear[seen.window]
        network, for_video = networks_for(statistics, self._device)
        first = prediction.alpha[seen.window]
        if self._takes != "registered":
            # Where the takes disagree, what both say is nothing to begin from.
            first = difference_matte(source, background)
        solution = solve_alpha(
            source,
            background,
            first,
            statistics,
            network,
            unseen=None if seen.unseen is None else seen.unseen[seen.window],
            neighbours=[neighbour[seen.window] for neighbour in neighbours],
            for_video=for_video,
        )
        if not statistics.screen:
            return solution
        plain = colour_difference(source, background, statistics.key)
        return replace(solution, alpha=torch.maximum(solution.alpha, closed_alpha(plain)))

    def _found(self, solved: SolvedFrame) -> _Found:
        """Alpha before controls, confidence, and what is known of spill."""
        seen, solution, statistics = solved.seen, solved.solution, self._statistics
        prediction = seen.prediction
        known = prediction.error
        believed = 1.0 if known is None else (1.0 - known / WORST_ERROR).clamp_min(0.0)
        if solution is None:
            # Without a background nothing checks the engine: alpha near 0 or 1 is likelier right.
            sure = (2.0 * prediction.alpha - 1.0).abs() * believed
            return _Found(prediction.alpha, torch.ones_like(sure) if prediction.exact else sure)
        assert seen.background_linear is not None
        assert statistics is not None
        if self._takes != "registered":
            alone, sure = (placed(one, seen) for one in (solution.alpha, solution.confidence))
            return _Found(*settled(prediction, alone, sure), placed(solution.spill, seen))
        alpha, confidence = solution.alpha, solution.confidence
        if self._settings.shadows is Shadows.REMOVE:
            source, background = seen.linear[seen.window], seen.background_linear[seen.window]
            share = shadow_share(source, background, statistics.noise, statistics.plate_noise)
            alpha = alpha * (1.0 - share)
        if seen.uncovered is not None:
            beyond = seen.uncovered[seen.window]
            around = (
                prediction.alpha[seen.window]
                if prediction.sure_inside
                else pull_push(alpha, 1.0 - beyond)
            )
            alpha = torch.where(beyond > 0.5, around, alpha)
            confidence = confidence * (1.0 - beyond)

        # A solver that begins at a wrong alpha does not know that it does.
        return _Found(
            placed(alpha, seen),
            placed(confidence, seen) * believed,
            placed(solution.spill, seen),
            None if solution.source is None else placed(solution.source, seen),
        )

    def _protected(self, seen: SeenFrame) -> torch.Tensor | None:
        """[1,1,H,W] 0..1: where colours are no screen's light, and stay; None where any may be."""
        if seen.protect is None or self._unlit is None:
            return self._unlit if seen.protect is None else seen.protect
        return torch.maximum(seen.protect, self._unlit)

    def _shown(self, seen: SeenFrame, linear: torch.Tensor) -> torch.Tensor:
        """[1,3,H,W] out-space linear of a frame [1,3,H,W] in linear Rec.709; what it has as it was
        seen stays bit for bit."""
        changed = (linear != seen.linear).any(1, keepdim=True)
        return torch.where(changed, self._colour.from_rec709(linear), seen.source)

    def _engine_input(
        self, pictures: Pictures, source: torch.Tensor, background: Background | None
    ) -> EngineInput:
        to_rec709 = self._colour.to_rec709
        linear = to_rec709(source)
        background_linear = None if background is None else background.linear
        encode: Callable[[torch.Tensor], torch.Tensor] = self._model_space.encode
        encoded = self._engine.info.wants_encoded
        second, second_background = (
            None if picture is None else to_rec709(self._linearised(picture, name))
            for name in ("plate2", "background2")
            for picture in (pictures.input(name),)
        )
        hint = pictures.input("hint")
        return EngineInput(
            linear=linear,
            background_linear=background_linear,
            encoded=encode(linear) if encoded else None,
            background_encoded=encode(background_linear)
            if encoded and background_linear is not None
            else None,
            hint=None if hint is None else self._reduction.mean(self._uploaded(hint[..., None])),
            hint_error=None if pictures.hint_error is None else self._matte(pictures.hint_error),
            second_linear=second,
            second_background_linear=second_background,
        )

    def _relit(
        self,
        seen: EngineInput,
        background: Background | None,
        prediction: Prediction,
        window: WindowSlices,
    ) -> Background | None:
        """The background in this frame's light, where that flickers; None where it is steady."""
        if background is None or self._settings.match_exposure is PlateFit.OFF or prediction.exact:
            return None
        if is_empty(window, seen.linear):
            return None
        # Beyond a clean plate the frame is its own background, and says nothing of its light.
        unknown, subject = background.uncovered, prediction.alpha
        if unknown is not None:
            subject = torch.maximum(subject, unknown)
        gain = frame_gain(seen.linear[window], background.linear[window], subject[window])
        if gain == IDENTITY:
            return None
        linear = gained_background(background.linear, gain)
        if unknown is not None:
            linear = torch.where(unknown > 0.5, seen.linear, linear)
        return replace(background, out=self._colour.from_rec709(linear), linear=linear)

    def _source(self, pictures: Pictures) -> torch.Tensor:
        """Out-space linear; 0 outside the plate's data window, where nothing is to be keyed."""
        source = self._linearised(pictures.source, "plate")
        if bool(pictures.covered.all()):
            return source
        return source * self._covered(pictures)

    def _background(self, pictures: Pictures, source: torch.Tensor) -> Background | None:
        """The background of a frame.

        Beyond the border of a clean plate nothing is known: there the frame is its own background,
        and alpha is taken from around (``_found``).
        """
        pixels = pictures.input("clean_plate")
        if pixels is None:
            return self._backgrounds.own
        known = pictures.coverage.get("clean_plate")
        covered = None if known is None else self._whole(known)

        def light() -> torch.Tensor:
            return self._linearised(pixels, "clean_plate")

        if self._camera_moves:
            background = self._backgrounds.following(
                pixels,
                light,
                covered,
                self._colour.to_rec709(source),
                self._known_subject(pictures, source),
            )
        else:
            background = self._backgrounds.fitted(pixels, light, covered)
        if background.uncovered is None:
            return background
        out = torch.where(background.uncovered > 0.5, source, background.out)
        return replace(background, out=out, linear=self._colour.to_rec709(out))

    def _known_subject(self, pictures: Pictures, source: torch.Tensor) -> torch.Tensor:
        """[1,1,H,W] what mattes say of the subject before anything is keyed; 0 without any."""
        subject = torch.zeros_like(source[:, :1])
        for matte in (pictures.input("inside"), pictures.input("hint")):
            if matte is not None:
                subject = torch.maximum(subject, self._matte(matte))
        return subject

    def _linearised(self, pixels: NDArray[np.float32], name: str) -> torch.Tensor:
        """HxWx3 in the space of the input ``name`` to [1,3,h,w] out-space linear, at the size that
        is keyed."""
        return self._reduction.mean(self._colour.to_out_of(name)(self._uploaded(pixels)))

    def _matte(self, matte: NDArray[np.float32]) -> torch.Tensor:
        """HxW to [1,1,h,w] 0..1, at the size that is keyed."""
        return self._reduction.mean(self._uploaded(matte[..., None]).clamp(0.0, 1.0))

    def _covered(self, pictures: Pictures) -> torch.Tensor:
        """[1,1,h,w] 1 where the plate has pixels."""
        if pictures.covered.all():
            window = self._reduction.window
            return torch.ones(1, 1, window.height, window.width, device=self._device)
        return self._whole(pictures.covered)

    def _whole(self, covered: NDArray[np.bool_]) -> torch.Tensor:
        """HxW to [1,1,h,w] 1 where all pixels of a box have one."""
        return self._reduction.whole(self._uploaded(covered.astype(np.float32)[..., None]))

    def _uploaded(self, pixels: NDArray[np.float32]) -> torch.Tensor:
        """HxWxC float32 in memory to [1,C,H,W] on the device."""
        held = torch.from_numpy(np.ascontiguousarray(pixels))
        if self._device.type == "cuda":
            held = held.pin_memory()  # what is not pinned is waited for
        sent = held.to(self._device, non_blocking=True)
        return sent.permute(2, 0, 1).contiguous().unsqueeze(0)

    def _timed(self, stage: str) -> AbstractContextManager[None]:
        """A stage of the run. A GPU is not waited for: it is handed work here, and what its work
        takes is waited for where the frame arrives."""
        return self._clock.stage(stage)


def spill_controls(settings: KeySettings) -> SpillControls:
    """Despill as the settings say it."""
    return SpillControls(
        rule=settings.spill_rule,
        amount=settings.despill,
        bias=settings.spill_bias,
        restore=settings.spill_restore,
        replace=settings.spill_replace,
    )


@contextmanager
def _device_errors(device: torch.device) -> Iterator[None]:
    """Out of memory on the device, said in our words."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise DeviceError(
            f"{device} ran out of memory: {str(error).splitlines()[0]}",
            next_step=f"lower {named('ratio')}, use {named('precision')} float16, close other "
            "programs, or use "
            f"{named('device')} cpu",
        ) from error
