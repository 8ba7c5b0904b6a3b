"""The settings of labelling and training."""

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from oott_fashion.garments import category_of
from oott_fashion.settings import SharedSettings, UserAddress, UserPath, UserPaths

Labeller = Literal["catalogue", "teacher", "grounding_dino", "grounded_sam"]


class TrainingSettings(SharedSettings):
    """The shared settings, and those of labelling and training."""

    main_data: UserPaths = Field(
        (),
        description="Folders of photos that people labelled, separated by colons, oldest first: "
        "YOLO data sets, or exports of Label Studio. If two folders have the same picture, the "
        "labels of the later folder count.",
    )
    sub_photos: UserPath | None = Field(
        None,
        description="Folder of photos without boxes, to pseudo-label. If it is not set, only "
        "main_data is used.",
    )
    labeller: Labeller = Field(
        "catalogue",
        description="Program that labels OOTT_SUB_PHOTOS: catalogue (each photo shows one garment, "
        "and its folder has the name of the garment), teacher (the published detector), "
        "grounding_dino or grounded_sam (large models).",
    )
    label_thresholds: dict[str, float] = Field(
        {},
        description="Minimum confidence of a pseudo-label, 0..1, per garment, as JSON: "
        '{"tank top": 0.8}. Other garments have the default minimum of the labeller.',
    )
    labeller_weights: UserPath | None = Field(
        None,
        description="Folder of the weights of grounding_dino and grounded_sam. Default: "
        "labellers in OOTT_HOME.",
    )
    label_on_cpu: bool = Field(
        False,
        description="Whether grounding_dino and grounded_sam may run without a GPU. This is slow.",
    )
    held_out_share: float = Field(
        0.15,
        ge=0,
        lt=1,
        description="Share of the catalogue photos, 0..1, that is not used for training. Detectors "
        "are measured on these photos.",
    )
    drawn_photos: int = Field(
        0,
        ge=0,
        le=100_000,
        description="Number of drawn photos to add to the training photos of main_data.",
    )
    training_folder: UserPath | None = Field(
        None,
        description="Folder of data sets, weights and candidates. Default: training in OOTT_HOME.",
    )
    model_size: Literal["n", "s", "m", "l", "x"] = Field(
        "n", description="Size of YOLOv8: n, s, m, l or x."
    )
    image_side: int = Field(
        320,
        ge=32,
        le=1280,
        multiple_of=32,
        description="Width and height of the model input, in pixels.",
    )
    epochs: int = Field(100, ge=1, le=10_000, description="Number of training epochs.")
    batch_size: int = Field(16, ge=1, le=1024, description="Number of photos in a training step.")
    train_device: str = Field(
        "cpu", description="Device to train on: cpu, cuda, or cuda:1 for the second GPU."
    )
    starting_weights: UserAddress = Field(
        "published",
        description="Weights to start training from: published (the latest published detector), "
        "scratch (random weights), pretrained (downloaded from Ultralytics), or a .pt file.",
    )

    @field_validator("label_thresholds")
    @classmethod
    def _are_confidences_of_garments(cls, thresholds: dict[str, float]) -> dict[str, float]:
        for garment, confidence in thresholds.items():
            category_of(garment)
            if not 0 <= confidence <= 1:
                raise ValueError(f"{garment} has {confidence}; expected a confidence of 0..1")
        return thresholds

    @field_validator("train_device")
    @classmethod
    def _is_a_device(cls, device: str) -> str:
        if not re.fullmatch(r"cpu|cuda(:\d+)?", device):
            raise ValueError(f"{device!r} is not a device; expected cpu, cuda, or cuda:1")
        return device

    @property
    def training_root(self) -> Path:
        return self.training_folder or self.home / "training"

    @property
    def labeller_weights_root(self) -> Path:
        return self.labeller_weights or self.home / "labellers"
