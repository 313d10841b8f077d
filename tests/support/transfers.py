"""What a GPU would be sent, would send, and would be waited for: counted where there is none.

Pretends that the device of a run is another place than memory. A tensor lies in memory where it
was made of an array or was brought there, and where it was computed from such tensors alone.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import torch
from torch.overrides import TorchFunctionMode

Kind = Literal["up", "down", "waits"]

VALUES_SENT = {"tensor", "new_tensor"}
WAITS = {
    "item", "tolist", "numpy", "nonzero", "masked_select", "unique", "equal", "allclose",
    "__float__", "__int__", "__bool__", "__index__", "__array__", "__contains__",
}  # fmt: skip


@dataclass(frozen=True)
class Transfer:
    """One time that the device is not left alone.

    Attributes:
        kind: sent to it, brought from it, or waited for without a transfer of its own.
        values: how many numbers.
        place: the line of ours that does it.
    """

    kind: Kind
    values: int
    place: str


@dataclass
class CountingTransfers(TorchFunctionMode):
    """Counts while it is entered, in this thread.

    Attributes:
        seen: in order.
    """

    seen: list[Transfer] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._from_numpy = torch.from_numpy

    def __enter__(self) -> Self:
        # A mode is not told of it.
        torch.from_numpy = self._of_array  # type: ignore[assignment]
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *error: object) -> None:
        torch.from_numpy = self._from_numpy
        super().__exit__(*error)  # type: ignore[no-untyped-call]

    def _of_array(self, array: Any) -> torch.Tensor:
        made = self._from_numpy(array)
        made.in_memory = True  # type: ignore[attr-defined]
        return made

    def __torch_function__(
        self, func: Any, _types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        tensors = list(_tensors([args, kwargs.values()]))
        here = bool(tensors) and all(_in_memory(one) for one in tensors)
        found = func(*args, **kwargs)
        if name in VALUES_SENT and not tensors and "device" not in kwargs:
            here = True
        elif name in VALUES_SENT and not here:
            self._note("up", found.numel())
        elif name in ("to", "cpu", "cuda"):
            target = _target(name, args[1:], kwargs)
            if target is not None and here != target:
                self._note("down" if target else "up", args[0].numel())
            here = here if target is None else target
            if found is args[0]:  # on this machine both places are one
                found = found.view_as(found)
        elif not here and (name in WAITS or _picks_by_mask(name, args)):
            self._note("waits", args[0].numel())
        for one in _tensors([found]):
            one.in_memory = here  # type: ignore[attr-defined]
        return found

    def _note(self, kind: Kind, values: int) -> None:
        ours = [
            f"{frame.filename.rpartition('/mattebox/')[2]}:{frame.name}"
            for frame in traceback.extract_stack()
            if "/mattebox/" in frame.filename or "/mattebox_ocio/" in frame.filename
        ]
        self.seen.append(Transfer(kind, values, ours[-1]))


def _in_memory(tensor: torch.Tensor) -> bool:
    return bool(getattr(tensor, "in_memory", False))


def _target(name: str, args: tuple[Any, ...], kwargs: Any) -> bool | None:
    """Whether a move ends in memory; None where it is none. Only memory is named by a word."""
    if name != "to":
        return name == "cpu"
    for value in (*args, *kwargs.values()):
        if value == "cpu" and isinstance(value, str):
            return True
        if isinstance(value, torch.device):
            return False
    return None


def _picks_by_mask(name: str, args: tuple[Any, ...]) -> bool:
    """Whether pixels are picked by a mask, whose number is not known before the device is done."""
    return name in ("__getitem__", "__setitem__") and any(
        one.dtype == torch.bool for one in _tensors(args[1:])
    )


def _tensors(values: Iterable[Any]) -> Iterator[torch.Tensor]:
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from _tensors(value)
