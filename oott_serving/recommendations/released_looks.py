"""The recommendations in the form that the released app expects from its backend.

The backend answers the app with a list of days. Each has three looks, and each look has a picture,
three shop links and three pictures of the closet for outer, top, bottom and shoes. What is missing
is the text "None".
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated, Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, RootModel, field_validator

from oott_fashion.colours import RELEASED_NAMES
from oott_fashion.destinations import (
    Destination,
    DestinationCategory,
    Destinations,
    UnknownPlace,
)
from oott_fashion.garments import CATEGORIES
from oott_fashion.outfits import NOTHING_SEEN
from oott_fashion.packing.packer import PackedDay, PackedOutfit
from oott_fashion.packing.trips import Piece
from oott_serving.api.api_models import Request
from oott_serving.recommendations.recommend_models import (
    MAX_DAYS,
    RecommendRequest,
    SentPiece,
)

_LOOKS = 3
_PICTURES = 3

# A trip of a year.
_MAX_DATES = 366

_DATE = re.compile(r"\s*(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\s*")

# The released recommender spells one garment differently than the detector.
_SPELLINGS = {"short pants": "shorts pants"}

Text = Annotated[str, Field(max_length=2000)]


class ReleasedClosetRow(BaseModel):
    """A row of the backend's table CLOSET."""

    clothesImg: Text = Field(description="Comes back as it is; usually a URL.")
    clothesTag: Text = Field(examples=["coat"])
    clothesColor: Text = Field(examples=["black"])


class ReleasedExampleRow(BaseModel):
    """A row of the backend's table EXAMPLE: a picture of a garment in a colour."""

    exampleImage: Text
    exampleClothes: Text = Field(examples=["coat"])
    exampleColor: Text = Field(examples=["black"])


class ReleasedTrip(BaseModel):
    """What the app sends to its backend, and the rows that the backend adds."""

    place: Text | None = Field(None, examples=["제주"])
    category: Text = Field(description="Used if the place is unknown.", examples=["바닷가"])
    date: list[Text] = Field(
        min_length=1, max_length=_MAX_DATES, examples=[["2027/01/09", "2027/01/10"]]
    )
    gender: Text | None = Field(None, examples=["F"])
    reason: Text | None = Field(None, description="The purpose.", examples=["핫플레이스"])
    closet: list[ReleasedClosetRow] = Field(default_factory=list, max_length=500)
    examples: list[ReleasedExampleRow] = Field(default_factory=list, max_length=2000)

    @field_validator("date")
    @classmethod
    def _are_dates(cls, dates: list[str]) -> list[str]:
        for each in dates:
            _date_in(each)
        return dates


class SentReleasedTrip(Request):
    """The whole body of /recommend/released in one field."""

    example = '{"place": "제주", "category": "바닷가", "date": ["2027/01/09", "2027/01/10"]}'

    trip: ReleasedTrip

    @classmethod
    def of_json(cls, body: bytes) -> Self:
        """Read the JSON of a ``ReleasedTrip``."""
        return cls(trip=ReleasedTrip.model_validate_json(body))


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class ReleasedPicture(_Answer):
    """A picture of the closet."""

    img: str


class ReleasedOffer(_Answer):
    """An offer of a shop; OOTT knows none."""

    img: str = NOTHING_SEEN
    link: str = NOTHING_SEEN


class ReleasedDetail(_Answer):
    """What the app shows of a piece: three offers, and three pictures of the closet."""

    commercial: tuple[ReleasedOffer, ReleasedOffer, ReleasedOffer]
    closet: tuple[ReleasedPicture, ReleasedPicture, ReleasedPicture]


class ReleasedPiece(_Answer):
    """A piece of a look; "None" where the look has none."""

    label: str
    color: str = Field(description="white, beige, blue, gray or black.")
    img: str
    detail: ReleasedDetail


class ReleasedLook(_Answer):
    """A look; the app spells outer "outter"."""

    outter: ReleasedPiece
    top: ReleasedPiece
    bottom: ReleasedPiece
    shoes: ReleasedPiece


class ReleasedDay(_Answer):
    """The three looks of a day."""

    date: str = Field(description="As it was sent.")
    clothes: tuple[ReleasedLook, ReleasedLook, ReleasedLook]


