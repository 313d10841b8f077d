"""Dense optical flow between two pictures, by OpenCV's DIS. The one seam to OpenCV.

T. Kroeger, R. Timofte, D. Dai, L. Van Gool, "Fast Optical Flow using Dense Inverse Search" (ECCV
2016). Why this one: THIRD_PARTY.md.
"""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import ToolError

Pixels = NDArray[np.float32]
Codes = NDArray[np.uint8]
Flow = NDArray[np.float32]
"""HxWx2 float32, pixels: from each pixel of a picture the way to its place in another, x and y."""

FLOW_ALGEBRA = 1
"""Counts changes of how flow is found or used; part of the fingerprint."""

LARGEST_AT_FULL = 1_000_000
"""Pixels up to which flow is fitted at full resolution; each halving of it quarters the time. At
640x360 half resolution raised the error of a carried matte by 2 to 14 %."""

SMOOTHNESS = 10.0
"""Weight of the smoothness of DIS's refinement; its own default 20 holds thin strands back: 2 % of
the carried error on the rendered shots."""

GRAIN_BLUR = 1.0
"""Sigma in pixels of the low-pass before flow is fitted. Of 0, 1 and 2, on shots with grain, none
is best everywhere; 1 is never worst."""

SMALLEST_SIDE = 64
"""DIS wants patches on several levels: smaller pictures are grown to this by their border."""

LUMINANCE = (np.float32(0.2126), np.float32(0.7152), np.float32(0.0722))
"""ITU-R BT.709-6."""


def opencv() -> ModuleType:
    """The module ``cv2``. Raises ToolError where the extra is not installed or does not load."""
    try:
        import cv2
    except ImportError as error:
        raise ToolError(
            f"OpenCV, which finds optical flow, cannot be loaded: {error}",
            next_step="pip install 'mattebox[flow]'",
        ) from error
    # More threads cut the picture into other stripes, whose patches start from other neighbours.
    cv2.setNumThreads(1)
    return cv2


def flow_identity() -> str:
    """What finds flow, for fingerprints: OpenCV's version and ours. Raises as ``opencv``."""
    version = str(opencv().__version__)
    return f"opencv {version}, {FLOW_ALGEBRA}"


def opencv_package() -> str | None:
    """The package that brings OpenCV and its version, without loading it; None where none does."""
    packages = importlib.metadata.packages_distributions().get("cv2", [])
    return f"{packages[0]} {importlib.metadata.version(packages[0])}" if packages else None


def flow_codes(encoded: Pixels) -> Codes:
    """A picture as flow sees it: HxW 8-bit luma, grain low-passed.

    Args:
        encoded: HxWx3 float32, display codes 0..1 (tone-mapped, so that a highlight is no cliff).
    """
    # Not as a matrix product, whose last bit depends on where the picture lies in memory.
    red, green, blue = (encoded[..., i] * weight for i, weight in enumerate(LUMINANCE))
    luma = np.clip(red + green + blue, 0.0, 1.0) * np.float32(255.0)
    return np.asarray(np.rint(opencv().GaussianBlur(luma, (0, 0), GRAIN_BLUR)), np.uint8)


@dataclass(frozen=True)
class FlowFinder:
    """Finds flow between pictures of one size. The same pictures give the same flow, whatever was
    asked before.

    Attributes:
        width, height: of the pictures.
    """

    width: int
    height: int

    def between(self, first: Codes, second: Codes, start: Flow | None = None) -> Flow:
        """From each pixel of the first picture the way to its place in the second.

        Args:
            first, second: HxW as ``flow_codes``.
            start: a flow that is near, to begin from: that of the frame before. None begins at 0.
        """
        top = [(0, max(0, SMALLEST_SIDE - self.height)), (0, max(0, SMALLEST_SIDE - self.width))]
        grown = [np.pad(one, top, mode="edge") for one in (first, second)]
        # Never without a flow to begin from: DIS would begin from that of an earlier call.
        if start is None:
            start = np.zeros((self.height, self.width, 2), np.float32)
        begin = np.pad(start, [*top, (0, 0)], mode="edge")
        found = self._dis.calc(grown[0], grown[1], begin)
        return np.ascontiguousarray(found[: self.height, : self.width], np.float32)

    def sampled(self, picture: Pixels, flow: Flow, *, sharp: bool = True) -> Pixels:
        """A picture where a flow leads: out(x) = picture(x + flow(x)), edges held; HxW[xC].

        ``sharp`` takes a cubic, which overshoots at edges; else straight lines.
        """
        cv2 = opencv()
        how = cv2.INTER_CUBIC if sharp else cv2.INTER_LINEAR
        found = cv2.remap(picture, self._grid + flow, None, how, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(found, np.float32)

    def disagreement(self, there: Flow, back: Flow) -> Pixels:
        """HxW, pixels: how far from a pixel one comes out that goes there and back again."""
        returned = there + self.sampled(back, there, sharp=False)
        return np.asarray(np.hypot(returned[..., 0], returned[..., 1]), np.float32)

    @cached_property
    def _dis(self) -> Any:
        cv2 = opencv()
        dis = cv2.DISOpticalFlow.create(cv2.DISOpticalFlow_PRESET_MEDIUM)
        scale, pixels = 0, self.width * self.height
        while pixels > LARGEST_AT_FULL:
            scale, pixels = scale + 1, pixels // 4
        dis.setFinestScale(scale)
        dis.setVariationalRefinementAlpha(SMOOTHNESS)
        return dis

    @cached_property
    def _grid(self) -> Flow:
        y, x = np.mgrid[: self.height, : self.width]
        return np.stack([x, y], axis=-1).astype(np.float32)
