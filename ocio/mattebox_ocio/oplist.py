"""OpenColorIO's transforms as torch operators, exact, on any device.

A processor is a list of few operators: matrices, camera logs, moncurves, 1D tables. Run as
formulas in float32 they are as exact as OpenColorIO's own CPU path; a baked 3D table would not be.
Operators that have no formula here (3D tables, views, grading) are refused, never approximated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import torch

from mattebox_ocio import seam
from mattebox_ocio.errors import ColourError
from mattebox_ocio.lut1d import HalfLut1D, InverseLut1D, Lut1D
from mattebox_ocio.op import Op, per_channel, power
from mattebox_ocio.primaries import Matrix
from mattebox_ocio.seam import OcioTransform, is_inverse, kind_of, ocio

IDENTITY_WITHIN = 1e-7
"""A matrix this close to the identity is left out: half a step of float32 at 1.0."""


LARGEST_FLOAT = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False)
class MatrixOp(Op):
    """rows @ rgb + offset. Zeros are skipped, so that a NaN stays in the channels it reaches."""

    rows: tuple[tuple[float, ...], ...]
    offset: tuple[float, ...]

    def apply(self, x: torch.Tensor) -> torch.Tensor:
        # Written out, in a fixed order: no TF32, no thread-dependent sums.
        channels = []
        for row, offset in zip(self.rows, self.offset, strict=True):
            terms = [
                x[:, index] if factor == 1.0 else x[:, index] * factor
                for index, factor in enumerate(row)
                if factor != 0.0
            ]
            total = terms[0] if terms else torch.zeros_like(x[:, 0])
            for term in terms[1:]:
                total = total + term
            channels.append(total if offset == 0.0 else total + offset)
        return torch.stack(channels, dim=1)


@dataclass(frozen=True, eq=False)
class CameraLogOp(Op):
    """Linear light to camera code: a log above ``lin_break``, a line below. [3,1,1] each.

    y = log_slope * log_base(lin_slope * x + lin_offset) + log_offset
    """

    base: float
    log_slope: torch.Tensor
    log_offset: torch.Tensor
    lin_slope: torch.Tensor
    lin_offset: torch.Tensor
    lin_break: torch.Tensor
    line_slope: torch.Tensor
    line_offset: torch.Tensor

    def apply(self, x: torch.Tensor) -> torch.Tensor:
        inside = (self.lin_slope * x + self.lin_offset).clamp_min(_tiny(x))
        curve = self.log_slope * (torch.log(inside) / math.log(self.base)) + self.log_offset
        return torch.where(x > self.lin_break, curve, self.line_slope * x + self.line_offset)


@dataclass(frozen=True, eq=False)
class CameraLogInverseOp(CameraLogOp):
    """Camera code to linear light."""

    def apply(self, x: torch.Tensor) -> torch.Tensor:
        exponent = (x - self.log_offset) / self.log_slope
        curve = (_antilog(self.base, exponent) - self.lin_offset) / self.lin_slope
        code_break = self.line_slope * self.lin_break + self.line_offset
        return torch.where(x > code_break, curve, (x - self.line_offset) / self.line_slope)


@dataclass(frozen=True, eq=False)
class LogOp(Op):
    """The affine log without a line: its argument is held above float32's smallest number."""

    base: float
    log_slope: torch.Tensor
    log_offset: torch.Tensor
    lin_slope: torch.Tensor
    lin_offset: torch.Tensor

    def apply(self, x: torch.Tensor) -> torch.Tensor:
        inside = (self.lin_slope * x + self.lin_offset).clamp_min(_tiny(x))
        return self.log_slope * (torch.log(inside) / math.log(self.base)) + self.log_offset


@dataclass(frozen=True, eq=False)
class LogInverseOp(LogOp):
    """The affine antilog."""

    def apply(self, x: torch.Tensor) -> torch.Tensor:
        exponent = (x - self.log_offset) / self.log_slope
        return (_antilog(self.base, exponent) - self.lin_offset) / self.lin_slope


@dataclass(frozen=True, eq=False)
class PowerOp(Op):
    """A power per channel. Negative numbers: 0, mirrored, or passed on."""

    exponent: torch.Tensor
    negatives: str

    def apply(self, x: torch.Tensor) -> torch.Tensor:
        if self.negatives == "mirror":
            return torch.copysign(power(x.abs(), self.exponent), x)
        curve = power(x.clamp_min(0.0), self.exponent)
        return torch.where(x > 0.0, curve, x) if self.negatives == "pass" else curve


@dataclass(frozen=True, eq=False)
class MoncurveOp(Op):
    """Code to light: ((x + o) / (1 + o)) ** gamma above ``code_break``, a line below (sRGB)."""

    gamma: torch.Tensor
    offset: torch.Tensor
    code_break: torch.Tensor
    line_slope: torch.Tensor
    mirrors: bool

    def apply(self, x: torch.Tensor) -> torch.Tensor:
        a = x.abs() if self.mirrors else x
        curve = power((a.clamp_min(0.0) + self.offset) / (1.0 + self.offset), self.gamma)
        y = torch.where(a > self.code_break, curve, a * self.line_slope)
        return torch.copysign(y, x) if self.mirrors else y


