"""How the space of a plate is found, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from mattebox_ocio import ColourError, LoadedConfig, Resolution, resolve_plate_space

AP1 = (0.713, 0.293, 0.165, 0.830, 0.128, 0.044, 0.32168, 0.33767)
REC2020 = (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290)
EVERYTHING: dict[str, object] = {
    "colorInteropID": "lin_rec2020_scene",
    "acesImageContainerFlag": 1,
    "chromaticities": AP1,
}


def without(*names: str) -> dict[str, object]:
    return {name: value for name, value in EVERYTHING.items() if name not in names}


@pytest.mark.parametrize(
    ("given", "space", "reason"),
    [
        (
            {"explicit": "ARRI LogC4", "host_space": "ACEScg", "attributes": EVERYTHING},
            "ARRI LogC4",
            "it was asked for",
        ),
        (
            {"host_space": "ACEScg", "attributes": EVERYTHING},
            "ACEScg",
            "it is the host's working space",
        ),
        (
            {"attributes": EVERYTHING},
            "Linear Rec.2020",
            "the file says colorInteropID lin_rec2020_scene",
        ),
        (
            {"attributes": without("colorInteropID")},
            "ACES2065-1",
            "the file has acesImageContainerFlag",
        ),
        (
            {"attributes": without("colorInteropID", "acesImageContainerFlag")},
            "ACEScg",
            "the file has chromaticities of AP1",
        ),
    ],
    ids=["explicit", "host", "interop id", "aces flag", "chromaticities"],
)
def test_the_first_that_says_something_decides(
    given: dict[str, Any], space: str, reason: str, builtin: LoadedConfig
) -> None:
    assert resolve_plate_space(builtin, path="a.exr", **given) == Resolution(space, reason)


def test_a_rule_of_the_users_config_comes_before_the_kind_of_file(
    blender_shaped: LoadedConfig,
) -> None:
    found = resolve_plate_space(blender_shaped, path="/shots/a_acescg.0001.exr")
    assert found == Resolution("ACEScg", "file rule 'Renders' of config blender-shaped")


def test_what_the_file_says_comes_before_a_rule(blender_shaped: LoadedConfig) -> None:
    found = resolve_plate_space(
        blender_shaped,
        path="/shots/a_acescg.0001.exr",
        attributes={"colorInteropID": "lin_rec709_scene"},
    )
    assert found.space == "Linear Rec.709"


def test_an_untagged_exr_is_the_configs_scene_linear_and_not_aces2065(
    builtin: LoadedConfig,
) -> None:
    # The built-in config's own default rule would say ACES2065-1.
    found = resolve_plate_space(builtin, path="plate.0001.exr")
    assert found.space == "ACEScg"
    assert found.warning == (
        "the file does not say its colour space; 'ACEScg' is assumed (--in-space says otherwise)"
    )


@pytest.mark.parametrize(
    ("path", "bits", "space"),
    [
        ("a.png", 8, "sRGB Encoded Rec.709 (sRGB)"),
        ("a.PNG", None, "sRGB Encoded Rec.709 (sRGB)"),
        ("a.jpg", None, "sRGB Encoded Rec.709 (sRGB)"),
        ("a.tif", 16, "sRGB Encoded Rec.709 (sRGB)"),
        ("a.tif", 0, "ACEScg"),
        ("a.exr", 0, "ACEScg"),
        ("a.hdr", None, "ACEScg"),
        ("", None, "ACEScg"),
    ],
)
def test_integer_pictures_are_srgb_and_floats_scene_linear_with_a_warning(
    path: str, bits: int | None, space: str, builtin: LoadedConfig
) -> None:
    found = resolve_plate_space(builtin, path=path, bits=bits)
    assert found.space == space
    assert found.warning is not None


@pytest.mark.parametrize("path", ["plate.0001.dpx", "scan.CIN"])
def test_dpx_and_cineon_must_be_told(path: str, builtin: LoadedConfig) -> None:
    with pytest.raises(ColourError, match="does not say") as caught:
        resolve_plate_space(builtin, path=path, bits=10)
    assert caught.value.kind == "undecided_space"
    assert caught.value.next_step is not None
    assert "--in-space 'ARRI LogC3 (EI800)'" in caught.value.next_step


def test_dpx_with_a_space_is_taken_as_told(builtin: LoadedConfig) -> None:
    found = resolve_plate_space(builtin, explicit="arri_logc4", path="plate.0001.dpx", bits=10)
    assert found == Resolution("ARRI LogC4", "it was asked for")


@pytest.mark.parametrize(
    ("name", "space"),
    [
        ("scene_linear", "ACEScg"),
        ("acescg", "ACEScg"),
        ("Input - ARRI - V3 LogC (EI800) - Wide Gamut", "ARRI LogC3 (EI800)"),
        ("lin_ap1_scene", "ACEScg"),
        ("ocio:arrilogc4_awg4_scene", "ARRI LogC4"),
        ("srgb_rec709_display", "sRGB Encoded Rec.709 (sRGB)"),
    ],
)
def test_roles_aliases_and_interop_names_are_names(
    name: str, space: str, builtin: LoadedConfig
) -> None:
    assert resolve_plate_space(builtin, explicit=name).space == space


@pytest.mark.parametrize(
    ("interop_id", "space"),
    [
        ("lin_ap1_scene", "ACEScg"),
        ("lin_ap0_scene", "ACES2065-1"),
        ("lin_rec709_scene", "Linear Rec.709"),
        ("lin_rec2020_scene", "Linear Rec.2020"),
        ("srgb_rec709_scene", "sRGB"),
    ],
)
def test_a_config_that_knows_no_interop_names_is_searched_by_what_its_spaces_do(
    interop_id: str, space: str, blender_shaped: LoadedConfig
) -> None:
    found = resolve_plate_space(blender_shaped, attributes={"colorInteropID": interop_id})
    assert found == Resolution(space, f"the file says colorInteropID {interop_id}")


@pytest.mark.parametrize("interop_id", ["data", "unknown", ""])
def test_interop_names_of_no_space_say_nothing(interop_id: str, builtin: LoadedConfig) -> None:
    found = resolve_plate_space(
        builtin, attributes={"colorInteropID": interop_id, "chromaticities": REC2020}
    )
    assert found == Resolution("Linear Rec.2020", "the file has chromaticities of Rec.2020")


def test_what_a_file_says_and_the_config_lacks_is_in_the_warning(
    nuke_shaped: LoadedConfig,
) -> None:
    found = resolve_plate_space(nuke_shaped, attributes=EVERYTHING, path="a.exr")
    assert found.space == "linear"
    assert found.warning == (
        "the file says colorInteropID 'lin_rec2020_scene', which config nuke_shaped does not have; "
        "the file has acesImageContainerFlag, and config nuke_shaped has no linear space with "
        "those primaries; the file has chromaticities of AP1, and config nuke_shaped has no linear "
        "space with those primaries; 'linear' is assumed (--in-space says otherwise)"
    )


@pytest.mark.parametrize(("shift", "space"), [(0.9e-4, "Linear Rec.2020"), (3e-4, "ACEScg")])
def test_chromaticities_count_within_a_ten_thousandth(
    shift: float, space: str, builtin: LoadedConfig
) -> None:
    moved = (REC2020[0] + shift, *REC2020[1:])
    assert resolve_plate_space(builtin, attributes={"chromaticities": moved}).space == space


@pytest.mark.parametrize(
    "attributes",
    [
        {"chromaticities": (0.1, 0.2)},
        {"chromaticities": "sRGB"},
        {"acesImageContainerFlag": 0},
        {"chromaticities": (float("nan"),) * 8},
    ],
)
def test_attributes_without_sense_are_passed_over(
    attributes: Mapping[str, object], builtin: LoadedConfig
) -> None:
    assert resolve_plate_space(builtin, attributes=attributes, path="a.exr").space == "ACEScg"


@pytest.mark.parametrize(
    ("mistyped", "meant"),
    [
        ("ARRI LocC4", "ARRI LogC4"),
        ("logc4", "ARRI LogC4"),
        ("aces cg", "ACEScg"),
        ("slog3 sgamut3.cine ", "S-Log3 S-Gamut3.Cine"),
        ("scene_liner", "scene_linear"),
    ],
)
def test_a_mistyped_space_proposes_the_nearest(
    mistyped: str, meant: str, builtin: LoadedConfig
) -> None:
    with pytest.raises(ColourError) as caught:
        resolve_plate_space(builtin, explicit=mistyped)
    assert caught.value.kind == "unknown_space"
    assert caught.value.name == mistyped
    assert caught.value.nearest[0] == meant
    assert f"did you mean {meant!r}" in str(caught.value)


def test_the_message_of_an_unknown_space_names_the_config_and_its_spaces(
    nuke_shaped: LoadedConfig,
) -> None:
    with pytest.raises(ColourError) as caught:
        resolve_plate_space(nuke_shaped, host_space="xyzzy")
    assert str(caught.value) == (
        "config nuke_shaped has no host working space 'xyzzy'\n"
        "  next step: it has: linear, sRGB, squared, Cineon, Lost, raw"
    )


def test_a_data_space_is_refused_because_it_has_no_colour(builtin: LoadedConfig) -> None:
    with pytest.raises(ColourError, match="holds data, not colour") as caught:
        resolve_plate_space(builtin, explicit="Raw")
    assert caught.value.kind == "data_space"
    assert "'ACEScg'" in str(caught.value)


@pytest.mark.parametrize(
    ("cicp", "path", "space"),
    [
        ((1, 13, 0, 1), "a.png", "sRGB Encoded Rec.709 (sRGB)"),
        ((12, 13, 0, 1), "a.png", "sRGB Encoded P3-D65"),
        ((9, 8, 0, 1), "a.png", "Linear Rec.2020"),
        ((9, 16, 0, 1), "a.png", "Rec.2100-PQ - Display"),
        ((1, 1, 1, 0), "a.mov", "Gamma 2.4 Encoded Rec.709"),
        ((9, 14, 9, 0), "a.mov", "Rec.1886 Rec.2020 - Display"),
        ((9, 2, 9, 0), "a.mov", "Rec.1886 Rec.2020 - Display"),
        ((1, 4, 1, 0), "a.mov", "Gamma 2.2 Encoded Rec.709"),
    ],
)
def test_numbers_of_primaries_and_transfer_name_a_space(
    cicp: tuple[int, ...], path: str, space: str, builtin: LoadedConfig
) -> None:
    found = resolve_plate_space(builtin, path=path, bits=8, attributes={"CICP": cicp})
    assert found.space == space
    assert found.reason.startswith("the file says CICP")
    assert found.warning is None


def test_numbers_without_a_space_are_said_and_not_used(builtin: LoadedConfig) -> None:
    found = resolve_plate_space(builtin, path="a.mov", attributes={"CICP": (9, 18, 9, 0)})
    assert found.space == "Gamma 2.4 Encoded Rec.709"
    assert "the file says CICP 9 (Rec.2020)/18 (HLG), for which" in str(found.warning)
    assert "it is not used" in str(found.warning)


def test_primaries_of_sd_video_are_taken_as_rec709_and_that_is_said(builtin: LoadedConfig) -> None:
    found = resolve_plate_space(builtin, path="a.mov", attributes={"CICP": (6, 6, 6, 0)})
    assert found.space == "Gamma 2.4 Encoded Rec.709"
    assert found.warning == "the file has the primaries of SMPTE 170M, taken as Rec.709"


def test_a_movie_that_says_nothing_is_rec709_video_with_a_warning(builtin: LoadedConfig) -> None:
    found = resolve_plate_space(builtin, path="a.mxf", bits=10, attributes={"CICP": (2, 2, 1, 0)})
    assert found.space == "Gamma 2.4 Encoded Rec.709"
    assert found.reason == "movies are taken as Rec.709 video"
    assert "does not say its colour space" in str(found.warning)
