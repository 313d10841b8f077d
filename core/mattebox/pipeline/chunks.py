"""How chunks of a shot keyed by an engine with memory hang together: state files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from mattebox.engines.base import EngineState
from mattebox.engines.state_files import (
    StateOwner,
    read_owner,
    read_state,
    state_file,
    write_state,
)
from mattebox.errors import MatteboxError, StaleError, UsageError, named
from mattebox.pipeline.neighbourhood import StartingState
from mattebox.pipeline.plan import Plan
from mattebox.whole_files import OutputFile, refuse_inputs


@dataclass(frozen=True)
class StateFiles:
    """Where a chunk begins and what it leaves.

    Attributes:
        before: state file of the chunk before, read in place of a preroll; or None.
        after: where to write the state for the chunk after; or None.
        overwrite: whether ``after`` may replace a file that is no state.
    """

    before: Path | None = None
    after: Path | None = None
    overwrite: bool = False


NO_STATES = StateFiles()


@dataclass(frozen=True)
class ChunkLinks:
    """The state files of one chunk, checked against its plan.

    Attributes:
        before: as ``StateFiles``.
        after: where the state is written, or None.
        owner: what the state to be written belongs to.
        must_write: whether ``after`` is asked for and not there yet.
    """

    before: Path | None
    after: OutputFile | None
    owner: StateOwner
    must_write: bool

    @classmethod
    def make(cls, plan: Plan, files: StateFiles) -> ChunkLinks:
        """Check the files before the first frame is read.

        Raises:
            UsageError: the engine has no memory, the state is of another place in the shot, or
                would be written onto the one that is read or a file that is none.
            InputError: the state file of the chunk before is missing or damaged.
            StaleError: it belongs to another job, or to frames that have changed.
        """
        if (files.before or files.after) and not plan.reach.remembers:
            raise UsageError(
                f"{named('engine')} {plan.job.settings.engine} remembers nothing between frames",
                next_step=f"leave {named('state_in')} and {named('state_out')} out; "
                "its chunks agree without them",
                setting="engine",
            )
        if files.before is not None:
            _refuse_another(plan, files.before)
        last = plan.frames[-1]
        owner = StateOwner(plan.job.fingerprint, last, plan.inputs(last))
        if files.after is None:
            return cls(files.before, None, owner, must_write=False)
        after = state_file(files.after, overwrite=files.overwrite)
        after.check()
        if files.before is not None:
            refuse_inputs([files.after], [files.before])
        return cls(files.before, after, owner, must_write=_owner_of(files.after) != owner)

    def start(self, device: torch.device) -> StartingState | None:
        """What the engine begins with; None where it begins with a preroll."""
        if self.before is None:
            return None
        return StartingState(read_state(self.before, device), read_owner(self.before).frame)

    def write(self, state: EngineState | None) -> None:
        """Leave the state of the chunk's last frame to the next chunk."""
        assert self.after is not None
        write_state(self.after, self.owner, state)


def _owner_of(path: Path) -> StateOwner | None:
    """Whose an existing file is; whatever else lies there is written again."""
    try:
        return read_owner(path)
    except MatteboxError:
        return None


def _refuse_another(plan: Plan, path: Path) -> None:
    found, first = read_owner(path), plan.frames[0]
    before = plan.before(first)
    if before is None:
        raise UsageError(
            f"frame {first} is the shot's first; nothing comes before it",
            next_step=f"leave {named('state_in')} out for the first chunk",
        )
    if found.frame != before:
        raise UsageError(
            f"the state file {path} is of frame {found.frame}; the chunk begins at {first}",
            expected=f"the state of frame {before}",
            next_step="give the state file of the chunk that ends there",
        )
    if found != StateOwner(plan.job.fingerprint, before, plan.inputs(before)):
        raise StaleError(
            f"the state file {path} belongs to another job, or to frames that have changed since",
            next_step="key the chunk before again",
            path=path,
        )
