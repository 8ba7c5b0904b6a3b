"""What clients send and what they are answered: the JSON that the released app speaks."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from oott_fashion.colours import PALETTE_NAMES
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.outfits import NOTHING_SEEN
from oott_fashion.vision.detections import Detection

_PHOTO = (
    "a JPEG, PNG, WebP, BMP, GIF or TIFF file in base64; a data: URL prefix and white space are "
    "left out"
)


def _one_of(names: Sequence[str]) -> dict[str, Any]:
    return {"enum": [*names, NOTHING_SEEN]}


class Request(BaseModel):
    """A request; fields that are not named here are ignored, as newer apps may send some."""

    example: ClassVar[str]


class CameraRequest(Request):
    """One photo of the closet camera."""

    example = '{"base64_image": "..."}'

    base64_image: str = Field(description=f"The photo: {_PHOTO}.")


class CameraAnswer(BaseModel):
    """The surest garment of a photo and its colour; both are None where no garment was found."""

    model_config = ConfigDict(frozen=True)

    label: str = Field(description="The garment.", json_schema_extra=_one_of(GARMENT_NAMES))
    color: str = Field(description="Its colour.", json_schema_extra=_one_of(PALETTE_NAMES))

    @classmethod
    def of(cls, garments: Sequence[Detection]) -> "CameraAnswer":
        """Name the first of ``garments``, which come surest first."""
        if not garments:
            return cls(label=NOTHING_SEEN, color=NOTHING_SEEN)
        return cls(label=garments[0].garment, color=garments[0].colour)


class BatchRequest(Request):
    """Photos of one kind of trip, to be counted as trends."""

    example = '{"base64_images": ["..."], "recommend_type": "seaside"}'

    base64_images: list[str] = Field(min_length=1, description=f"The photos, each {_PHOTO}.")
    recommend_type: str = Field(
        description="A destination or a destination category, by slug or by Korean name.",
        examples=["seaside", "바닷가", "hongdae", "홍대"],
    )


class BatchAnswer(BaseModel):
    """The photos are counted."""

    model_config = ConfigDict(frozen=True)

    result: Literal[True] = True


class ErrorAnswer(BaseModel):
    """Why a request was not answered."""

    error: str = Field(
        description="One sentence for people.",
        examples=["the photo is empty (0 bytes); expected a JPEG, PNG or WebP file"],
    )
