"""All networks into the package's file: `python -m training.pack SCREEN ROOM VIDEO -o FILE`.

Each of the three is a weights file, or a mean of several with their shares: `A=0.7,B=0.3`. On
pictures unlike those trained on, a mean of two that began alike does better than either
(docs/unmixing.md).
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from safetensors.torch import save

from mattebox.matte.unmixing.weights import Part, network_of

Mean = dict[Path, float]
"""Weights files and their shares, which add up to 1."""


def mean_of(text: str) -> Mean:
    """Of one file, or of several as ``FILE=SHARE,...``. Raises ArgumentTypeError."""
    if "=" not in text:
        return {Path(text): 1.0}
    mean: Mean = {}
    for part in text.split(","):
        path, _, share = part.rpartition("=")
        try:
            mean[Path(path)] = float(share)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{part}: expected FILE=SHARE") from None
    if not math.isclose(sum(mean.values()), 1.0, abs_tol=1e-6):
        raise argparse.ArgumentTypeError(f"{text}: shares add up to {sum(mean.values())}, not to 1")
    return mean


def packed(given: dict[Part, Mean], output: Path) -> None:
    """Write one float16 file of several networks."""
    state = {}
    for part, mean in given.items():
        every = [(network_of(path, part).state_dict(), share) for path, share in mean.items()]
        for name in every[0][0]:
            value = sum(share * weights[name] for weights, share in every)
            state[part + name] = value.half().contiguous()
    partial = output.with_suffix(".tmp")
    partial.write_bytes(save(state))  # save_file lets nobody else read it
    partial.rename(output)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("screen", type=mean_of, help="weights trained on screens")
    parser.add_argument("room", type=mean_of, help="weights trained with --rooms 0.9")
    parser.add_argument("subsampled", type=mean_of, help="weights trained with --subsampled")
    parser.add_argument("-o", "--output", type=Path, required=True)
    asked = parser.parse_args()
    given = {Part.SCREEN: asked.screen, Part.ROOM: asked.room, Part.SUBSAMPLED: asked.subsampled}
    packed(given, asked.output)


if __name__ == "__main__":
    main()
