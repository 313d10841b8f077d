"""The background of a shot: a clean plate fitted to it, a screen estimated from it, or a colour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from mattebox import __version__, header_words
from mattebox.frames import is_broken_exr, read_attributes_only, write_frame
from mattebox.images import Frame
from mattebox.job import Analysis, PreparedJob
from mattebox.matte.background_estimate import estimate_background
from mattebox.matte.background_exposure import gained_background
from mattebox.matte.degrain import degrained_plate
from mattebox.matte.layers import HALF_MAX
from mattebox.matte.registration import moved_background, register_background, shown
from mattebox.matte.statistics import Registration
from mattebox.pipeline.reduction import Reduction
from mattebox.shot import Pictures, Shot
from mattebox.whole_files import FileKind, OutputFile
from mattebox_ocio.plate import PlateColour

if TYPE_CHECKING:
    from mattebox.pipeline.setup import ShotSetup

Pixels = NDArray[np.float32]
Mask = NDArray[np.bool_]

SHOT_ITSELF = ("estimated", "constant")
"""Kinds of background that are made from the shot, or of one colour found in it."""

WHOLLY_COVERED = 0.999
"""A moved pixel is the clean plate's own where none that it is sampled from is missing."""

NO_SCREEN = 0.5
"""From this on a holdout or garbage matte says that there is no screen."""


@dataclass(frozen=True)
class Background:
    """A background, ready for the matte: [1,3,H,W] float32 on the computing device.

    Attributes:
        out: out-space linear.
        linear: the same in linear Rec.709.
        unseen: [1,1,H,W] 0..1, 1 where an estimate continues what is around; None where the
            background was shot, or is one colour.
        uncovered: [1,1,H,W] 1 where a clean plate has no pixels and none are estimated: beyond its
            data window, or its border where it was moved; None where it covers all of the picture.
    """

    out: torch.Tensor
    linear: torch.Tensor
    unseen: torch.Tensor | None = None
    uncovered: torch.Tensor | None = None


class Backgrounds:
    """Gives the background of each frame."""

    def __init__(
        self,
        colour: PlateColour,
        analysis: Analysis,
        own: OwnBackground | None,
        device: torch.device,
    ) -> None:
        """``own`` is the background made from the shot, where no clean plate is given or the one
        that is leaves a part of a screen out."""
        self._colour = colour
        self._registration = analysis.registration
        self._gain, self._grain = analysis.gain, analysis.plate_grain
        self._own: Background | None = None
        self._still: tuple[Pixels, Background] | None = None
        self._followed: tuple[Pixels, _CleanPlate] | None = None
        if own is not None:
            linear = own.linear.to(device)
            unseen = None if own.unseen is None else own.unseen.to(device)
            self._own = Background(colour.from_rec709(linear), linear, unseen)

    @property
    def own(self) -> Background | None:
        """The background made from the shot or from a colour, or None."""
        return self._own

    def fitted(
        self,
        pixels: Pixels,
        light: Callable[[], torch.Tensor],
        covered: torch.Tensor | None = None,
    ) -> Background:
        """A clean plate without its grain, moved into place and brought to exposure.

        A still is fitted once.

        Args:
            pixels: as it was read: a still is the same array for every frame.
            light: gives it as [1,3,H,W] out-space linear.
            covered: [1,1,H,W] 1 where it has pixels; None where it has everywhere.
        """
        if self._still is None or self._still[0] is not pixels:
            plate = self._cleaned(light(), covered)
            self._still = (pixels, self._moved(plate, self._registration))
        return self._still[1]

    def following(
        self,
        pixels: Pixels,
        light: Callable[[], torch.Tensor],
        covered: torch.Tensor | None,
        source: torch.Tensor,
        subject: torch.Tensor,
    ) -> Background:
        """A clean plate moved into the place that one frame of a moving camera shows it in.

        It is found from this frame alone, so that any chunk finds the same. Where the frame does
        not tell, the shot's own place is kept. A still is made linear and degrained once.

        Args:
            pixels, light, covered: of the clean plate, as ``fitted``.
            source: [1,3,H,W] the frame, linear Rec.709.
            subject: [1,1,H,W] 0..1 what is known of the subject; 0 all over where nothing is.
        """
        if self._followed is None or self._followed[0] is not pixels:
            self._followed = (pixels, self._cleaned(light(), covered))
        plate = self._followed[1]
        found = register_background([source], plate.linear, [subject])
        return self._moved(plate, self._registration if found.model == "none" else found)

    def _cleaned(self, out: torch.Tensor, covered: torch.Tensor | None) -> _CleanPlate:
        linear = cleaned = self._colour.to_rec709(out)
        if self._grain is not None:
            cleaned = degrained_plate(linear, self._grain, covered)
        return _CleanPlate(out, linear, cleaned, covered)

    def _moved(self, plate: _CleanPlate, place: Registration | None) -> Background:
        fitted, known, covered = plate.cleaned, plate.covered, plate.covered
        if place is not None and place.model != "none":
            fitted = moved_background(fitted, place)
            known = shown(place, fitted)
            if covered is not None:
                known = known * (moved_background(covered, place) > WHOLLY_COVERED).float()
        if self._gain is not None:
            fitted = gained_background(fitted, self._gain.gain)
        own = plate.out if fitted is plate.linear else self._colour.from_rec709(fitted)
        if known is None or bool((known > 0.5).all()):
            return Background(own, fitted)
        if self._own is None:
            return Background(own, fitted, uncovered=1.0 - known)
        estimate = self._own
        return Background(
            torch.where(known > 0.5, own, estimate.out),
            torch.where(known > 0.5, fitted, estimate.linear),
            None if estimate.unseen is None else estimate.unseen * (1.0 - known),
        )


