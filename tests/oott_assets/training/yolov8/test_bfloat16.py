"""Training in bfloat16 learns what training in 32 bits learns."""

from typing import Any, cast

import torch

from oott_assets.training.yolov8.bfloat16 import compute_in_bfloat16
from oott_assets.training.yolov8.quiet_ultralytics import open_model


def test_a_step_in_bfloat16_goes_where_a_step_in_32_bits_goes() -> None:
    step, step_in_bfloat16 = (_gradient(bfloat16=bfloat16) for bfloat16 in (False, True))

    # It is 0.997 for a detector that finds garments, and 0.97 for this untrained one.
    assert float(torch.nn.functional.cosine_similarity(step, step_in_bfloat16, dim=0)) > 0.9
    assert step_in_bfloat16.dtype == torch.float32
    assert not step.equal(step_in_bfloat16)


def _gradient(*, bfloat16: bool) -> torch.Tensor:
    from ultralytics.cfg import get_cfg

    torch.manual_seed(20)
    network = cast(Any, open_model("yolov8n.yaml").model).train()
    network.args = get_cfg()
    if bfloat16:
        compute_in_bfloat16(network)
    boxes = torch.tensor([[0.5, 0.5, 0.4, 0.6], [0.3, 0.6, 0.2, 0.2]])
    photos = {
        "img": torch.rand(2, 3, 160, 160),
        "batch_idx": torch.tensor([0.0, 1.0]),
        "cls": torch.tensor([[1.0], [2.0]]),
        "bboxes": boxes,
    }
    loss, _ = network(photos)
    loss.sum().backward()
    return torch.cat(
        [weights.grad.flatten() for weights in network.parameters() if weights.grad is not None]
    )