@dataclass(frozen=True, eq=False)
class MoncurveInverseOp(MoncurveOp):
    """Light to code."""

    def apply(self, x: torch.Tensor) -> torch.Tensor:
        a = x.abs() if self.mirrors else x
        curve = (1.0 + self.offset) * power(a.clamp_min(0.0), 1.0 / self.gamma) - self.offset
        light_break = self.code_break * self.line_slope
        y = torch.where(a > light_break, curve, a / self.line_slope)
        return torch.copysign(y, x) if self.mirrors else y


@dataclass(frozen=True, eq=False)
class RangeOp(Op):
    """x * scale + offset, then held within the limits there are."""

    scale: float
    offset: float
    low: float | None
    high: float | None

    def apply(self, x: torch.Tensor) -> torch.Tensor:
        if self.scale != 1.0 or self.offset != 0.0:
            x = x * self.scale + self.offset
        return x if self.low is None and self.high is None else x.clamp(self.low, self.high)


@dataclass(frozen=True, eq=False)
class TorchTransform:
    """A colour transform on tensors: [N,3,H,W], floating point, any device, any range.

    Without operators the very same tensor comes back, so that nothing is rounded. NaN stays NaN;
    Inf may become NaN through a matrix, as in OpenColorIO: repair pixels before.
    """

    ops: tuple[Op, ...]
    _placed: dict[tuple[torch.device, torch.dtype], tuple[Op, ...]] = field(
        default_factory=dict, init=False, repr=False
    )

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        if x.ndim != 4 or x.shape[1] != 3 or not x.is_floating_point():
            raise ValueError(f"colour works on floating-point [N,3,H,W], got {x.dtype} {x.shape}")
        for op in self._on(x.device, x.dtype):
            x = op.apply(x)
        return x

    def _on(self, device: torch.device, dtype: torch.dtype) -> tuple[Op, ...]:
        key = (device, dtype)
        if key not in self._placed:
            self._placed[key] = tuple(op.placed(device, dtype) for op in self.ops)
        return self._placed[key]


def compile_transforms(
    transforms: Iterable[OcioTransform], *, then: Matrix | None = None
) -> TorchTransform:
    """Operators out of a processor's group as torch operators, and a (3, 3) matrix after them.

    Raises:
        ColourError: ``unsupported_transform``, with the operator.
    """
    ops = [_op_of(transform) for transform in transforms]
    if then is not None:
        ops.append(matrix_op(then))
    return TorchTransform(tuple(op for op in ops if op is not None))


def matrix_op(matrix: Matrix, offset: Matrix | None = None) -> Op | None:
    """The operator of a (3, 3) matrix and a (3,) offset; None where it is the identity."""
    offset = np.zeros(3) if offset is None else offset
    distance = max(np.abs(matrix - np.eye(3)).max(), np.abs(offset).max())
    if distance <= IDENTITY_WITHIN:
        return None
    rows = tuple(tuple(float(v) for v in row) for row in matrix)
    return MatrixOp(rows, tuple(float(v) for v in offset))


def _op_of(transform: OcioTransform) -> Op | None:
    build = _BUILDERS.get(kind_of(transform))
    if build is None:
        raise ColourError(
            f"the colour transform needs a {kind_of(transform)}, which has no exact form here",
            kind="unsupported_transform",
            name=kind_of(transform),
            known=_BUILDERS,
            next_step="give a plate in a linear or camera space (a view or a 3D LUT cannot be "
            "undone), or convert it before",
        )
    return build(transform)


def _matrix(transform: OcioTransform) -> Op | None:
    return matrix_op(*seam.matrix_of(transform))


def _camera_log(transform: OcioTransform) -> Op:
    base = float(transform.getBase())
    log_slope = np.array(transform.getLogSideSlopeValue(), np.float64)
    log_offset = np.array(transform.getLogSideOffsetValue(), np.float64)
    lin_slope = np.array(transform.getLinSideSlopeValue(), np.float64)
    lin_offset = np.array(transform.getLinSideOffsetValue(), np.float64)
    lin_break = np.array(transform.getLinSideBreakValue(), np.float64)
    at_break = lin_slope * lin_break + lin_offset
    stated = transform.getLinearSlopeValue()  # all NaN or None where it is not stated
    line_slope = np.array([np.nan] * 3 if stated is None else stated, np.float64)
    if not np.isfinite(line_slope).all():
        line_slope = log_slope * lin_slope / (at_break * np.log(base))  # the log's own slope
    code_break = log_slope * np.log(at_break) / np.log(base) + log_offset
    op = CameraLogInverseOp if is_inverse(transform) else CameraLogOp
    return op(
        base,
        per_channel(log_slope),
        per_channel(log_offset),
        per_channel(lin_slope),
        per_channel(lin_offset),
        per_channel(lin_break),
        per_channel(line_slope),
        per_channel(code_break - line_slope * lin_break),
    )


