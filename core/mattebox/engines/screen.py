"""The ``screen`` engine: the plain key against a background, in linear light.

Runs on any machine, needs no weights, has no memory. On a screen it is exact for everything whose
own colour has no excess in the screen's key channel (neutral smoke, grey hair); on any other
background it is a difference matte. The solver mends the rest.
"""

from __future__ import annotations

import torch

from mattebox.colour_difference import (
    colour_difference,
    difference_matte,
    is_keyable_screen,
    screen_key,
)
from mattebox.engines.base import EngineInfo, EngineInput, Prediction
from mattebox.errors import UsageError, named
from mattebox.screen_key import ScreenKey

INFO = EngineInfo(
    name="screen",
    summary="screens of any saturated colour, with or without a clean plate; no weights",
    recurrent=False,
    needs_background=True,
    wants_encoded=False,
)


class ScreenEngine:
    """The plain key as an engine."""

    info = INFO

    def __init__(self) -> None:
        self._judged: tuple[torch.Tensor, ScreenKey | None] | None = None
        """The last background, and its key where it is a screen: a still is judged once."""

    def predict(self, frame: EngineInput, state: None) -> tuple[Prediction, None]:
        """See ``Engine``. Raises UsageError where there is no background."""
        background = frame.background_linear
        if background is None:
            raise UsageError(
                "the screen engine has neither a clean plate nor a screen colour",
                next_step=f"give {named('clean_plate')} FILE, or {named('screen')} "
                "auto|green|blue|R,G,B",
                setting="clean_plate",
            )
        if self._judged is None or self._judged[0] is not background:
            is_screen = is_keyable_screen(background)
            self._judged = (background, screen_key(background) if is_screen else None)
        key = self._judged[1]
        if key is None:
            return Prediction(alpha=difference_matte(frame.linear, background)), state
        return Prediction(alpha=colour_difference(frame.linear, background, key)), state
