"""The documentation site: built strictly, and asking no other host for anything."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.slow

ADDRESS = re.compile(
    r"""(?:url\(|@import|["'`])\s*["']?((?:https?:)?//(?!www\.w3\.org/)[\w.-]+\.\w[^"'`)\s]*)"""
)
"""An address in a script or style that could be asked for; w3.org's are names of SVG and XML."""


class Page(HTMLParser):
    """What a page asks for by itself, where its links lead, and the places in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        self.places |= {held[name] for name in ("id", "name") if name in held}
        if tag == "a":
            self.links += [held["href"]] if "href" in held else []
        else:
            self.asked += [
                held[name] for name in ("src", "href", "srcset", "action") if name in held
            ]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `make site` builds it, in a folder of its own."""
    folder = tmp_path_factory.mktemp("site")
    recipe = re.search(
        r"^\t\$\(BIN\)/python (-m sphinx .+)$", (REPOSITORY / "Makefile").read_text("utf-8"), re.M
    )
    assert recipe is not None
    arguments = shlex.split(recipe[1].replace("out/", f"{folder.as_posix()}/"))
    assert {"-n", "-W"} <= set(arguments), "a link that leads nowhere is to be an error"
    no_network = dict.fromkeys(("http_proxy", "https_proxy", "ALL_PROXY"), "http://127.0.0.1:9")
    done = subprocess.run(
        [sys.executable, *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False,
        env={**os.environ, **no_network},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "site"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


def test_every_document_is_a_page(site: Path) -> None:
    documents = [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")]
    names = {path.relative_to(REPOSITORY).with_suffix(".html") for path in documents}
    built = {path.relative_to(site) for path in site.rglob("*.html")}
    assert names - built == {Path("README.html")}


@pytest.mark.parametrize(
    "text",
    [
        '@import "https://fonts.example.com/css";',
        "url(//cdn.example.com/a.woff)",
        "fetch(`https://example.com/a`)",
    ],
)
def test_what_a_script_or_style_asks_for_is_found(text: str) -> None:
    assert len(ADDRESS.findall(text)) == 1


def test_no_page_asks_another_host(site: Path, pages: dict[Path, Page]) -> None:
    asked = [
        f"{path.relative_to(site)}: {address}"
        for path, page in pages.items()
        for address in page.asked
        if urlsplit(address).netloc
    ]
    for path in (*site.rglob("*.css"), *site.rglob("*.js")):
        text = path.read_text("utf-8")
        asked += [f"{path.relative_to(site)}: {address}" for address in ADDRESS.findall(text)]
    assert asked == []


def test_every_link_on_the_site_leads_to_a_place(site: Path, pages: dict[Path, Page]) -> None:
    """Those in plain HTML, too, of which Sphinx knows nothing."""
    broken = []
    for path, page in pages.items():
        for address in (*page.links, *page.asked):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            there = target.is_file() and (
                not parts.fragment or target not in pages or parts.fragment in pages[target].places
            )
            if not there:
                broken.append(f"{path.relative_to(site)}: {address}")
    assert broken == []
