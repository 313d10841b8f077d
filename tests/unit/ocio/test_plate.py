"""A plate's colour as a whole: in, to linear Rec.709, and back."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mattebox_ocio import ColourError, LoadedConfig, named_linear
from mattebox_ocio.model_space import ModelSpace
from mattebox_ocio.plate import PlateColour, plate_transform

LINEAR_PLATES = [
    "ACEScg",
    "ACES2065-1",
    "Linear Rec.709 (sRGB)",
    "Linear ARRI Wide Gamut 4",
    "Linear S-Gamut3.Cine",
    "Linear Rec.2020",
    "Linear P3-D65",
]


def light() -> torch.Tensor:
    """[2, 3, 40, 50]: sixteen stops, negative values, half's ends."""
    rng = np.random.default_rng(3)
    values = np.exp2(rng.uniform(-12.0, 4.0, (2, 3, 40, 50)))
    values[:, :, ::7] *= -0.2
    values[0, :, 0, 0] = 65504.0
    values[0, :, 0, 1] = 2.0**-24
    values[1, :, 0, 2] = 0.0
    return torch.from_numpy(values.astype(np.float32))


@pytest.mark.parametrize("plate", LINEAR_PLATES)
def test_a_linear_plate_in_its_own_space_is_the_very_same_tensor(
    plate: str, builtin: LoadedConfig
) -> None:
    x = light()
    assert plate_transform(builtin, plate).to_out(x) is x


@pytest.mark.parametrize("plate", LINEAR_PLATES)
def test_every_half_of_a_linear_plate_comes_out_bit_for_bit(
    plate: str, builtin: LoadedConfig
) -> None:
    halves = np.arange(65536, dtype=np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)]
    held = np.resize(halves, (1, 3, 1, len(halves)))
    out = plate_transform(builtin, plate).to_out(torch.from_numpy(held.astype(np.float32)))
    assert np.array_equal(out.numpy().astype(np.float16).view(np.uint16), held.view(np.uint16))


@pytest.mark.parametrize(
    ("config_name", "plate"),
    [("blender_shaped", "Linear Rec.709"), ("blender_shaped", "ACEScg"), ("nuke_shaped", "linear")],
)
def test_hosts_scene_linear_plates_come_out_untouched(
    config_name: str, plate: str, request: pytest.FixtureRequest
) -> None:
    config: LoadedConfig = request.getfixturevalue(config_name)
    x = light()
    assert plate_transform(config, plate).to_out(x) is x


@pytest.mark.parametrize(
    ("config_name", "plate"),
    [
        ("builtin", "Linear Rec.709 (sRGB)"),
        ("builtin", "sRGB - Texture"),
        ("blender_shaped", "Linear Rec.709"),
        ("nuke_shaped", "linear"),
    ],
)
def test_a_rec709_plate_is_its_own_linear_rec709(
    config_name: str, plate: str, request: pytest.FixtureRequest
) -> None:
    colour = plate_transform(request.getfixturevalue(config_name), plate)
    x = light()
    assert colour.to_rec709(x) is x
    assert colour.from_rec709(x) is x


@pytest.mark.parametrize("plate", [*LINEAR_PLATES, "ARRI LogC4", "S-Log3 S-Gamut3.Cine"])
def test_the_way_to_rec709_and_back_keeps_a_millionth(plate: str, builtin: LoadedConfig) -> None:
    colour = plate_transform(builtin, plate)
    x = light()
    back = colour.from_rec709(colour.to_rec709(x))
    brightest = x.abs().amax(dim=1, keepdim=True).clamp_min(1e-6)
    assert float(((back - x).abs() / brightest).max()) < 1.5e-6


def test_the_two_matrices_are_inverse_in_float64(builtin: LoadedConfig) -> None:
    colour = plate_transform(builtin, "ARRI LogC4")
    eye = torch.eye(3, dtype=torch.float64).T.reshape(1, 3, 1, 3)
    back = colour.from_rec709(colour.to_rec709(eye))
    assert float((back - eye).abs().max()) < 1e-15 * 8


def test_white_stays_white_in_every_primaries(builtin: LoadedConfig) -> None:
    for plate in LINEAR_PLATES:
        white = plate_transform(builtin, plate).to_rec709(torch.ones(1, 3, 1, 1))
        assert white.flatten().tolist() == pytest.approx([1.0, 1.0, 1.0], abs=2e-6)


def test_a_pure_acescg_green_is_outside_rec709_and_comes_back(builtin: LoadedConfig) -> None:
    colour = plate_transform(builtin, "ACEScg")
    green = torch.tensor([0.0, 1.0, 0.0]).view(1, 3, 1, 1)
    rec709 = colour.to_rec709(green)
    assert rec709.flatten().tolist() == pytest.approx([-0.6217921, 1.1408047, -0.1289690], abs=1e-6)
    assert colour.from_rec709(rec709).flatten().tolist() == pytest.approx([0, 1, 0], abs=1e-6)


