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

COLUMNS = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("logs", type=Path, nargs="+")
    parser.add_argument("-o", "--output", type=Path, required=True)
    asked = parser.parse_args()
    from matplotlib.figure import Figure

    columns = min(len(asked.logs), COLUMNS)
    rows = -(-len(asked.logs) // columns)
    figure = Figure(figsize=(3.6 * columns, 3.0 * rows), layout="constrained")
    for place, path in enumerate(asked.logs):
        with path.open(newline="") as file:
            reports = list(csv.DictReader(file))
        axes = figure.add_subplot(rows, columns, place + 1)
        for name, label in SERIES.items():
            if name in reports[0]:
                steps = [int(report["step"]) for report in reports]
                axes.plot(steps, [float(report[name]) for report in reports], label=label)
        axes.set(title=path.stem, xlabel="step", ylabel="MAD of alpha x 1e3", ylim=(0, None))
        axes.grid(alpha=0.3)
        axes.legend(fontsize=7)
    figure.savefig(asked.output, dpi=110)


if __name__ == "__main__":
    main()
