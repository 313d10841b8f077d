"""What docs/colour.md states in numbers is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import torch

from mattebox_ocio import PINNED_BUILTIN, LoadedConfig, plate_linear
from mattebox_ocio.model_space import SHOULDER, ModelSpace

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "colour.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under the row that starts with a heading, headings excluded."""
    table = PAGE[PAGE.index(f"| {heading} |") :].split("\n\n")[0]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()]


def test_the_page_names_the_pinned_config() -> None:
    assert f"`{PINNED_BUILTIN}`" in PAGE


def test_the_page_s_table_of_results_is_what_plates_become(builtin: LoadedConfig) -> None:
    _, _, *plates = rows("plate")
    for plate, result, interop_id in plates:
        found = plate_linear(builtin, plate)
        assert (found.name, found.interop_id or "-") == (result, interop_id), plate


def test_the_pages_codes_are_what_networks_are_shown() -> None:
    light, _, codes = rows("light")
    encoded = ModelSpace().encode(torch.tensor([float(value) for value in light[1:]]))
    assert (encoded * 255.0).round().int().tolist() == [int(code) for code in codes[1:]]


def test_the_pages_shoulder_is_the_codes_shoulder() -> None:
    stated = re.search(r"s = (0\.\d+)", PAGE)
    assert stated is not None
    assert abs(float(stated[1]) - SHOULDER) < 1e-7
