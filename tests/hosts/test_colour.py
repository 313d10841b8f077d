"""Colour: a Blender under a studio's OCIO config."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PyOpenColorIO as ocio
import pytest
from tests.hosts.conftest import Blender
from tests.hosts.pictures import over, rgb, rgba
from tests.support.pictures import header, read_exr, rgb_of, write_shot

pytestmark = pytest.mark.slow

CONFIG = "cg-config-v2.1.0_aces-v1.3_ocio-v2.3"
"""The newest that OpenColorIO 2.3 reads, which is inside Blender 4.2."""

PLATE_SPACE = "Linear Rec.709 (sRGB)"


def test_under_an_aces_config_the_key_is_acescg_and_so_is_the_render(
    blender: Blender, tmp_path: Path
) -> None:
    built_in = ocio.Config.CreateFromBuiltinConfig(CONFIG)
    config = tmp_path / "aces.ocio"
    config.write_text(built_in.serialize())
    write_shot(tmp_path / "plate", range(1001, 1003))
    seen = blender.run(
        "colour.key_in_session_space",
        environ={"OCIO": str(config)},
        folder=tmp_path,
        space=PLATE_SPACE,
    )
    assert seen["working"] == seen["result"] == "ACEScg"
    assert seen["config"] == str(config)
    assert seen["state"] == {"1001": "current"}

    (keyed,) = (tmp_path / "mattebox").glob("*/shot.1001.exr")
    assert header(keyed)["colorInteropID"] == "lin_ap1_scene"
    rendered = rgb(tmp_path / "composite/shot.1001.exr")
    expected = over(rgba(keyed), rgb(tmp_path / "plate/clean.exr"))
    np.testing.assert_array_equal(rendered, expected)

    # Where alpha is 1, the key and what was taken out of it are the plate through the config's own
    # matrix.
    plate = rgb(tmp_path / "plate/shot.1001.exr")
    processor = built_in.getProcessor(PLATE_SPACE, "ACEScg").getDefaultCPUProcessor()
    solid = rgba(keyed)[..., 3] == 1.0
    assert solid.sum() > 100
    in_acescg = np.array([processor.applyRGB(list(map(float, one))) for one in plate[solid]])
    taken = rgb_of(read_exr(keyed), "spill.")[solid]
    np.testing.assert_allclose(rgba(keyed)[solid][:, :3] + taken, in_acescg, atol=1e-3, rtol=0)
