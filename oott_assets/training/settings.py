"""The settings of labelling and training."""

import re
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, field_validator
from pydantic_settings import NoDecode

from oott_fashion.garments import category_of
from oott_fashion.settings import SharedSettings, UserAddress, UserPath, UserPaths

Labeller = Literal["catalogue", "tags", "teacher", "grounding_dino", "grounded_sam"]

PUBLISHED = "published"


def _split_at_commas(names: object) -> object:
    if not isinstance(names, str):
        return names
    return tuple(name.strip() for name in names.split(",") if name.strip())


Labellers = Annotated[
    tuple[Labeller, ...], NoDecode, BeforeValidator(_split_at_commas), Field(min_length=1)
]


class TrainingSettings(SharedSettings):
    """The shared settings, and those of labelling and training."""

    main_data: UserPaths = Field(
        (),
        description="Folders of photos that people labelled, separated by colons, oldest first: "
        "YOLO data sets, or exports of Label Studio. If two folders have the same picture, the "
        "labels of the later folder count.",
    )
    sub_photos: UserPaths = Field(
        (),
        description="Folders of photos without boxes, to pseudo-label, separated by colons. If it "
        "is not set, only main_data is used.",
    )
    labeller: Labellers = Field(
        ("catalogue", "tags"),
        description="Programs that label OOTT_SUB_PHOTOS, separated by commas. The first one that "
        "can label a photo labels it: catalogue (the photo shows one garment, and its folder has "
        "the name of the garment), tags (OOTT_PHOTO_TAGS has the garments of the photo, and a "
        "detector finds them), teacher (a detector finds the garments), grounding_dino or "
        "grounded_sam (large models).",
    )
    photo_tags: UserPath | None = Field(
        None,
        description="File with the garments that people named for each photo: a table of photo "
        "names and garments, or a JSON export of Label Studio.",
    )
    teacher: UserAddress = Field(
        PUBLISHED,
        description="Detector of the labellers tags and teacher: published (the latest published "
        "detector), or a .pt file, which runs at OOTT_IMAGE_SIDE.",
    )
    label_thresholds: dict[str, float] = Field(
        {},
        description="Minimum confidence of a pseudo-label, 0..1, per garment or per labeller, as "
        'JSON: {"tank top": 0.8, "tags": 0.05}. Otherwise it is the default of the labeller.',
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
        448,
        ge=32,
        le=1280,
        multiple_of=32,
        description="Width and height of the model input, in pixels.",
    )
    epochs: int = Field(100, ge=1, le=10_000, description="Number of training epochs.")
    soup_trainings: int = Field(
        0,
        ge=0,
        le=20,
        description="Number of further trainings of OOTT_EPOCHS epochs that start from the "
        "trained weights, each with another seed, and most with other options. The result is the "
        "average of all weights (a model soup). Another number trains all of them again.",
    )
    batch_size: int = Field(16, ge=1, le=1024, description="Number of photos in a training step.")
    train_device: str = Field(
        "cpu", description="Device to train on: cpu, cuda, or cuda:1 for the second GPU."
    )
    starting_weights: UserAddress = Field(
        PUBLISHED,
        description="Weights to start training from: published (the latest published detector), "
        "scratch (random weights), pretrained (downloaded from Ultralytics), or a .pt file.",
    )

    @field_validator("label_thresholds")
    @classmethod
    def _are_confidences(cls, thresholds: dict[str, float]) -> dict[str, float]:
        for name, confidence in thresholds.items():
            if name not in get_args(Labeller):
                category_of(name)
            if not 0 <= confidence <= 1:
                raise ValueError(f"{name} has {confidence}; expected a confidence of 0..1")
        return thresholds

    @field_validator("train_device")
    @classmethod
    def _is_a_device(cls, device: str) -> str:
        if not re.fullmatch(r"cpu|cuda(:\d+)?", device):
            raise ValueError(f"{device!r} is not a device; expected cpu, cuda, or cuda:1")
        return device

    @property
    def uses_a_teacher(self) -> bool:
        """Whether a labeller of OOTT_SUB_PHOTOS uses OOTT_TEACHER."""
        tags = "tags" in self.labeller and self.photo_tags is not None
        return bool(self.sub_photos) and (tags or "teacher" in self.labeller)

    @property
    def training_root(self) -> Path:
        return self.training_folder or self.home / "training"

    @property
    def labeller_weights_root(self) -> Path:
        return self.labeller_weights or self.home / "labellers"
