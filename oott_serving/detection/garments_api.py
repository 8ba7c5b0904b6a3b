"""The request of /predict/garments, its answer, and the answer of /model."""

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from oott_fashion.colours import PALETTE_NAMES, RELEASED_COLOURS, RELEASED_NAMES
from oott_fashion.garments import GARMENT_NAMES, Category
from oott_fashion.opened_detector import OpenedDetector
from oott_fashion.stores.detector_card import DetectorCard
from oott_fashion.vision.detections import Box, Detection
from oott_serving.api.api_models import CameraRequest, Request
from oott_serving.detection.sent_photos import SeenPhoto
from oott_serving.records.request_records import Stage


class GarmentsRequest(Request):
    """One photo: base64 text from JSON, or the bytes of a file."""

    example = CameraRequest.example
    file_field = "photo"

    photo: str | bytes

    @classmethod
    def of_json(cls, body: bytes) -> Self:
        """Read the JSON of /predict/camera."""
        return cls(photo=CameraRequest.of_json(body).base64_image)

    @classmethod
    def of_file(cls, content: bytes) -> Self:
        """Take the content of a file."""
        return cls(photo=content)


class GarmentBox(BaseModel):
    """The place of a garment, in pixels of the upright photo as it was sent."""

    model_config = ConfigDict(frozen=True)

    x_min: float = Field(examples=[122.7])
    y_min: float = Field(examples=[125.2])
    x_max: float = Field(examples=[298.6])
    y_max: float = Field(examples=[319.8])

    @classmethod
    def of(cls, box: Box) -> Self:
        x_min, y_min, x_max, y_max = (round(pixels, 1) for pixels in box)
        return cls(x_min=x_min, y_min=y_min, x_max=x_max, y_max=y_max)


class Garment(BaseModel):
    """One garment in a photo."""

    model_config = ConfigDict(frozen=True)

    label: str = Field(json_schema_extra={"enum": [*GARMENT_NAMES]})
    category: Category
    confidence: float = Field(ge=0, le=1, examples=[0.98])
    box: GarmentBox
    color: str = Field(
        description="The colour in the words of the released app.",
        json_schema_extra={"enum": [*RELEASED_COLOURS]},
    )
    full_color: str = Field(
        description="The colour of OOTT_PALETTE.", json_schema_extra={"enum": [*PALETTE_NAMES]}
    )

    @classmethod
    def of(cls, found: Detection) -> Self:
        return cls(
            label=found.garment,
            category=found.category,
            confidence=round(found.confidence, 3),
            box=GarmentBox.of(found.box),
            color=RELEASED_NAMES[found.colour],
            full_color=found.colour,
        )


class GarmentsAnswer(BaseModel):
    """All garments of a photo, the most confident first; none is an empty list."""

    model_config = ConfigDict(frozen=True)

    garments: list[Garment]
    width: int = Field(
        description="Width of the upright photo as it was sent, in pixels.", examples=[450]
    )
    height: int = Field(
        description="Height of the upright photo as it was sent, in pixels.", examples=[657]
    )
    detector_version: str = Field(examples=["20261127T021530Z-63ee7fd8"])
    milliseconds: dict[Stage, float] = Field(
        description="How long the stages took. waiting is the time in the queue.",
        examples=[{"waiting": 0.1, "decoding": 3.2, "detection": 41.8, "colours": 2.6}],
    )

    @classmethod
    def of(cls, seen: SeenPhoto, version: str, milliseconds: Mapping[Stage, float]) -> Self:
        return cls(
            garments=[Garment.of(found) for found in seen.garments],
            width=seen.width,
            height=seen.height,
            detector_version=version,
            milliseconds=dict(milliseconds),
        )


class ModelAnswer(BaseModel):
    """The detector in service."""

    version: str
    engine: str = Field(description="The program that runs it.", examples=["deepsparse"])
    why_not_latest: str | None = Field(
        description="Why the latest detector is not in service; null if it is."
    )
    card: DetectorCard

    @classmethod
    def of(cls, opened: OpenedDetector, problem: str) -> Self:
        return cls(
            version=opened.version,
            engine=opened.detector.engine.name,
            why_not_latest=problem or None,
            card=opened.card,
        )
