"""The settings of labelling and training."""

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from oott_fashion.garments import category_of
from oott_fashion.settings import SharedSettings, UserAddress, UserPath

Labeller = Literal["catalogue", "teacher", "grounding_dino", "grounded_sam"]


class TrainingSettings(SharedSettings):
    """The shared settings, and those of labelling and training."""

    main_data: UserPath | None = Field(
        None,
        description="Photos labelled by people: a YOLO data set, or a Label Studio YOLO export.",
    )
    sub_photos: UserPath | None = Field(
        None,
        description="Photos without boxes, to pseudo-label. If not set, main_data is used alone.",
    )
    labeller: Labeller = Field(
        "catalogue",
        description="Labeller of OOTT_SUB_PHOTOS: catalogue (one garment per photo, named by its "
        "folder), teacher (the published detector), grounding_dino or grounded_sam.",
    )
    label_thresholds: dict[str, float] = Field(
        {},
        description="Lowest confidence of a pseudo-label, 0..1, per garment, as JSON: "
        '{"tank top": 0.8}. Other garments keep the threshold of the labeller.',
    )
    labeller_weights: UserPath | None = Field(
        None,
        description="Folder with the weights of grounding_dino and grounded_sam. Default: "
        "labellers in the home folder.",
    )
    label_on_cpu: bool = Field(
        False, description="Let grounding_dino and grounded_sam run without a GPU, slowly."
    )
    held_out_share: float = Field(
        0.15,
        ge=0,
        lt=1,
        description="Share of catalogue photos, 0..1, that measure closet labels and are never "
        "trained on.",
    )
    drawn_photos: int = Field(
        0, ge=0, le=100_000, description="Drawn photos to train on in addition to main_data."
    )
    training_folder: UserPath | None = Field(
        None,
        description="Folder of data sets, weights and candidates. Default: training in the home "
        "folder.",
    )
    model_size: Literal["n", "s", "m", "l", "x"] = Field("n", description="Size of YOLOv8.")
    image_side: int = Field(
        320,
        ge=32,
        le=1280,
        multiple_of=32,
        description="Width and height of the model input, in pixels.",
    )
    epochs: int = Field(100, ge=1, le=10_000, description="Number of training epochs.")
    batch_size: int = Field(16, ge=1, le=1024, description="Photos in a training step.")
    train_device: str = Field(
        "cpu", description="Device to train on: cpu, cuda, or cuda:1 for the second GPU."
    )
    starting_weights: UserAddress = Field(
        "published",
        description="Weights to start training from: published (the latest detector), scratch, "
        "pretrained (downloaded from Ultralytics), or a .pt file.",
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
