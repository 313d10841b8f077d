"""The weights inside a TorchScript archive, without running the program that it also is.

``torch.jit`` would compile the archive's code, and it is being retired. The weights do not need it:
``data.pkl`` describes a tree of modules whose leaves are tensors, each in a file of its own. It is
read with an unpickler that knows tensors and nothing else.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from mattebox.errors import WeightsError

STORAGES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}
"""torch's names for runs of numbers in pickles."""

PROGRAM_MODULES = "__torch__"
"""Where TorchScript says that its own classes live."""
LISTS_OF_NUMBERS = "torch.jit._pickle"
"""torch's helpers for typed lists; they only say what type a list has."""


def is_torchscript(data: bytes) -> bool:
    """Whether a file is a zip archive with TorchScript's constants beside the tensors."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(name.endswith("/constants.pkl") for name in archive.namelist())
    except zipfile.BadZipFile:
        return False


def read_torchscript(data: bytes, path: Path) -> dict[str, torch.Tensor]:
    """The tensors of an archive under the names of their modules, on the CPU.

    A prefix that all names share (``model.``, of a network wrapped in another module) is taken off.

    Args:
        data: the whole file.
        path: where it came from, for messages.

    Raises:
        WeightsError: damaged, or frozen: then its weights have no names any more.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            root = _root(archive)
            tree = _Reader(archive, root).load()
    except (
        zipfile.BadZipFile, pickle.UnpicklingError, KeyError, ValueError, TypeError, EOFError,
        IndexError, AttributeError, RuntimeError, NotImplementedError,
    ) as error:  # fmt: skip
        raise WeightsError(
            f"{path} is a TorchScript archive that cannot be read ({error})",
            next_step="fetch the file again, or give the release's .pth file",
            path=path,
        ) from error
    tensors = _unprefixed(dict(_named(tree)))
    if not tensors:
        raise WeightsError(
            f"{path} is a frozen TorchScript archive: its weights have lost their names",
            next_step="give the release's .pth file, or the archive before torch.jit.freeze",
            path=path,
        )
    return tensors


class _Module:
    """Stands for any class of the program: holds its attributes, runs none of its code."""

    def __init__(self) -> None:
        self.attributes: dict[str, Any] = {}

    def __setstate__(self, state: object) -> None:
        if isinstance(state, dict):
            self.attributes = state


class _Reader(pickle.Unpickler):
    """Reads ``data.pkl``; every name that is not a tensor's is refused."""

    def __init__(self, archive: zipfile.ZipFile, root: str) -> None:
        super().__init__(io.BytesIO(archive.read(f"{root}/data.pkl")))
        self._archive = archive
        self._root = root
        self._read: dict[str, torch.Tensor] = {}

    def find_class(self, module: str, name: str) -> Any:
        if module.partition(".")[0] == PROGRAM_MODULES:
            return _Module
        if module == LISTS_OF_NUMBERS:
            return _as_it_is
        allowed: dict[tuple[str, str], Any] = {
            ("torch._utils", "_rebuild_tensor_v2"): _tensor,
            ("collections", "OrderedDict"): OrderedDict,
        }
        if (module, name) in allowed:
            return allowed[module, name]
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        raise pickle.UnpicklingError(f"it names {module}.{name}, which is no tensor")

    def persistent_load(self, pid: Any) -> torch.Tensor:
        """A run of numbers: ("storage", type, file, device, count). Always read to the CPU."""
        _, dtype, key, _, count = pid
        if key not in self._read:
            data = bytearray(self._archive.read(f"{self._root}/data/{key}"))
            self._read[key] = (
                torch.frombuffer(data, dtype=dtype) if data else torch.empty(0, dtype=dtype)
            )
        numbers = self._read[key]
        if numbers.numel() < count:
            raise pickle.UnpicklingError(f"{count - numbers.numel()} numbers are missing")
        return numbers


def _tensor(
    numbers: torch.Tensor, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> torch.Tensor:
    return numbers.as_strided(shape, strides, offset)


def _as_it_is(value: object, *_: object) -> object:
    return value


def _root(archive: zipfile.ZipFile) -> str:
    for name in archive.namelist():
        folder, _, last = name.rpartition("/")
        if last == "data.pkl" and "/" not in folder:
            return folder
    raise KeyError("there is no data.pkl")


def _named(module: Any, before: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    if isinstance(module, _Module):
        for name, value in module.attributes.items():
            if isinstance(value, torch.Tensor):
                yield before + name, value
            else:
                yield from _named(value, f"{before}{name}.")


def _unprefixed(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Names without the components that all of them begin with."""
    while all("." in name for name in tensors) and (
        len({name.partition(".")[0] for name in tensors}) == 1
    ):
        tensors = {name.partition(".")[2]: value for name, value in tensors.items()}
    return tensors
