"""One onnxruntime session whose tensors are torch's: nothing is copied on the way in or out.

onnxruntime takes another device than asked for without a word, keeps threads spinning between
calls and reports every fault as one of fifteen exceptions. All of that is settled here.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mattebox.engines.network_runtime import memory_faults
from mattebox.engines.onnx_files import OnnxNetwork, Port
from mattebox.engines.onnx_runtime import PROVIDERS, find_runtime, import_runtime
from mattebox.errors import DeviceError, UnknownNameError, UsageError, WeightsError, named

TYPES = {
    "float32": (torch.float32, np.float32),
    "float16": (torch.float16, np.float16),
    "int64": (torch.int64, np.int64),
}
"""Number types that a network may take or answer with."""

MEMORY_MARKS = ("allocate memory", "out of memory", "bad allocation", "std::bad_alloc")
"""What onnxruntime's messages hold where memory does not suffice; it has no class for it."""

FATAL_ONLY = 4
"""Its own log level: its faults reach the user through our errors, once."""

Given = Mapping[str, torch.Tensor]


def provider_for(wanted: str, device: torch.device) -> str:
    """``cpu``, ``cuda`` or ``tensorrt`` for a provider asked for (or ``auto``) and a device.

    Raises:
        UsageError: provider and device do not go together, or an unknown name.
    """
    if wanted == "auto":
        return "cuda" if device.type == "cuda" else "cpu"
    if wanted not in PROVIDERS:
        raise UnknownNameError("provider", wanted, ("auto", *PROVIDERS))
    if (wanted == "cpu") != (device.type == "cpu"):
        needed = "cpu" if wanted == "cpu" else "cuda"
        raise UsageError(
            f"{named('provider')} {wanted} does not compute on the device {device}",
            next_step=f"say {named('device')} {needed}, or leave {named('provider')} at auto",
            setting="provider",
        )
    return wanted


def picture_type(file: OnnxNetwork) -> torch.dtype:
    """Number type of the pictures a file takes. Raises WeightsError for one we do not bind."""
    kind = file.input("src").type
    if kind not in ("float32", "float16"):
        raise WeightsError(
            f"{file.path} takes pictures of {kind}", expected="float32 or float16", path=file.path
        )
    return TYPES[kind][0]


class OnnxSession:
    """A network in onnxruntime on one device.

    Args:
        data: the model's bytes.
        path: where they came from, for messages.
        outputs: the outputs that will be asked for, with their types.
        device: where torch's tensors are and the network computes.
        provider: ``auto``, ``cpu``, ``cuda`` or ``tensorrt``.
        advice: what to do where memory does not suffice.

    Raises:
        DeviceError: onnxruntime is absent, or it has no such provider here.
        WeightsError: onnxruntime does not take the file.
        UsageError: provider and device do not go together.
    """

    def __init__(
        self,
        data: bytes,
        path: Path,
        outputs: Sequence[Port],
        *,
        device: torch.device,
        provider: str,
        advice: str,
    ) -> None:
        self.provider = provider_for(provider, device)
        self._path = path
        self._device = device
        self._advice = advice
        self._types = {port.name: port.type for port in outputs}
        runtime = import_runtime()
        _refuse_absent(self.provider, runtime)
        with self._faults("does not take"):
            self._session = runtime.InferenceSession(
                data, _options(runtime), providers=_providers(self.provider, device)
            )
        # onnxruntime goes on with the CPU where a device's libraries do not load.
        if PROVIDERS[self.provider] not in self._session.get_providers():
            raise _not_started(self.provider)

    def run(self, given: Given, wanted: Mapping[str, Sequence[int]]) -> dict[str, torch.Tensor]:
        """Run once.

        Args:
            given: every input, on the session's device, in the model's number types.
            wanted: outputs to compute, with their shapes.

        Returns:
            The outputs, new tensors on the session's device.

        Raises:
            DeviceError: memory does not suffice.
            WeightsError: onnxruntime cannot run the network on these inputs.
        """
        binding, held = self._bound(given)
        with memory_faults(self._device, self._advice):
            answers = {
                name: torch.empty(
                    tuple(shape), dtype=TYPES[self._types[name]][0], device=self._device
                )
                for name, shape in wanted.items()
            }
        for name, tensor in answers.items():
            binding.bind_output(name, *self._place(tensor))
        self._run(binding)
        del held
        return answers

    def run_to_host(self, given: Given, name: str) -> torch.Tensor:
        """Run once for one output whose shape is not known before; it comes back on the CPU."""
        binding, held = self._bound(given)
        binding.bind_output(name, "cpu")
        self._run(binding)
        del held
        return torch.from_numpy(binding.copy_outputs_to_cpu()[0])

    def _bound(self, given: Given) -> tuple[Any, list[torch.Tensor]]:
        """A binding to the inputs' own memory, and what must live until the run is over."""
        binding = self._session.io_binding()
        held = []
        for name, tensor in given.items():
            whole = tensor.to(self._device).contiguous()
            binding.bind_input(name, *self._place(whole))
            held.append(whole)
        return binding, held

    def _place(self, tensor: torch.Tensor) -> tuple[str, int, Any, tuple[int, ...], int]:
        """Device, number type, shape and address, as onnxruntime wants them."""
        number = next(np_type for t, np_type in TYPES.values() if t == tensor.dtype)
        index = tensor.device.index or 0
        return tensor.device.type, index, number, tuple(tensor.shape), tensor.data_ptr()

    def _run(self, binding: Any) -> None:
        # The two libraries compute on streams of their own.
        if self._device.type == "cuda":
            torch.cuda.current_stream(self._device).synchronize()
        with self._faults("cannot run"):
            self._session.run_with_iobinding(binding)
            binding.synchronize_outputs()

    @contextmanager
    def _faults(self, what: str) -> Iterator[None]:
        """onnxruntime's exceptions in our words."""
        try:
            yield
        except _exceptions() as error:
            said = " ".join(str(error).split())
            if any(mark in said.lower() for mark in MEMORY_MARKS):
                raise DeviceError(
                    f"{self._device} has not enough memory", next_step=self._advice
                ) from error
            raise WeightsError(
                f"onnxruntime {what} {self._path}: {said[:300]}",
                next_step="export the file again with `mattebox export onnx`, or give the "
                "network's .pth file",
                path=self._path,
            ) from error


