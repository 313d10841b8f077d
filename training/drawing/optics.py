"""What lens, shutter and renderer do to a layer: motion, defocus, pixel filter, sampling noise."""

from __future__ import annotations

import cv2
import numpy as np

from training.drawing.canvas import ALPHA, Image, Layer, Sheet, in_parts, plane

BRIGHTEST = 60.0


def gaussian(layer: Layer, sigma: float) -> Layer:
    return in_parts(layer, lambda part: cv2.GaussianBlur(part, (0, 0), sigma))


def moving(sheet: Sheet, layer: Layer, longest: float = 45.0) -> Layer:
    """The layer averaged over an open shutter, along a line or an arc, 2 to `longest` pixels.

    Each round averages the picture with itself half the remaining way forth and back, so that four
    to six rounds are 16 to 64 evenly spaced moments of one rigid motion, at no more than a pixel.
    """
    length = sheet.log_uniform(2, longest)
    angle = sheet.uniform(0, 6.28)
    n = sheet.size
    turn, pivot = 0.0, np.array([n / 2, n / 2])
    if sheet.chance(0.45):  # around a joint: further out moves further
        pivot = sheet.point(-0.3, 1.3).astype(np.float64)
        turn = length / sheet.uniform(0.3, 1.0) / n
        length = 0.0
    rounds = int(np.clip(np.ceil(np.log2(max(length, turn * n, 1.0))), 4, 6))
    for level in range(rounds):
        part = 0.25 / 2**level
        shifts = [_step(pivot, turn * way, length * way, angle) for way in (-part, part)]
        layer = in_parts(layer, lambda image, moves=shifts: _both(image, moves))  # type: ignore[misc]
    return layer


def _step(pivot: np.ndarray, turn: float, shift: float, angle: float) -> np.ndarray:
    """The 2x3 matrix of a turn (radians) about a pivot and a shift (pixels) along an angle."""
    matrix = np.asarray(cv2.getRotationMatrix2D(pivot.tolist(), np.degrees(turn), 1.0), np.float64)
    matrix[:, 2] += shift * np.array([np.cos(angle), np.sin(angle)])
    return matrix


def _both(image: Image, moves: list[np.ndarray]) -> Image:
    side = (image.shape[1], image.shape[0])
    seen = [cv2.warpAffine(image, move, side, borderMode=cv2.BORDER_REFLECT) for move in moves]
    return plane(0.5 * (seen[0] + seen[1]))


def disc(radius: float) -> Image:
    """A lens's disc of confusion, sum 1."""
    reach = int(np.ceil(radius))
    yy, xx = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    kernel = np.clip(radius - np.hypot(xx, yy) + 0.5, 0, 1)
    return plane(kernel / kernel.sum())


def defocused(sheet: Sheet, layer: Layer, largest: float = 12.0) -> Layer:
    """Out of focus: a lens's disc or, in one of three, a Gaussian."""
    radius = sheet.log_uniform(0.8, largest)
    if sheet.chance(0.33):
        return gaussian(layer, radius * 0.6)
    kernel = disc(radius)
    soft = in_parts(
        layer, lambda part: cv2.filter2D(part, -1, kernel, borderType=cv2.BORDER_REFLECT)
    )
    return plane(np.where(soft < 3e-5, 0, soft))  # large kernels go by Fourier, which leaves crumbs


def pixel_filter(sheet: Sheet, layer: Layer) -> Layer:
    sigma = float(sheet.rng.choice([0, 0.35, 0.45, 0.6, 0.8]))
    return gaussian(layer, sigma) if sigma > 0 else layer


def sampling_noise(sheet: Sheet, layer: Layer) -> Layer:
    """A renderer's few samples: noise where the cover is partial."""
    n = sheet.size
    noise = sheet.rng.standard_normal((n, n, 1), np.float32) * (1 - layer[..., ALPHA])
    factor = np.maximum(1 + np.float32(sheet.uniform(0.02, 0.12)) * noise, 0)
    noisy = layer * np.where(layer[..., ALPHA] < 0.995, factor, np.float32(1))
    return plane(noisy / np.maximum(noisy[..., ALPHA], 1))


def enlarged(layer: Layer, size: int) -> Layer:
    """The layer as it would be at a higher resolution: softer and thicker."""
    factor = size / layer.shape[0]
    wide = in_parts(
        layer, lambda part: cv2.resize(part, (size, size), interpolation=cv2.INTER_LINEAR)
    )
    return gaussian(wide, 0.35 * factor)


def finished(layer: Layer) -> Layer:
    """Within what a patch may hold: light 0..60, alpha 0..1, the screen's share 0..alpha."""
    whole = np.clip(layer, 0, BRIGHTEST)
    whole[..., ALPHA] = np.minimum(whole[..., ALPHA], 1)
    whole[..., 4:] = np.minimum(whole[..., 4:], whole[..., ALPHA])
    return whole
