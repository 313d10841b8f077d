"""Chunks of a shot, keyed in any order by processes of their own, are the shot: byte for byte."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from tests.end_to_end.conftest import Run
from tests.support.chunks import run_commands
from tests.support.pictures import (
    HEIGHT,
    WIDTH,
    disc_alpha,
    header,
    read_exr,
    write_exr,
    write_shot,
)

from mattebox.engines.checkpoints import NetworkName, build_network
from mattebox.job import Job
from mattebox.shot import Shot

pytestmark = pytest.mark.slow

FRAMES = range(1001, 1013)
CHUNKS = (1, 5, 7)


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve frames of a disc over a green screen, its hint and its second background."""
    folder = tmp_path_factory.mktemp("shot")
    pattern = write_shot(folder / "in", FRAMES)
    for frame in FRAMES:
        alpha = disc_alpha(frame - 1000)
        write_exr(_made(folder / "hint") / f"h.{frame}.exr", alpha[..., None], "A")
        if frame in (1002, 1010):
            write_exr(_made(folder / "keys") / f"k.{frame}.exr", alpha[..., None], "A")
        blue = alpha[..., None] * 0.3 + (1.0 - alpha[..., None]) * np.array([0.05, 0.1, 0.5])
        write_exr(
            _made(folder / "second") / f"s.{frame}.exr",
            blue.astype(np.float32),
            colorInteropID="lin_rec709_scene",
        )
    return pattern


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def seeded_weights(path: Path, network: NetworkName) -> Path:
    with torch.random.fork_rng():
        torch.manual_seed(11)
        safetensors.torch.save_file(build_network(network).state_dict(), path)
    return path


