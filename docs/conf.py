"""How the repository's Markdown becomes the documentation site: `make site`.

The source folder is the repository, so that a link between two pages is the same in a browser of
the repository and on the site. Scripts, styles and pictures come from here or from an installed
package; a built page asks no other host for anything (tests/contract/test_site.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
START = "docs/index"

NAVIGATION = {
    "See": ["docs/gallery", "docs/quality", "docs/speed"],
    "Start": [
        "docs/install",
        "docs/first_clip",
        *(f"docs/start/{user}" for user in ("blender", "nuke", "pipeline", "farm", "developer")),
    ],
    "How to": [
        f"docs/how_to/{task}"
        for task in ("hair", "smoke", "bad_screen", "room", "matte", "markers", "spill", "edges")
    ],
    "From another keyer": [
        f"docs/migration/{keyer}"
        for keyer in ("keylight", "ibk", "primatte", "delta_keyer", "blender_keying")
    ],
    "Look up": [
        "docs/key",
        "docs/commands",
        "docs/bad_input",
        "docs/interface",
        "docs/doctor",
        "docs/blender",
        "docs/nuke",
        "docs/farm",
        "docs/preview",
        "docs/movies",
        "docs/hints",
        "docs/weights",
        "docs/report",
        "docs/onnx",
        "docs/export",
        "docs/safety",
        "docs/glossary",
    ],
    "Understand": [
        "docs/light",
        "docs/unmixing",
        "docs/model_card",
        "docs/colour",
        "docs/determinism",
    ],
    "Work on it": [
        "CONTRIBUTING",
        "docs/architecture",
        "training/README",
        "docs/recipe",
        "docs/releasing",
        "SECURITY",
        "THIRD_PARTY",
        "CHANGELOG",
    ],
}
"""Caption -> pages. A page that stands nowhere here is a warning, and warnings are errors."""

project = "Mattebox"
copyright = "The Mattebox maintainers. Apache-2.0"  # noqa: A001 (the name is Sphinx's)
root_doc = START
extensions = ["myst_parser"]
myst_heading_anchors = 4  # with the names that repository browsers give them
nitpicky = True
include_patterns = ["*.md", "docs/**.md", "training/*.md"]
exclude_patterns = ["README.md"] + [
    # not even looked through: environments, builds
    folder.name
    for folder in REPOSITORY.iterdir()
    if folder.is_dir() and folder.name not in {"docs", "training"}
]

html_theme = "furo"
html_title = "Mattebox"
html_static_path = ["site/static"]
html_extra_path = ["site/root"]  # index.html: from the site's root to the start page
html_css_files = ["mattebox.css"]
html_js_files = [("compare.js", {"defer": "defer"})]
html_copy_source = False
html_use_index = False


def setup(app: Any) -> None:
    """Called by Sphinx. The start page gets the navigation here, and stays plain Markdown."""
    app.connect("source-read", _with_navigation)


def _with_navigation(_app: Any, page: str, source: list[str]) -> None:
    if page == START:
        for caption, pages in NAVIGATION.items():
            listed = "\n".join(f"/{each}" for each in pages)
            source[0] += f"\n\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{listed}\n```\n"
