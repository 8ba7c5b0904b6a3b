"""Compares a training step as OOTT takes it on a CPU with the steps of Ultralytics' defaults.

``python -m benchmarks.training_step``. Each takes its step in turn on the same photos, so that
other load slows all of them equally. Ultralytics leaves one core unused on a CPU.
"""

import os
import statistics
import time
from collections.abc import Callable
from typing import Any, cast

import click
import torch

from oott_assets.training.yolov8.bfloat16 import compute_in_bfloat16
from oott_assets.training.yolov8.quiet_ultralytics import open_model
from oott_fashion.garments import GARMENT_NAMES

_Step = Callable[[], None]


@click.command(help=__doc__)
@click.option("--image-side", default=320, show_default=True, help="side of a photo in pixels")
@click.option("--batch", default=16, show_default=True, help="photos in a step")
@click.option("--steps", default=10, show_default=True, help="steps to measure")
def main(image_side: int, batch: int, steps: int) -> None:
    """Time each kind of step, and print the median time per photo."""
    cores = os.cpu_count() or 1
    photos = _photos(image_side, batch)
    kinds: dict[str, _Step] = {
        "Ultralytics' defaults": _step(_network(), photos, max(1, cores - 1)),
        "channels last, all cores": _step(_network(channels_last=True), photos, cores),
        "OOTT: in bfloat16 too": _step(_network(channels_last=True, bfloat16=True), photos, cores),
    }
    seconds: dict[str, list[float]] = {name: [] for name in kinds}
    for number in range(steps + 1):
        for name, step in kinds.items():
            start = time.perf_counter()
            step()
            if number:  # the first step chooses algorithms
                seconds[name].append(time.perf_counter() - start)
    for name, measured in seconds.items():
        click.echo(f"{name:26} {1000 * statistics.median(measured) / batch:6.1f} ms per photo")


def _network(*, channels_last: bool = False, bfloat16: bool = False) -> torch.nn.Module:
    """Make an untrained YOLOv8n; the values of weights do not change the time of a step."""
    from ultralytics.cfg import get_cfg

    network = cast(Any, open_model("yolov8n.yaml").model).train()
    network.args = get_cfg()
    if channels_last:
        network = network.to(memory_format=torch.channels_last)
    if bfloat16:
        compute_in_bfloat16(network)
    return cast(torch.nn.Module, network)


def _photos(side: int, count: int) -> dict[str, torch.Tensor]:
    """Make photos of noise, each with four boxes, as Ultralytics gives them to a network."""
    random = torch.Generator().manual_seed(20)
    boxes = 4 * count
    return {
        "img": torch.rand(count, 3, side, side, generator=random),
        "batch_idx": torch.arange(count).repeat_interleave(4),
        "cls": torch.randint(len(GARMENT_NAMES), (boxes, 1), generator=random),
        "bboxes": torch.rand(boxes, 4, generator=random) * 0.4 + 0.3,
    }


def _step(network: torch.nn.Module, photos: dict[str, torch.Tensor], cores: int) -> _Step:
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4)

    def step() -> None:
        torch.set_num_threads(cores)
        optimizer.zero_grad()
        loss, _ = network(photos)
        loss.sum().backward()
        optimizer.step()

    return step


if __name__ == "__main__":
    main()
