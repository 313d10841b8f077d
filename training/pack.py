"""Both networks into the package's file: `python -m training.pack SCREEN ROOM -o WEIGHTS`."""

from __future__ import annotations

import argparse
from pathlib import Path

from safetensors.torch import save_file

from mattebox.matte.unmixing.weights import ROOM, SCREEN, network_of


def packed(screen: Path, room: Path, output: Path) -> None:
    """Write one float16 file of two networks; each comes from a file of one, or of both."""
    state = {}
    for part, path in ((SCREEN, screen), (ROOM, room)):
        for name, value in network_of(path, part).state_dict().items():
            state[part + name] = value.half().contiguous()
    partial = output.with_suffix(".tmp")
    save_file(state, partial)
    partial.rename(output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("screen", type=Path, help="weights trained on screens")
    parser.add_argument("room", type=Path, help="weights trained with --rooms 0.9")
    parser.add_argument("-o", "--output", type=Path, required=True)
    asked = parser.parse_args()
    packed(asked.screen, asked.room, asked.output)


if __name__ == "__main__":
    main()
