"""Small files onto disk: whole or not at all. Frames have a writer of their own, in ``frames``."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from mattebox.errors import WriteError

OTHER_PLACE = "make room or choose another place (-o)"


def write_whole(path: Path, data: bytes, *, next_step: str = OTHER_PLACE) -> None:
    """Write a file under a hidden name beside its own, bring it to the disk, and rename it.

    What a killed process leaves is named as unfinished frames are, and goes with them.

    Args:
        path: the file; what is there is replaced in one step.
        data: all of it.
        next_step: what the user can do where it cannot be written.

    Raises:
        WriteError: it cannot be written; the earlier file, if there was one, is untouched.
    """
    unique = f"{os.getpid()}-{secrets.token_hex(4)}"
    draft = path.with_name(f".mattebox-{unique}.tmp{path.suffix}")
    try:
        with draft.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):  # the folder itself may be what is wrong
            draft.unlink()
        raise WriteError(
            f"{path} could not be written: {error.strerror}", next_step=next_step, path=path
        ) from error
