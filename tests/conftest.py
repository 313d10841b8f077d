"""What all tests share: a clean environment and the way to the shared test material."""

from __future__ import annotations

import hashlib
import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # before torch: spinning threads starve CI

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
ENVIRONMENT_THAT_CHANGES_RESULTS = (
    "OCIO", "NUKE_PATH", "MATTEBOX_WEIGHTS", "MATTEBOX_CATALOGUE", "MATTEBOX_PYTHON",
)  # fmt: skip


@pytest.fixture(autouse=True)
def clean_environment(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> None:
    """No test sees the machine's own OCIO config or weights."""
    for name in ENVIRONMENT_THAT_CHANGES_RESULTS:
        monkeypatch.delenv(name, raising=False)
    # Where platformdirs looks for data and caches: each test's own, and mostly never made.
    own = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:16]
    home = tmp_path_factory.getbasetemp() / "data_homes" / own
    monkeypatch.setenv("XDG_DATA_HOME", str(home))
    monkeypatch.setenv("MATTEBOX_SETTINGS", str(home / "settings"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared test material: goldens, rendered shots, real weights. Skips where it is absent."""
    folder = Path(os.environ.get("MATTEBOX_SHARED", REPOSITORY.parent / "shared"))
    if not (folder / "goldens").is_dir():
        pytest.skip(
            f"shared test material not found at {folder}; it runs where MATTEBOX_SHARED names it"
        )
    return folder


@pytest.fixture(scope="session")
def fixture_hair() -> Path:
    """The example shot that ships with the project: plate, truth and clean plate, 8 frames."""
    return REPOSITORY / "examples" / "fixture_hair"
