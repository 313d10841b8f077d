"""A real run of training, small: it writes, resumes, and its weights are read and judged."""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tests.conftest import REPOSITORY

pytest.importorskip("cv2", reason="drawn subjects need OpenCV, which only training installs")

from tests.unit.training.drawn import drawn_layers, write_pool_file

from mattebox.matte.unmixing.colours import COLLECTED
from mattebox.matte.unmixing.network import CANDIDATE_NAMES, CANDIDATES, UnmixingNetwork
from mattebox.matte.unmixing.weights import Part, network_of
from training import evaluate
from training.compose import Footage
from training.drawing import KINDS, Scene, draw_scene
from training.pack import mean_of, packed
from training.pool import TRAINING_SEEDS

SIDE, CROP, WIDTHS = 48, 32, "4,6,8,10"


def command(folder: Path, **more: object) -> list[str]:
    """Trains for a second or two on 16 drawn scenes; ``more`` are options with their values."""
    arguments: dict[str, object] = {
        "--minutes": 0.03,
        "--device": "cpu",
        "--out": folder / "run",
        "--pool": folder / "pool",
        "--processes": 0,
        "--drawn": SIDE,
        "--crop": CROP,
        "--capacity": 16,
        "--least": 16,
        "--batch": 2,
        "--widths": WIDTHS,
        "--every": 2,
    }
    arguments |= {f"--{name}": value for name, value in more.items()}
    words = [str(word) for pair in arguments.items() for word in pair]
    return [sys.executable, "-m", "training.train", *words]


