"""A real browser, without a window."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def in_browser(page: Path, profile: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """Open a page in headless Chromium. Its console goes to standard error."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if program is None:
        pytest.skip("chromium is not installed; this runs in CI, which installs it")
    return subprocess.run(
        [
            program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", f"--user-data-dir={profile}", "--enable-logging=stderr",
            "--window-size=1300,900", *flags, page.as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
