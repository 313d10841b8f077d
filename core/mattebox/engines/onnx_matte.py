"""The ``onnx-matte`` engine: any network that turns one picture into one alpha, as an ONNX file."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F

from mattebox.engines.base import EngineInfo, EngineInput, Prediction
from mattebox.engines.network_runtime import encoded_picture, memory_faults
from mattebox.engines.onnx_files import OnnxNetwork, Port
from mattebox.engines.onnx_session import TYPES, OnnxSession
from mattebox.engines.weights_file import Weights, onnx_weights
from mattebox.errors import UnknownNameError, UsageError, WeightsError, named
from mattebox.network_config import NetworkConfig, PictureInput
from mattebox.per_channel import per_channel

INFO = EngineInfo(
    name="onnx-matte",
    summary="any picture-to-alpha network as ONNX, described by a small config",
    recurrent=False,
    needs_background=False,
    wants_encoded=True,
)

SURELY_OUTSIDE, SURELY_INSIDE = 0.05, 0.95
"""A hint below or above these is certain in a trimap; between them the network decides."""
UNKNOWN = 0.5
"""A trimap's value for that."""

OUTPUT_TYPES = ("float32", "float16", "float64", "uint8", "int8", "int16", "int32", "int64", "bool")
"""What can be an alpha. onnxruntime ends the process where text is asked for like numbers."""

MEMORY_ADVICE = f"lower the size in {named('network_config')}, or use another {named('device')}"


