"""A run of the core for one group, whatever it makes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Union

import bpy

from ..run import Progress, Run
from ..warm import FrameKey
from .group import is_mattebox

Core = Union[Run, FrameKey]


class GroupRun(ABC):
    """The group is known by its name: files may be closed, and groups deleted, while it runs."""

    def __init__(self, group_name: str, run: Core) -> None:
        self.group_name = group_name
        self.run = run

    @property
    def progress(self) -> Progress:
        return self.run.progress

    def poll(self) -> Progress:
        return self.run.poll()

    def stop(self) -> None:
        self.run.stop()

    def kill(self) -> None:
        self.run.kill()

    def finish(self) -> Progress:
        """Say at the group how it ended, and hand it what was made; nothing where it is gone."""
        progress = self.run.progress
        group = bpy.data.node_groups.get(self.group_name)
        if group is not None and is_mattebox(group):
            group.mattebox.status = progress.error or progress.line
            self.hand_over(group, progress)
        return progress

    @abstractmethod
    def hand_over(self, group: Any, progress: Progress) -> None:
        """Give a group what was made."""
