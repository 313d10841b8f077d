"""Named tensors out of torch's own files, and what is wrong with a file that holds none.

Never runs code from a file: only tensors are read, and everything else is refused by name.
"""

from __future__ import annotations

import io
import pickle
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch

from mattebox.engines.weights_file import Kind, damaged
from mattebox.errors import WeightsError

MARKS_OF_CODE = ("can still be loaded", "unsupported global", "unsupported class")
"""What torch's message holds where a pickle is whole but names things other than tensors."""
MOST_UNPACKED = 4
"""An archive may say that it unpacks to so many times its size: torch does not pack at all."""

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


def read_tensors(data: bytes, kind: Kind, path: Path) -> dict[str, torch.Tensor]:
    """The named tensors in a weights file; together not larger than the file can hold.

    Args:
        data: the whole file.
        kind: what its first bytes say it is: ``safetensors``, ``zip`` or ``pickle``.
        path: where it came from, for messages.

    Raises:
        WeightsError: damaged, something else, or a pickle that names more than tensors.
    """
    tensors = _read(data, kind, path)
    # A number of the file may stand for a whole tensor (stride 0): two kilobytes for gigabytes.
    total = sum(one.numel() * one.element_size() for one in tensors.values())
    if total > MOST_UNPACKED * len(data):
        raise damaged(path, f"its tensors are said to hold {total:,} bytes")
    return tensors


def _read(data: bytes, kind: Kind, path: Path) -> dict[str, torch.Tensor]:
    if kind == "safetensors":
        try:
            return safetensors.torch.load(data)
        except (safetensors.SafetensorError, KeyError, ValueError, RuntimeError) as error:
            raise damaged(path, error) from error
    if kind == "zip":
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                unpacked = sum(part.file_size for part in archive.infolist())
                if unpacked > MOST_UNPACKED * len(data):
                    raise damaged(path, f"its parts are said to hold {unpacked:,} bytes")
                spoilt = archive.testzip()  # torch itself looks at no checksum
                if spoilt is not None:
                    raise damaged(path, f"the checksum of {spoilt} is another")
                # TorchScript keeps its program's constants beside the tensors.
                if any(name.endswith("/constants.pkl") for name in archive.namelist()):
                    return _program_s_tensors(archive, path)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError) as error:
            raise damaged(path, error) from error
    return _loaded(data, path)


def _loaded(data: bytes, path: Path) -> dict[str, torch.Tensor]:
    """What ``torch.load`` finds."""
    try:
        with warnings.catch_warnings(action="ignore"):  # about odd pickles; the error says it
            loaded = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if not any(mark in str(error).lower() for mark in MARKS_OF_CODE):
            raise damaged(path, pickle.UnpicklingError("not written by torch.save")) from error
        raise WeightsError(
            f"{path} holds more than tensors and would run code when opened; it was not opened",
            expected="a state dict of tensors (.pth) or a .safetensors file",
            next_step="get the file from its official release",
            path=path,
        ) from error
    except MemoryError:
        raise
    except Exception as error:  # torch's reader stumbles over damaged bytes in every way
        raise damaged(path, error) from error
    if not isinstance(loaded, Mapping) or not all(
        isinstance(name, str) and isinstance(tensor, torch.Tensor)
        for name, tensor in loaded.items()
    ):
        raise WeightsError(
            f"{path} holds {type(loaded).__name__}, not only named tensors",
            expected="a state dict: official names -> tensors",
            path=path,
        )
    return dict(loaded)


def _program_s_tensors(archive: zipfile.ZipFile, path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a TorchScript archive under the names of their modules, on the CPU.

    ``torch.jit`` would compile the archive's code, and it is being retired. The weights need none:
    ``data.pkl`` describes a tree of modules whose leaves are tensors, each in a file of its own.
    A prefix that all names share (``model.``, of a network wrapped in another) is taken off.

    Raises:
        WeightsError: damaged, or frozen: then its weights have no names any more.
    """
    try:
        tensors = _unprefixed(dict(_named(_Reader(archive, _root(archive)).load())))
    except (
        zipfile.BadZipFile, pickle.UnpicklingError, KeyError, ValueError, TypeError, EOFError,
        IndexError, AttributeError, RuntimeError, NotImplementedError, RecursionError, OSError,
    ) as error:  # fmt: skip
        raise WeightsError(
            f"{path} is a TorchScript archive that cannot be read ({error})",
            next_step="fetch the file again, or give the release's .pth file",
            path=path,
        ) from error
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
        raise pickle.UnpicklingError(f"it names {module}.{name}, which is not a tensor")

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