class ReleasedAnswer(RootModel[list[ReleasedDay]]):
    """The days of a trip, in the order in which they were sent."""


class _Pictures(NamedTuple):
    """Pictures by garment and released colour."""

    closet: dict[tuple[str, str], list[str]]
    examples: dict[tuple[str, str], list[str]]


def known_place(
    trip: ReleasedTrip, destinations: Destinations
) -> Destination | DestinationCategory:
    """Find the place of a trip, or else its category.

    Raises:
        UnknownPlace: neither the place nor the category is known.
    """
    try:
        return destinations.named(trip.place or "")
    except UnknownPlace:
        return destinations.named(trip.category)


def requests_of(
    trip: ReleasedTrip, place: Destination | DestinationCategory
) -> Iterator[RecommendRequest]:
    """Ask for the looks of a trip, of at most 30 days each time."""
    closet = [
        SentPiece(id=str(number), label=_spelled(row.clothesTag), color=row.clothesColor[:80])
        for number, row in enumerate(trip.closet)
    ]
    dates = sorted(set(map(_date_in, trip.date)))
    for start in range(0, len(dates), MAX_DAYS):
        yield RecommendRequest(
            destination=place.slug,
            dates=dates[start : start + MAX_DAYS],
            gender=trip.gender and trip.gender[:80],
            purpose=trip.reason and trip.reason[:80],
            closet=closet,
            outfits=_LOOKS,
        )


def released_answer(trip: ReleasedTrip, days: Sequence[PackedDay]) -> ReleasedAnswer:
    """Answer with three looks for each date."""
    pictures = _Pictures({}, {})
    for row in trip.closet:
        key = (_spelled(row.clothesTag), _released(row.clothesColor))
        pictures.closet.setdefault(key, []).append(row.clothesImg)
    for example in trip.examples:
        key = (_spelled(example.exampleClothes), _released(example.exampleColor))
        pictures.examples.setdefault(key, []).append(example.exampleImage)
    by_date = {day.day.date: day for day in days}
    return ReleasedAnswer(
        [
            ReleasedDay(date=each, clothes=_looks(by_date[_date_in(each)], pictures))
            for each in trip.date
        ]
    )


def _date_in(text: str) -> date:
    found = _DATE.fullmatch(text)
    try:
        return date(*map(int, found.groups())) if found else date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is not a date; expected one such as 2027/01/09") from None


def _spelled(garment: str) -> str:
    name = " ".join(garment.casefold().split())[:80]
    return _SPELLINGS.get(name, name)


def _released(colour: str) -> str:
    name = colour.strip().casefold()
    return RELEASED_NAMES.get(name, name)


def _looks(day: PackedDay, pictures: _Pictures) -> Any:
    looks = [_look(outfit, pictures) for outfit in day.outfits] or [_look(None, pictures)]
    return tuple((looks + looks[-1:] * _LOOKS)[:_LOOKS])


def _look(outfit: PackedOutfit | None, pictures: _Pictures) -> ReleasedLook:
    worn = {one.piece.category: one.piece for one in outfit.pieces} if outfit else {}
    outer, top, bottom, shoes = (_piece(worn.get(each), pictures) for each in CATEGORIES)
    return ReleasedLook(outter=outer, top=top, bottom=bottom, shoes=shoes)


def _piece(piece: Piece | None, pictures: _Pictures) -> ReleasedPiece:
    label = piece.garment if piece else NOTHING_SEEN
    colour = RELEASED_NAMES[piece.colour] if piece else NOTHING_SEEN
    owned = pictures.closet.get((label, colour), [])
    filled = [*owned, *[NOTHING_SEEN] * _PICTURES][:_PICTURES]
    example = next(iter(pictures.examples.get((label, colour), [])), NOTHING_SEEN)
    one, two, three = (ReleasedPicture(img=img) for img in filled)
    offers = (ReleasedOffer(), ReleasedOffer(), ReleasedOffer())
    detail = ReleasedDetail(commercial=offers, closet=(one, two, three))
    return ReleasedPiece(label=label, color=colour, img=example, detail=detail)
