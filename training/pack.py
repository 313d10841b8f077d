"""All networks into the package's file: `python -m training.pack SCREEN ROOM VIDEO -o FILE`."""

from __future__ import annotations

import argparse
from pathlib import Path

from safetensors.torch import save_file

from mattebox.matte.unmixing.weights import Part, network_of


def packed(given: dict[Part, Path], output: Path) -> None:
    """Write one float16 file of several networks; each comes from a file of one, or of several."""
    state = {}
    for part, path in given.items():
        for name, value in network_of(path, part).state_dict().items():
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
    asked = parser.parse_args()
    given = {Part.SCREEN: asked.screen, Part.ROOM: asked.room, Part.SUBSAMPLED: asked.subsampled}
    packed(given, asked.output)


if __name__ == "__main__":
    main()