def _affine_log(transform: OcioTransform) -> Op:
    op = LogInverseOp if is_inverse(transform) else LogOp
    return op(
        float(transform.getBase()),
        per_channel(transform.getLogSideSlopeValue()),
        per_channel(transform.getLogSideOffsetValue()),
        per_channel(transform.getLinSideSlopeValue()),
        per_channel(transform.getLinSideOffsetValue()),
    )


def _plain_log(transform: OcioTransform) -> Op:
    op = LogInverseOp if is_inverse(transform) else LogOp
    one, zero = per_channel([1.0] * 3), per_channel([0.0] * 3)
    return op(float(transform.getBase()), one, zero, one, zero)


def _power(transform: OcioTransform) -> Op:
    exponent = np.array(transform.getValue(), np.float64)[:3]
    if is_inverse(transform):
        exponent = 1.0 / exponent
    styles = {ocio.NEGATIVE_MIRROR: "mirror", ocio.NEGATIVE_PASS_THRU: "pass"}
    return PowerOp(per_channel(exponent), styles.get(transform.getNegativeStyle(), "clamp"))


def _moncurve(transform: OcioTransform) -> Op:
    gamma = np.array(transform.getGamma(), np.float64)[:3]
    offset = np.array(transform.getOffset(), np.float64)[:3]
    # Where the power curve's tangent goes through 0; gamma 1 or offset 0 leave no line.
    with np.errstate(divide="ignore", invalid="ignore"):
        code_break = offset / (gamma - 1.0)
        slope = ((gamma - 1.0) / offset) * (gamma * code_break / (1.0 + offset)) ** gamma
    has_line = np.isfinite(code_break) & np.isfinite(slope)
    op = MoncurveInverseOp if is_inverse(transform) else MoncurveOp
    return op(
        per_channel(gamma),
        per_channel(offset),
        per_channel(np.where(has_line, code_break, 0.0)),
        per_channel(np.where(has_line, slope, 1.0)),
        transform.getNegativeStyle() == ocio.NEGATIVE_MIRROR,
    )


def _range(transform: OcioTransform) -> Op:
    has_low, has_high = bool(transform.hasMinInValue()), bool(transform.hasMaxInValue())
    low_in, low_out = float(transform.getMinInValue()), float(transform.getMinOutValue())
    high_in, high_out = float(transform.getMaxInValue()), float(transform.getMaxOutValue())
    if is_inverse(transform):
        low_in, high_in, low_out, high_out = low_out, high_out, low_in, high_in
    scale, offset = 1.0, 0.0
    if has_low and has_high:
        scale = (high_out - low_out) / (high_in - low_in)
        offset = low_out - low_in * scale
    elif has_low:
        offset = low_out - low_in
    elif has_high:
        offset = high_out - high_in
    clamps = transform.getStyle() != ocio.RANGE_NO_CLAMP
    return RangeOp(
        scale,
        offset,
        low_out if has_low and clamps else None,
        high_out if has_high and clamps else None,
    )


def _lut1d(transform: OcioTransform) -> Op:
    if transform.getHueAdjust() != ocio.HUE_NONE:
        raise ColourError(
            "a 1D LUT of the config adjusts hue, which is not supported",
            kind="unsupported_transform",
            name="Lut1DTransform",
        )
    table = np.array(transform.getData(), np.float64).reshape(-1, 3)
    table = table.clip(-LARGEST_FLOAT, LARGEST_FLOAT)  # as OpenColorIO: codes far above 1 are inf
    is_half = bool(transform.getInputHalfDomain())
    if is_inverse(transform):
        return InverseLut1D.of_half_table(table) if is_half else InverseLut1D.of_table(table)
    return HalfLut1D.of_table(table) if is_half else Lut1D.of_table(table)


def _antilog(base: float, exponent: torch.Tensor) -> torch.Tensor:
    return torch.exp(exponent * math.log(base))  # not torch.pow: see mattebox_ocio.op.power


def _tiny(x: torch.Tensor) -> float:
    return torch.finfo(torch.float32).tiny if x.dtype != torch.float16 else 2.0**-24


_BUILDERS: dict[str, Callable[[OcioTransform], Op | None]] = {
    "MatrixTransform": _matrix,
    "LogCameraTransform": _camera_log,
    "LogAffineTransform": _affine_log,
    "LogTransform": _plain_log,
    "ExponentTransform": _power,
    "ExponentWithLinearTransform": _moncurve,
    "RangeTransform": _range,
    "Lut1DTransform": _lut1d,
}
