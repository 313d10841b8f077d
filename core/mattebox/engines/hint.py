"""The ``hint`` engine: a matte from elsewhere (roto, another keyer, a model) is the first alpha."""

from __future__ import annotations

from mattebox.engines.base import EngineInfo, EngineInput, Prediction
from mattebox.errors import UsageError, named

INFO = EngineInfo(
    name="hint",
    summary="a matte sequence from elsewhere, solved again in linear light",
    recurrent=False,
    needs_background=False,
    wants_encoded=False,
)


class HintEngine:
    """Hands the given matte on."""

    info = INFO

    def predict(self, frame: EngineInput, state: None) -> tuple[Prediction, None]:
        """See ``Engine``. Raises UsageError where there is no matte."""
        if frame.hint is None:
            raise UsageError(
                "the hint engine has no matte to start from",
                next_step=f"give {named('hint')} FILE[:channel]",
                setting="hint",
            )
        alpha = frame.hint.clamp(0.0, 1.0)
        return Prediction(alpha, error=frame.hint_error, sure_inside=True), state
