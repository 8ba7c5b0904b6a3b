"""Turns packed outfits and their reasons into the answer of /recommend."""

from functools import lru_cache

from oott_fashion.packing.packer import PackedDay, PackedOutfit
from oott_fashion.packing.reasons import Evidence, Reason, Reasons
from oott_fashion.packing.trips import Day, Piece, Trip
from oott_serving.recommendations.evidence import EstimatedPlace
from oott_serving.recommendations.known_weather import KnownWeather
from oott_serving.recommendations.recommend_models import (
    CompanionAnswer,
    ConsideredPlace,
    DayAnswer,
    OutfitAnswer,
    PackedPieceAnswer,
    PieceAnswer,
    ReasonAnswer,
    WeatherAnswer,
)


def considered_place(place: EstimatedPlace, evidence: Evidence) -> ConsideredPlace:
    """Say whose photos the shares are of."""
    return ConsideredPlace(
        place_kind=place.kind,
        place=place.slug,
        photos=max((worn.photos for worn in evidence.latest.values()), default=0),
        latest_month=f"{place.latest_month:%Y-%m}",
    )


def day_answer(
    day: PackedDay,
    weather: KnownWeather | None,
    trip: Trip,
    reasons: Reasons,
) -> DayAnswer:
    """Answer with the outfits of a day and their reasons."""
    return DayAnswer(
        date=day.day.date,
        weather=weather and WeatherAnswer(**weather.weather._asdict(), source=weather.source),
        outfits=[_outfit(outfit, day.day, trip, reasons) for outfit in day.outfits],
        missing=list(day.missing),
    )


def _outfit(outfit: PackedOutfit, day: Day, trip: Trip, reasons: Reasons) -> OutfitAnswer:
    pieces = [
        PackedPieceAnswer(
            **_piece(packed.piece).model_dump(),
            closet_id=packed.owned_id,
            reasons=[_reason(reason) for reason in reasons.of(packed, outfit, day)],
        )
        for packed in outfit.pieces
    ]
    companions = [
        CompanionAnswer(
            look=companion.look, gender=companion.gender, pieces=[_piece(one) for one in worn]
        )
        for companion, worn in zip(trip.companions, outfit.companions, strict=True)
    ]
    return OutfitAnswer(score=round(outfit.score, 2), pieces=pieces, companions=companions)


def _piece(piece: Piece) -> PieceAnswer:
    return PieceAnswer(category=piece.category, label=piece.garment, color=piece.colour)


# A piece that is worn on thirty days has the same reasons thirty times.
@lru_cache(maxsize=1024)
def _reason(reason: Reason) -> ReasonAnswer:
    return ReasonAnswer(
        kind=reason.kind,
        text=reason.text,
        numbers=dict(reason.numbers),
        month=None if reason.month is None else f"{reason.month:%Y-%m}",
    )
