"""Reads the monthly shares of garments, colours and looks from the estimates."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd
import sqlalchemy as sa
from numpy.typing import NDArray

from oott_assets.trends.forecasts.share_history import NO_LENDER, Numbers, ShareHistory
from oott_assets.trends.page.page_rows import NothingEstimated
from oott_fashion.stores.estimate_tables import NOT_DISTINGUISHED, PlaceKind, Subject
from oott_fashion.stores.trend_schema import trend_estimates
from oott_fashion.stores.trend_tables import TrendTables

# An outfit is too rare to be followed over months.
_SUBJECTS = ("garment", "colour", "look")


class Item(NamedTuple):
    """A garment, colour or look at a place."""

    place_kind: PlaceKind
    place: str
    subject: Subject
    garment: str
    colour: str
    category: str


class MonthlyShares(NamedTuple):
    """The shares of ``items`` from the first month until ``last``.

    ``hidden`` tells which of them the detector confuses with others too often.
    """

    last: date
    items: list[Item]
    history: ShareHistory
    hidden: NDArray[np.bool_]


def monthly_shares(tables: TrendTables, categories: Mapping[str, str]) -> MonthlyShares:
    """Read the shares of everything that was seen in at least one month.

    A month that another detector counted than the latest one of a place is missing. In a month
    with photos, a look without an estimate was not seen.

    Args:
        categories: the destination category of each destination.

    Raises:
        NothingEstimated: there are no estimates.
    """
    rows = _estimates(tables)
    if rows.empty:
        raise NothingEstimated("there are no estimates of any month; materialise trend_estimates")
    month = rows["month"].to_numpy().astype("datetime64[M]")
    rows["period"] = (month - month.min()).astype(int)
    rows["item"] = rows.groupby(list(Item._fields)).ngroup()
    names = rows.drop_duplicates("item").sort_values("item")[list(Item._fields)]
    items = [Item._make(name) for name in names.itertuples(index=False)]
    posts = _posts(rows)
    shares = np.zeros((len(items), posts.shape[1]))
    shares[rows["item"], rows["period"]] = rows["share"]
    of_item = posts[rows.groupby("item")["place_code"].first()]
    shares = np.where(of_item > 0, shares, np.nan)
    latest = rows.sort_values("period").groupby("item")["month_trend"].last()
    seen = np.nansum(shares, axis=1) > 0
    kept = [item for item, shown in zip(items, seen, strict=True) if shown]
    history = ShareHistory(shares[seen], of_item[seen], 12, _lenders(kept, categories))
    hidden = (latest == NOT_DISTINGUISHED).to_numpy()[seen]
    return MonthlyShares(month.max().astype(date), kept, history, hidden)


def _estimates(tables: TrendTables) -> pd.DataFrame:
    names = (*Item._fields, "month", "posts", "share", "month_trend", "detector_version")
    columns = trend_estimates.c
    wanted = sa.select(*(columns[name] for name in names)).where(columns.subject.in_(_SUBJECTS))
    with tables.reading() as connection:
        return pd.read_sql_query(wanted, connection)


def _posts(rows: pd.DataFrame) -> NDArray[np.float64]:
    """Count the posts of each place and month, shape (places, months); add ``place_code``.

    Posts are counted instead of photos, because photos of a post show the same people. It is 0 for
    a month that another detector counted.
    """
    rows["place_code"] = rows.groupby(["place_kind", "place"]).ngroup()
    months = rows.drop_duplicates(["place_code", "period"]).sort_values("period")
    current = months.groupby("place_code")["detector_version"].transform("last")
    posts = np.zeros((rows["place_code"].max() + 1, rows["period"].max() + 1))
    comparable = months["detector_version"] == current
    posts[months["place_code"], months["period"]] = months["posts"] * comparable
    return posts


def _lenders(items: list[Item], categories: Mapping[str, str]) -> Numbers:
    """Find for each item of a destination the same item of its destination category."""
    numbers = {item: number for number, item in enumerate(items)}
    return np.array(
        [
            numbers.get(
                item._replace(place_kind="category", place=categories.get(item.place, "")),
                NO_LENDER,
            )
            if item.place_kind == "destination"
            else NO_LENDER
            for item in items
        ],
        dtype=np.int64,
    )
