"""Torch operators against closed forms and against OpenColorIO."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from mattebox_ocio import ColourError, LoadedConfig
from mattebox_ocio.oplist import TorchTransform, compile_transforms, matrix_op
from mattebox_ocio.seam import ocio, transforms_of

INVERSE = ocio.TRANSFORM_DIR_INVERSE
EDGES = (-1e4, -1.0, -0.01, -1e-6, 0.0, 1e-9, 1e-5, 0.18, 0.5, 1.0, 1.5, 16.0, 1000.0, 65504.0)


def picture(values: Sequence[float] | np.ndarray) -> torch.Tensor:
    """[n] greys, or [n, 3] colours, as [1, 3, 1, n] float32."""
    colours = np.asarray(values, np.float32)
    if colours.ndim == 1:
        colours = np.stack([colours] * 3, axis=-1)
    return torch.from_numpy(colours.T[None, :, None].copy())


def compiled(processor: Any) -> TorchTransform:
    return compile_transforms(transforms_of(processor))


def colours(x: torch.Tensor) -> np.ndarray:
    return x[0, :, 0].T.numpy()


def processor_of(*transforms: Any) -> Any:
    return ocio.Config.CreateRaw().getProcessor(ocio.GroupTransform(list(transforms)))


def by_ocio(processor: Any, x: torch.Tensor) -> np.ndarray:
    buffer = np.ascontiguousarray(colours(x))
    processor.getOptimizedCPUProcessor(ocio.OPTIMIZATION_LOSSLESS).applyRGB(buffer)
    return buffer


def random_codes() -> torch.Tensor:
    rng = np.random.default_rng(7)
    inside, around = rng.random((4000, 3)), rng.normal(0.3, 0.4, (4000, 3))
    return picture(np.concatenate([inside, around.clip(-2.0, 1.3)]))


CAMERA_CURVES = [
    ("ARRI LogC4", "ACEScg"),
    ("ARRI LogC3 (EI800)", "ACEScg"),
    ("S-Log3 S-Gamut3.Cine", "ACEScg"),
    ("V-Log V-Gamut", "ACEScg"),
    ("Log3G10 REDWideGamutRGB", "ACEScg"),
    ("DaVinci Intermediate WideGamut", "ACEScg"),
    ("BMDFilm WideGamut Gen5", "ACEScg"),
    ("ACEScct", "ACEScg"),
    ("Apple Log", "Linear Rec.2020"),
    ("CanonLog2 CinemaGamut D55", "ACEScg"),
    ("sRGB - Texture", "ACEScg"),
    ("Camera Rec.709", "ACEScg"),
    ("Gamma 2.4 Encoded Rec.709", "ACEScg"),
    ("Rec.2100-PQ - Display", "Linear Rec.2020"),
]


@pytest.mark.parametrize(("source", "target"), CAMERA_CURVES, ids=[s for s, _ in CAMERA_CURVES])
def test_float32_is_as_exact_as_opencolorio(
    source: str, target: str, builtin: LoadedConfig
) -> None:
    processor = builtin.ocio.getProcessor(source, target)
    transform = compiled(processor)
    x = random_codes()
    truth = colours(transform(x.double()))
    # Of the brightest channel: a matrix takes its rounding to the others.
    scale = np.maximum(np.abs(truth).max(axis=1, keepdims=True), 0.01)
    ours = np.abs(colours(transform(x)) - truth) / scale
    theirs = np.abs(by_ocio(processor, x) - truth) / scale
    rms = float(np.sqrt((ours**2).mean()))
    assert rms < 1e-6
    assert rms < 2.0 * float(np.sqrt((theirs**2).mean())) + 1e-8
    assert theirs.max() < 1e-4  # the float64 path is the same function


@pytest.mark.parametrize(("source", "target"), CAMERA_CURVES, ids=[s for s, _ in CAMERA_CURVES])
def test_codes_at_the_edges_give_opencolorios_light(
    source: str, target: str, builtin: LoadedConfig
) -> None:
    processor = builtin.ocio.getProcessor(source, target)
    x = picture([v for v in EDGES if v <= 1.5])
    assert colours(compiled(processor)(x)) == pytest.approx(
        by_ocio(processor, x), rel=3e-6, abs=1e-6
    )


def test_logc4_of_middle_grey_and_full_code_is_arris_own_number(builtin: LoadedConfig) -> None:
    # ARRI LogC4 specification: 18 % grey is code 0.2783958, code 1 is 469.8.
    transform = compiled(builtin.ocio.getProcessor("ARRI LogC4", "Linear ARRI Wide Gamut 4"))
    light = colours(transform(picture([0.2783958, 1.0])))[:, 1]
    assert light == pytest.approx([0.18, 469.8], rel=1e-6)


def test_slog3_of_middle_grey_is_sonys_own_number(builtin: LoadedConfig) -> None:
    # Sony S-Log3: 18 % reflection is 10-bit code 420.
    transform = compiled(builtin.ocio.getProcessor("S-Log3 S-Gamut3.Cine", "Linear S-Gamut3.Cine"))
    assert colours(transform(picture([420.0 / 1023.0])))[0, 1] == pytest.approx(0.18, rel=1e-6)


TRANSFORMS = {
    "camera log": ocio.LogCameraTransform(
        linSideBreak=[0.01] * 3, base=10.0, logSideSlope=[0.25] * 3, logSideOffset=[0.4] * 3,
        linSideSlope=[5.0] * 3, linSideOffset=[0.05] * 3,
    ),
    "camera log with its own line": ocio.LogCameraTransform(
        linSideBreak=[0.01125] * 3, base=10.0, logSideSlope=[0.2556] * 3, logSideOffset=[0.41] * 3,
        linSideSlope=[5.26] * 3, linSideOffset=[0.0526] * 3, linearSlope=[6.6] * 3,
    ),
    "affine log": ocio.LogAffineTransform(
        logSideSlope=[0.1, 0.2, 0.3], logSideOffset=[0.5] * 3,
        linSideSlope=[1.0, 2.0, 3.0], linSideOffset=[0.01] * 3,
    ),
    "log": ocio.LogTransform(base=10.0),
    "moncurve": ocio.ExponentWithLinearTransform(
        gamma=[2.4, 2.2, 1.8, 1.0], offset=[0.055, 0.09, 0.02, 0.0]
    ),
    "mirrored moncurve": ocio.ExponentWithLinearTransform(
        gamma=[2.4, 2.4, 2.4, 1.0], offset=[0.055, 0.055, 0.055, 0.0],
        negativeStyle=ocio.NEGATIVE_MIRROR,
    ),
    "power": ocio.ExponentTransform(value=[2.2, 1.8, 2.6, 1.0]),
    "mirrored power": ocio.ExponentTransform(
        value=[2.2, 1.8, 2.6, 1.0], negativeStyle=ocio.NEGATIVE_MIRROR
    ),
    "passed power": ocio.ExponentTransform(
        value=[2.2, 1.8, 2.6, 1.0], negativeStyle=ocio.NEGATIVE_PASS_THRU
    ),
    "range": ocio.RangeTransform(
        minInValue=-0.5, maxInValue=2.0, minOutValue=0.0, maxOutValue=1.0
    ),
    "range above": ocio.RangeTransform(minInValue=0.1, minOutValue=0.1),
    "range below": ocio.RangeTransform(maxInValue=4.0, maxOutValue=4.0),
    "matrix": ocio.MatrixTransform(
        matrix=[0.7, 0.2, 0.1, 0, 0, 1, 0, 0, -0.1, 0.3, 0.8, 0, 0, 0, 0, 1],
        offset=[0.1, 0.0, -0.2, 0.0],
    ),
}  # fmt: skip


@pytest.mark.parametrize("direction", [ocio.TRANSFORM_DIR_FORWARD, INVERSE], ids=["to", "back"])
@pytest.mark.parametrize("name", TRANSFORMS)
def test_every_operator_does_what_opencolorio_does_in_both_directions(
    name: str, direction: Any
) -> None:
    transform = TRANSFORMS[name].__deepcopy__({})
    transform.setDirection(direction)
    processor = processor_of(transform)
    x = random_codes()
    ours, theirs = colours(compiled(processor)(x)), by_ocio(processor, x)
    within = np.abs(theirs) < 1e30  # antilogs of codes far outside end in float32's last numbers
    assert ours[within] == pytest.approx(theirs[within], rel=2e-5, abs=2e-6)


def lut(values: np.ndarray, *, half: bool = False, inverse: bool = False) -> Any:
    table = ocio.Lut1DTransform(len(values), half)
    table.setData(np.repeat(values.astype(np.float32)[:, None], 3, axis=1).reshape(-1))
    table.setDirection(INVERSE if inverse else ocio.TRANSFORM_DIR_FORWARD)
    return table


HALVES = np.arange(65536, dtype=np.uint16).view(np.float16)
HALF_CURVE = np.cbrt(np.where(np.isfinite(HALVES), HALVES, 0).astype(np.float64))
RAMP = np.linspace(0.0, 1.0, 257)
TABLES = {
    "rising": lut(RAMP**2),
    "rising, back": lut(RAMP**2, inverse=True),
    "falling, back": lut(1.0 - RAMP**2, inverse=True),
    "flat at both ends, back": lut((RAMP * 1.5 - 0.25).clip(0.0, 1.0), inverse=True),
    "flat in the middle, back": lut(
        np.minimum(RAMP, 0.4) + np.maximum(RAMP - 0.6, 0.0), inverse=True
    ),
    "two entries": lut(np.array([0.25, 0.75])),
    "all halves": lut(HALF_CURVE, half=True),
    "all halves, back": lut(HALF_CURVE, half=True, inverse=True),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_tables_give_opencolorios_numbers(name: str) -> None:
    processor = processor_of(TABLES[name])
    x = random_codes()
    assert colours(compiled(processor)(x)) == pytest.approx(
        by_ocio(processor, x), rel=2e-5, abs=2e-6
    )


@pytest.mark.parametrize("name", TABLES)
def test_a_nan_comes_out_of_a_table_as_nan_and_infinities_as_its_ends(name: str) -> None:
    transform = compiled(processor_of(TABLES[name]))
    y = colours(transform(picture([np.nan, np.inf, -np.inf])))
    assert np.isnan(y[0]).all()
    assert np.isfinite(y[1:]).all()


def test_without_operators_the_very_same_tensor_comes_back() -> None:
    x = random_codes()
    transform = TorchTransform(())
    assert transform(x) is x


def test_a_matrix_within_a_ten_millionth_of_the_identity_is_left_out() -> None:
    nearly = np.eye(3) + 0.9e-7
    assert matrix_op(nearly) is None
    assert matrix_op(np.eye(3) + 2e-7) is not None
    assert matrix_op(np.eye(3), np.array([0.0, 1e-6, 0.0])) is not None


def test_a_nan_stays_in_the_channels_a_matrix_takes_it_to() -> None:
    op = matrix_op(np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]))
    assert op is not None
    y = op.apply(picture(np.array([[np.nan, 1.0, 2.0]])))
    assert torch.isnan(y[0, :, 0, 0]).tolist() == [True, True, False]


def test_infinities_and_nan_go_through_a_camera_log_as_they_are(builtin: LoadedConfig) -> None:
    transform = compiled(builtin.ocio.getProcessor("ARRI LogC4", "Linear ARRI Wide Gamut 4"))
    y = colours(transform(picture([np.inf, -np.inf, np.nan])))[:, 0]
    assert y[0] == np.inf
    assert y[1] == -np.inf
    assert np.isnan(y[2])


def test_an_empty_picture_stays_empty(builtin: LoadedConfig) -> None:
    transform = compiled(builtin.ocio.getProcessor("Apple Log", "ACEScg"))
    assert transform(torch.zeros(1, 3, 0, 5)).shape == (1, 3, 0, 5)


@pytest.mark.parametrize(
    "x",
    [torch.zeros(3, 4, 4), torch.zeros(1, 4, 2, 2), torch.zeros(1, 3, 2, 2, dtype=torch.uint8)],
    ids=["no batch", "four channels", "integers"],
)
def test_other_shapes_and_integers_are_refused(x: torch.Tensor) -> None:
    with pytest.raises(ValueError, match=r"floating-point \[N,3,H,W\]"):
        TorchTransform(())(x)


def test_a_transform_without_exact_form_is_refused_by_name(builtin: LoadedConfig) -> None:
    processor = builtin.ocio.getProcessor("Rec.2100-HLG - Display", "ACES2065-1")
    with pytest.raises(ColourError, match="FixedFunctionTransform") as caught:
        compiled(processor)
    assert caught.value.kind == "unsupported_transform"


def test_a_table_that_adjusts_hue_is_refused() -> None:
    table = lut(RAMP**2)
    table.setHueAdjust(ocio.HUE_DW3)
    with pytest.raises(ColourError, match="adjusts hue"):
        compiled(processor_of(table))


@pytest.mark.gpu
def test_a_cuda_device_gives_the_cpus_numbers(builtin: LoadedConfig) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device; it runs with `pytest -m gpu` on a machine that has one")
    x = random_codes()
    for source, target in CAMERA_CURVES:
        transform = compiled(builtin.ocio.getProcessor(source, target))
        on_cpu, on_cuda = transform(x), transform(x.cuda()).cpu()
        assert colours(on_cuda) == pytest.approx(colours(on_cpu), rel=3e-6, abs=1e-6)
