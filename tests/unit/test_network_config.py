"""The config of an unknown network: sizes, and every fault at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from mattebox.errors import InputError, JobError
from mattebox.network_config import NetworkConfig, SizeRule, read_network_config

TOML = """
[picture]
input = "input"
channels = "BGR"
white = 255
mean = [103.53, 116.28, 123.675]
std = [57.375, 57.12, 58.395]

[size]
longer = 1024
multiple = 32

[alpha]
output = "matte"
curve = "sigmoid"
opaque = 255

[second]
kind = "trimap"
input = "trimap"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "network"
    path.write_text(text, encoding="utf-8")
    return path


def test_toml_and_json_say_the_same(tmp_path: Path) -> None:
    one = NetworkConfig.read(written(tmp_path, TOML))
    assert one.picture.mean == (103.53, 116.28, 123.675)
    assert (one.alpha.curve, one.alpha.opaque) == ("sigmoid", 255.0)
    assert one.second is not None
    assert one.second.kind == "trimap"
    other = NetworkConfig.read(written(tmp_path, one.model_dump_json(indent=2)))
    assert one == other


def test_an_empty_config_means_rgb_from_0_to_1_at_full_size(tmp_path: Path) -> None:
    config = NetworkConfig.read(written(tmp_path, ""))
    assert config == NetworkConfig()
    assert config.size.size(1080, 1920) == (1080, 1920)


def test_no_config_named_is_none() -> None:
    assert read_network_config(None) is None


@pytest.mark.parametrize(
    ("rule", "frame", "size"),
    [
        (SizeRule(fixed=(640, 480)), (1080, 1920), (480, 640)),
        (SizeRule(longer=1024, multiple=32), (1080, 1920), (576, 1024)),
        (SizeRule(longer=1024, multiple=32), (1920, 1080), (1024, 576)),
        (SizeRule(shorter=512, multiple=32), (1080, 1920), (512, 896)),
        (SizeRule(shorter=512, multiple=32), (100, 100), (512, 512)),
        (SizeRule(multiple=32), (1080, 1920), (1088, 1920)),
        (SizeRule(multiple=32), (5, 5), (32, 32)),
        (SizeRule(longer=7), (100, 700), (1, 7)),
    ],
)
def test_the_size_follows_the_rule(
    rule: SizeRule, frame: tuple[int, int], size: tuple[int, int]
) -> None:
    assert rule.size(*frame) == size


def test_all_faults_are_said_at_once(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '[picture]\nchannels = "BRG"\nstd = [0, 1, 1]\nscale = 2\n'
        "[size]\nfixed = [512, 512]\nshorter = 512\n[alpha]\nopaque = 0\n[second]\n",
    )
    with pytest.raises(JobError) as fault:
        NetworkConfig.read(path)
    said = str(fault.value)
    assert f"5 faults in {path}" in said
    assert "picture.channels: Input should be 'RGB' or 'BGR' (found 'BRG')" in said
    assert "picture.scale: unknown entry" in said
    assert "size: fixed and shorter are given; one of them decides" in said
    assert "alpha.opaque: Input should be greater than 0 (found 0)" in said
    assert "second.kind: missing" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[picture]\nstd = [0, 1, 1]", "picture: std [0.0, 1.0, 1.0] must lie above 0"),
        ("[size]\nfixed = [0, 512]", "size: fixed [0, 512] must lie above 0"),
        ("[picture]\nmean = [nan, 0, 0]", "nan is not a number that can be used"),
    ],
)
def test_numbers_that_cannot_be_right(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(JobError) as fault:
        NetworkConfig.read(written(tmp_path, text))
    assert said in str(fault.value)


def test_text_that_is_neither_toml_nor_json(tmp_path: Path) -> None:
    for text in ("[picture", '{"picture": ', "mean 3"):
        with pytest.raises(JobError, match="neither TOML nor JSON"):
            NetworkConfig.read(written(tmp_path, text))


def test_a_config_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file") as fault:
        NetworkConfig.read(tmp_path / "none.toml")
    assert fault.value.exit_code == 66
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="it is not text"):
        NetworkConfig.read(tmp_path / "binary")
