"""The requests and responses of the service, in the JSON that the released app uses."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from oott_fashion.colours import PALETTE_NAMES, RELEASED_NAMES
from oott_fashion.garments import GARMENT_NAMES, Category
from oott_fashion.outfits import NOTHING_SEEN
from oott_fashion.stores.estimate_tables import ALL_PLACES, PlaceKind, Subject
from oott_fashion.vision.detections import Detection
from oott_serving.api.answer_colours import CameraColours

_PHOTO = (
    "a JPEG, PNG, WebP, HEIC, BMP, GIF or TIFF file in base64; a data: URL prefix and white space "
    "are ignored"
)

# A gray square of 8 x 8 pixels, so that the example of the documentation can be sent.
_SMALL_PHOTO = "R0lGODdhCAAIAIEAAICAgAAAAAAAAAAAACwAAAAACAAIAAAIDwABCBxIsKDBgwgTKkwYEAA7"


def _one_of(names: Sequence[str]) -> dict[str, Any]:
    return {"enum": [*names, NOTHING_SEEN]}


class Request(BaseModel):
    """A request; unknown fields are ignored, because newer apps may send more."""

    example: ClassVar[str]
    file_field: ClassVar[str | None] = None
    """The form field for a file; None if the request is always JSON."""

    @classmethod
    def of_json(cls, body: bytes) -> Self:
        """Validate a body in JSON; raises ValidationError."""
        return cls.model_validate_json(body)

    @classmethod
    def of_file(cls, content: bytes) -> Self:
        """Make a request of a file, if it has a ``file_field``."""
        raise NotImplementedError

    def photos(self) -> int:
        """Count the photos of the request."""
        return 1


class CameraRequest(Request):
    """One photo from the camera of the closet app."""

    example = '{"base64_image": "..."}'

    base64_image: str = Field(description=f"The photo: {_PHOTO}.", examples=[_SMALL_PHOTO])


class CameraAnswer(BaseModel):
    """The most confident garment of a photo and its colour; both are "None" without a garment."""

    model_config = ConfigDict(frozen=True)

    label: str = Field(description="The garment.", json_schema_extra=_one_of(GARMENT_NAMES))
    color: str = Field(
        description="Its colour: by default white, beige, blue, gray or black.",
        json_schema_extra=_one_of(PALETTE_NAMES),
    )

    @classmethod
    def of(cls, garments: Sequence[Detection], colours: CameraColours) -> "CameraAnswer":
        """Answer with the first of ``garments``, which are sorted by confidence."""
        if not garments:
            return cls(label=NOTHING_SEEN, color=NOTHING_SEEN)
        colour = garments[0].colour
        return cls(
            label=garments[0].garment,
            color=RELEASED_NAMES[colour] if colours == "released" else colour,
        )


class BatchRequest(Request):
    """Photos of one destination or destination category, to count into the trends."""

    example = '{"base64_images": ["..."], "recommend_type": "seaside"}'

    base64_images: list[str] = Field(
        min_length=1, description=f"The photos, each {_PHOTO}.", examples=[[_SMALL_PHOTO]]
    )
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


class TrendQuery(BaseModel):
    """The parameters of /trends. An empty value means the default."""

    model_config = ConfigDict(frozen=True)

    destination: str = Field(
        ALL_PLACES,
        description="A destination or a destination category, by slug or by Korean name, or all.",
        examples=["haeundae", "해운대", "seaside", "바닷가"],
    )
    month: str | None = Field(
        None,
        pattern=r"^[12]\d{3}-(0[1-9]|1[0-2])$",
        description="YYYY-MM. Default: the latest month with estimates for the place.",
        examples=["2026-10"],
    )
    category: Category | None = Field(
        None, description="Only garments of this category; for the subjects garment and look."
    )
    subject: Subject = Field(
        "garment", description="What the shares are of. A look is a garment in a colour."
    )
    limit: int = Field(20, ge=1, le=500, description="Maximum number of trends.")


class TrendChange(BaseModel):
    """The change of a share against another month; null where there is none to compare."""

    change: float | None = Field(description="The difference of the shares, -1..1.")
    low: float | None = Field(description="The low end of its 95 % interval.")
    high: float | None = Field(description="The high end of its 95 % interval.")
    trend: str = Field(
        description="rising or falling if the change is clear; otherwise why it is not.",
        examples=["rising", "falling", "no clear change", "too few to tell"],
    )


class Trend(BaseModel):
    """The share of photos with garments that show a garment, colour, look or outfit."""

    category: str | None = Field(description="outer, top, bottom or shoes.")
    garment: str | None = Field(
        description="The garment; for an outfit four, joined by commas, and None where nothing is "
        "worn."
    )
    colour: str | None
    share: float = Field(description="0..1.")
    share_low: float = Field(description="The low end of its 95 % interval.")
    share_high: float = Field(description="The high end of its 95 % interval.")
    seen: int = Field(description="The number of photos that show it.")
    since_month_before: TrendChange
    since_year_before: TrendChange


class TrendAnswer(BaseModel):
    """What people wear at a place in a month, the largest share first."""

    place_kind: PlaceKind
    place: str = Field(description="The slug of the destination or category, or all.")
    month: str
    subject: Subject
    photos: int = Field(description="The number of photos with garments at the place.")
    posts: int = Field(description="The number of posts that these photos are from.")
    detector_version: str
    trends: list[Trend]


class ErrorAnswer(BaseModel):
    """The reason why a request failed."""

    error: str = Field(
        description="One readable sentence.",
        examples=["the photo is empty (0 bytes); expected a JPEG, PNG or WebP file"],
    )
