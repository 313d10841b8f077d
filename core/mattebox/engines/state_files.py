"""What an engine remembers, as a file: another process goes on exactly where this one stopped.

A safetensors file: the recurrent maps in their own number type, and what they belong to.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import safetensors
import safetensors.torch
import torch

from mattebox.engines.base import EngineState
from mattebox.engines.networks.rvm_decoder import RvmState
from mattebox.errors import InputError, MatteboxError, UnreadableError, named
from mattebox.regular_files import refuse_special
from mattebox.whole_files import OutputFile, marked

KIND = "mattebox/state"
VERSION = 2
STATE_FILE = marked("a state file of Mattebox", KIND.encode())
MAPS = ("r1", "r2", "r3", "r4")


@dataclass(frozen=True)
class StateOwner:
    """What a state belongs to.

    Attributes:
        job: fingerprint of the job.
        frame: the last frame that was seen.
        inputs: hash over that frame's files and those that it remembers.
    """

    job: str
    frame: int
    inputs: str


def state_file(path: Path, *, overwrite: bool = False) -> OutputFile:
    """Where a state is written."""
    step = f"make room or choose another place ({named('state_out')})"
    return OutputFile(path, STATE_FILE, overwrite=overwrite, next_step=step)


def write_state(output: OutputFile, owner: StateOwner, state: EngineState | None) -> None:
    """Write a state atomically; equal states give equal bytes. Raises as ``OutputFile.write``."""
    tensors = {} if state is None else dict(zip(MAPS, state.maps, strict=True))
    held = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    note = {
        "kind": KIND,
        "version": VERSION,
        "job": owner.job,
        "frame": owner.frame,
        "inputs": owner.inputs,
        "maps": _digest(held),
    }
    # One entry: safetensors keeps several in an order of its own.
    data = safetensors.torch.save(held, {KIND: json.dumps(note, sort_keys=True)})
    output.write(data)


def _digest(maps: Mapping[str, torch.Tensor]) -> str:
    """SHA-256 over names, shapes, number types and values of maps on the CPU."""
    whole = hashlib.sha256()
    for name, tensor in sorted(maps.items()):
        whole.update(f"{name} {tensor.dtype} {tuple(tensor.shape)};".encode())
        whole.update(tensor.contiguous().view(torch.uint8).numpy().tobytes())
    return whole.hexdigest()


def read_owner(path: Path) -> StateOwner:
    """What a state file belongs to; the file is read and compared with its checksum.

    Raises:
        InputError: it is not there.
        UnreadableError: it is damaged or something else.
    """
    try:
        refuse_special(path)
        with safetensors.safe_open(str(path), framework="pt") as opened:
            metadata = opened.metadata() or {}
            held = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        note = json.loads(metadata[KIND])
        if note["kind"] != KIND or note["version"] != VERSION:
            raise KeyError(KIND)
        if _digest(held) != note["maps"]:
            raise ValueError("its checksum is another")
        return StateOwner(str(note["job"]), int(note["frame"]), str(note["inputs"]))
    except FileNotFoundError as error:
        raise InputError(
            f"the state file {path} is not there",
            expected=f"what the chunk before wrote with {named('state_out')}",
            next_step=f"key the chunk before first, or leave {named('state_in')} out: "
            "then a preroll is read",
            path=path,
        ) from error
    except OSError as error:
        raise _damaged(path, error) from error
    except (safetensors.SafetensorError, KeyError, ValueError, TypeError) as error:
        raise _damaged(path, error) from error


def read_state(path: Path, device: torch.device) -> RvmState | None:
    """The state in a file that ``read_owner`` accepted; None where nothing is remembered."""
    try:
        tensors = safetensors.torch.load_file(path, device=str(device))
        if not tensors:
            return None
        return RvmState(*(tensors[name] for name in MAPS))
    except (OSError, safetensors.SafetensorError, KeyError, MatteboxError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> UnreadableError:
    first_line = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
    return UnreadableError(
        f"{path} is not a state file, or is damaged ({first_line})",
        expected=f"what the chunk before wrote with {named('state_out')}",
        next_step="key the chunk before again",
        path=path,
    )
