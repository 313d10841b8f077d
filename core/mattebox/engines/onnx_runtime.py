"""Which onnxruntime is installed, what it can do, and what is wrong with it.

Several packages share the import name ``onnxruntime`` and overwrite each other's files; each is
built for one CUDA major. Both go wrong silently, so both are said before a network runs.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from dataclasses import dataclass
from typing import Any

from mattebox.errors import DeviceError

PACKAGES = (
    "onnxruntime",
    "onnxruntime-gpu",
    "onnxruntime-directml",
    "onnxruntime-openvino",
    "onnxruntime-qnn",
    "onnxruntime-rocm",
)
"""Distributions that are all imported as ``onnxruntime``."""

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
}
"""Our names -> onnxruntime's."""


@dataclass(frozen=True)
class OnnxRuntime:
    """The onnxruntime that an import gives.

    Attributes:
        packages: distributions that are installed under that import name; one, if all is well.
        version: of the one imported.
        providers: what it was built with, in its own order.
        cuda: the CUDA version it was built for, or None.
    """

    packages: tuple[str, ...]
    version: str
    providers: tuple[str, ...]
    cuda: str | None

    def clash(self) -> str | None:
        """What is wrong where two packages share the import name; None where one is installed."""
        if len(self.packages) < 2:
            return None
        return (
            f"{' and '.join(self.packages)} are both installed; they share one folder, and the "
            "one installed last has overwritten the other"
        )

    def mismatch(self, torch_cuda: str | None) -> str | None:
        """What is wrong where torch and onnxruntime need different CUDA majors, else None."""
        if self.cuda is None or torch_cuda is None or major(self.cuda) == major(torch_cuda):
            return None
        return (
            f"onnxruntime {self.version} is built for CUDA {major(self.cuda)}, torch for CUDA "
            f"{major(torch_cuda)}; one process cannot serve both"
        )


def find_runtime() -> OnnxRuntime | None:
    """The onnxruntime of this environment, or None. Raises DeviceError where it does not load."""
    if importlib.util.find_spec("onnxruntime") is None:
        return None
    return _facts(import_runtime())


def absent(package: str) -> DeviceError:
    """What is said where a package is absent that ONNX files need."""
    return DeviceError(
        f"{package} is not installed, and the weights are an ONNX file",
        next_step="pip install 'mattebox[onnx]' (or 'mattebox[onnx-gpu]' on a machine with CUDA), "
        "or give the network's .pth file",
    )


def import_runtime() -> Any:
    """The ``onnxruntime`` module. Raises DeviceError where it is absent or does not load."""
    if importlib.util.find_spec("onnxruntime") is None:
        raise absent("onnxruntime")
    try:
        return importlib.import_module("onnxruntime")
    except (ImportError, AttributeError, OSError) as error:
        raise DeviceError(
            f"onnxruntime is installed and does not load: {error}",
            next_step="pip uninstall every package of `mattebox doctor`'s onnxruntime row, then "
            "install one of them",
        ) from error


def major(version: str) -> str:
    """``12`` of ``12.8``."""
    return version.partition(".")[0]


def _facts(runtime: Any) -> OnnxRuntime:
    build = importlib.import_module("onnxruntime.capi.build_and_package_info")
    cuda = str(getattr(build, "cuda_version", "") or "")
    return OnnxRuntime(
        packages=tuple(name for name in PACKAGES if _is_installed(name)),
        version=str(runtime.__version__),
        providers=tuple(str(name) for name in runtime.get_available_providers()),
        cuda=cuda or None,
    )


def _is_installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