def started(folder: Path, **more: object) -> subprocess.CompletedProcess[str]:
    """Train to the end."""
    return subprocess.run(
        command(folder, **more),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def trained(folder: Path) -> list[dict[str, str]]:
    """Train; returns the rows of the log."""
    done = started(folder)
    assert done.returncode == 0, done.stderr
    with (folder / "run/log.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_rendered_scenes_are_trained_on_beside_drawn_ones(tmp_path: Path) -> None:
    write_pool_file(tmp_path / "pool", 0, drawn_layers(16, SIDE))
    done = started(tmp_path, rendered=tmp_path / "rendered")
    assert done.returncode == 1
    assert "rendered: no scenes of 48 pixels are there" in done.stderr
    rendered = write_pool_file(tmp_path / "rendered", 0, drawn_layers(4, SIDE))
    done = started(tmp_path, rendered=tmp_path / "rendered")
    assert done.returncode == 0, done.stderr
    assert "4 scenes after" in done.stdout
    assert rendered.exists()


@pytest.mark.slow
def test_a_run_writes_its_state_and_the_next_goes_on_from_it(tmp_path: Path) -> None:
    write_pool_file(tmp_path / "pool", 0, drawn_layers(16, SIDE))
    first = trained(tmp_path)
    steps = [int(row["step"]) for row in first]
    assert steps == sorted(set(steps))
    assert steps[-1] > 0
    assert all(float(row["mad"]) > 0.0 for row in first)

    checkpoint = torch.load(tmp_path / "run/checkpoint.pt", weights_only=True)
    assert checkpoint["step"] == steps[-1]
    fresh = network_of(tmp_path / "run/unmixing.safetensors")
    assert [fresh.enter.out_channels, fresh.to_sixteenth.out_channels] == [4, 10]
    assert {weights.dtype for weights in fresh.parameters()} == {torch.float32}
    averaged = checkpoint["average"]["enter.weight"]
    torch.testing.assert_close(fresh.enter.weight, averaged, atol=1e-3, rtol=1e-3)

    second = trained(tmp_path)
    assert second[: len(first)] == first
    assert int(second[-1]["step"]) > steps[-1]
    assert int(second[len(first)]["step"]) > steps[-1]
    assert float(second[-1]["minutes"]) >= float(first[-1]["minutes"])
    learned = torch.load(tmp_path / "run/checkpoint.pt", weights_only=True)
    assert not torch.equal(
        learned["network"]["enter.weight"], checkpoint["network"]["enter.weight"]
    )


@pytest.mark.slow
def test_a_run_ends_where_its_pool_cannot_be_read_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "pool").mkdir()
    (tmp_path / f"pool/scenes_{SIDE}_000000.npz").write_bytes(b"PK no archive")
    done = started(tmp_path)
    assert done.returncode == 1
    assert "the process that composes scenes has ended" in done.stderr
    assert "Traceback" in done.stderr  # of that process
    assert not (tmp_path / "run/checkpoint.pt").exists()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds processes in Linux's /proc")
def test_a_run_that_is_killed_leaves_no_process_behind(tmp_path: Path) -> None:
    write_pool_file(tmp_path / "pool", 0, drawn_layers(16, SIDE))
    run = subprocess.Popen(command(tmp_path, minutes=5), cwd=REPOSITORY)
    try:
        wait_until((tmp_path / "run/log.csv").exists)
        beside = children_of(run.pid)
    finally:
        run.kill()
        run.wait()
    assert beside
    wait_until(lambda: not any(is_running(process) for process in beside))


def wait_until(come: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not come():
        assert time.monotonic() < end
        time.sleep(0.1)


def children_of(process: int) -> list[int]:
    """Those that were spawned by it."""
    listed = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    return [int(child) for child in listed.split()]


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2]
    except FileNotFoundError:
        return False
    return state.split()[0] != "Z"  # ended, and nobody asked how


def small_scene(seed: int, size: int = 224) -> Scene:
    """In place of a drawn scene: smaller, and the kinds in turn."""
    return draw_scene(seed, SIDE, KINDS[seed % len(KINDS)])


def test_weights_are_judged_on_every_kind_with_seeds_that_are_not_trained_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = []

    def drawn(seed: int, size: int = 224) -> Scene:
        seeds.append(seed)
        return small_scene(seed, size)

    monkeypatch.setattr("training.drawing.draw_scene", drawn)
    monkeypatch.setattr(evaluate, "CROP", CROP)
    evaluate.written_weights(UnmixingNetwork((4, 6, 8, 10)), tmp_path / "w.safetensors")
    asked = ["evaluate", str(tmp_path / "w.safetensors"), "--count", "32"]
    monkeypatch.setattr(sys, "argv", asked)
    evaluate.main()
    lines = capsys.readouterr().out.splitlines()
    named = {line.split()[0]: line.split()[1:] for line in lines}
    assert set(KINDS) <= set(named)
    for kind in KINDS:
        scenes, error, first = named[kind]
        assert int(scenes) >= 1
        assert float(error) >= 0.0
        assert float(first) >= 0.0
    assert {"held_out", "first"} <= set(named)
    assert len(seeds) == len(set(seeds)) == 32
    assert max(seeds) < TRAINING_SEEDS


def test_the_error_and_the_weight_of_every_candidate_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("training.drawing.draw_scene", small_scene)
    monkeypatch.setattr(evaluate, "CROP", CROP)
    network = UnmixingNetwork((4, 6, 8, 10)).eval()
    held_out = evaluate.HeldOut(torch.device("cpu"), 16, Footage())
    found = held_out.candidates(network)
    drawn = found[found.isfinite().all((1, 2))]
    assert drawn.shape[1:] == (1 + CANDIDATES + COLLECTED, 2)
    assert len(drawn) > 3
    torch.testing.assert_close(drawn[:, 1:, 1].sum(1), torch.ones(len(drawn)))
    assert bool((drawn[:, :, 0] >= 0.0).all())
    # A fresh network is the guide but for what its other answers add.
    guide = 1 + CANDIDATE_NAMES.index("guide")
    assert bool((drawn[:, guide, 1] > 0.5).all())
    evaluate.written_weights(network, tmp_path / "w.safetensors")
    asked = ["evaluate", str(tmp_path / "w.safetensors"), "--count", "16", "--candidates"]
    monkeypatch.setattr("sys.argv", asked)
    evaluate.main()
    printed = capsys.readouterr().out
    assert all(
        any(line.startswith(name) for line in printed.splitlines()) for name in CANDIDATE_NAMES
    )


def test_several_networks_become_one_file_and_each_is_read_again(tmp_path: Path) -> None:
    given = {part: tmp_path / f"{part}safetensors" for part in Part}
    for seed, path in enumerate(given.values()):
        torch.manual_seed(seed)
        evaluate.written_weights(UnmixingNetwork((4, 6, 8, 10)), path)
    packed({part: {path: 1.0} for part, path in given.items()}, tmp_path / "all.safetensors")
    for part, path in given.items():
        own, read = network_of(path), network_of(tmp_path / "all.safetensors", part)
        for name, value in own.state_dict().items():
            assert torch.equal(value, read.state_dict()[name]), name


def test_any_of_them_can_be_a_mean(tmp_path: Path) -> None:
    files = [tmp_path / "new.safetensors", tmp_path / "old.safetensors"]
    for seed, path in enumerate(files):
        torch.manual_seed(seed)
        evaluate.written_weights(UnmixingNetwork((4, 6, 8, 10)), path)
    new, old = files
    given = dict.fromkeys(Part, mean_of(str(new)))
    packed(given | {Part.ROOM: mean_of(f"{new}=0.75,{old}=0.25")}, tmp_path / "all.safetensors")
    one, other = (network_of(path).state_dict() for path in files)
    read = {part: network_of(tmp_path / "all.safetensors", part).state_dict() for part in Part}
    for name, value in one.items():
        assert torch.equal(read[Part.SCREEN][name], value.half().float()), name
        mean = 0.75 * value + 0.25 * other[name]
        torch.testing.assert_close(read[Part.ROOM][name], mean, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize(
    ("text", "said"),
    [("a=0.7,b=0.2", "add up to"), ("a=half,b=0.5", "a=half: expected FILE=SHARE")],
)
def test_shares_that_make_no_mean_are_refused(text: str, said: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=said):
        mean_of(text)


def test_room_for_held_out_seeds_ends_where_training_begins() -> None:
    assert evaluate.HELD_OUT_SEEDS + 100_000 < TRAINING_SEEDS


def test_what_is_written_is_what_is_read_but_for_rounding(tmp_path: Path) -> None:
    network = UnmixingNetwork((4, 6, 8, 10))
    evaluate.written_weights(network, tmp_path / "w.safetensors")
    read = network_of(tmp_path / "w.safetensors").state_dict()
    assert [one.name for one in tmp_path.iterdir()] == ["w.safetensors"]
    for name, value in network.state_dict().items():
        torch.testing.assert_close(read[name], value, atol=1e-3, rtol=1e-3)
