"""The order of things: frames -> colour -> engine -> matte -> frames. Nothing else knows it.

``prepare`` finds out once per shot what a job left open; ``run`` keys frames.
"""

from mattebox.pipeline.plates import write_plate
from mattebox.pipeline.prepare import prepare
from mattebox.pipeline.run import RunResult, run

__all__ = ["RunResult", "prepare", "run", "write_plate"]
