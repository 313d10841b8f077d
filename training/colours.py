"""Albedos of drawn subjects. Natural colours are written in RGB and handed out in key order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Colour = NDArray[np.float32]
Triples = tuple[tuple[float, float, float], ...]

KEYS = ("red", "green", "blue")
KEY_SHARES = (0.06, 0.60, 0.34)

SKIN: Triples = (
    (0.55, 0.31, 0.22),
    (0.45, 0.27, 0.18),
    (0.30, 0.16, 0.10),
    (0.14, 0.07, 0.045),
    (0.65, 0.42, 0.33),
    (0.60, 0.36, 0.26),
)
HAIR: Triples = (
    (0.060, 0.035, 0.020),
    (0.02, 0.014, 0.01),
    (0.12, 0.06, 0.03),
    (0.22, 0.11, 0.05),
    (0.50, 0.36, 0.17),
    (0.45, 0.27, 0.13),
    (0.35, 0.34, 0.33),
    (0.60, 0.58, 0.55),
    (0.25, 0.07, 0.02),
    (0.70, 0.60, 0.35),
    (0.45, 0.33, 0.15),
    (0.35, 0.25, 0.10),
)
CLOTH: Triples = (
    (0.02, 0.02, 0.022),
    (0.01, 0.01, 0.012),
    (0.70, 0.68, 0.66),
    (0.40, 0.40, 0.40),
    (0.18, 0.18, 0.18),
    (0.05, 0.09, 0.22),
    (0.08, 0.12, 0.25),
    (0.10, 0.06, 0.12),
    (0.11, 0.08, 0.06),
    (0.35, 0.03, 0.03),
    (0.60, 0.10, 0.08),
    (0.75, 0.30, 0.12),
    (0.70, 0.50, 0.10),
    (0.03, 0.03, 0.10),
    (0.20, 0.12, 0.07),
    (0.50, 0.45, 0.35),
    (0.05, 0.05, 0.06),
)
PLANTS: Triples = (
    (0.08, 0.16, 0.03),
    (0.20, 0.30, 0.06),
    (0.04, 0.09, 0.03),
    (0.45, 0.36, 0.15),
    (0.30, 0.20, 0.08),
    (0.55, 0.22, 0.05),
    (0.35, 0.05, 0.04),
    (0.16, 0.18, 0.07),
)
STRAW: Triples = (
    (0.75, 0.58, 0.32),
    (0.62, 0.46, 0.22),
    (0.85, 0.74, 0.50),
    (0.48, 0.33, 0.15),
)
METALS: Triples = (
    (0.80, 0.58, 0.20),
    (0.72, 0.70, 0.66),
    (0.55, 0.56, 0.58),
    (0.62, 0.32, 0.18),
    (0.50, 0.40, 0.18),
)
# What a keyer takes for its screen: greenish and yellow things before green, bluish before blue.
NEAR: dict[int, Triples] = {
    1: (
        (0.16, 0.17, 0.05),
        (0.40, 0.50, 0.08),
        (0.05, 0.28, 0.26),
        (0.45, 0.40, 0.22),
        (0.75, 0.50, 0.12),
        (0.80, 0.65, 0.08),
        (0.10, 0.20, 0.05),
        (0.50, 0.72, 0.58),
        (0.12, 0.14, 0.08),
        (0.30, 0.27, 0.13),
    ),
    2: (
        (0.02, 0.03, 0.10),
        (0.05, 0.28, 0.30),
        (0.20, 0.10, 0.42),
        (0.10, 0.16, 0.32),
        (0.45, 0.58, 0.80),
        (0.50, 0.40, 0.65),
        (0.14, 0.17, 0.22),
        (0.03, 0.06, 0.20),
        (0.30, 0.33, 0.45),
    ),
    0: (
        (0.25, 0.03, 0.04),
        (0.80, 0.40, 0.42),
        (0.75, 0.30, 0.06),
        (0.35, 0.12, 0.05),
        (0.70, 0.38, 0.30),
        (0.40, 0.10, 0.22),
    ),
}


def _hue(hue: float, saturation: float, value: float) -> Colour:
    """RGB of a hue 0..6: 0 red, 2 green, 4 blue."""
    turn = (np.array([5.0, 3.0, 1.0]) + hue) % 6
    return np.asarray(
        value * (1 - saturation * np.clip(np.minimum(turn, 4 - turn), 0, 1)), np.float32
    )


@dataclass(frozen=True)
class Palette:
    """Colours for a scene whose screen's key channel is `key`; `order` puts RGB into key order."""

    rng: np.random.Generator
    key: int
    order: tuple[int, int, int]

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Palette:
        key = int(rng.choice(3, p=KEY_SHARES))
        others = rng.permutation([channel for channel in range(3) if channel != key])
        return cls(rng, key, (key, int(others[0]), int(others[1])))

    def ordered(self, rgb: Colour | tuple[float, float, float]) -> Colour:
        return np.asarray(rgb, np.float32)[list(self.order)]

    def _varied(self, rgb: Colour | tuple[float, float, float]) -> Colour:
        """The colour a little brighter or darker, a little off its hue, in key order."""
        change = self.rng.uniform(0.7, 1.3) * self.rng.uniform(0.9, 1.1, 3)
        return self.ordered(np.clip(np.asarray(rgb) * change, 0.003, 0.95).astype(np.float32))

    def _one_of(self, colours: Triples) -> Colour:
        return self._varied(colours[int(self.rng.integers(len(colours)))])

    def skin(self) -> Colour:
        return self._one_of(SKIN)

    def hair(self) -> Colour:
        return self._one_of(HAIR) if self.rng.random() < 0.88 else self.vivid()

    def plant(self) -> Colour:
        return self._one_of(PLANTS)

    def straw(self) -> Colour:
        return self._one_of(STRAW)

    def metal(self) -> Colour:
        return self._one_of(METALS)

    def black(self) -> Colour:
        return self._varied((0.018, 0.017, 0.018)) * np.float32(self.rng.uniform(0.3, 1.5))

    def white(self) -> Colour:
        return self._varied((0.72, 0.71, 0.70))

    def grey(self) -> Colour:
        value = float(np.exp(self.rng.uniform(np.log(0.01), np.log(0.85))))
        return self._varied((value, value, value))

    def vivid(self) -> Colour:
        value = float(np.exp(self.rng.uniform(np.log(0.02), np.log(0.85))))
        return self._varied(_hue(self.rng.uniform(0, 6), self.rng.uniform(0.1, 0.9), value))

    def near_screen(self) -> Colour:
        """A solid's colour that leans to the key channel but is not the screen's."""
        if self.rng.random() < 0.65:
            return self._one_of(NEAR[self.key])
        off = self.rng.uniform(0.1, 1.0) * self.rng.choice([-1, 1])
        value = float(np.exp(self.rng.uniform(np.log(0.03), np.log(0.7))))
        return self._varied(_hue(2 * self.key + off, self.rng.uniform(0.1, 0.62), value))

    def cloth(self) -> Colour:
        return self._one_of(CLOTH)

    def any(self) -> Colour:
        draw = self.rng.random()
        shares = (
            (0.45, self.cloth),
            (0.54, self.skin),
            (0.60, self.hair),
            (0.76, self.grey),
            (0.79, self.near_screen),
        )
        for limit, colour in shares:
            if draw < limit:
                return colour()
        return self.vivid()

    def tint(self, strength: float) -> Colour:
        """A light's or a smoke's hue, brightest channel 1."""
        hue = _hue(self.rng.uniform(0, 6), strength, 1.0)
        return self.ordered(hue)
