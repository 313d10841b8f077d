"""The add-on's zip: what is in it, and what Blender makes of it."""

from __future__ import annotations

import tomllib
import zipfile
from pathlib import Path

from tests.hosts.conftest import Blender, build_package

import make_version
import mattebox


def test_equal_sources_give_equal_zips(package: Path, tmp_path: Path) -> None:
    assert build_package(tmp_path / "again").read_bytes() == package.read_bytes()


def test_the_zip_holds_the_blender_add_on_and_nothing_else(package: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        names = archive.namelist()
        manifest = tomllib.loads(archive.read("blender_manifest.toml").decode())
    assert {"__init__.py", "LICENSE", "run.py", "blender_host/guard.py"} <= set(names)
    assert {name.partition("/")[0] for name in names if "/" in name} == {"blender_host"}
    assert {Path(name).suffix for name in names} == {".py", ".toml", ""}
    assert manifest["version"] == make_version.semantic(mattebox.__version__)
    assert "wheels" not in manifest


def test_it_is_installed_and_leaves_nothing_when_it_is_switched_off(
    blender: Blender, tmp_path: Path
) -> None:
    fresh = Blender(blender.version, blender.python, tmp_path, blender.package)
    seen = fresh.run("packaging.install", has_add_on=False, package=blender.package)
    assert "Success" in seen["validated"]
    assert seen["before"] == seen["off"] == []
    assert "MATTEBOX_OT_key" in seen["on"]
    assert {"MatteboxPreferences", "CompositorNodeTree", "menu NODE_MT_add"} <= set(seen["on"])
    assert {"handler render_init", "handler render_pre"} <= set(seen["on"])
    assert list((tmp_path / "extensions/user_default/mattebox").glob("blender_host/*.py"))


def test_it_can_be_switched_off_and_on_again(blender: Blender) -> None:
    seen = blender.run("packaging.switch_twice")
    assert seen["off"] == []
    assert seen["again"] == seen["on"] != []
