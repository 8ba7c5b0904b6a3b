"""Says what a recommendation could not consider, for instance for lack of photos."""

from collections.abc import Iterator, Sequence

from oott_fashion.destinations import Destination, DestinationCategory
from oott_fashion.packing.reasons import Evidence
from oott_serving.recommendations.evidence import EstimatedPlace
from oott_serving.recommendations.recommend_models import DayAnswer, RecommendRequest
from oott_serving.recommendations.sent_trips import unknown_names

# With fewer photos of a month, a share has an interval of more than 0.3.
_FEW_PHOTOS = 30


def not_considered(
    request: RecommendRequest,
    place: Destination | DestinationCategory,
    estimated: EstimatedPlace | None,
    evidence: Evidence,
    days: Sequence[DayAnswer],
) -> list[str]:
    """List in sentences what could not be considered."""
    return [
        *_of_place(place, estimated, evidence),
        *_of_month(request, evidence),
        *unknown_names(request),
        *_of_gender(request),
        *_of_weather(days),
        *_of_closet(request),
    ]


def _of_place(
    place: Destination | DestinationCategory, estimated: EstimatedPlace | None, evidence: Evidence
) -> Iterator[str]:
    if estimated is None:
        yield (
            "there are no photos of any place yet, so the outfits follow only the weather and the "
            "wishes"
        )
        return
    if estimated.slug != place.slug:
        nearest = "all places" if estimated.kind == "all" else f"its category {estimated.slug}"
        yield f"there are no photos of {place.slug} yet, so the shares are those of {nearest}"
    photos = max((worn.photos for worn in evidence.garments.values()), default=0)
    if photos < _FEW_PHOTOS:
        yield f"the shares are of only {photos} photos, so they are uncertain"


def _of_month(request: RecommendRequest, evidence: Evidence) -> Iterator[str]:
    months = {worn.month for worn in evidence.garments.values()}
    wanted = {day.month for day in request.dates}
    for month in months:
        if month.month not in wanted:
            yield (
                f"there are no estimates of this month of the year, so the shares are those of "
                f"{month:%B %Y}"
            )


def _of_gender(request: RecommendRequest) -> Iterator[str]:
    if request.gender is not None:
        yield (
            "the photos do not tell who wears the clothes, so the shares are of everybody; the "
            "gender only decides about skirts and dresses"
        )


def _of_weather(days: Sequence[DayAnswer]) -> Iterator[str]:
    unknown = [f"{day.date:%Y-%m-%d}" for day in days if day.weather is None]
    if unknown:
        yield (
            f"the weather of {', '.join(unknown)} is unknown, so the outfits are those of the "
            "season; send weather"
        )
    if any(day.weather and day.weather.source == "climate normals" for day in days):
        yield "some days have no forecast, so they have the usual weather of the time of the year"


def _of_closet(request: RecommendRequest) -> Iterator[str]:
    if not request.closet:
        yield "no closet was sent, so all pieces are to buy"
