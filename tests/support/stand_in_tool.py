"""Stands in for matting tools: reads their documented options, writes mattes where they do.

    python stand_in_tool.py KIND [their options]

The matte is 255 where a picture is not green, so it depends on the picture that came.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import OpenImageIO as oiio

PLACES = {
    # kind: option of the pictures, option of the mask or None, option of the mattes or None
    "matanyone": ("-i", "-m", None),
    "matanyone2": ("-i", "-m", None),
    "rvm": ("--input-source", None, "--output-alpha"),
    "bgmv2": ("--images-src", "--images-bgr", "--output-dir"),
    "videomama": ("--image_root_path", "--mask_root_path", "--output_dir"),
    "any": ("--pictures", "--mask", "--mattes"),
}


def main(kind: str, said: list[str]) -> None:
    fault = said[said.index("--fault") + 1] if "--fault" in said else "none"
    if kind == "corridorkey":
        (clip,) = Path("ClipsForInference").iterdir()
        assert len(list((clip / "AlphaHint").iterdir())) == len(list((clip / "Input").iterdir()))
        write(clip / "Input", clip / "Output" / "Matte", ".exr", fault, anew=True)
        return
    pictures, mask, mattes = (
        None if option is None or option not in said else said[said.index(option) + 1]
        for option in PLACES[kind]
    )
    assert pictures is not None
    source = Path(pictures)
    if mask is not None:
        assert Path(mask).exists(), mask
    if kind.startswith("matanyone"):
        assert "--save_image" in said
        write(source, Path("results") / source.name / "pha", ".png", fault, anew=True)
    elif kind == "videomama":
        (clip,) = source.iterdir()
        assert mattes is not None
        write(clip, Path(mattes) / clip.name, ".png", fault, anew=True)
    else:
        assert mattes is not None
        folder, suffix = (Path(mattes) / "pha", ".jpg") if kind == "bgmv2" else (mattes, ".png")
        write(source, Path(folder), suffix, fault, anew=kind == "rvm")


def write(source: Path, folder: Path, suffix: str, fault: str, *, anew: bool) -> None:
    folder.mkdir(parents=True)
    if fault == "fails":
        sys.exit("no checkpoint was found")
    if fault == "memory":
        sys.exit("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 9.00 GiB")
    if fault == "nothing":
        return
    files = sorted(source.iterdir())
    for number, path in enumerate(files):
        if fault == "fewer" and number == 1:
            continue
        if fault in ("hangs", "waits") and number == 1:
            time.sleep(600)
        pixels = oiio.ImageBuf(str(path)).get_pixels(oiio.FLOAT)
        assert pixels is not None
        matte = np.where(pixels[..., 1] > pixels[..., 0] * 1.5, 0.0, 1.0).astype(np.float32)
        if fault == "inverted":
            matte = 1.0 - matte
        if fault == "size":
            matte = matte[:-2]
        target = folder / f"{f'{number:04d}' if anew else path.stem}{suffix}"
        height, width = matte.shape
        spec = oiio.ImageSpec(width, height, 1, "half" if suffix == ".exr" else "uint8")
        output = oiio.ImageOutput.create(str(target))
        assert output is not None
        output.open(str(target), spec)
        output.write_image(np.ascontiguousarray(matte[..., None]))
        output.close()
        if fault == "half" and number == len(files) - 1:
            target.write_bytes(target.read_bytes()[:60])
        print(number, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
