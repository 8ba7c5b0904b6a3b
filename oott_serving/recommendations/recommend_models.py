"""The requests and answers of /recommend."""

from collections import Counter
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from oott_fashion.colours import PALETTE_NAMES
from oott_fashion.garments import GARMENT_NAMES, Category
from oott_fashion.packing.reasons import ReasonKind
from oott_fashion.packing.trips import CompanionLook, Gender
from oott_fashion.stores.estimate_tables import PlaceKind
from oott_serving.api.api_models import Request

MAX_DAYS = 30

WeatherSource = Literal["request", "forecast", "climate normals"]
Name = Annotated[str, Field(max_length=80)]
Celsius = Annotated[float, Field(ge=-60, le=60)]


class _Sent(BaseModel):
    """A part of a request, of which only the right JSON types are accepted."""

    model_config = ConfigDict(strict=True)


class SentWeather(_Sent):
    """The weather of a day, as the client knows it."""

    date: date
    low: Celsius = Field(description="The lowest temperature of the day in °C.", examples=[3])
    high: Celsius = Field(description="The highest temperature of the day in °C.", examples=[9])
    rain: float = Field(0, ge=0, le=2000, description="Rain of the day in mm.")
    wind: float = Field(0, ge=0, le=120, description="Wind in m/s.")

    @model_validator(mode="after")
    def _low_is_below_high(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"low is {self.low:g} and high is {self.high:g}; exchange them")
        return self


class SentPiece(_Sent):
    """A piece of the closet, as /predict/camera names it."""

    id: str = Field(max_length=200, examples=["17"])
    label: Name = Field(description="The garment.", examples=["coat"])
    color: Name = Field(description="Its colour.", examples=["black"])


class SentCompanion(_Sent):
    """A person who travels along."""

    look: CompanionLook = Field(
        "none",
        description="couple: in the same pieces. similar: in the same colours. none: as they like.",
    )
    gender: Name | None = None


class SentTaste(_Sent):
    """What the traveller likes and dislikes; unknown names are ignored, and the answer says so."""

    styles: list[Name] = Field(
        default_factory=list, max_length=10, description="Such as casual, street or 미니멀."
    )
    liked: list[Name] = Field(
        default_factory=list, max_length=40, description="Garments and colours."
    )
    disliked: list[Name] = Field(
        default_factory=list,
        max_length=40,
        description="Garments and colours that are never recommended.",
    )


class RecommendRequest(Request):
    """A trip to pack for; only the destination and the dates are required."""

    model_config = ConfigDict(strict=True)

    example = '{"destination": "jeju", "dates": ["2027-01-09", "2027-01-10"]}'

    destination: Name = Field(
        description="A destination or a category of destinations, by slug or by Korean name.",
        examples=["jeju", "제주", "seaside", "바닷가"],
    )
    dates: list[date] = Field(
        min_length=1, max_length=MAX_DAYS, examples=[["2027-01-09", "2027-01-10"]]
    )
    gender: Name | None = Field(None, examples=["female", "M", "여"])
    purpose: Name | None = Field(
        None,
        description="One of the eleven purposes of the app, in Korean or English.",
        examples=["핫플레이스", "business trip"],
    )
    companions: list[SentCompanion] = Field(default_factory=list, max_length=10)
    taste: SentTaste = Field(default_factory=SentTaste)
    weather: list[SentWeather] = Field(default_factory=list, max_length=MAX_DAYS)
    closet: list[SentPiece] = Field(default_factory=list, max_length=500)
    outfits: int = Field(1, ge=1, le=3, description="Number of outfits for each day.")

    @model_validator(mode="after")
    def _is_unambiguous(self) -> Self:
        for name, values in (
            ("dates", self.dates),
            ("the dates of weather", [day.date for day in self.weather]),
            ("the ids of closet", [piece.id for piece in self.closet]),
        ):
            [(value, times)] = Counter(values).most_common(1) or [(None, 1)]
            if times > 1:
                raise ValueError(f"{name} have {str(value)[:40]} {times} times; send each once")
        return self


class SentTrip(Request):
    """The whole body of /recommend in one field, so that it reaches the service in one piece."""

    example = RecommendRequest.example

    trip: RecommendRequest

    @classmethod
    def of_json(cls, body: bytes) -> Self:
        """Read the JSON of a ``RecommendRequest``."""
        return cls(trip=RecommendRequest.of_json(body))


class Frozen(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True)


class ReasonAnswer(Frozen):
    """A reason for a piece, in words and numbers."""

    kind: ReasonKind
    text: str
    numbers: dict[str, float] = Field(description="The numbers of the text; shares are 0..1.")
    month: str | None = Field(description="The month that the numbers are of, YYYY-MM.")


class PieceAnswer(Frozen):
    """A garment in a colour."""

    category: Category
    label: str = Field(json_schema_extra={"enum": list(GARMENT_NAMES)})
    color: str = Field(json_schema_extra={"enum": list(PALETTE_NAMES)})


class PackedPieceAnswer(PieceAnswer):
    """A piece of an outfit."""

    closet_id: str | None = Field(description="The piece of the closet; null if it is to buy.")
    reasons: list[ReasonAnswer]


class CompanionAnswer(Frozen):
    """What a companion wears with an outfit; empty for the look none."""

    look: CompanionLook
    gender: Gender | None
    pieces: list[PieceAnswer]


class OutfitAnswer(Frozen):
    """An outfit: at most one piece of each category."""

    score: float = Field(
        description="0..1. 1 is the outfit that suits the day best, if the traveller owned all "
        "clothes and wore none of them before."
    )
    pieces: list[PackedPieceAnswer]
    companions: list[CompanionAnswer]


class WeatherAnswer(Frozen):
    """The weather that the outfits of a day are chosen for."""

    low: float
    high: float
    rain: float
    wind: float
    source: WeatherSource


class DayAnswer(Frozen):
    """The outfits of a day, the one to wear first, and then its alternatives."""

    date: date
    weather: WeatherAnswer | None = Field(description="null if it is unknown.")
    outfits: list[OutfitAnswer]
    missing: list[Category] = Field(
        description="Categories of which nothing suits the weather and the taste."
    )


class ConsideredPlace(Frozen):
    """Whose photos the shares are of."""

    place_kind: PlaceKind
    place: str = Field(description="The slug of the destination or category, or all.")
    photos: int = Field(description="Photos with garments in the latest month.")
    latest_month: str


class RecommendAnswer(Frozen):
    """What to pack for a trip, and why."""

    place: ConsideredPlace | None = Field(description="null if no place has photos.")
    days: list[DayAnswer]
    not_considered: list[str] = Field(
        description="What could not be considered, for instance for lack of photos."
    )