def prepared_job(mattebox: Run, shot: Path, folder: Path, *arguments: object) -> Path:
    job = folder / "shot.json"
    done = mattebox(
        "key", shot, "-o", folder / "whole/shot.####.exr", "--threads", "1", *arguments,
        "--write-job", job,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return job


def elsewhere(job: Path, folder: Path) -> Path:
    """The same job with another output, which decides no pixel."""
    folder.mkdir()
    moved = Job.read(job).model_copy(update={"output": str(folder / "shot.####.exr")})
    moved.write(folder / "job.json")
    return folder / "job.json"


def borders(size: int) -> list[tuple[int, int]]:
    return [(first, min(first + size, FRAMES.stop) - 1) for first in FRAMES[::size]]


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.exr"))}


ENGINES = {
    "screen": ["--clean-plate", "{in}/clean.exr"],
    "screen estimated": ["--screen", "auto"],
    "hint": ["--hint", "{hint}", "--clean-plate", "{in}/clean.exr"],
    "hint keys": ["--hint-keys", "{keys}", "--clean-plate", "{in}/clean.exr"],
    "triangulate": [
        "--engine",
        "triangulate",
        "--background",
        "0.08,0.43,0.11",
        "--plate2",
        "{second}",
        "--background2",
        "0.05,0.1,0.5",
    ],
    "bgmv2": ["--engine", "bgmv2", "--clean-plate", "{in}/clean.exr", "--weights", "{weights}"],
    "rvm": ["--engine", "rvm", "--weights", "{weights}"],
}

NETWORKS: dict[str, NetworkName] = {"bgmv2": "bgmv2_mobilenetv2", "rvm": "rvm_mobilenetv3"}


@pytest.mark.parametrize("engine", ENGINES)
def test_any_chunks_in_any_order_by_other_processes_are_the_whole_shot(
    engine: str, shot: Path, tmp_path: Path, mattebox: Run
) -> None:
    places = {
        "{in}": str(shot.parent),
        "{keys}": str(shot.parent.parent / "keys/k.####.exr"),
        "{hint}": str(shot.parent.parent / "hint/h.####.exr"),
        "{second}": str(shot.parent.parent / "second/s.####.exr"),
    }
    if engine in NETWORKS:
        places["{weights}"] = str(seeded_weights(tmp_path / "w.safetensors", NETWORKS[engine]))
    arguments = []
    for argument in ENGINES[engine]:
        for name, place in places.items():
            argument = argument.replace(name, place)  # noqa: PLW2901
        arguments.append(argument)
    job = prepared_job(mattebox, shot, tmp_path, *arguments)
    commands: list[tuple[str, ...]] = [("key", "--job", str(job))]
    for size in CHUNKS:
        moved = elsewhere(job, tmp_path / str(size))
        commands += [
            ("key", "--job", str(moved), "--frames", f"{first}-{last}")
            for first, last in borders(size)
        ]
    random.Random(8).shuffle(commands)
    run_commands(commands, tmp_path / "logs")
    whole = bytes_of(tmp_path / "whole")
    assert len(whole) == len(FRAMES)
    for size in CHUNKS:
        assert bytes_of(tmp_path / str(size)) == whole


@pytest.fixture
def rvm_job(shot: Path, tmp_path: Path, mattebox: Run) -> Path:
    weights = seeded_weights(tmp_path / "r.safetensors", "rvm_mobilenetv3")
    return prepared_job(mattebox, shot, tmp_path, "--engine", "rvm", "--weights", weights)


def test_chunks_of_a_network_with_memory_agree_to_the_bit_through_state_files(
    rvm_job: Path, tmp_path: Path
) -> None:
    run_commands([("key", "--job", str(rvm_job))], tmp_path / "logs")
    whole = bytes_of(tmp_path / "whole")
    assert len(whole) == len(FRAMES)
    for size in CHUNKS:
        moved = elsewhere(rvm_job, tmp_path / str(size))
        commands = []
        for first, last in borders(size):
            states = ["--state-out", str(tmp_path / str(size) / f"{last}.state")]
            if first > FRAMES[0]:
                states += ["--state-in", str(tmp_path / str(size) / f"{first - 1}.state")]
            commands.append(["key", "--job", str(moved), "--frames", f"{first}-{last}", *states])
        run_commands(commands, tmp_path / "logs", at_once=1)
        assert bytes_of(tmp_path / str(size)) == whole


def test_a_chunk_whose_state_file_is_missing_damaged_or_of_another_place_says_so(
    rvm_job: Path, tmp_path: Path, mattebox: Run
) -> None:
    state = tmp_path / "1004.state"
    chunk = ["key", "--job", rvm_job, "--frames", "1005-1006", "--state-in", state]
    done = mattebox(*chunk)
    assert done.returncode == 66
    assert f"the state file {state} is not there" in done.stderr
    state.write_bytes(b"nothing of the kind")
    done = mattebox(*chunk)
    assert done.returncode == 66
    assert "is not a state file, or is damaged" in done.stderr
    before = ("key", "--job", rvm_job, "--frames", "1001-1003", "--state-out", state)
    done = mattebox(*before)
    assert done.returncode == 64
    assert "is not a state file of Mattebox and would be replaced" in done.stderr
    done = mattebox(*before, "--overwrite")
    assert done.returncode == 0, done.stderr
    done = mattebox(*chunk)
    assert done.returncode == 64
    assert "is of frame 1003; the chunk begins at 1005" in done.stderr
    assert not (tmp_path / "whole/shot.1005.exr").exists()


def test_a_rerun_writes_a_state_that_was_lost_and_no_frame_again(
    rvm_job: Path, tmp_path: Path, mattebox: Run
) -> None:
    state = tmp_path / "1003.state"
    chunk = ["key", "--job", rvm_job, "--frames", "1001-1003", "--state-out", state]
    assert mattebox(*chunk).returncode == 0
    first = state.read_bytes()
    written = (tmp_path / "whole/shot.1003.exr").stat().st_mtime_ns
    state.unlink()
    done = mattebox(*chunk)
    assert done.returncode == 0, done.stderr
    assert state.read_bytes() == first
    assert (tmp_path / "whole/shot.1003.exr").stat().st_mtime_ns == written


def test_an_interrupted_chunk_goes_on_as_if_it_had_not_been(
    rvm_job: Path, tmp_path: Path, mattebox: Run
) -> None:
    chunk = ("key", "--job", rvm_job, "--frames", "1007-1011")
    assert mattebox(*chunk).returncode == 0
    undisturbed = bytes_of(tmp_path / "whole")
    for frame in (1009, 1011):
        (tmp_path / f"whole/shot.{frame}.exr").unlink()
    assert mattebox(*chunk).returncode == 0
    assert bytes_of(tmp_path / "whole") == undisturbed


def test_nothing_is_remembered_across_a_cut(shot: Path, tmp_path: Path, mattebox: Run) -> None:
    weights = seeded_weights(tmp_path / "r.safetensors", "rvm_mobilenetv3")
    arguments = ("--engine", "rvm", "--weights", weights, "--cuts", "1005")
    job = prepared_job(mattebox, shot, tmp_path, *arguments)
    whole, after = (elsewhere(job, tmp_path / name) for name in ("a", "b"))
    assert mattebox("key", "--job", whole, "--frames", "1003-1006").returncode == 0
    assert mattebox("key", "--job", after, "--frames", "1005-1006").returncode == 0
    for frame in (1005, 1006):
        name = f"shot.{frame}.exr"
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_cut_counts_where_its_own_frame_is_missing(tmp_path: Path, mattebox: Run) -> None:
    shot = write_shot(tmp_path / "in", range(1001, 1008))
    (tmp_path / "in/shot.1004.exr").unlink()
    weights = seeded_weights(tmp_path / "r.safetensors", "rvm_mobilenetv3")
    arguments = ("--engine", "rvm", "--weights", weights, "--cuts", "1004")
    job = prepared_job(mattebox, shot, tmp_path, *arguments)
    across, after = (elsewhere(job, tmp_path / name) for name in ("a", "b"))
    assert mattebox("key", "--job", across, "--frames", "1002-1003,1005").returncode == 0
    assert mattebox("key", "--job", after, "--frames", "1005").returncode == 0
    first, second = (tmp_path / name / "shot.1005.exr" for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()


def test_the_look_at_a_shot_compares_no_frames_across_a_cut(tmp_path: Path) -> None:
    pattern = write_shot(tmp_path, range(1001, 1006))
    shot = Shot.open(Job.checked({"plate": str(pattern), "output": str(tmp_path / "out"),
                                  "settings": {"screen": "green"}}))  # fmt: skip
    assert shot.spread_pairs(9) == ((1001, 1002), (1002, 1003), (1003, 1004), (1004, 1005))
    assert shot.spread_pairs(9, [1003]) == ((1001, 1002), (1003, 1004), (1004, 1005))
    assert shot.spread_pairs(2, [1003]) == ((1001, 1002), (1004, 1005))
    assert shot.spread_pairs(9, range(1001, 1006)) == tuple((f,) for f in range(1001, 1006))


def test_a_preroll_reaches_as_far_as_it_says_and_is_part_of_the_job(
    shot: Path, tmp_path: Path, mattebox: Run
) -> None:
    weights = seeded_weights(tmp_path / "r.safetensors", "rvm_mobilenetv3")
    alphas = {}
    for preroll in ("0", "3", "9", "whole"):
        folder = tmp_path / preroll
        done = mattebox(
            "key", shot, "-o", folder, "--engine", "rvm", "--weights", weights, "--frames", "1010",
            "--preroll", preroll, "--threads", "1", "--ratio", "1",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        alphas[preroll] = read_exr(folder / "shot.1010.exr")["net.A"]
    assert alphas["0"].shape == (HEIGHT, WIDTH)
    far = {name: float(np.abs(alphas[name] - alphas["whole"]).mean()) for name in ("0", "3", "9")}
    assert 0.0 < far["3"] < far["0"]
    assert far["9"] == 0.0  # the shot's first frame is nine frames before
    jobs = {header(tmp_path / name / "shot.1010.exr")["mattebox/job"] for name in alphas}
    assert len(jobs) == len(alphas)
