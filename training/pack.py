"""All networks into the package's file: `python -m training.pack SCREEN ROOM VIDEO -o FILE`."""

from __future__ import annotations

import argparse
from pathlib import Path

from safetensors.torch import save_file

from mattebox.matte.unmixing.weights import Part, network_of


def packed(
    given: dict[Part, Path], output: Path, *, before: Path | None = None, share: float = 1.0
) -> None:
    """Write one float16 file of several networks; each comes from a file of one, or of several.

    With ``before``, the screen's network is a mean: ``share`` of the one given, the rest of the one
    it was trained on from. On pictures unlike those trained on such a mean does better than either
    end (docs/unmixing.md).
    """
    state = {}
    for part, path in given.items():
        weights = network_of(path, part).state_dict()
        if before is not None and part is Part.SCREEN:
            earlier = network_of(before, part).state_dict()
            weights = {k: share * one + (1.0 - share) * earlier[k] for k, one in weights.items()}
        for name, value in weights.items():
            state[part + name] = value.half().contiguous()
    partial = output.with_suffix(".tmp")
    save_file(state, partial)
    partial.rename(output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("screen", type=Path, help="weights trained on screens")
    parser.add_argument("room", type=Path, help="weights trained with --rooms 0.9")
    parser.add_argument("subsampled", type=Path, help="weights trained with --subsampled")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--before", type=Path, help="what the screen's were trained on from")
    parser.add_argument(
        "--share", type=float, default=0.9, help="of the screen's in their mean with --before"
    )
    asked = parser.parse_args()
    given = {Part.SCREEN: asked.screen, Part.ROOM: asked.room, Part.SUBSAMPLED: asked.subsampled}
    packed(given, asked.output, before=asked.before, share=asked.share)


if __name__ == "__main__":
    main()
