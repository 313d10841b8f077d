"""The arrows of docs/architecture.md, held by fresh interpreters: import X, Y stays out."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from tests.conftest import REPOSITORY

from mattebox import __version__
from mattebox.matte.unmixing.weights_file import weights_sha256

NOT_LOADED = [
    ("mattebox", ("torch", "numpy", "OpenImageIO", "PyOpenColorIO", "pydantic", "typer")),
    ("mattebox.settings", ("torch", "numpy", "OpenImageIO", "PyOpenColorIO")),
    ("mattebox.inputs", ("torch", "numpy", "OpenImageIO", "PyOpenColorIO")),
    ("mattebox.job", ("torch", "numpy", "OpenImageIO", "PyOpenColorIO")),
    ("mattebox.events", ("torch", "numpy", "OpenImageIO", "PyOpenColorIO")),
    ("mattebox.farm.openjd", ("torch", "numpy", "OpenImageIO", "PyOpenColorIO", "yaml")),
    ("mattebox.farm.opencue", ("torch", "numpy", "OpenImageIO", "PyOpenColorIO")),
    ("mattebox.farm.flamenco", ("torch", "numpy", "OpenImageIO", "PyOpenColorIO")),
    ("mattebox.cli.app", ("torch", "numpy", "OpenImageIO", "PyOpenColorIO")),
    ("mattebox.sequences", ("torch", "OpenImageIO", "PyOpenColorIO")),
    ("mattebox.frames", ("torch", "PyOpenColorIO", "mattebox.matte", "mattebox.engines")),
    ("mattebox.weights.catalogue", ("torch", "requests", "OpenImageIO")),
    ("mattebox.weights.store", ("torch", "requests", "OpenImageIO")),
    ("mattebox.weights.choose", ("torch", "requests", "OpenImageIO")),
    ("mattebox.weights.fetch", ("torch", "requests", "OpenImageIO")),
    ("mattebox.cli.run", ("requests",)),
    ("mattebox.pipeline.run", ("requests",)),
    ("mattebox.pipeline.plan", ("torch", "PyOpenColorIO", "mattebox.engines")),
    ("mattebox.pipeline.standing", ("torch", "PyOpenColorIO", "mattebox.engines")),
    ("mattebox.digests", ("torch", "numpy", "OpenImageIO", "PyOpenColorIO", "pydantic")),
    ("mattebox.network_config", ("torch", "numpy", "OpenImageIO", "PyOpenColorIO")),
    ("mattebox.engines.onnx_files", ("torch", "numpy", "onnx", "onnxruntime")),
    ("mattebox.engines.registry", ("onnx", "onnxruntime")),
    ("mattebox.engines.registry", ("OpenImageIO", "PyOpenColorIO", "mattebox.matte")),
    ("mattebox.engines.rvm", ("OpenImageIO", "PyOpenColorIO", "mattebox.matte")),
    ("mattebox.engines.bgmv2", ("OpenImageIO", "PyOpenColorIO", "mattebox.matte")),
    ("mattebox.matte.solve", ("OpenImageIO", "PyOpenColorIO", "mattebox.engines")),
    ("mattebox.matte.layers", ("OpenImageIO", "PyOpenColorIO", "mattebox.engines")),
    ("mattebox.measure.metrics", ("torch", "OpenImageIO", "PyOpenColorIO", "mattebox.engines")),
    ("mattebox.flow.carry", ("torch", "cv2", "PyOpenColorIO", "mattebox.matte")),
    ("mattebox.pipeline.run", ("cv2",)),
    ("mattebox.hints", ("torch", "PyOpenColorIO", "mattebox.pipeline", "mattebox.engines")),
    ("mattebox.hints.recipe", ("torch", "PyOpenColorIO", "mattebox.pipeline")),
    ("mattebox.views", ("torch", "OpenImageIO", "PyOpenColorIO")),
    ("mattebox.report", ("torch", "PyOpenColorIO", "mattebox.pipeline", "mattebox.engines")),
    ("mattebox_ocio", ("torch", "OpenImageIO", "mattebox")),
    ("mattebox_ocio.model_space", ("OpenImageIO", "mattebox")),
]


@pytest.mark.parametrize(("module", "absent"), NOT_LOADED, ids=[name for name, _ in NOT_LOADED])
def test_a_module_does_not_load_what_lies_above_or_beside_it(
    module: str, absent: tuple[str, ...]
) -> None:
    check = (
        f"import sys, {module}; print(' '.join(name for name in {absent!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_asking_for_the_version_loads_nothing_heavy() -> None:
    heavy = ("torch", "numpy", "OpenImageIO", "PyOpenColorIO", "onnxruntime")
    check = (
        "import sys; from mattebox.cli import main; sys.argv = ['mattebox', '--version']\n"
        "try: main()\nexcept SystemExit as end: code = end.code\n"
        f"print(code, [name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    version, commit, weights, loaded = done.stdout.splitlines()
    assert loaded in ("0 []", "None []")
    assert version == f"mattebox {__version__}"
    assert commit.startswith("commit ")
    assert weights == f"unmixing weights {weights_sha256()[:12]}"


def test_nothing_in_the_wheel_imports_what_is_not_in_it() -> None:
    files = [*REPOSITORY.glob("core/**/*.py"), *REPOSITORY.glob("ocio/**/*.py")]
    outside = re.compile(r"^\s*(?:from|import) (?:benchmarks|training)\b", re.MULTILINE)
    found = [str(file) for file in files if outside.search(file.read_text("utf-8"))]
    assert len(files) > 100
    assert found == []
