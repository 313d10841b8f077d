"""What all plots of the benchmarks have in common."""

from __future__ import annotations

from pathlib import Path

from mattebox.errors import UsageError


def require_png(path: Path) -> None:
    """Raises UsageError for any other file: matplotlib would refuse it after the measuring."""
    if path.suffix.lower() != ".png":
        raise UsageError(f"cannot plot to {path}", expected="a file name that ends in .png")
