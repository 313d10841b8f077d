"""The script's colour management in the core's words, for every way Nuke has to say it."""

from __future__ import annotations

import pytest
from tests.plugin.nuke.conftest import part
from tests.support.nuke.fake import FakeNuke

BUILT_IN = "ocio://studio-config-v2.2.0_aces-v1.3_ocio-v2.4"


def use_ocio(host: FakeNuke, working: str, **knobs: str) -> None:
    root = host.root_node
    root["colorManagement"].setValue("OCIO")
    root["workingSpaceLUT"].setValue(working)
    for name, value in knobs.items():
        root[name].setValue(value)


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        ("ACES - ACEScg", "ACES - ACEScg"),
        ("ACEScg", "ACEScg"),
        ("scene_linear (ACES - ACEScg)", "scene_linear"),
        ("scene_linear", "scene_linear"),
        ("compositing_log (ACEScct)", "compositing_log"),
        ("Linear Rec.709 (sRGB)", "Linear Rec.709 (sRGB)"),
        ("default (Linear Rec.709 (sRGB))", "Linear Rec.709 (sRGB)"),
        ("default (scene_linear (ACEScg))", "scene_linear"),
        ("default (linear)", "linear"),
        ("ARRI LogC3 (EI800)", "ARRI LogC3 (EI800)"),
        ("REDSpace\t\x07", "REDSpace"),
        ("default", None),
        ("", None),
    ],
)
def test_a_menus_entry_says_which_space_it_means(
    nuke: FakeNuke, shown: str, name: str | None
) -> None:
    assert part("colour").space_name(shown) == name


def test_nukes_own_management_is_linear_rec709_of_a_config_that_is_named(nuke: FakeNuke) -> None:
    found = part("colour").of_script()
    assert (found.config, found.working) == (BUILT_IN, "Linear Rec.709 (sRGB)")
    assert found.space("default (linear)") == "Linear Rec.709 (sRGB)"
    assert found.space("sRGB") == "sRGB - Texture"
    assert found.space("AlexaV3LogC") is None


def test_the_config_is_the_environments_then_the_custom_then_the_stock_one(
    nuke: FakeNuke, monkeypatch: pytest.MonkeyPatch
) -> None:
    colour = part("colour")
    use_ocio(nuke, "scene_linear (ACEScg)", OCIOConfigPath="/nuke/stock.ocio", OCIO_config="aces")
    assert colour.of_script() == ("/nuke/stock.ocio", "scene_linear", True)
    use_ocio(nuke, "ACEScg", OCIO_config="custom", customOCIOConfigPath="C:/show/show.ocio")
    assert colour.of_script() == ("C:/show/show.ocio", "ACEScg", True)
    monkeypatch.setenv("OCIO", "/studio/config.ocio")
    assert colour.of_script().config == "/studio/config.ocio"
    monkeypatch.setenv("OCIO", "")  # set to nothing is not set
    assert colour.of_script().config == "C:/show/show.ocio"


@pytest.mark.parametrize(
    ("working", "knobs", "found"),
    [
        ("", {"OCIOConfigPath": "/a.ocio"}, "the project's working space is not said"),
        ("ACEScg", {"OCIO_config": "custom"}, "its custom config is empty"),
        ("ACEScg", {"OCIO_config": "aces_1.2"}, "its stock config is empty"),
    ],
)
def test_what_is_not_said_is_never_assumed(
    nuke: FakeNuke, working: str, knobs: dict[str, str], found: str
) -> None:
    use_ocio(nuke, working, **knobs)
    with pytest.raises(Exception, match=found) as caught:
        part("colour").of_script()
    assert type(caught.value) is part("messages").NodeError


def test_a_working_space_with_a_curve_is_refused(nuke: FakeNuke) -> None:
    nuke.root_node["workingSpaceLUT"].setValue("AlexaV3LogC")
    with pytest.raises(Exception, match="'AlexaV3LogC' is not linear"):
        part("colour").of_script()
