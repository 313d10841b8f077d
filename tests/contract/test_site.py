"""The documentation site: built strictly, and asking no other host for anything."""

from __future__ import annotations

import html
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
from tests.support.browser import in_browser

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


ACTIONS = """<script>
addEventListener("load", () => {
  const sliders = [...document.querySelectorAll(".compare input[type=range]")];
  const [slider] = sliders;
  const right = slider.parentElement.querySelectorAll("img")[1];
  const said = {sliders: sliders.length, label: slider.getAttribute("aria-label")};
  slider.focus();
  said.focus = document.activeElement === slider;
  slider.stepUp();
  slider.dispatchEvent(new Event("input"));
  said.at = slider.value;
  said.clip = getComputedStyle(right).clipPath;
  document.body.dataset.said = Object.entries(said).map((e) => e.join("=")).join("|");
});
</script>"""


PHONE = "--window-size=500,900"  # the least width that Chromium gives a window
TOO_WIDE = """<script>
addEventListener("load", () => {
  document.body.dataset.said = document.documentElement.scrollWidth > innerWidth;
});
</script>"""


def said_by(page: Path, script: str, profile: Path, *flags: str) -> str:
    """What a script that is put at the end of a page leaves in ``data-said``."""
    acted = page.with_name("acted.html")
    acted.write_text(page.read_text("utf-8") + script, encoding="utf-8")
    done = in_browser(acted, profile, "--virtual-time-budget=5000", "--dump-dom", *flags)
    acted.unlink()
    assert "CONSOLE" not in done.stderr
    found = re.search(r'data-said="([^"]*)"', done.stdout)
    assert found is not None, done.stdout[-2000:]
    return html.unescape(found[1])


def test_in_a_browser_each_pair_of_pictures_is_a_slider_that_keys_move(
    site: Path, tmp_path: Path
) -> None:
    said = said_by(site / "docs/gallery.html", ACTIONS, tmp_path)
    pairs = (REPOSITORY / "docs/gallery.md").read_text("utf-8").count('<div class="compare"')
    assert dict(part.split("=", 1) for part in said.split("|")) == {
        "sliders": str(pairs),
        "label": 'from "plain key" on the left to "Mattebox" on the right',
        "focus": "true",
        "at": "51",
        "clip": "inset(0px 0px 0px 51%)",
    }


@pytest.mark.parametrize("page", ["index", "gallery", "commands", "quality", "start/pipeline"])
def test_no_page_is_wider_than_a_phone(site: Path, tmp_path: Path, page: str) -> None:
    assert said_by(site / f"docs/{page}.html", TOO_WIDE, tmp_path, PHONE) == "false"
