"""Pixelwise work on a CPU: in strips that its cache holds, each by one thread alone.

torch's own threads meet at the end of every operation, and on a machine that others use as well
they have to sleep while they wait: where they spin, two processes at once took two to three times
as long. Waking them thousands of times a frame costs what they gain. Threads that each work through
a strip by themselves meet once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

import torch

Found = TypeVar("Found")

# 32 rows of 1920: a step finds in the cache what the last one wrote. 16 and 64 rows gained about
# as much.
STRIP_PIXELS = 32 * 1920


def in_strips(work: Callable[[slice], Found], picture: torch.Tensor) -> list[Found]:
    """What ``work`` makes of the rows it is given, from top to bottom; all at once on a GPU.

    Args:
        work: its values do not depend on where its rows end; called in several threads. Rows begin
            at even numbers, so that pictures of half the size can be cut alike.
        picture: [N,C,H,W], for its size and device.
    """
    height, width = picture.shape[-2:]
    rows = 2 * max(1, STRIP_PIXELS // (2 * width))
    if picture.device.type != "cpu":
        rows = height
    strips = [slice(top, min(top + rows, height)) for top in range(0, height, rows)]
    threads = torch.get_num_threads()
    if threads == 1 or len(strips) == 1:
        return [work(strip) for strip in strips]
    inference = torch.is_inference_mode_enabled()  # each thread has a mode of its own

    def in_mode(strip: slice) -> Found:
        with torch.inference_mode(inference):
            return work(strip)

    return list(_workers(threads).map(in_mode, strips))


@lru_cache(maxsize=1)
def _workers(threads: int) -> ThreadPoolExecutor:
    """Threads in which torch's operations are not divided further."""
    begun = threading.Barrier(threads + 1)

    def begin() -> None:
        # The count is each thread's own once it has asked for it; threads that begin later, and
        # the libraries below, take the one that was said last.
        torch.set_num_threads(1)
        torch.get_num_threads()
        begun.wait()

    pool = ThreadPoolExecutor(threads, thread_name_prefix="strips", initializer=begin)
    for _ in range(threads):
        pool.submit(int)
    begun.wait()
    torch.set_num_threads(threads)
    return pool
