"""The learning curve of runs: `python -m training.curve LOG.csv [LOG.csv ...] -o curve.png`."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

SERIES = {
    "mad": "training scenes",
    "held_out_screens": "held out, screens",
    "held_out_rooms": "held out, rooms",
    "held_out": "held out",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("logs", type=Path, nargs="+")
    parser.add_argument("-o", "--output", type=Path, required=True)
    asked = parser.parse_args()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.6 * len(asked.logs), 3.0), layout="constrained")
    for place, path in enumerate(asked.logs):
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        axes = figure.add_subplot(1, len(asked.logs), place + 1)
        for name, label in SERIES.items():
            if name in rows[0]:
                axes.plot(
                    [int(r["step"]) for r in rows], [float(r[name]) for r in rows], label=label
                )
        axes.set(title=path.stem, xlabel="step", ylabel="MAD of alpha x 1e3", ylim=(0, None))
        axes.grid(alpha=0.3)
        axes.legend(fontsize=7)
    figure.savefig(asked.output, dpi=110)


if __name__ == "__main__":
    main()
