"""The build's own step: the commit goes into wheel and source archive (``mattebox.commit``)."""

from __future__ import annotations

import runpy
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

COMMIT = "core/mattebox/commit.txt"
PLACES = {"wheel": "mattebox/commit.txt", "sdist": COMMIT}
"""Where the file lies in each archive."""


class CommitHook(BuildHookInterface[Any]):
    """Puts the commit where the checkout has a placeholder.

    A source archive is built from like a checkout: there the file says it already. Where nobody
    knows the commit, the placeholder stays, and ``mattebox --version`` says so.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Replace the file, but in an installation that follows the checkout."""
        self._folder = tempfile.TemporaryDirectory(prefix="mattebox_commit_")
        known = runpy.run_path(str(Path(self.root, COMMIT).with_suffix(".py")))["commit"]()
        if version == "editable" or known is None:
            return
        written = Path(self._folder.name, "commit.txt")
        written.write_bytes(f"{known}\n".encode())
        build_data["force_include"][str(written)] = PLACES[self.target_name]

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Leave nothing behind."""
        self._folder.cleanup()
