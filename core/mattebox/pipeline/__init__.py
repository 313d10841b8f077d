"""The order of things: frames -> colour -> engine -> matte -> frames. Nothing else knows it.

``prepare`` finds out once per shot what a job left open; ``run`` keys frames; ``check`` looks at
what was written.
"""

from mattebox.pipeline.check import CheckedFrame, Fault, check, exit_code
from mattebox.pipeline.chunks import StateFiles
from mattebox.pipeline.kept import still_holds
from mattebox.pipeline.plates import write_plate
from mattebox.pipeline.prepare import prepare
from mattebox.pipeline.run import RunResult, run

__all__ = [
    "CheckedFrame",
    "Fault",
    "RunResult",
    "StateFiles",
    "check",
    "exit_code",
    "prepare",
    "run",
    "still_holds",
    "write_plate",
]
