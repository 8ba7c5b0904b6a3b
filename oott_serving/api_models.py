"""The requests and responses of the service, in the JSON that the released app uses."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from oott_fashion.colours import PALETTE_NAMES
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.outfits import NOTHING_SEEN
from oott_fashion.vision.detections import Detection

_PHOTO = (
    "a JPEG, PNG, WebP, BMP, GIF or TIFF file in base64; a data: URL prefix and white space are "
    "ignored"
)


def _one_of(names: Sequence[str]) -> dict[str, Any]:
    return {"enum": [*names, NOTHING_SEEN]}


class Request(BaseModel):
    """A request; unknown fields are ignored, because newer apps may send more."""

    example: ClassVar[str]

    def photos(self) -> int:
        """Count the photos of the request."""
        return 1


class CameraRequest(Request):
    """One photo from the camera of the closet app."""

    example = '{"base64_image": "..."}'

    base64_image: str = Field(description=f"The photo: {_PHOTO}.")


class CameraAnswer(BaseModel):
    """The most confident garment of a photo and its colour; both are "None" without a garment."""

    model_config = ConfigDict(frozen=True)

    label: str = Field(description="The garment.", json_schema_extra=_one_of(GARMENT_NAMES))
    color: str = Field(description="Its colour.", json_schema_extra=_one_of(PALETTE_NAMES))

    @classmethod
    def of(cls, garments: Sequence[Detection]) -> "CameraAnswer":
        """Answer with the first of ``garments``, which are sorted by confidence."""
        if not garments:
            return cls(label=NOTHING_SEEN, color=NOTHING_SEEN)
        return cls(label=garments[0].garment, color=garments[0].colour)


class BatchRequest(Request):
    """Photos of one destination or destination category, to count into the trends."""

    example = '{"base64_images": ["..."], "recommend_type": "seaside"}'

    base64_images: list[str] = Field(min_length=1, description=f"The photos, each {_PHOTO}.")
    recommend_type: str = Field(
        description="A destination or a destination category, by slug or by Korean name.",
        examples=["seaside", "바닷가", "hongdae", "홍대"],
    )

    def photos(self) -> int:
        """Count the photos of the batch."""
        return len(self.base64_images)


class BatchAnswer(BaseModel):
    """The photos have been counted."""

    model_config = ConfigDict(frozen=True)

    result: Literal[True] = True


class ErrorAnswer(BaseModel):
    """The reason why a request failed."""

    error: str = Field(
        description="One readable sentence.",
        examples=["the photo is empty (0 bytes); expected a JPEG, PNG or WebP file"],
    )
