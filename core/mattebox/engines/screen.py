"""The ``screen`` engine: the plain key against a plate, in linear light.

Runs on any machine, needs no weights, has no memory. On a screen it is exact for everything whose
own colour has no excess in the screen's key channel (neutral smoke, grey hair); on any other plate
it is a difference matte. The solver mends the rest.
"""

from __future__ import annotations

from mattebox.colour_difference import plain_key
from mattebox.engines.base import EngineInfo, EngineInput, Prediction
from mattebox.errors import UsageError, named

INFO = EngineInfo(
    name="screen",
    summary="green, blue or any saturated screen, with or without a clean plate; no weights",
    recurrent=False,
    needs_plate=True,
    wants_encoded=False,
)


class ScreenEngine:
    """Colour difference as an engine."""

    info = INFO

    def predict(self, frame: EngineInput, state: None) -> tuple[Prediction, None]:
        """See ``Engine``. Raises UsageError where there is no plate."""
        if frame.plate_linear is None:
            raise UsageError(
                "the screen engine has neither a clean plate nor a screen colour",
                next_step=f"give {named('clean_plate')} FILE, or {named('screen')} "
                "auto|green|blue|R,G,B",
                setting="clean_plate",
            )
        return Prediction(alpha=plain_key(frame.linear, frame.plate_linear)), state