def _exceptions() -> tuple[type[Exception], ...]:
    """Everything that onnxruntime raises; its classes have no common base of their own."""
    state = importlib.import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    own = (value for value in vars(state).values() if isinstance(value, type))
    return (RuntimeError, ValueError, *(kind for kind in own if issubclass(kind, Exception)))


def _options(runtime: Any) -> Any:
    """As many threads as torch has, asleep between calls, and the same answer every time."""
    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.inter_op_num_threads = 1
    options.execution_mode = runtime.ExecutionMode.ORT_SEQUENTIAL
    options.use_deterministic_compute = True
    options.log_severity_level = FATAL_ONLY
    # A spinning thread pool takes the cores that torch's own pool needs between two networks.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _providers(provider: str, device: torch.device) -> list[tuple[str, dict[str, str]]]:
    """onnxruntime's list of providers. The CPU stays at its end for operations on shapes."""
    cpu: tuple[str, dict[str, str]] = (PROVIDERS["cpu"], {})
    if provider == "cpu":
        return [cpu]
    index = str(device.index or 0)
    cuda = (
        PROVIDERS["cuda"],
        # Algorithms chosen by rule, not by a race; float32 means float32.
        {"device_id": index, "cudnn_conv_algo_search": "HEURISTIC", "use_tf32": "0"},
    )
    if provider == "cuda":
        return [cuda, cpu]
    return [(PROVIDERS["tensorrt"], {"device_id": index}), cuda, cpu]


def _refuse_absent(provider: str, runtime: Any) -> None:
    if PROVIDERS[provider] in runtime.get_available_providers():
        return
    listed = ", ".join(runtime.get_available_providers())
    raise DeviceError(
        f"onnxruntime {runtime.__version__} has no {PROVIDERS[provider]} (it has {listed})",
        next_step="pip uninstall onnxruntime, then pip install 'mattebox[onnx-gpu]'; or say "
        f"{named('device')} cpu",
    )


def _not_started(provider: str) -> DeviceError:
    facts = find_runtime()
    assert facts is not None
    why = facts.clash() or facts.mismatch(torch.version.cuda)
    built = f"built for CUDA {facts.cuda or 'unknown'}; torch for {torch.version.cuda}"
    return DeviceError(
        f"onnxruntime {facts.version} could not start {PROVIDERS[provider]} ({why or built})",
        next_step="run `mattebox doctor`; install an onnxruntime-gpu for torch's CUDA major, or "
        f"say {named('device')} cpu",
    )
