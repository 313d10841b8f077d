"""Judging weights on scenes that were never trained on, kind by kind.

`python -m training.evaluate WEIGHTS` prints the mean absolute error of alpha beside that of the
plain colour difference; `--candidates` also what each candidate that the network weighs would have
given alone where alpha is neither 0 nor 1, and how much weight it has there; and what the colours
would give that the truth collects.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save

from mattebox.matte.unmixing.answer import answer, in_phases_of, weighed
from mattebox.matte.unmixing.colours import COLLECTED
from mattebox.matte.unmixing.features import in_phases, quarter_size
from mattebox.matte.unmixing.network import (
    CANDIDATE_NAMES,
    CANDIDATES,
    UnmixingNetwork,
    looked_at,
    seen,
)
from mattebox.matte.unmixing.weights import network_of
from training.compose import Footage, add_footage, compose, footage_of
from training.pool import EVERY_KIND
from training.screens import Dice

HELD_OUT_SEEDS = 500_000
EDGE = 1e-3
BY_COLLECTED = slice(-1 - COLLECTED, -1)
"""Among the candidates, closed forms for the colours that are collected."""
CROP = 192
BATCH = 16


class HeldOut:
    """Scenes of every kind that were never trained on, composed once.

    Drawn from fixed seeds, or of a pool of rendered scenes that is kept for this.
    """

    def __init__(
        self, device: torch.device, count: int, footage: Footage, rendered: Path | None = None
    ) -> None:
        from training.drawing import Scene, draw_scene

        self.names = EVERY_KIND
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
                said = answer(network, given, network(given))
                for name, alpha in (("mad", said.alpha.clamp(0, 1)), ("first", scene.first)):
                    found[name].append(1e3 * (alpha - truth.alpha).abs().mean((1, 2, 3)).cpu())
                found["kind"].append(kinds)
        return {name: torch.cat(values) for name, values in found.items()}

    def candidates(self, network: UnmixingNetwork) -> torch.Tensor:
        """[kinds,1 + CANDIDATES + COLLECTED,2]: where alpha is neither 0 nor 1, the MAD x 1e3 of
        the network, of each candidate alone, and of closed forms for the colours that the true
        alpha would collect; and each one's share. NaN for kinds that were not drawn."""
        sums = torch.zeros(len(self.names), 1 + CANDIDATES + COLLECTED, 2)
        pixels = torch.zeros(len(self.names))
        with torch.inference_mode():
            for scene, truth, kinds in self._batches:
                given = seen(scene)
                said = network(given)
                found, weights = weighed(network, given.phases, *in_phases_of(given, said))
                alpha = in_phases(answer(network, given, said).alpha)
                true = in_phases(truth.alpha)
                edge = (true > EDGE) & (true < 1.0 - EDGE)
                coarse = F.avg_pool2d(truth.alpha, 4)
                quarter = quarter_size(given.half, given.around)
                told = looked_at(given.half, coarse, quarter.collected(coarse))
                told = replace(said, looked=told)
                best, _ = weighed(network, given.phases, *in_phases_of(given, told))
                ends = torch.zeros_like(true), torch.ones_like(true)
                tried = torch.cat([alpha, *ends, found, best[:, BY_COLLECTED]], 1).clamp(0.0, 1.0)
                shares = weights / weights.sum(1, keepdim=True)
                shares = torch.cat([edge, shares, 0.0 * best[:, BY_COLLECTED]], 1)
                both = torch.stack([1e3 * (tried - true).abs(), shares], -1) * edge[..., None]
                own = kinds.repeat_interleave(4)  # a scene has four phases
                sums.index_add_(0, own, both.sum((2, 3)).cpu())
                pixels.index_add_(0, own, edge.float().sum((1, 2, 3)).cpu())
        return sums / pixels[:, None, None]

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
    partial.write_bytes(save(state))  # save_file lets nobody else read it
    partial.rename(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--count", type=int, default=256)
    parser.add_argument(
        "--rendered", type=Path, help="a pool of training.render, of seeds never trained on"
    )
    parser.add_argument("--candidates", action="store_true", help="also each candidate's own error")
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
    if asked.candidates:
        _print_candidates(held_out, network)


def _print_candidates(held_out: HeldOut, network: UnmixingNetwork) -> None:
    found = held_out.candidates(network)
    drawn = [k for k in range(len(held_out.names)) if found[k].isfinite().all()]
    print("\nMAD x 1e3 where alpha is neither 0 nor 1, and the weight that it has there in %")
    print(f"{'':45s} " + " ".join(f"{held_out.names[k][:14]:>14s}" for k in drawn))
    told = (f"{name}, by the truth" for name in CANDIDATE_NAMES[BY_COLLECTED])
    for row, name in enumerate(("the network", *CANDIDATE_NAMES, *told)):
        cells = (found[k, row] for k in drawn)
        print(f"{name:45s} " + " ".join(f"{float(e):8.1f} {100 * float(w):5.1f}" for e, w in cells))


if __name__ == "__main__":
    main()
