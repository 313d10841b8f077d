"""Judging weights on scenes that were never trained on, kind by kind.

`python -m training.evaluate WEIGHTS` prints the mean absolute error of alpha beside that of the
plain colour difference.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from mattebox.matte.unmixing.network import UnmixingNetwork, answer, seen
from mattebox.matte.unmixing.weights import network_of
from training.compose import Footage, add_footage, compose, footage_of
from training.rendering import RENDERED
from training.screens import Dice

HELD_OUT_SEEDS = 500_000
CROP = 192
BATCH = 16


class HeldOut:
    """Scenes of every kind that were never trained on, composed once.

    Drawn from fixed seeds, or of a pool of rendered scenes that is kept for this.
    """

    def __init__(
        self, device: torch.device, count: int, footage: Footage, rendered: Path | None = None
    ) -> None:
        from training.drawing import KINDS, Scene, draw_scene

        self.names = (*KINDS, *RENDERED)
        if rendered is None:
            scenes = [draw_scene(HELD_OUT_SEEDS + i) for i in range(count)]
        else:
            scenes = []
            for path in sorted(rendered.glob("*.npz")):
                with np.load(path) as file:
                    held = zip(file["layers"], file["kinds"], strict=True)
                    scenes += [Scene(pixels, int(kind)) for pixels, kind in held]
            scenes = scenes[:count]
        dice = Dice(torch.Generator(device).manual_seed(7), device)
        self._batches = []
        for start in range(0, count - BATCH + 1, BATCH):
            chosen = scenes[start : start + BATCH]
            layers = torch.stack([torch.from_numpy(one.layers) for one in chosen + chosen[::-1]])
            layers = layers.permute(0, 3, 1, 2).to(device)
            kinds = torch.tensor([one.kind for one in chosen])
            both = torch.cat([kinds, kinds.flip(0)]).to(device)
            scene, truth = compose(dice, layers, both, CROP, footage)
            self._batches.append((scene, truth, kinds))

    def errors(self, network: UnmixingNetwork) -> dict[str, torch.Tensor]:
        """Per scene: kind, MAD x 1e3 of the network and of the first alpha."""
        found: dict[str, list[torch.Tensor]] = {k: [] for k in ("kind", "mad", "first")}
        with torch.inference_mode():
            for scene, truth, kinds in self._batches:
                given = seen(scene)
                said = answer(given, *network(given.stacked))
                for name, alpha in (("mad", said.alpha.clamp(0, 1)), ("first", scene.first)):
                    found[name].append(1e3 * (alpha - truth.alpha).abs().mean((1, 2, 3)).cpu())
                found["kind"].append(kinds)
        return {name: torch.cat(values) for name, values in found.items()}

    def judged(self, network: UnmixingNetwork) -> dict[str, float]:
        """Means for a learning curve."""
        found = self.errors(network)
        return {
            "held_out": round(float(found["mad"].mean()), 3),
            "first": round(float(found["first"].mean()), 3),
        }


def written_weights(network: UnmixingNetwork, path: Path) -> None:
    """Float16 safetensors, as the package holds them."""
    partial = path.with_suffix(".tmp")
    state = {
        name: value.detach().half().cpu().contiguous()
        for name, value in network.state_dict().items()
    }
    save_file(state, partial)
    partial.rename(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--count", type=int, default=256)
    parser.add_argument(
        "--rendered", type=Path, help="a pool of training.render, of seeds never trained on"
    )
    add_footage(parser)
    asked = parser.parse_args()
    footage = footage_of(asked)
    network = network_of(asked.weights, footage.part)
    held_out = HeldOut(torch.device("cpu"), asked.count, footage, asked.rendered)
    found = held_out.errors(network)
    print(f"{'kind':24s} {'scenes':>6s} {'MAD':>8s} {'first':>8s}   (x 1e3)")
    for index, name in enumerate(held_out.names):
        mine = found["kind"] == index
        if mine.any():
            values = (float(found[key][mine].mean()) for key in ("mad", "first"))
            print(
                f"{name:24s} {int(mine.sum()):6d} " + " ".join(f"{value:8.2f}" for value in values)
            )
    for key, value in held_out.judged(network).items():
        print(key, value)


if __name__ == "__main__":
    main()
