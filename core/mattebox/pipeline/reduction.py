"""From the pictures of a shot to the smaller ones that a proxy keys: means of boxes, linear light.

Boxes lie on multiples of the factor in the file's own coordinates, so all windows of a shot share
one grid. A box that the working window cuts is the mean of the pixels that lie inside.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from mattebox.images import Kind, Window
from mattebox.settings import KeySettings
from mattebox.shot import Shot


@dataclass(frozen=True)
class Reduction:
    """What makes a proxy of pictures on a window; with factor 1 everything stays as it is.

    Attributes:
        full: the window of the pictures as they are read.
        factor: pixels on a side of a box: 1, 2 or 4.
    """

    full: Window
    factor: int = 1

    @classmethod
    def of(cls, settings: KeySettings, shot: Shot) -> Reduction:
        """That of a job's settings, on the working window of its shot."""
        return cls(shot.window, settings.proxy.factor)

    @property
    def window(self) -> Window:
        """The window that is keyed and written."""
        return self.full.reduced(self.factor)

    def covered_window(self, data: Window) -> Window:
        """The part of ``window`` whose boxes lie wholly in a data window, up to ``full``'s border.

        An empty window where no box does.
        """
        shared, whole = self.full.intersection(data), self.window
        if self.factor == 1 or shared.is_empty:
            return shared
        left = whole.x if shared.x == self.full.x else -(-shared.x // self.factor)
        top = whole.y if shared.y == self.full.y else -(-shared.y // self.factor)
        right = whole.right if shared.right == self.full.right else shared.right // self.factor
        bottom = whole.bottom if shared.bottom == self.full.bottom else shared.bottom // self.factor
        return Window(left, top, max(0, right - left), max(0, bottom - top))

    def mean(self, picture: torch.Tensor) -> torch.Tensor:
        """The boxes' means of a picture on ``full``.

        Args:
            picture: [N,C,H,W] float32, linear light or a matte, any range.

        Returns:
            [N,C,h,w] float32 on ``window``; with factor 1 the picture itself.
        """
        if self.factor == 1:
            return picture
        means = F.avg_pool2d(self._padded(picture, 0.0), self.factor)
        if not any(self._padding):
            return means
        # What the border cuts off counts as 0 in these means: divided by the part inside.
        return means / F.avg_pool2d(
            self._padded(torch.ones_like(picture[:1, :1]), 0.0), self.factor
        )

    def whole(self, mask: torch.Tensor) -> torch.Tensor:
        """[1,1,H,W] 0 or 1 on ``full`` to [1,1,h,w]: 1 where all pixels of a box are 1."""
        if self.factor == 1:
            return mask
        return 1.0 - F.max_pool2d(1.0 - self._padded(mask, 1.0), self.factor)

    def sampled(self, pixels: NDArray[Kind]) -> NDArray[Kind]:
        """HxW... on ``full`` to hxw...: one pixel of each box, for what has no mean, such as depth
        and ids."""
        if self.factor == 1:
            return pixels
        left, top, _, _ = self._padding
        rows = [max(0, at * self.factor - top) for at in range(self.window.height)]
        columns = [max(0, at * self.factor - left) for at in range(self.window.width)]
        return pixels[rows][:, columns]

    @property
    def _padding(self) -> tuple[int, int, int, int]:
        """What is missing to whole boxes: left, top, right, bottom."""
        left, top = self.full.x % self.factor, self.full.y % self.factor
        right, bottom = -self.full.right % self.factor, -self.full.bottom % self.factor
        return left, top, right, bottom

    def _padded(self, picture: torch.Tensor, value: float) -> torch.Tensor:
        left, top, right, bottom = self._padding
        if not any(self._padding):
            return picture
        return F.pad(picture, (left, right, top, bottom), value=value)
