"""Packs for random trips, and checks what must always hold.

``python -m tests.oott_fashion.packing.random_trips --trips 10000`` prints the slowest one.
"""

import random
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import click

from oott_fashion.colours import PALETTE_NAMES
from oott_fashion.garments import CATEGORIES, GARMENT_NAMES, category_of
from oott_fashion.packing.outfit_model import CountedOutfit, CountedOutfits, OutfitModel
from oott_fashion.packing.packer import PackedDay, pack
from oott_fashion.packing.preferences import preferences
from oott_fashion.packing.trips import (
    Companion,
    CompanionLook,
    Day,
    DayWeather,
    Gender,
    OwnedPiece,
    Piece,
    Taste,
    Trip,
)

_NAMES = [*GARMENT_NAMES, *PALETTE_NAMES]
_GENDERS: list[Gender | None] = [None, "female", "male"]
_LOOKS: list[CompanionLook] = ["none", "similar", "couple"]
_WARM = {"puffer", "coat", "knit sweater"}
_LIGHT = {"shorts pants", "sandals"}


def random_trips(rng: random.Random, count: int) -> Iterator[Trip]:
    """Draw trips of 1 to 30 days: any weather or none, any wishes, closets of 0 to 40 pieces."""
    purposes = [None, "unknown purpose", *(one.name for one in preferences("purposes"))]
    styles = [one.name for one in preferences("styles")]
    for _ in range(count):
        taste = Taste(
            styles=tuple(rng.sample(styles, rng.choice([0, 1, 2]))),
            liked=frozenset(rng.sample(_NAMES, rng.choice([0, 2, 4]))),
            disliked=frozenset(rng.sample(_NAMES, rng.choice([0, 0, 2, 8, 30]))),
        )
        yield Trip(
            days=tuple(_days(rng)),
            gender=rng.choice(_GENDERS),
            purpose=rng.choice(purposes),
            taste=taste,
            closet=tuple(
                OwnedPiece(f"piece {number}", _piece(rng))
                for number in range(rng.choice([0, 0, 3, 10, 40]))
            ),
            companions=tuple(
                Companion(rng.choice(_LOOKS), rng.choice(_GENDERS))
                for _ in range(rng.choice([0, 1, 2]))
            ),
            outfits_per_day=rng.choice([1, 2, 3]),
        )


def random_model(rng: random.Random) -> OutfitModel:
    """Learn from 0 to 200 random outfits, of which parts are missing."""
    outfits = []
    for _ in range(rng.choice([0, 1, 20, 200])):
        by_category = {piece.category: piece for piece in [_piece(rng), _piece(rng), _piece(rng)]}
        pieces = [by_category.get(category, Piece("None", "None")) for category in CATEGORIES]
        garments, colours = zip(*pieces, strict=True)
        outfits.append(CountedOutfit(date(2026, 1, 1), "jeju", "seaside", garments, colours, 1))
    return CountedOutfits(outfits).model_of(date(2026, 2, 1), "jeju", "seaside")


def _piece(rng: random.Random) -> Piece:
    return Piece(rng.choice(GARMENT_NAMES), rng.choice(PALETTE_NAMES))


def broken_rules(trip: Trip, days: Sequence[PackedDay]) -> list[str]:
    """Say which rules the outfits of a trip break."""
    return [
        f"{day.day}: {problem}"
        for day in days
        for problem in [*_problems_of_day(trip, day), *_problems_of_outfits(trip, day)]
    ] + ["not every day has its outfits"] * ([day.day for day in days] != list(trip.days))


def _problems_of_day(trip: Trip, day: PackedDay) -> Iterator[str]:
    if not trip.taste.disliked and not 1 <= len(day.outfits) <= trip.outfits_per_day:
        yield f"{len(day.outfits)} outfits"
    outfits = [outfit.pieces for outfit in day.outfits]
    if len(set(outfits)) < len(outfits):
        yield "two outfits are the same"


def _problems_of_outfits(trip: Trip, day: PackedDay) -> Iterator[str]:
    owned = {one.id: one.piece for one in trip.closet}
    for outfit in day.outfits:
        pieces = [packed.piece for packed in outfit.pieces]
        garments = {piece.garment for piece in pieces}
        categories = [piece.category for piece in pieces]
        worn_by_all = garments.union(*({one.garment for one in worn} for worn in outfit.companions))
        if day.day.weather and day.day.weather.high >= 30 and worn_by_all & _WARM:
            yield f"{worn_by_all & _WARM} at {day.day.weather.high} °C"
        if day.day.weather and day.day.weather.low <= -5 and worn_by_all & _LIGHT:
            yield f"{worn_by_all & _LIGHT} at {day.day.weather.low} °C"
        if trip.taste.disliked & {name for piece in pieces for name in piece}:
            yield "a disliked piece"
        if len(set(categories)) < len(categories):
            yield "two pieces of one category"
        if "dress" in garments and "bottom" in categories:
            yield "a dress with a bottom"
        if any(p.owned_id is not None and owned[p.owned_id] != p.piece for p in outfit.pieces):
            yield "a piece that is not in the closet"
        if not 0 < outfit.score <= 1:
            yield f"the score {outfit.score}"
        for companion, worn in zip(trip.companions, outfit.companions, strict=True):
            kinds = [category_of(piece.garment) for piece in worn]
            if (companion.look == "none") != (not worn) or len(set(kinds)) < len(kinds):
                yield f"a companion wears {worn}"


def _days(rng: random.Random) -> Iterator[Day]:
    first = date(2027, 1, 1) + timedelta(days=rng.randrange(365))
    for number in range(rng.choice([1, 2, 4, 10, 30])):
        low = rng.uniform(-40, 38)
        high = low + rng.uniform(0, 20)
        weather = DayWeather(low, high, rng.uniform(0, 9), rng.uniform(0, 20))
        yield Day(first + timedelta(days=number), weather if rng.random() < 0.8 else None)


@click.command(help=__doc__)
@click.option("--trips", default=10_000, show_default=True)
@click.option("--seed", default=16, show_default=True)
def main(trips: int, seed: int) -> None:
    """Check random trips."""
    rng = random.Random(seed)
    slowest = 0.0
    for number, trip in enumerate(random_trips(rng, trips)):
        model = random_model(rng)
        started = time.process_time()
        days = pack(trip, model)
        slowest = max(slowest, time.process_time() - started)
        if problems := broken_rules(trip, days):
            raise click.ClickException(f"trip {number}, {trip}: {problems}")
        if number % 10 == 0 and pack(trip, model) != days:
            raise click.ClickException(f"trip {number}: equal input gives another output")
    click.echo(f"{trips:,} trips keep all rules; the slowest took {1000 * slowest:.0f} CPU ms")


if __name__ == "__main__":
    main()
