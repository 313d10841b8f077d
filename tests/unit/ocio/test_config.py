"""Which config is taken, and what is refused."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mattebox_ocio import PINNED_BUILTIN, ColourError, LoadedConfig, load_config
from mattebox_ocio.seam import ocio


def test_without_argument_and_environment_the_pinned_builtin_config_is_taken() -> None:
    config = load_config()
    assert config.name == PINNED_BUILTIN
    assert config.source == "built-in"
    assert config.identity == f"ocio://{PINNED_BUILTIN}"
    assert config.reason == (
        f"built-in config {PINNED_BUILTIN}, because no config was asked for and $OCIO is not set"
    )


def test_the_pinned_config_is_one_that_every_allowed_library_carries() -> None:
    version = re.search(r"_ocio-v(\d+)\.(\d+)$", PINNED_BUILTIN)
    assert version is not None
    assert (int(version[1]), int(version[2])) <= (2, 4)  # pyproject: opencolorio>=2.4


def test_the_environment_is_taken_before_the_builtin_config(
    nuke_shaped_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCIO", str(nuke_shaped_file))
    config = load_config()
    assert (config.name, config.source) == ("nuke_shaped", "$OCIO")


def test_the_argument_is_taken_before_the_environment(
    nuke_shaped_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCIO", str(nuke_shaped_file))
    assert load_config(PINNED_BUILTIN).source == "argument"


def test_an_empty_environment_variable_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    # OpenColorIO's own CreateFromEnv gives a raw config here, without a word.
    monkeypatch.setenv("OCIO", "")
    assert load_config().source == "built-in"


def test_the_moving_name_default_is_pinned_to_the_full_name_of_today() -> None:
    config = load_config("ocio://default")
    today = ocio.ResolveConfigPath("ocio://default")
    assert config.identity == today
    assert "default" not in config.identity


def test_the_identity_of_a_file_is_its_bytes_and_not_its_place(
    blender_shaped: LoadedConfig, tmp_path: Path
) -> None:
    text = (Path(__file__).parent / "configs" / "blender_shaped.ocio").read_bytes()
    copy = tmp_path / "elsewhere.ocio"
    copy.write_bytes(text)
    expected = f"blender-shaped sha256:{hashlib.sha256(text).hexdigest()}"
    assert load_config(copy).identity == blender_shaped.identity == expected


def test_a_missing_file_is_refused_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ColourError, match="cannot be read: No such file") as caught:
        load_config(tmp_path / "gone.ocio")
    assert caught.value.kind == "unreadable_config"
    assert caught.value.next_step is not None


def test_a_folder_is_refused_and_the_file_in_it_named(tmp_path: Path) -> None:
    (tmp_path / "config.ocio").write_text("")
    with pytest.raises(ColourError, match="is a folder") as caught:
        load_config(tmp_path)
    assert caught.value.next_step == f"name the file: {tmp_path / 'config.ocio'}"


@pytest.mark.parametrize("text", ["", "hello: [", "\x00\x01"])
def test_a_file_that_is_no_config_is_refused(
    text: str, write_config: Callable[[str], Path]
) -> None:
    with pytest.raises(ColourError, match="is not an OpenColorIO config") as caught:
        load_config(write_config(text))
    assert caught.value.kind == "unreadable_config"


def test_a_config_of_a_newer_profile_says_that_the_library_is_too_old(
    write_config: Callable[[str], Path],
) -> None:
    with pytest.raises(ColourError, match="newer profile version") as caught:
        load_config(write_config("ocio_profile_version: 2.99\n"))
    assert caught.value.kind == "newer_config"
    assert "newer `opencolorio`" in str(caught.value)


def test_a_raw_config_is_refused(write_config: Callable[[str], Path]) -> None:
    raw = ocio.Config.CreateRaw().serialize()
    with pytest.raises(ColourError, match="only raw data") as caught:
        load_config(write_config(raw))
    assert caught.value.kind == "raw_config"


def test_an_unknown_builtin_name_proposes_the_nearest() -> None:
    with pytest.raises(ColourError) as caught:
        load_config("ocio://studio-config-v2.2.0_aces-v1.3_ocio-v2.5")
    assert PINNED_BUILTIN in caught.value.nearest


def test_a_config_with_an_interchange_role_needs_no_assumption(
    blender_shaped: LoadedConfig,
) -> None:
    assert (blender_shaped.hub, blender_shaped.warning) == ("ACES2065-1", None)
    assert blender_shaped.scene_linear == "Linear Rec.709"


def test_a_config_without_interchange_roles_is_taken_as_rec709_and_says_so(
    nuke_shaped: LoadedConfig,
) -> None:
    assert nuke_shaped.hub == nuke_shaped.scene_linear == "linear"
    assert np.array_equal(nuke_shaped.hub_to_rec709, np.eye(3))
    assert nuke_shaped.warning is not None
    assert "Rec.709" in nuke_shaped.warning


def test_a_config_without_any_telling_role_is_refused(write_config: Callable[[str], Path]) -> None:
    text = """ocio_profile_version: 1
roles:
  default: one
displays:
  d:
    - !<View> {name: v, colorspace: one}
colorspaces:
  - !<ColorSpace>
    name: one
"""
    with pytest.raises(ColourError) as caught:
        load_config(write_config(text))
    assert caught.value.kind == "no_scene_linear"
