"""Which screen a shot has, and where its background comes from: by thinned frames alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from mattebox.colour_difference import is_keyable_screen
from mattebox.errors import InputError, UsageError, named
from mattebox.events import NoteEvent, Reporter, WarningEvent
from mattebox.job import Job
from mattebox.matte.screen import background_colour, find_screen
from mattebox.pipeline.backgrounds import Mask, no_screen, screen_share, shot_light
from mattebox.shot import Pictures, Shot
from mattebox.values import ScreenName, SrgbColour
from mattebox_ocio.model_space import srgb_decode
from mattebox_ocio.plate import PlateColour

Pixels = NDArray[np.float32]
Kind = TypeVar("Kind", bound=np.generic)

LARGEST_SAMPLE = 600_000
"""Pixels of a frame that decide exposure and screen colour; more change neither."""

LITTLE_KNOWN_SCREEN = 0.2
"""A screen seen on less of the picture is continued over most of it, which is worth a warning."""

LEAST_KNOWN_SCREEN = 0.01
"""A screen seen on less of the picture is not estimated; one colour stands for it."""


@dataclass(frozen=True)
class Sample:
    """A frame, thinned, for what is found once per shot.

    Attributes:
        light: HxWx3 linear Rec.709.
        excluded: HxW True where a matte says that there is no screen; None without mattes.
    """

    light: Pixels
    excluded: Mask | None


def sample(pictures: Pictures, colour: PlateColour) -> Sample:
    """A frame as a sample of its shot."""
    excluded = no_screen(pictures)
    return Sample(
        _picture(shot_light(pictures.source, colour)),
        None if excluded is None else _thinned(excluded),
    )


def clean_plate_light(job: Job, pictures: Pictures, colour: PlateColour) -> Pixels:
    """HxWx3 linear Rec.709 of a clean plate as far as it has pixels, thinned.

    Raises InputError where it has none inside the format.
    """
    return _picture(shot_light(_shown_part(job, pictures), colour, "clean_plate"))


def choose_screen(
    job: Job,
    colour: PlateColour,
    samples: Sequence[Sample],
    clean_plates: list[Pixels],
    reporter: Reporter,
) -> tuple[float, float, float] | None:
    """The colour of the screen's light in linear Rec.709, or None where there is no screen."""
    said = job.settings.screen
    if said is None:
        return (
            background_colour(clean_plates) if clean_plates and _are_screens(clean_plates) else None
        )
    if isinstance(said, ScreenName):
        if clean_plates and said is ScreenName.AUTO:
            return background_colour(clean_plates)
        found = find_screen(
            [one.light for one in samples],
            None if said is ScreenName.AUTO else said.value,
            [one.excluded for one in samples],
        )
        if found.rivals:
            reporter.emit(
                WarningEvent(
                    code="two_screens",
                    message=f"{found.hue} is taken for the screen; "
                    f"{' and '.join(found.rivals)} could be meant, too",
                    next_step=f"{named('screen')} green, blue or a colour says which is meant",
                )
            )
        return found.colour
    if isinstance(said, SrgbColour):
        encoded = torch.tensor([code / 255.0 for code in said])
        red, green, blue = srgb_decode(encoded).tolist()
        return (red, green, blue)
    given = torch.tensor(said).view(1, 3, 1, 1)
    red, green, blue = colour.to_rec709(given).flatten().tolist()
    if max(red, green, blue) <= 0.0:
        raise UsageError(
            f"{named('screen')} {','.join(f'{part:g}' for part in said)} has no light",
            expected="R,G,B with at least one value above 0",
            setting="screen",
        )
    return (red, green, blue)


def choose_background(
    job: Job,
    shot: Shot,
    samples: Sequence[Sample],
    screen: tuple[float, float, float] | None,
    reporter: Reporter,
) -> Literal["given", "estimated", "constant", "inpainted"]:
    """Where the background comes from."""
    if job.clean_plate is not None:
        _say_what_is_estimated(job, shot, screen, reporter)
        return "given"
    if screen is None:
        return "inpainted"
    share = screen_share([one.light for one in samples], screen, [one.excluded for one in samples])
    found = f"{', '.join(f'{value:.3f}' for value in screen)} in linear Rec.709"
    if share < LEAST_KNOWN_SCREEN:
        reporter.emit(
            WarningEvent(
                code="constant_plate",
                message=f"no clean plate: one colour stands for the screen, {found}",
                next_step=f"an uneven screen keys better with {named('clean_plate')} FILE",
            )
        )
        return "constant"
    message = (
        f"no clean plate: the screen ({found}) is estimated from the shot, "
        f"{100 * share:.0f} % of it was seen"
    )
    if share < LITTLE_KNOWN_SCREEN:
        reporter.emit(
            WarningEvent(
                code="estimated_plate",
                message=message,
                next_step=f"{named('clean_plate')} FILE keys better where little screen is seen",
            )
        )
    else:
        reporter.emit(NoteEvent(message=message))
    return "estimated"


def _say_what_is_estimated(
    job: Job, shot: Shot, screen: tuple[float, float, float] | None, reporter: Reporter
) -> None:
    """Say where a screen is estimated beyond the data window of a clean plate."""
    if screen is None:
        return  # alpha is taken from around there, which is said with the fit
    left_out = shot.share_left_out("clean_plate")
    if left_out > 0.0:
        reporter.emit(
            WarningEvent(
                code="plate_too_small",
                message=f"the clean plate {job.clean_plate} leaves {left_out:.0%} of the frame "
                "uncovered; the screen is estimated there",
                next_step="a clean plate that covers the format keys better",
            )
        )


def _shown_part(job: Job, pictures: Pictures) -> Pixels:
    """HxWx3 of a clean plate without what its data window leaves out.

    Raises InputError where it leaves everything out.
    """
    pixels, covered = pictures.input("clean_plate"), pictures.coverage.get("clean_plate")
    assert pixels is not None
    if covered is None:
        return pixels
    if not covered.any():
        raise InputError(
            f"the clean plate {job.clean_plate} has no pixels inside the shot's format",
            expected="a data window that touches the display window",
            next_step="check its windows with `mattebox info`",
            setting="clean_plate",
        )
    rows, columns = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
    return pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _are_screens(clean_plates: list[Pixels]) -> bool:
    """Whether clean plates are one saturated colour; a room with a tint throws no spill."""
    pictures = [torch.from_numpy(one).permute(2, 0, 1).unsqueeze(0) for one in clean_plates]
    return all(is_keyable_screen(picture) for picture in pictures)


def _picture(light: torch.Tensor) -> Pixels:
    """[1,3,H,W] as HxWx3, thinned to about LARGEST_SAMPLE pixels."""
    return _thinned(light[0].permute(1, 2, 0).numpy())


def _thinned(picture: NDArray[Kind]) -> NDArray[Kind]:
    """HxW... thinned to about LARGEST_SAMPLE pixels, in memory of its own."""
    step = max(1, round((picture.shape[0] * picture.shape[1] / LARGEST_SAMPLE) ** 0.5))
    return np.ascontiguousarray(picture[::step, ::step])
