"""Pictures that are stored turned or mirrored, made upright: EXIF's eight orientations."""

from __future__ import annotations

from dataclasses import dataclass

from mattebox.images import Pixels, Window


@dataclass(frozen=True)
class Turning:
    """What makes a stored picture upright, in this order.

    Attributes:
        is_transposed: rows become columns.
        is_mirrored: left becomes right.
        is_flipped: top becomes bottom.
    """

    is_transposed: bool
    is_mirrored: bool
    is_flipped: bool

    @classmethod
    def of(cls, orientation: int) -> Turning:
        """By EXIF's number; what is none is upright, as viewers take it."""
        return _TURNINGS.get(orientation, _TURNINGS[1])

    def pixels(self, stored: Pixels) -> Pixels:
        """HxWxC as stored to upright; a view, no copy."""
        turned = stored.swapaxes(0, 1) if self.is_transposed else stored
        return turned[:: -1 if self.is_flipped else 1, :: -1 if self.is_mirrored else 1]

    def window(self, window: Window, display: Window) -> Window:
        """Where a stored window lies in the upright picture, whose stored display window is given.

        The display window's corner stays where it is.
        """
        left, top = window.x - display.x, window.y - display.y
        width, height = window.width, window.height
        across, down = display.width, display.height
        if self.is_transposed:
            left, top, width, height, across, down = top, left, height, width, down, across
        if self.is_mirrored:
            left = across - left - width
        if self.is_flipped:
            top = down - top - height
        return Window(display.x + left, display.y + top, width, height)


_TURNINGS = {
    1: Turning(is_transposed=False, is_mirrored=False, is_flipped=False),
    2: Turning(is_transposed=False, is_mirrored=True, is_flipped=False),
    3: Turning(is_transposed=False, is_mirrored=True, is_flipped=True),
    4: Turning(is_transposed=False, is_mirrored=False, is_flipped=True),
    5: Turning(is_transposed=True, is_mirrored=False, is_flipped=False),
    6: Turning(is_transposed=True, is_mirrored=True, is_flipped=False),
    7: Turning(is_transposed=True, is_mirrored=True, is_flipped=True),
    8: Turning(is_transposed=True, is_mirrored=False, is_flipped=True),
}
