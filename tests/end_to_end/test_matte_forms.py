"""Mattes in the forms that other programs write: labels, codes, turned round."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.end_to_end.conftest import of_bug
from tests.support.drawn_shot import FRAMES, drawn_shot, is_keyed, mean_error
from tests.support.foreign_files import write_foreign
from tests.support.keying import Keyed, keyed
from tests.support.pictures import disc_alpha, read_exr


def hinted(folder: Path, form: str) -> dict[str, object]:
    """The drawn shot's alpha as a matte of another form; the inputs of a key."""
    for frame in FRAMES:
        alpha = disc_alpha(frame)[..., None]
        path = folder / f"{form}.{frame:04d}.{'exr' if form == 'codes' else 'png'}"
        hard = np.ascontiguousarray(alpha > 0.5)
        soft = np.rint(alpha * 255).astype(np.uint8)
        opaque = np.concatenate([soft, soft, soft, np.full_like(soft, 255)], axis=2)
        pixels = {"label": hard.astype(np.uint8), "inverted": 255 - soft, "opaque": opaque}
        if form == "codes":
            write_foreign(path, soft.astype(np.float32), "float", channels=["A"])
        else:
            write_foreign(path, np.ascontiguousarray(pixels[form]), "uint8")
    return {"pattern": str(folder / f"{form}.####.{'exr' if form == 'codes' else 'png'}")}


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("label", "never rises above 0.00392, which is code 1 of 255"),
        ("codes", "reaches 255"),
        ("opaque", "is 1 everywhere in all analysed frames"),
    ],
)
def test_mattes_that_are_none_are_refused_with_the_value(
    form: str, said: str, tmp_path: Path
) -> None:
    shot = drawn_shot(tmp_path, 3)
    done = keyed(shot, tmp_path / "out", engine="hint", hint=hinted(tmp_path, form))
    assert said in str(done.error)
    assert done.error is not None
    assert done.error.exit_code == 66


@pytest.mark.parametrize(
    ("form", "how"), [("label", {"hint_label": 1}), ("inverted", {"hint_invert": True})]
)
def test_mattes_are_understood_as_they_are_said(
    form: str, how: dict[str, object], tmp_path: Path
) -> None:
    shot, hint = drawn_shot(tmp_path, 3), hinted(tmp_path, form)
    done = keyed(shot, tmp_path / "out", engine="hint", hint=hint, screen="green", **how)
    assert is_keyed(done)


@of_bug("matte_forms")
def test_reported_forms_of_mattes(bug: Path, tmp_path: Path) -> None:
    truth = read_exr(bug / "truth/s.1001.exr")["A"]

    def key(form: str, **how: object) -> Keyed:
        hint = {"pattern": str(bug / form / "m.####.png")}
        return keyed(bug / "plate/s.####.exr", tmp_path / form, engine="hint", hint=hint, **how)

    for form in ("rgba_opaque", "label_0_1"):
        assert "the matte of --hint" in str(key(form).error)
    for form, how in (("grey", {}), ("inverted", {"hint_invert": True}), ("half_size", {})):
        done = key(form, **how)
        assert done.error is None
        assert mean_error(done, "s.1001.exr", truth) < 0.03
    assert any("never rises above" in said for said in key("palette").said)
