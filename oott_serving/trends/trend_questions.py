"""Reads the parameters of /trends, and turns estimates into its answer."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from pydantic import ValidationError

from oott_fashion.destinations import Destination, Destinations
from oott_fashion.stores.estimate_tables import ALL_PLACES, EstimateRow, PlaceKind
from oott_fashion.stores.trend_schema import ANY
from oott_serving.api.api_models import Trend, TrendAnswer, TrendChange, TrendQuery


class InvalidTrendQuery(ValueError):
    """A parameter of /trends has an unusable value."""


class NoEstimates(LookupError):
    """There are no estimates for the place and month."""


class Place(NamedTuple):
    """A place in the estimates: a destination, a category of destinations, or all."""

    kind: PlaceKind
    slug: str


def query_in(parameters: Mapping[str, str]) -> TrendQuery:
    """Read the parameters of a request; empty and unknown ones are ignored.

    Raises:
        InvalidTrendQuery: a value is not usable; the message says which one and why.
    """
    given = {name: value for name, value in parameters.items() if value}
    try:
        query = TrendQuery.model_validate(given)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
        name = str(problem["loc"][0])
        # The message of a pattern is the pattern, which few people read.
        reason = "Input should be YYYY-MM" if name == "month" else problem["msg"]
        raise InvalidTrendQuery(
            f"{name}: {reason}; expected for example "
            "/trends?destination=haeundae&month=2026-10&category=outer"
        ) from None
    if query.category is not None and query.subject not in ("garment", "look"):
        raise InvalidTrendQuery(
            f"the subject {query.subject} has no category; leave category out, or ask for the "
            "subject garment or look"
        )
    return query


def place_named(name: str, destinations: Destinations) -> Place:
    """Find a place by slug or Korean name.

    Raises:
        UnknownPlace: no destination or category has that name.
    """
    if name.strip().casefold() == ALL_PLACES:
        return Place("all", ALL_PLACES)
    place = destinations.named(name)
    return Place("destination" if isinstance(place, Destination) else "category", place.slug)


def month_in(query: TrendQuery) -> date | None:
    """Give the 1st of the month that was asked for; None for the latest."""
    return None if query.month is None else date.fromisoformat(f"{query.month}-01")


def answer_of(query: TrendQuery, estimates: Sequence[EstimateRow]) -> TrendAnswer:
    """Answer with the largest shares of ``estimates``, which are of one place and month."""
    largest = sorted(estimates, key=lambda row: (-row.share, row.garment, row.colour))
    first = largest[0]
    return TrendAnswer(
        place_kind=first.place_kind,
        place=first.place,
        month=f"{first.month:%Y-%m}",
        subject=query.subject,
        photos=first.photos,
        posts=first.posts,
        detector_version=first.detector_version,
        trends=[_trend_of(row) for row in largest[: query.limit]],
    )


def _trend_of(row: EstimateRow) -> Trend:
    return Trend(
        category=_unless_any(row.category),
        garment=_unless_any(row.garment),
        colour=_unless_any(row.colour),
        share=row.share,
        share_low=row.share_low,
        share_high=row.share_high,
        seen=row.seen,
        since_month_before=TrendChange(
            change=row.month_change,
            low=row.month_change_low,
            high=row.month_change_high,
            trend=row.month_trend,
        ),
        since_year_before=TrendChange(
            change=row.year_change,
            low=row.year_change_low,
            high=row.year_change_high,
            trend=row.year_trend,
        ),
    )


def _unless_any(part: str) -> str | None:
    return None if part == ANY else part
