"""The linear light under a plate's curve."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox_ocio import (
    ColourError,
    LoadedConfig,
    load_config,
    named_linear,
    plate_linear,
    resolve_out_space,
)

REC709 = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)


@pytest.mark.parametrize(
    ("plate", "linear", "interop_id"),
    [
        ("ARRI LogC4", "Linear ARRI Wide Gamut 4", None),
        ("ARRI LogC3 (EI800)", "Linear ARRI Wide Gamut 3", None),
        ("S-Log3 S-Gamut3.Cine", "Linear S-Gamut3.Cine", None),
        ("S-Log3 Venice S-Gamut3", "Linear Venice S-Gamut3", None),
        ("V-Log V-Gamut", "Linear V-Gamut", None),
        ("CanonLog3 CinemaGamut D55", "Linear CinemaGamut D55", None),
        ("Log3G10 REDWideGamutRGB", "Linear REDWideGamutRGB", None),
        ("DaVinci Intermediate WideGamut", "Linear DaVinci WideGamut", None),
        ("Apple Log", "Linear Rec.2020", "lin_rec2020_scene"),
        ("sRGB - Texture", "Linear Rec.709 (sRGB)", "lin_rec709_scene"),
        ("sRGB - Display", "Linear Rec.709 (sRGB)", "lin_rec709_scene"),
        ("ACEScct", "ACEScg", "lin_ap1_scene"),
        ("ACEScc", "ACEScg", "lin_ap1_scene"),
        ("ACEScg", "ACEScg", "lin_ap1_scene"),
        ("ACES2065-1", "ACES2065-1", "lin_ap0_scene"),
        ("Linear Rec.709 (sRGB)", "Linear Rec.709 (sRGB)", "lin_rec709_scene"),
    ],
)
def test_plate_linear_is_the_plates_space_without_its_curve(
    plate: str, linear: str, interop_id: str | None, builtin: LoadedConfig
) -> None:
    found = plate_linear(builtin, plate)
    assert (found.name, found.interop_id, found.warning) == (linear, interop_id, None)


def test_newer_configs_name_camera_gamuts_across_programs() -> None:
    name = "studio-config-v4.0.0_aces-v2.0_ocio-v2.5"
    try:
        config = load_config(name)
    except ColourError:
        pytest.skip(f"OpenColorIO is older than 2.5 and has no {name}; it runs with the newest")
    assert plate_linear(config, "ARRI LogC4").interop_id == "ocio:lin_awg4_scene"


@pytest.mark.parametrize(
    ("space", "chromaticities"),
    [
        ("ACEScg", (0.713, 0.293, 0.165, 0.830, 0.128, 0.044, 0.32168, 0.33767)),
        ("ACES2065-1", (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.0770, 0.32168, 0.33767)),
        ("Linear Rec.709 (sRGB)", REC709),
        ("ARRI LogC4", (0.7347, 0.2653, 0.1424, 0.8576, 0.0991, -0.0308, 0.3127, 0.3290)),
        ("S-Log3 S-Gamut3.Cine", (0.766, 0.275, 0.225, 0.800, 0.089, -0.087, 0.3127, 0.3290)),
    ],
)
def test_chromaticities_are_the_published_ones(
    space: str, chromaticities: tuple[float, ...], builtin: LoadedConfig
) -> None:
    assert plate_linear(builtin, space).chromaticities == chromaticities


def test_chromaticities_of_no_published_primaries_come_from_the_matrix(
    blender_shaped: LoadedConfig,
) -> None:
    # CIE XYZ as RGB: its primaries are the corners of the diagram, its white is E.
    found = plate_linear(blender_shaped, "Linear CIE-XYZ D65").chromaticities
    assert found == pytest.approx((1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1 / 3, 1 / 3), abs=1e-6)


def test_linear_rec709_is_the_identity_within_a_configs_rounding(
    builtin: LoadedConfig, blender_shaped: LoadedConfig
) -> None:
    exact = plate_linear(builtin, "Linear Rec.709 (sRGB)").to_rec709
    assert np.abs(exact - np.eye(3)).max() < 1e-14
    rounded = plate_linear(blender_shaped, "Linear Rec.709").to_rec709
    assert 0.0 < np.abs(rounded - np.eye(3)).max() < 1e-6


def test_the_matrix_of_acescg_is_the_known_one(builtin: LoadedConfig) -> None:
    # AP1 to Rec.709 with Bradford adaptation, as in the ACES transforms.
    known = [
        [1.70505099, -0.62179212, -0.08325887],
        [-0.13025642, 1.14080474, -0.01054832],
        [-0.02400336, -0.12896898, 1.15297233],
    ]
    assert plate_linear(builtin, "ACEScg").to_rec709 == pytest.approx(np.array(known), abs=1e-8)


def test_a_plate_without_linear_space_in_the_config_goes_to_scene_linear_with_a_warning(
    builtin: LoadedConfig,
) -> None:
    found = plate_linear(builtin, "ADX10")
    assert found.name == "ACEScg"
    assert found.warning is not None
    assert "has no linear space with 'ADX10'" in found.warning
    assert "the result is in 'ACEScg'" in found.warning


def test_a_config_of_unknown_primaries_gets_no_interop_name(nuke_shaped: LoadedConfig) -> None:
    found = plate_linear(nuke_shaped, "sRGB")
    assert (found.name, found.chromaticities, found.interop_id) == ("linear", REC709, None)
    assert found.warning is None  # the config says it itself, once


def test_an_out_space_with_a_curve_is_refused_and_its_linear_one_named(
    builtin: LoadedConfig,
) -> None:
    with pytest.raises(ColourError, match="'ARRI LogC4' has a transfer curve") as caught:
        named_linear(builtin, "arri_logc4")
    assert caught.value.kind == "not_linear"
    assert caught.value.nearest == ("Linear ARRI Wide Gamut 4",)


def test_a_mistyped_out_space_is_an_unknown_linear_space(builtin: LoadedConfig) -> None:
    with pytest.raises(ColourError, match="has no linear colour space 'ACESgg'") as caught:
        named_linear(builtin, "ACESgg")
    assert caught.value.nearest[0] == "ACEScg"


@pytest.mark.parametrize(
    ("requested", "name"),
    [
        (None, "Linear S-Gamut3"),
        ("plate-linear", "Linear S-Gamut3"),
        ("Plate-Linear", "Linear S-Gamut3"),
        ("scene_linear", "ACEScg"),
        ("lin_rec709_scene", "Linear Rec.709 (sRGB)"),
    ],
)
def test_the_out_space_is_plate_linear_or_a_name(
    requested: str | None, name: str, builtin: LoadedConfig
) -> None:
    assert resolve_out_space(builtin, "slog3_sgamut3", requested).name == name


def test_a_space_whose_lut_is_lost_is_broken_and_its_file_named(nuke_shaped: LoadedConfig) -> None:
    with pytest.raises(ColourError, match=r"lost\.spi1d") as caught:
        plate_linear(nuke_shaped, "Lost")
    assert caught.value.kind == "broken_space"


def test_a_matrix_cannot_be_written_to_by_accident(builtin: LoadedConfig) -> None:
    matrix = plate_linear(builtin, "ACEScg").to_rec709
    with pytest.raises(ValueError, match="read-only"):
        matrix[0, 0] = 2.0
