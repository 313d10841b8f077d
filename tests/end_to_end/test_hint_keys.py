"""`--hint-keys`: a matte drawn at some frames is the hint of all, the same in any chunk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.support.keying import Keyed, keyed
from tests.support.pictures import disc_alpha, header, read_exr, write_exr, write_shot

from mattebox.errors import FaultyFramesError, InputError
from mattebox.events import CollectingReporter
from mattebox.job import Job
from mattebox.pipeline import carried
from mattebox.pipeline.prepare import prepare
from mattebox.pipeline.run import run
from mattebox.pipeline.setup import ShotSetup
from mattebox.sequences import format_frames
from mattebox.shot import Shot

FRAMES = range(1001, 1013)


def write_keys(folder: Path, *frames: int) -> Path:
    folder.mkdir(exist_ok=True)
    for frame in frames:
        write_exr(folder / f"roto.{frame}.exr", disc_alpha(frame - 1000)[..., None], "A")
    return folder / "roto.####.exr"


def keyed_from(tmp_path: Path, keys: Path, output: str = "out", **values: object) -> Keyed:
    plate = tmp_path / "in/shot.####.exr"
    if not plate.parent.exists():
        write_shot(plate.parent, FRAMES)
    given = {"pattern": str(keys), "channel": None}
    settings: dict[str, object] = {"engine": "hint", "screen": "green"}
    return keyed(plate, tmp_path / output, hint_keys=given, **(settings | values))


def error_of(path: Path, channel: str = "net.A") -> float:
    truth = disc_alpha(int(path.stem.split(".")[1]) - 1000)
    return float(np.abs(read_exr(path)[channel] - truth).mean())


def test_keys_at_both_ends_give_every_frame_a_hint_that_follows(tmp_path: Path) -> None:
    done = keyed_from(tmp_path, write_keys(tmp_path / "keys", 1001, 1012))
    assert done.error is None
    assert len(done.names) == len(FRAMES)
    assert "the hint is carried from its keys 1001,1012 to the frames between" in str(done.said)
    assert error_of(tmp_path / "out/shot.1001.exr") < 0.0002, "a key is the key, in half"
    held = float(np.abs(disc_alpha(1) - disc_alpha(6)).mean())
    for frame in FRAMES:
        assert error_of(tmp_path / f"out/shot.{frame}.exr") < 0.25 * held
        assert error_of(tmp_path / f"out/shot.{frame}.exr", "A") < 0.01
    assert str(header(tmp_path / "out/shot.1005.exr")["mattebox/flow"]).startswith("opencv ")


def test_one_key_is_carried_both_ways_and_doubts_itself_farther_off(tmp_path: Path) -> None:
    done = keyed_from(tmp_path, write_keys(tmp_path / "keys", 1006), solver="off")
    assert done.error is None
    assert error_of(tmp_path / "out/shot.1001.exr") < 0.02
    assert error_of(tmp_path / "out/shot.1012.exr") < 0.02
    confidence = {f: read_exr(tmp_path / f"out/shot.{f}.exr")["conf.A"] for f in (1006, 1012)}
    edge = (disc_alpha(12) > 0.01) & (disc_alpha(12) < 0.99)
    sure = np.abs(2.0 * read_exr(tmp_path / "out/shot.1012.exr")["net.A"] - 1.0)
    assert (confidence[1012][edge] < sure[edge] - 0.01).mean() > 0.5
    own = np.abs(2.0 * read_exr(tmp_path / "out/shot.1006.exr")["net.A"] - 1.0)
    assert np.allclose(confidence[1006], own, atol=0.002), "a key expects no error"


def test_any_chunk_has_the_bytes_of_the_whole_also_where_little_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = write_keys(tmp_path / "keys", 1003, 1010)
    assert keyed_from(tmp_path, keys, "whole").error is None
    whole = {path.name: path.read_bytes() for path in (tmp_path / "whole").glob("*.exr")}
    assert len(whole) == len(FRAMES)
    monkeypatch.setattr(carried, "HELD_BYTES", 3 * 64 * 36 * 4)
    job = Job.checked(
        {
            "plate": str(tmp_path / "in/shot.####.exr"),
            "output": f"{tmp_path}/cut/",
            "hint_keys": {"pattern": str(keys)},
            "device": "cpu",
            "settings": {"engine": "hint", "screen": "green"},
        }
    )
    prepared = prepare(job, CollectingReporter())
    for frames in ((1011, 1012), (1005, 1006, 1007, 1008, 1009), (1010,), (1001, 1002, 1003, 1004)):
        run(prepared, CollectingReporter(), setup=ShotSetup(prepared), frames=format_frames(frames))
    assert {p.name: p.read_bytes() for p in (tmp_path / "cut").glob("*.exr")} == whole


def test_a_changed_frame_or_key_makes_stale_what_is_carried_over_it_alone(tmp_path: Path) -> None:
    keys = write_keys(tmp_path / "keys", 1003, 1010)
    write_shot(tmp_path / "in", FRAMES)

    def digests() -> dict[int, str]:
        job = Job.checked(
            {
                "plate": str(tmp_path / "in/shot.####.exr"),
                "output": "out/",
                "hint_keys": {"pattern": str(keys)},
                "settings": {"engine": "hint"},
            }
        )
        shot = Shot.open(job)
        return {frame: shot.digest(frame) for frame in FRAMES}

    first = digests()
    write_exr(tmp_path / "in/shot.1006.exr", np.full((36, 64, 3), 0.2, np.float32))
    second = digests()
    assert {f for f in FRAMES if first[f] != second[f]} == set(range(1004, 1010))
    write_exr(tmp_path / "keys/roto.1010.exr", disc_alpha(3)[..., None], "A")
    third = digests()
    assert {f for f in FRAMES if second[f] != third[f]} == set(range(1004, 1013))


def test_a_damaged_frame_between_keys_is_stepped_over(tmp_path: Path) -> None:
    write_shot(tmp_path / "in", FRAMES)
    (tmp_path / "in/shot.1005.exr").write_bytes(b"no picture")
    done = keyed_from(tmp_path, write_keys(tmp_path / "keys", 1001, 1012))
    assert isinstance(done.error, FaultyFramesError)
    assert done.error.frames == (1005,)
    assert len(done.names) == len(FRAMES) - 1
    assert error_of(tmp_path / "out/shot.1006.exr") < 0.02


def test_a_key_whose_own_frame_is_damaged_takes_those_with_it_that_depend_on_it(
    tmp_path: Path,
) -> None:
    keys = write_keys(tmp_path / "keys", 1003, 1010)
    write_shot(tmp_path / "in", FRAMES)
    (tmp_path / "in/shot.1010.exr").write_bytes(b"no picture")
    done = keyed_from(tmp_path, keys)
    assert isinstance(done.error, FaultyFramesError)
    assert done.error.frames == tuple(range(1004, 1013))
    assert "the key 1010 of --hint-keys cannot be used" in done.error.message
    assert done.names == ["shot.1001.exr", "shot.1002.exr", "shot.1003.exr"]


@pytest.mark.parametrize("value", [255.0, 1.0])
def test_keys_that_are_no_mattes_are_refused_by_their_own_name(
    tmp_path: Path, value: float
) -> None:
    flat = np.full((36, 64, 1), value, np.float32)
    (tmp_path / "keys").mkdir()
    write_exr(tmp_path / "keys/roto.1004.exr", flat, "A")
    done = keyed_from(tmp_path, tmp_path / "keys/roto.####.exr")
    assert isinstance(done.error, InputError)
    assert "the matte of --hint-keys" in done.error.message
