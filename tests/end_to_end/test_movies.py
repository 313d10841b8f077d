"""Movies through the installed command: keyed, in chunks, by timecode, as every kind of input."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from tests.end_to_end.conftest import Run
from tests.support.movies import needs_ffmpeg, reader_of, write_movie
from tests.support.pictures import SCREEN, SUBJECT, disc_alpha, read_exr, rgb_of, write_shot

pytestmark = [needs_ffmpeg, pytest.mark.slow]

FRAMES = 6
B_FRAMES = ("-c:v", "libx264", "-bf", 2, "-g", 4, "-crf", 1, "-pix_fmt", "yuv444p10le")
LOSSLESS = ("-c:v", "ffv1")
REC709 = (
    "-vf", "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int",
    "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
    "-color_range", "tv",
)  # fmt: skip


def light() -> list[np.ndarray]:
    """A disc that moves before a green screen: linear Rec.709, HxWx3."""
    alphas = [disc_alpha(frame)[..., None] for frame in range(1, FRAMES + 1)]
    return [(alpha * SUBJECT + (1.0 - alpha) * SCREEN).astype(np.float32) for alpha in alphas]


def encoded(frames: list[np.ndarray]) -> np.ndarray:
    """Linear light as 16-bit codes of Rec.709 video on a display (gamma 2.4)."""
    return np.rint(np.stack(frames).clip(0, 1) ** (1 / 2.4) * 65535).astype("<u2")


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A clip with frames that need others before and after them, and a timecode."""
    path = tmp_path / "in" / "clip.mov"
    path.parent.mkdir()
    timecode = ("-timecode", "00:00:40:10")
    return write_movie(path, encoded(light()), "rgb48le", *REC709, *B_FRAMES, *timecode)


def test_a_movie_is_keyed_like_the_pictures_in_it(
    mattebox: Run, clip: Path, tmp_path: Path
) -> None:
    done = mattebox("key", clip, "-o", tmp_path / "out", "--screen", "auto")
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [f"clip.{number:04d}.exr" for number in range(1, FRAMES + 1)]
    for number, source in enumerate(light(), 1):
        channels = read_exr(tmp_path / "out" / f"clip.{number:04d}.exr")
        inside = disc_alpha(number) == 1.0
        # The codec leaves 0.003 of it; another curve or matrix would be off by 0.03 and more.
        assert np.abs(rgb_of(channels)[inside] - source[inside]).mean() < 0.01
        assert np.abs(channels["A"] - disc_alpha(number)).mean() < 0.02
    again = mattebox("key", clip, "-o", tmp_path / "out", "--screen", "auto", "--json")
    assert json.loads(again.stdout.splitlines()[-1])["skipped"] == FRAMES


def test_chunks_of_a_movie_are_the_whole_of_it(mattebox: Run, clip: Path, tmp_path: Path) -> None:
    job = tmp_path / "job.json"
    done = mattebox("key", clip, "-o", tmp_path / "whole", "--screen", "auto", "--write-job", job)
    assert done.returncode == 0, done.stderr
    assert mattebox("key", "--job", job).returncode == 0
    for piece in ("4-6", "1-3"):
        parts = ("--frames", "1-6", "--chunk", piece)
        done = mattebox("key", "--job", job, "-o", tmp_path / "parts", *parts)
        assert done.returncode == 0, done.stderr
    for whole in (tmp_path / "whole").iterdir():
        assert whole.read_bytes() == (tmp_path / "parts" / whole.name).read_bytes()
    checked = mattebox("check", tmp_path / "whole", "--job", job)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "6 of 6 frames are whole and current" in checked.stdout + checked.stderr


def test_timecode_numbers_the_frames(mattebox: Run, clip: Path, tmp_path: Path) -> None:
    done = mattebox("key", clip, "-o", tmp_path / "out", "--screen", "auto", "--timecode",
                    "--frames", "972-973")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "clip.0972.exr", "clip.0973.exr",
    ]  # fmt: skip


