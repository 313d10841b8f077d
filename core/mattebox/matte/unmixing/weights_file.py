"""The weights file in the package. Loads no torch: jobs and ``doctor`` name it by its digest."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

WEIGHTS = Path(__file__).with_name("unmixing.safetensors")
"""Float16; computed with in float32."""


@lru_cache(maxsize=1)
def weights_sha256() -> str:
    """SHA-256 of the weights file, 64 hex digits: part of a job's fingerprint."""
    return hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()


def shown_digest() -> str:
    """The first 12 digits, or ``missing`` where the file cannot be read."""
    try:
        return weights_sha256()[:12]
    except OSError:
        return "missing"
