"""A page of ours by its markup, in headless Chromium, and on paper."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest


class Page(HTMLParser):
    """Everything in a page that could make a browser ask for something, and what it marks.

    Attributes:
        addresses: of anything that a browser would fetch.
        images: sources of pictures.
        marked: values of ``data-`` attributes by name, in the order of the page.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.images: list[str] = []
        self.marked: dict[str, list[str]] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        self.addresses += [
            held[name]
            for name in ("src", "href", "srcset", "action", "data", "poster", "xlink:href")
            if name in held
        ]
        if tag == "img" and "src" in held:
            self.images.append(held["src"])
        for name, value in held.items():
            if name.startswith("data-"):
                self.marked.setdefault(name.removeprefix("data-"), []).append(value)

    @property
    def suspects(self) -> list[str]:
        return self.marked.get("suspect", [])

    @property
    def figures(self) -> list[str]:
        return self.marked.get("figure", [])


def in_browser(
    page: Path, profile: Path, *flags: str, size: tuple[int, int] = (1300, 900), scale: float = 1.0
) -> subprocess.CompletedProcess[str]:
    """Open a page in headless Chromium, in a window of ``size`` pixels of the page, each of
    ``scale`` pixels of the screen. Its console goes to standard error."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if program is None:
        pytest.skip("chromium is not installed; this runs in CI, which installs it")
    return subprocess.run(
        [
            program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", f"--user-data-dir={profile}", "--enable-logging=stderr",
            f"--window-size={size[0]},{size[1]}", f"--force-device-scale-factor={scale:g}", *flags,
            page.as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip


def said_in_browser(
    page: Path, folder: Path, actions: str, *, size: tuple[int, int] = (1300, 900)
) -> dict[str, str]:
    """What a script found in a page: the body of a function that fills the object ``said``."""
    acted = folder / "acted.html"
    script = f"""<script>
document.addEventListener("DOMContentLoaded", async () => {{
  const said = {{}};
  {actions}
  document.body.dataset.said = Object.entries(said).map((e) => e.join("=")).join("|");
}});
</script>"""
    acted.write_text(page.read_text(encoding="utf-8") + script, encoding="utf-8")
    done = in_browser(
        acted, folder / "profile", "--virtual-time-budget=5000", "--dump-dom", size=size
    )
    assert "CONSOLE" not in done.stderr, done.stderr
    found = re.search(r'data-said="([^"]*)"', done.stdout)
    assert found is not None, done.stdout[-2000:]
    return dict(part.split("=", 1) for part in found[1].split("|"))