def test_every_input_may_be_a_movie(mattebox: Run, clip: Path, tmp_path: Path) -> None:
    mattes = np.stack([disc_alpha(n) for n in range(1, FRAMES + 1)])
    hint = write_movie(
        tmp_path / "hint.mkv", np.rint(mattes * 255).astype(np.uint8), "gray", *LOSSLESS
    )
    clean = write_movie(
        tmp_path / "clean.mkv", encoded([np.ones_like(light()[0]) * SCREEN] * FRAMES),
        "rgb48le", "-pix_fmt", "gbrp16le", *LOSSLESS,
    )  # fmt: skip
    done = mattebox("key", clip, "-o", tmp_path / "out", "--hint", hint, "--clean-plate", clean)
    assert done.returncode == 0, done.stderr
    channels = read_exr(tmp_path / "out" / "clip.0004.exr")
    np.testing.assert_allclose(channels["net.A"], mattes[3], atol=0.003)
    short = write_movie(
        tmp_path / "short.mkv", np.rint(mattes[:4] * 255).astype(np.uint8), "gray", *LOSSLESS
    )
    done = mattebox("key", clip, "-o", tmp_path / "out2", "--hint", short, "--screen", "auto")
    assert done.returncode == 66
    assert "missing in the input: 2 frames 5-6; all others are written" in done.stderr


def test_a_cut_movie_gives_what_it_holds_and_names_the_rest(
    mattebox: Run, clip: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.mkv"
    noise = np.random.default_rng(1).integers(0, 255, (40, 36, 64, 3), np.uint8) // 8
    noise[..., 1] += 120
    write_movie(cut, noise, "rgb24", "-pix_fmt", "gbrp", *LOSSLESS)
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 4])
    movie = ("--movie-out", tmp_path / "key.mov")
    done = mattebox("key", cut, "-o", tmp_path / "out", "--screen", "0,0.2,0", "--json", *movie)
    assert done.returncode == 66
    written = len(list((tmp_path / "out").glob("*.exr")))
    assert 5 < written < 15
    assert f"missing in the input: {40 - written} frames {written + 1}-40" in done.stdout
    assert "is cut short" in done.stdout
    assert "key.mov is not made: it would lack frames" in done.stdout
    assert not (tmp_path / "key.mov").exists()


