"""The loss of a detector on a batch of photos, as a training step computes it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import torch

from oott_assets.training.labels.labelled_photos import LabelledPhoto
from oott_assets.training.labels.ultralytics_layout import write_ultralytics_data_set
from oott_assets.training.yolov8.quiet_ultralytics import open_model


def training_loss(
    weights: Path, photos: Sequence[LabelledPhoto], image_side: int, folder: Path, *, by_batch: bool
) -> float:
    """Compute the loss of all photos in one batch.

    Args:
        photos: validation photos, so that they are not augmented.
        folder: where the photos are written for Ultralytics.
        by_batch: whether activations are normalised by the batch, as in training, or by the
            statistics in the weights, as in evaluation.
    """
    model = cast(Any, open_model(weights).model)
    from ultralytics.cfg import get_cfg
    from ultralytics.data import build_yolo_dataset
    from ultralytics.data.utils import check_det_dataset

    model.args = get_cfg(overrides={"imgsz": image_side})
    data = check_det_dataset(str(write_ultralytics_data_set(photos, folder)))
    pictures: Any = build_yolo_dataset(model.args, data["val"], len(photos), data, mode="val")
    batch = pictures.collate_fn([pictures[index] for index in range(len(photos))])
    model.train()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.train(by_batch)
    with torch.no_grad():
        loss, _ = model.loss(batch | {"img": batch["img"].float() / 255})
    return float(loss.sum()) / len(photos)
