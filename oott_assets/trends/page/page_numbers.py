"""Writes an estimate of the trend page as numbers: what it is about, shares and changes."""

from collections.abc import Sequence
from typing import TypeAlias

from oott_assets.trends.page.page_rows import garments_in
from oott_fashion.colours import PALETTE_NAMES
from oott_fashion.garments import GARMENT_NAMES
from oott_fashion.stores.estimate_tables import (
    NOT_DISTINGUISHED,
    EstimateRow,
    EventRow,
    ForecastRow,
    GrowthRow,
)

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | dict[str, "Json"] | None

GARMENT_IDS: dict[str | None, int] = {name: index for index, name in enumerate(GARMENT_NAMES)}
_COLOUR_IDS: dict[str | None, int] = {name: index for index, name in enumerate(PALETTE_NAMES)}
NOTHING = -1

# The page has a colour and a text for each of these.
_TREND_CODES = {
    "rising": "up",
    "falling": "down",
    "no clear change": "same",
    "too few to tell": "few",
    "no month to compare": "none",
    "other detector": "detector",
    NOT_DISTINGUISHED: "alike",
}
TRENDS = tuple(_TREND_CODES.values())


def colour_ids(colours: Sequence[str]) -> list[int]:
    return [_COLOUR_IDS.get(colour, NOTHING) for colour in colours]


def key_of(row: EstimateRow | ForecastRow | EventRow | GrowthRow) -> list[int]:
    """Number what the row is about: one number, two for a look, or four for an outfit."""
    if row.subject == "garment":
        return [GARMENT_IDS[row.garment]]
    if row.subject == "colour":
        return [_COLOUR_IDS[row.colour]]
    if row.subject == "look":
        return [GARMENT_IDS[row.garment], _COLOUR_IDS[row.colour]]
    return [GARMENT_IDS.get(name, NOTHING) for name in garments_in(row.garment)]


def numbers_of(row: EstimateRow, details: bool) -> list[Json]:
    """Give the share; with details also the changes, without the empty values at the end."""
    share: list[Json] = [row.seen, *map(thousandths, (row.share, row.share_low, row.share_high))]
    if not details:
        return share
    month = (row.month_change, row.month_change_low, row.month_change_high)
    year = (row.year_change, row.year_change_low, row.year_change_high)
    numbers: list[Json] = [
        *share,
        row.photos_needed,
        trend_code(row.month_trend),
        *map(thousandths, month),
        trend_code(row.year_trend),
        *map(thousandths, year),
    ]
    while numbers[-1] is None:
        numbers.pop()
    return numbers


def trend_code(trend: str) -> int:
    """Number the trend, as an index of ``TRENDS``."""
    return TRENDS.index(_TREND_CODES[trend])


def thousandths(share: float | None) -> int | None:
    return None if share is None else round(share * 1000)