def test_a_farm_maps_the_path_of_a_movie(mattebox: Run, clip: Path, tmp_path: Path) -> None:
    job, rules = tmp_path / "job.json", tmp_path / "rules.json"
    done = mattebox("key", clip, "-o", tmp_path / "out", "--screen", "auto", "--device", "cpu",
                    "--write-job", job)  # fmt: skip
    assert done.returncode == 0, done.stderr
    bundle = mattebox("farm", "openjd", "--job", job, "-o", tmp_path / "bundle")
    assert bundle.returncode == 0, bundle.stderr
    assets = (tmp_path / "bundle" / "asset_references.yaml").read_text("utf-8")
    assert str(clip) in assets
    moved = tmp_path / "mounted" / "elsewhere"
    moved.parent.mkdir()
    clip.parent.rename(moved)
    rules.write_text(json.dumps({"path_mapping_rules": [{
        "source_path_format": "POSIX", "source_path": str(clip.parent),
        "destination_path": str(moved)}]}))  # fmt: skip
    done = mattebox(
        "key", "--job", tmp_path / "bundle" / "job.json", "--frames", "1-6", "--chunk", "4-6",
        env=os.environ | {"MATTEBOX_PATH_MAPPING": str(rules)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out").glob("*.exr"))) == 3


def test_a_worker_without_ffmpeg_gives_the_job_back(
    mattebox: Run, clip: Path, tmp_path: Path
) -> None:
    job = tmp_path / "job.json"
    asked = ("key", clip, "-o", tmp_path / "out", "--screen", "auto", "--device", "cpu")
    assert mattebox(*asked, "--write-job", job, "--no-analysis").returncode == 0
    assert mattebox("farm", "worker", "--job", job).returncode == 0
    done = mattebox("farm", "worker", "--job", job, env=os.environ | {"PATH": str(tmp_path)})
    assert done.returncode == 69
    assert "ffmpeg, which reads movies, is not on this worker" in done.stdout


def test_info_says_what_a_movie_is(mattebox: Run, clip: Path) -> None:
    done = mattebox("info", clip, env=os.environ | {"COLUMNS": "200"})
    assert done.returncode == 0, done.stderr
    for said in ("1-6", "movie, uint16, h264", "Gamma 2.4 Encoded Rec.709", "(1, 1, 1, 0)"):
        assert said in done.stdout


def test_a_report_shows_the_movie_beside_its_key(mattebox: Run, clip: Path, tmp_path: Path) -> None:
    assert mattebox("key", clip, "-o", tmp_path / "out", "--screen", "auto").returncode == 0
    page = tmp_path / "page.html"
    done = mattebox("report", tmp_path / "out", "--plate", clip, "-o", page)
    assert done.returncode == 0, done.stderr
    assert page.is_file()


@pytest.mark.parametrize("alpha", ["straight", "premultiplied"])
def test_the_key_as_a_movie_is_what_its_frames_hold(
    alpha: str, mattebox: Run, clip: Path, tmp_path: Path
) -> None:
    movie = tmp_path / "key.mov"
    done = mattebox("key", clip, "-o", tmp_path / "out", "--screen", "auto", "--movie-out", movie,
                    "--movie-alpha", alpha)  # fmt: skip
    assert done.returncode == 0, done.stderr
    reader = reader_of(movie)
    assert len(reader.movie.places) == FRAMES
    assert reader.movie.timecode == "00:00:40:10"
    for number in (1, 4):
        channels = read_exr(tmp_path / "out" / f"clip.{number:04d}.exr")
        read = reader.read(number - 1).pixels
        np.testing.assert_allclose(read[..., 3], channels["A"], atol=0.01)
        straight = rgb_of(channels, "fg.").clip(0, 1) ** (1 / 2.4)
        expected = straight if alpha == "straight" else straight * channels["A"][..., None]
        assert np.abs(read[..., :3] - expected).mean() < 0.01
    reader.close()


def test_a_movie_that_fails_costs_no_frame_and_is_made_by_the_next_run(
    mattebox: Run, clip: Path, tmp_path: Path
) -> None:
    call = ("key", clip, "-o", tmp_path / "out", "--screen", "auto", "--movie-out")
    done = mattebox(*call, tmp_path / "none" / "key.mov")
    assert done.returncode == 74
    assert "could not be written: ffmpeg:" in done.stderr
    assert len(list((tmp_path / "out").glob("*.exr"))) == FRAMES
    done = mattebox(*call, tmp_path / "key.mov", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["skipped"] == FRAMES
    assert mattebox(*call, tmp_path / "key.mov").returncode == 0  # ours: it is replaced
    foreign = tmp_path / "foreign.mov"
    foreign.write_bytes(clip.read_bytes())
    for taken in (foreign, clip):
        done = mattebox(*call, taken)
        assert done.returncode == 64
    assert "is the input" in done.stderr


def test_what_a_movie_needs_is_asked_for_before_keying(mattebox: Run, tmp_path: Path) -> None:
    shot = write_shot(tmp_path / "in")
    call = ("key", shot, "-o", tmp_path / "out", "--screen", "auto")
    for more, said in (
        (("--movie-out", tmp_path / "k.mov"), "needs a frame rate"),
        (("--movie-out", tmp_path / "k.mp4", "--fps", "24"), "no codec with alpha"),
        (("--movie-out", tmp_path / "k.mov", "--fps", "fast"), "is not a number of frames"),
        (
            ("--movie-out", tmp_path / "k.mov", "--movie-alpha", "stright"),
            "did you mean 'straight'",
        ),
        (("--fps", "24"), "only beside --movie-out"),
        (("--movie-out", "k.mov", "--frames", "1001", "--chunk", "1001"), "made of a whole run"),
    ):
        done = mattebox(*call, *more, env=os.environ | {"COLUMNS": "200"})
        assert done.returncode == 64, done.stderr
        assert said in done.stderr
    assert not (tmp_path / "out").exists()
    done = mattebox(*call, "--movie-out", tmp_path / "k.mkv", "--fps", "25")
    assert done.returncode == 0, done.stderr
    assert reader_of(tmp_path / "k.mkv").movie.rate == 25
