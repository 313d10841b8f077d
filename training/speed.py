"""What the network costs: `python -m training.speed WEIGHTS [--device cuda]`.

Prints milliseconds per 1080p and 2160p frame (median), peak memory, and how far the answers in
bfloat16, and those of a GPU, lie from float32 on the CPU.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import torch

from mattebox.matte.unmixing.answer import answer
from mattebox.matte.unmixing.features import Scene
from mattebox.matte.unmixing.network import UnmixingNetwork, seen
from mattebox.matte.unmixing.weights import network_of

REPEATS = 7


def drawn_scene(height: int, width: int, device: torch.device) -> Scene:
    """A green screen with grain and blobs of every alpha, from a fixed seed."""
    generator = torch.Generator().manual_seed(3)

    def noise(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=generator)

    background = torch.tensor([0.6, 0.15, 0.2]).view(1, 3, 1, 1) * (
        0.9 + 0.2 * noise(1, 3, height, width)
    )
    blobs = torch.nn.functional.interpolate(
        noise(1, 1, height // 16 + 1, width // 16 + 1), size=(height, width), mode="bicubic"
    )
    alpha = (2.0 * blobs - 0.5).clamp(0.0, 1.0)
    source = (1.0 - alpha) * background + alpha * 0.3 + 0.01 * (noise(1, 3, height, width) - 0.5)

    def one(value: float) -> torch.Tensor:
        return torch.full((1, 1, 1, 1), value)

    held = Scene(
        source,
        background,
        torch.full_like(source, 1e-4),
        alpha,
        one(0),
        one(0.6),
        one(1),
        one(1),
        one(0),
    )
    return Scene(*(getattr(held, name).to(device) for name in held.__dataclass_fields__))


def keyed(network: UnmixingNetwork, scene: Scene, *, reduced: bool) -> torch.Tensor:
    """Alpha [1,1,H,W]."""
    given = seen(scene)
    with torch.autocast(given.stacked.device.type, torch.bfloat16, enabled=reduced):
        said = network(given)
    return answer(network, given, said).alpha


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    asked = parser.parse_args()
    device = torch.device(asked.device)
    name = (
        torch.cuda.get_device_name()
        if device.type == "cuda"
        else f"{torch.get_num_threads()} threads"
    )
    own = network_of(asked.weights)
    network = network_of(asked.weights).on(device)
    print(f"torch {torch.__version__}, {name}")
    with torch.inference_mode():
        exact = keyed(own, drawn_scene(540 // 16 * 16, 960, torch.device("cpu")), reduced=False)
        for reduced in (False, True):
            small = keyed(network, drawn_scene(540 // 16 * 16, 960, device), reduced=reduced).cpu()
            apart = (small - exact).abs()
            print(
                f"{'bfloat16' if reduced else 'float32'}: apart from float32 on the CPU by "
                f"{float(apart.max()):.2e} at most, {float(apart.mean()):.2e} in the mean"
            )
            for height, width in ((1088, 1920), (2160, 3840)):
                scene = drawn_scene(height, width, device)
                spent = []
                if device.type == "cuda":
                    torch.cuda.reset_peak_memory_stats()
                for _ in range(REPEATS):
                    _wait(device)
                    began = time.perf_counter()
                    keyed(network, scene, reduced=reduced)
                    _wait(device)
                    spent.append(time.perf_counter() - began)
                line = f"  {height}p: {1e3 * statistics.median(spent):.1f} ms"
                if device.type == "cuda":
                    line += f", {torch.cuda.max_memory_allocated() / 2**30:.2f} GiB at most"
                print(line)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


if __name__ == "__main__":
    main()
