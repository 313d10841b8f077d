"""Engine triangulate for two takes that register, and for two that do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.support.keying import Keyed, keyed
from tests.support.pictures import header, read_exr, write_exr

HEIGHT, WIDTH = 72, 96


def subject(frame: int, shift: float = 0.0) -> np.ndarray:
    """HxWx4 premultiplied: a textured, coloured disc that moves."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    x = x - shift - frame
    alpha = np.clip((24.0 - np.hypot(x - 44, y - 36)) / 4.0, 0.0, 1.0)[..., None]
    waves = np.stack([np.sin(x / 3.0 + y / 5.0), np.cos(x / 4.0), np.sin(y / 4.0)], axis=-1)
    colour = np.array([0.5, 0.3, 0.2]) * (1.0 + 0.4 * waves)
    return np.concatenate([colour * alpha, alpha], axis=-1).astype(np.float32)


def write_takes(folder: Path, shifts: dict[int, float], extra: bool = False) -> None:
    """The disc over black and over white; a square in the second alone where ``extra``."""
    for name in ("black", "white"):
        (folder / name).mkdir(parents=True)
    for frame, shift in shifts.items():
        first, second = subject(frame), subject(frame, shift)
        if extra:
            second[6:20, 6:20] = (0.1, 0.5, 0.1, 1.0)
        white = second[..., :3] + 1.0 - second[..., 3:]
        linear = {"colorInteropID": "lin_rec709_scene"}
        write_exr(folder / f"black/b.{frame:04d}.exr", first[..., :3], "RGB", "float", **linear)
        write_exr(folder / f"white/w.{frame:04d}.exr", white, "RGB", "float", **linear)


def triangulated(folder: Path, output: str = "out", **values: object) -> Keyed:
    return keyed(
        folder / "black/b.####.exr",
        folder / output,
        clean_plate="0,0,0",
        plate2=folder / "white/w.####.exr",
        background2="1,1,1",
        engine="triangulate",
        **values,
    )


def errors(folder: Path, output: str = "out") -> dict[int, float]:
    """Mean absolute error of alpha, by frame."""
    found = {}
    for path in sorted((folder / output).glob("*.exr")):
        frame = int(path.stem.split(".")[1])
        found[frame] = float(np.abs(read_exr(path)["A"] - subject(frame)[..., 3]).mean())
    return found


def test_takes_that_register_are_keyed_as_they_are(tmp_path: Path) -> None:
    write_takes(tmp_path, dict.fromkeys(range(1, 5), 0.0))
    auto, off = triangulated(tmp_path), triangulated(tmp_path, "off", register_plate="off")
    assert auto.error is None
    assert off.error is None
    assert "do not register" not in str(auto.said)
    for name in auto.names:
        one, other = auto.frame(name), off.frame(name)
        assert all(np.array_equal(one[channel], other[channel]) for channel in one)
    assert max(errors(tmp_path).values()) < 0.0005


def test_takes_that_do_not_register_are_moved_onto_each_other(tmp_path: Path) -> None:
    write_takes(tmp_path, {1: 0.5, 2: -1.0, 3: 2.0, 4: 1.0, 5: 0.0})
    done = triangulated(tmp_path)
    assert done.error is None
    assert "the two takes do not register: the second is moved onto the first" in str(done.said)
    assert triangulated(tmp_path, "off", register_plate="off").error is None
    moved, alone = errors(tmp_path), errors(tmp_path, "off")
    assert all(moved[frame] < 0.3 * alone[frame] for frame in (1, 2, 3, 4))
    assert moved[5] < 0.002, "a frame that registers beside those that do not"
    jobs = {header(tmp_path / f"{o}/b.0001.exr")["mattebox/job"] for o in ("out", "off")}
    assert len(jobs) == 2


def test_where_takes_disagree_the_first_is_solved_alone(tmp_path: Path) -> None:
    write_takes(tmp_path, dict.fromkeys(range(1, 4), 1.0), extra=True)
    assert triangulated(tmp_path).error is None
    assert triangulated(tmp_path, "off", register_plate="off").error is None
    only = (slice(8, 18), slice(8, 18))  # in the second take alone: the first is empty there
    assert read_exr(tmp_path / "out/b.0002.exr")["A"][only].max() < 0.05
    assert read_exr(tmp_path / "off/b.0002.exr")["A"][only].min() > 0.2


def test_takes_that_lie_on_each_other_and_disagree_in_a_part_are_not_moved(tmp_path: Path) -> None:
    write_takes(tmp_path, dict.fromkeys(range(1, 4), 0.0), extra=True)
    done = triangulated(tmp_path)
    assert "the two takes disagree: there the first is solved alone" in str(done.said)
    assert triangulated(tmp_path, "off", register_plate="off").error is None
    one, other = (read_exr(tmp_path / f"{o}/b.0002.exr")["A"] for o in ("out", "off"))
    assert one[8:18, 8:18].max() < 0.05
    assert np.array_equal(one[24:], other[24:])