@pytest.mark.parametrize(
    ("plate", "out", "code"),
    [
        ("ARRI LogC4", "Linear ARRI Wide Gamut 4", 0.2783958),
        ("S-Log3 S-Gamut3.Cine", "Linear S-Gamut3.Cine", 420.0 / 1023.0),
        ("sRGB - Texture", "Linear Rec.709 (sRGB)", 0.4613561),
        ("ACEScct", "ACEScg", 0.4135884),
    ],
)
def test_middle_grey_of_an_encoded_plate_is_18_percent_light(
    plate: str, out: str, code: float, builtin: LoadedConfig
) -> None:
    colour = plate_transform(builtin, plate)
    grey = colour.to_out(torch.full((1, 3, 1, 1), code))
    assert colour.out_space.name == out
    assert grey.flatten().tolist() == pytest.approx([0.18] * 3, rel=2e-6)
    assert colour.to_rec709(grey).flatten().tolist() == pytest.approx([0.18] * 3, rel=3e-6)


def test_a_log_plate_to_another_out_space_goes_through_one_matrix(builtin: LoadedConfig) -> None:
    colour = plate_transform(builtin, "ARRI LogC4", named_linear(builtin, "ACEScg"))
    assert [type(op).__name__ for op in colour.to_out.ops] == ["CameraLogInverseOp", "MatrixOp"]
    x = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    expected = np.ascontiguousarray(x[0].permute(1, 2, 0).numpy())
    builtin.ocio.getProcessor("ARRI LogC4", "ACEScg").getDefaultCPUProcessor().applyRGB(expected)
    # OpenColorIO's default optimisation is good for 8e-5.
    assert colour.to_out(x)[0].permute(1, 2, 0).numpy() == pytest.approx(
        expected, rel=2e-4, abs=1e-5
    )


def test_negative_and_bright_codes_of_a_log_stay_what_they_are(builtin: LoadedConfig) -> None:
    colour = plate_transform(builtin, "ARRI LogC4")
    codes = torch.tensor([-0.1, 0.0, 1.0, 1.2]).view(1, 1, 1, 4).expand(1, 3, 1, 4)
    out = colour.to_out(codes)[0, 0, 0].tolist()
    assert out[0] < out[1] < 0.0  # under the sensor's black there is noise, not nothing
    assert out[2] == pytest.approx(469.8, rel=1e-6)
    assert out[3] > 3000.0


def test_nan_and_infinity_of_a_linear_plate_reach_the_repair_as_they_are(
    builtin: LoadedConfig,
) -> None:
    x = torch.tensor([np.nan, np.inf, -np.inf]).view(1, 1, 1, 3).expand(1, 3, 1, 3)
    assert plate_transform(builtin, "ACEScg").to_out(x) is x


def test_a_lut_config_of_nukes_shape_decodes_its_srgb(nuke_shaped: LoadedConfig) -> None:
    colour = plate_transform(nuke_shaped, "sRGB")
    codes = torch.tensor([0.0, 118.0 / 255.0, 1.0]).view(1, 1, 1, 3).expand(1, 3, 1, 3)
    assert colour.to_out(codes)[0, 1, 0].tolist() == pytest.approx(
        [0.0, ((118 / 255 + 0.055) / 1.055) ** 2.4, 1.0], abs=1e-6
    )
    assert colour.warnings == (nuke_shaped.warning,)


def test_a_lut_that_must_be_turned_round_is(nuke_shaped: LoadedConfig) -> None:
    # `squared` is light's square root as code, given from the reference: light is its square.
    colour = plate_transform(nuke_shaped, "squared")
    codes = torch.tensor([0.0, 0.25, 0.5, 1.0]).view(1, 1, 1, 4).expand(1, 3, 1, 4)
    assert colour.to_out(codes)[0, 0, 0].tolist() == pytest.approx(
        [0.0, 0.0625, 0.25, 1.0], abs=1e-5
    )


def test_a_look_without_exact_form_is_refused(blender_shaped: LoadedConfig) -> None:
    with pytest.raises(ColourError, match="CDLTransform") as caught:
        plate_transform(blender_shaped, "Graded")
    assert caught.value.kind == "unsupported_transform"


def test_a_plates_colour_holds_its_warning(builtin: LoadedConfig) -> None:
    colour: PlateColour = plate_transform(builtin, "adx10")
    assert colour.plate_space == "ADX10"
    assert colour.warnings == (colour.out_space.warning,)


@pytest.mark.parametrize(
    "plate", ["ARRI LogC4", "S-Log3 S-Gamut3.Cine", "sRGB - Texture", "g24_rec709", "ADX10"]
)
def test_a_pixel_has_the_same_bits_wherever_it_lies(plate: str, builtin: LoadedConfig) -> None:
    # So neither threads nor tiles show: torch.pow would fail here.
    colour = plate_transform(builtin, plate, named_linear(builtin, "ACEScg"))
    x = torch.rand(1, 3, 31, 53, generator=torch.Generator().manual_seed(5))
    space = ModelSpace(0.7)

    def seen(part: torch.Tensor) -> torch.Tensor:
        return space.encode(colour.to_rec709(colour.to_out(part)))

    parts = [seen(x[..., left : left + 7]) for left in range(0, 53, 7)]
    assert torch.equal(seen(x), torch.cat(parts, dim=3))