@dataclass(frozen=True)
class _CleanPlate:
    """A clean plate where it was shot, [1,3,H,W]: out-space linear, linear Rec.709, and the latter
    without its grain; ``covered`` as in ``Backgrounds.fitted``."""

    out: torch.Tensor
    linear: torch.Tensor
    cleaned: torch.Tensor
    covered: torch.Tensor | None


@dataclass(frozen=True)
class OwnBackground:
    """A background made from the shot: [1,3,H,W] linear Rec.709 on the CPU.

    ``unseen`` is that of ``Background``.
    """

    linear: torch.Tensor
    unseen: torch.Tensor | None


def own_background(
    shot: Shot, colour: PlateColour, analysis: Analysis, reduction: Reduction
) -> OwnBackground | None:
    """Make the background of a shot without a clean plate, or before a screen of which a clean
    plate leaves a part out, at the size that is keyed; None where that is filled in.

    An estimate is made anew from the frames that the analysis names, so that every chunk has the
    same and none is stored.
    """
    is_part_missing = analysis.plate == "given" and shot.share_left_out("clean_plate") > 0.0
    if analysis.screen is None or not (is_part_missing or analysis.plate in SHOT_ITSELF):
        return None
    if analysis.plate != "constant":
        seen = [shot.read(frame) for frame in analysis.frames[::2]]
        sources = [reduction.mean(shot_light(pictures.source, colour)) for pictures in seen]
        excluded = [_reduced(_mask(no_screen(pictures)), reduction) for pictures in seen]
        found = estimate_background(sources, analysis.screen, excluded)
        return OwnBackground(found.background, 1.0 - found.known)
    shape = (1, 3, reduction.window.height, reduction.window.width)
    return OwnBackground(
        torch.tensor(analysis.screen).view(1, 3, 1, 1).expand(shape).contiguous(), None
    )


def shot_light(pixels: Pixels, colour: PlateColour, name: str = "plate") -> torch.Tensor:
    """HxWx3 in the own space of an input to [1,3,H,W] linear Rec.709 on the CPU."""
    return colour.to_rec709(colour.to_out_of(name)(_tensor(pixels)))


def no_screen(pictures: Pictures) -> Mask | None:
    """HxW True where a frame shows no screen: its subject or garbage, as mattes say, and where it
    has no pixels."""
    mattes = [pictures.input(name) for name in ("inside", "outside")]
    known = [matte > NO_SCREEN for matte in mattes if matte is not None]
    if not pictures.covered.all():
        known.append(~pictures.covered)
    return np.logical_or.reduce(known) if known else None


def screen_share(
    samples: Sequence[Pixels], screen: tuple[float, float, float], excluded: Sequence[Mask | None]
) -> float:
    """Part of the picture, 0..1, where a screen estimated from these samples is known."""
    masks = [_mask(mask) for mask in excluded]
    return float(estimate_background([_tensor(one) for one in samples], screen, masks).known.mean())


def _mask(mask: Mask | None) -> torch.Tensor | None:
    """HxW as [1,1,H,W]."""
    return None if mask is None else torch.from_numpy(mask)[None, None]


def _reduced(mask: torch.Tensor | None, reduction: Reduction) -> torch.Tensor | None:
    """[1,1,H,W] to [1,1,h,w]: True where any pixel of a box is."""
    return None if mask is None else reduction.whole((~mask).float()) < 0.5


def _is_background(path: Path) -> bool:
    found = read_attributes_only(path)
    if found is None:
        return is_broken_exr(path)
    return header_words.PLATE in found and header_words.JOB not in found


BACKGROUND = FileKind("a plate of `mattebox plate`", _is_background)


def background_file(path: Path, shot: Shot, *, overwrite: bool) -> OutputFile:
    """Where a background is written: never onto a file of the shot."""
    return OutputFile(path, BACKGROUND, shot.all_files, overwrite)


def write_background(job: PreparedJob, path: Path, setup: ShotSetup) -> str:
    """Write the background of a prepared job, out-space linear, as half EXR; returns its kind.

    A clean plate sequence gives the background of the shot's first frame.
    """
    shot, analysis, stated = setup.shot, job.prepared.analysis, job.prepared.colour
    colour = setup.colour(stated)
    own = setup.own_background(stated, analysis)
    backgrounds = Backgrounds(colour, analysis, own, torch.device("cpu"))
    first = shot.read(shot.plate.first)
    given = first.input("clean_plate")
    reduction = Reduction.of(job.settings, shot)
    if given is not None:
        covered = _mask(first.coverage.get("clean_plate"))
        background = backgrounds.fitted(
            given,
            lambda: reduction.mean(colour.to_out_of("clean_plate")(_tensor(given))),
            None if covered is None else reduction.whole(covered.float()),
        )
    else:
        assert backgrounds.own is not None
        background = backgrounds.own
    out = background.out.clamp(-HALF_MAX, HALF_MAX)[0].permute(1, 2, 0).contiguous().numpy()
    attributes: dict[str, object] = {
        "chromaticities": stated.chromaticities,
        header_words.PLATE: analysis.plate,
        header_words.VERSION: __version__,
    }
    if stated.interop_id is not None:
        attributes["colorInteropID"] = stated.interop_id
    frame = Frame(
        out,
        ("R", "G", "B"),
        reduction.window,
        shot.first_part.display_window.reduced(reduction.factor),
        shot.first_part.pixel_aspect,
        attributes,
        {"chromaticities": "float[8]"},
    )
    write_frame(path, frame)
    return analysis.plate


def _tensor(pixels: Pixels) -> torch.Tensor:
    """HxWx3 as [1,3,H,W]."""
    return torch.from_numpy(pixels).permute(2, 0, 1).unsqueeze(0).contiguous()
