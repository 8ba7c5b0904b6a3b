"""Writes the changes over two years as rows of the table."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from oott_assets.trends.statistics.place_shares import Places
from oott_assets.trends.statistics.trend_flags import TOO_FEW
from oott_assets.trends.statistics.yearly_growth import Growth, SubjectGrowth
from oott_fashion.stores.estimate_tables import GrowthRow, PlaceKind


class _Place(NamedTuple):
    kind: PlaceKind
    name: str
    months: int
    photos: int
    photos_before: int


def growth_rows(
    growth: Growth, places: Places, month: date, estimated_at: datetime
) -> Iterator[GrowthRow]:
    """Yield a row for every garment and colour at each place with photos in both years."""
    counts = (growth.months, growth.photos, growth.photos_before)
    at_places = [
        _Place(*place)
        for place in zip(
            places.kinds, places.names, *(each.tolist() for each in counts), strict=True
        )
    ]
    for of in growth.subjects:
        for number, place in enumerate(at_places):
            if place.months:
                for item in range(len(of.items.names)):
                    yield _row(of, number, item, place, month, estimated_at)


def _row(
    of: SubjectGrowth, number: int, item: int, place: _Place, month: date, estimated_at: datetime
) -> GrowthRow:
    trend, known = str(of.words[number, item]), bool(of.changes.compared[number])
    share, change, low, high = (
        float(values[number, item]) if known else None
        for values in (of.changes.share, *of.changes.change)
    )
    return GrowthRow(
        month=month,
        place_kind=place.kind,
        place=place.name,
        subject=of.items.subject,
        **of.items.names[item]._asdict(),
        months=place.months,
        photos=place.photos,
        photos_before=place.photos_before,
        share=share,
        growth=change,
        growth_low=low,
        growth_high=high,
        trend=trend,
        photos_needed=int(of.changes.needed[number, item]) if trend == TOO_FEW else None,
        estimated_at=estimated_at,
    )