class OnnxMatteEngine:
    """A network from an ONNX file and its config.

    Args:
        weights: the ONNX file, or what was read from it.
        config: how pictures go in and the alpha comes out.
        device: where to compute.
        provider: ``auto``, ``cpu``, ``cuda`` or ``tensorrt``.

    Raises:
        WeightsError: a file that is missing or damaged, or that does not fit its config.
        DeviceError: onnxruntime is absent, or cannot use the device.
        UnknownNameError: the config names an input or output that the file has not.
    """

    info = INFO

    def __init__(
        self,
        weights: Path | Weights,
        config: NetworkConfig,
        *,
        device: torch.device,
        provider: str = "auto",
    ) -> None:
        file = onnx_weights(weights)
        self._config = config
        self._device = device
        self._picture = _port(file.inputs, config.picture.input, "input")
        self._alpha = _port(file.outputs, config.alpha.output, "output")
        second = config.second
        self._second = (
            None
            if second is None or second.input is None
            else _port(file.inputs, second.input, "input")
        )
        _check_inputs(file, [self._picture, *([self._second] if self._second else [])])
        _check_output(file, self._alpha)
        self._session = OnnxSession(
            file.model,
            file.path,
            file.outputs,
            device=device,
            provider=provider,
            advice=MEMORY_ADVICE,
        )
        self.sha256 = file.sha256

    def predict(self, frame: EngineInput, state: None) -> tuple[Prediction, None]:
        """See ``Engine``. Raises UsageError where the network's second input was not given."""
        picture = encoded_picture(frame.encoded, INFO.name)
        height, width = picture.shape[-2:]
        size = self._config.size.size(height, width)
        with memory_faults(self._device, MEMORY_ADVICE):
            shown = _normalised(_resized(picture, size), self._config.picture)
            second = self._second_input(frame, size)
            if second is not None and self._second is None:
                shown = torch.cat([shown, second], dim=1)
            given = {self._picture.name: shown.to(TYPES[self._picture.type][0])}
            if second is not None and self._second is not None:
                given[self._second.name] = second.to(TYPES[self._second.type][0])
        answer = self._session.run_to_host(given, self._alpha.name)
        alpha = self._as_alpha(answer, size).to(picture.device)
        return Prediction(_resized(alpha, (height, width)).clamp(0.0, 1.0), sure_inside=True), state

    def _second_input(self, frame: EngineInput, size: tuple[int, int]) -> torch.Tensor | None:
        """[1,1,h,w] trimap of 0, 0.5 and 1, or [1,3,h,w] the background as the picture; or None."""
        if self._config.second is None:
            return None
        if self._config.second.kind == "plate":
            if frame.background_encoded is None:
                raise UsageError(
                    "this network needs a clean plate",
                    next_step=f"give {named('clean_plate')} FILE, or {named('screen')} "
                    "auto|green|blue|R,G,B",
                    setting="clean_plate",
                )
            return _normalised(_resized(frame.background_encoded, size), self._config.picture)
        if frame.hint is None:
            raise UsageError(
                "this network needs a trimap, which is made from a matte",
                next_step=f"give {named('hint')} FILE[:channel]",
                setting="hint",
            )
        hint = _resized(frame.hint, size)
        trimap = torch.full_like(hint, UNKNOWN)
        trimap[hint <= SURELY_OUTSIDE] = 0.0
        trimap[hint >= SURELY_INSIDE] = 1.0
        return trimap

    def _as_alpha(self, answer: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        """[1,1,h,w] 0..1 from [1,1,h,w], [1,h,w] or [h,w] of the network's own numbers.

        Raises WeightsError where it is no alpha of a picture of that size, or no number.
        """
        shape = tuple(answer.shape)
        if answer.ndim not in (2, 3, 4) or any(side != 1 for side in shape[:-2]):
            raise WeightsError(
                f"the output {self._alpha.name!r} has shape {list(shape)}",
                expected="one alpha: [1,1,h,w], [1,h,w] or [h,w]",
                next_step=f"name another output in {named('network_config')}",
            )
        factors = [side / whole for side, whole in zip(shape[-2:], size, strict=True)]
        # Both sides are made smaller alike, but for what rounding takes of a small one.
        if min(shape[-2:]) < 1 or abs(factors[0] - factors[1]) > 2.0 / min(size):
            raise WeightsError(
                f"the output {self._alpha.name!r} is {shape[-1]}x{shape[-2]} for a picture of "
                f"{size[1]}x{size[0]}",
                expected="an alpha of the picture's size, or made smaller alike on both sides",
                next_step=f"name another output in {named('network_config')}",
            )
        alpha = answer.float().reshape(1, 1, *shape[-2:])
        if not bool(torch.isfinite(alpha).all()):
            raise WeightsError(
                f"the output {self._alpha.name!r} holds values that are not finite",
                expected="numbers",
                next_step=f"check white, mean and std in {named('network_config')}",
            )
        if self._config.alpha.curve == "sigmoid":
            alpha = alpha.sigmoid()
        return alpha / self._config.alpha.opaque


def _resized(picture: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Without aliases when smaller, bilinear when larger."""
    if tuple(picture.shape[-2:]) == size:
        return picture
    return F.interpolate(picture, size=size, mode="bilinear", align_corners=False, antialias=True)


def _normalised(picture: torch.Tensor, rule: PictureInput) -> torch.Tensor:
    if rule.channels == "BGR":
        picture = picture.flip(1)
    mean, std = (per_channel(values, picture) for values in (rule.mean, rule.std))
    return (picture * rule.white - mean) / std


def _port(ports: tuple[Port, ...], name: str | None, kind: str) -> Port:
    """The port of a name, or the first. Raises UnknownNameError."""
    for port in ports:
        if name in (None, port.name):
            return port
    raise UnknownNameError(
        f"{kind} of the network",
        str(name),
        [port.name for port in ports],
        next_step=f"change {named('network_config')}",
    )


def _check_inputs(file: OnnxNetwork, known: list[Port]) -> None:
    names = [port.name for port in known]
    extra = [port.name for port in file.inputs if port.name not in names]
    if extra:
        raise WeightsError(
            f"{file.path} also takes {', '.join(extra)}",
            expected="one picture, and at most a trimap or a background",
            next_step=f"name a second input in {named('network_config')}, or use "
            f"{named('engine')} rvm or bgmv2",
            path=file.path,
        )
    for port in known:
        if port.type not in TYPES:
            raise WeightsError(
                f"the input {port.name!r} of {file.path} takes {port.type}",
                expected="float32 or float16",
                path=file.path,
            )


def _check_output(file: OnnxNetwork, alpha: Port) -> None:
    if alpha.type not in OUTPUT_TYPES:
        raise WeightsError(
            f"the output {alpha.name!r} of {file.path} gives {alpha.type}",
            expected=f"a tensor of numbers: {', '.join(OUTPUT_TYPES)}",
            next_step=f"name another output in {named('network_config')}",
            path=file.path,
        )
