"""Runs SAM 2 over a folder of pictures from one mask, by the classes of ``transformers``.

A script of SAM 2's own environment (torch, torchvision, transformers, pillow): nothing of Mattebox
imports it, and it imports nothing of Mattebox.

    python sam2_driver.py --model FOLDER --pictures FOLDER --mask FILE --mattes FOLDER
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Write one 8-bit grey PNG per picture, under its name: the object's probability."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="A folder, or a name of the model hub.")
    parser.add_argument("--pictures", required=True, type=Path)
    parser.add_argument("--mask", required=True, type=Path, help="Of the first picture.")
    parser.add_argument("--mattes", required=True, type=Path)
    parser.add_argument("--device", default="auto", help="cpu, cuda; auto takes cuda if there.")
    said = parser.parse_args()
    track(said.model, said.pictures, said.mask, said.mattes, said.device)


def track(model_name: str, pictures: Path, mask: Path, mattes: Path, device: str) -> None:
    """Follow what is white in ``mask`` from the first picture to the last.

    Args:
        model_name: folder or name of SAM 2's weights.
        pictures: folder of 8-bit RGB PNG or JPEG of one size, in the order of their names.
        mask: 8-bit picture of that size, white where the object is in the first picture.
        mattes: folder that is made; gets one PNG for each picture.
        device: of torch; ``auto`` is the first CUDA device or else the CPU.
    """
    # By name: another environment's packages, which type checkers here need not know.
    torch: Any = importlib.import_module("torch")
    transformers: Any = importlib.import_module("transformers")
    image: Any = importlib.import_module("PIL.Image")
    numpy: Any = importlib.import_module("numpy")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    model = transformers.Sam2VideoModel.from_pretrained(model_name).to(device).eval()
    processor = transformers.Sam2VideoProcessor.from_pretrained(model_name)
    files = sorted(path for path in pictures.iterdir() if path.suffix in (".png", ".jpg"))
    frames = [image.open(path).convert("RGB") for path in files]
    width, height = frames[0].size
    white = numpy.asarray(image.open(mask).convert("L")) > 127
    mattes.mkdir(parents=True, exist_ok=True)
    with torch.inference_mode():
        session = processor.init_video_session(video=frames, inference_device=device)
        processor.add_inputs_to_inference_session(
            inference_session=session, frame_idx=0, obj_ids=1, input_masks=white
        )
        model(inference_session=session, frame_idx=0)
        for step in model.propagate_in_video_iterator(session):
            logits = processor.post_process_masks(
                [step.pred_masks], original_sizes=[[height, width]], binarize=False
            )[0]
            alpha = torch.sigmoid(logits.float())[0, 0].cpu().numpy()
            codes = numpy.rint(alpha * 255.0).astype("uint8")
            name = files[step.frame_idx].stem
            image.fromarray(codes).save(mattes / f"{name}.png")
            sys.stdout.write(f"{name}: {step.frame_idx + 1} of {len(files)}\n")


if __name__ == "__main__":
    main()
