"""Counts each week what the photos of each destination show, and lists the unusual weeks."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

import numpy as np
import pandas as pd

from oott_assets.trends.forecasts.unusual_weeks import WeeklyCounts, unusual_weeks
from oott_fashion.stores.estimate_tables import EventRow
from oott_fashion.stores.trend_schema import ANY

COLUMNS = (
    "destination",
    "month",
    "photo",
    "post",
    "taken_on",
    "garment",
    "category",
    "colour",
    "confidence",
    "detector_version",
)
"""The columns of the detections that are needed."""

_ITEM = ["destination", "subject", "garment", "colour", "category"]
_SEEN = ["photo", "post", "week", "confidence"]
# What was seen in fewer photos altogether has no usual share.
_MIN_SEEN = 5
_MAX_EXAMPLES = 6


def event_rows(detections: pd.DataFrame, estimated_at: datetime) -> Iterator[EventRow]:
    """Yield a row for each week in which a garment, colour or look was unusually frequent or rare.

    Args:
        detections: a row per garment, with ``COLUMNS``. Photos without a date are left out.
    """
    garments = _of_latest_detector(detections.dropna(subset=["garment", "taken_on"]))
    if garments.empty:
        return
    garments, first = _with_week(garments)
    seen = _seen(garments)
    if seen.empty:
        return
    counts = _counts(seen, garments)
    unusual = unusual_weeks(counts)
    items = seen.groupby("item")[_ITEM].first()
    for number in range(len(unusual.series)):
        at = item, week = int(unusual.series[number]), int(unusual.week[number])
        shown = seen[(seen["item"] == item) & (seen["week"] == week)]
        yield EventRow(
            week=(first + pd.Timedelta(weeks=week)).date(),
            place_kind="destination",
            place=items["destination"][item],
            subject=items["subject"][item],
            garment=items["garment"][item],
            colour=items["colour"][item],
            category=items["category"][item],
            share=float(counts.shares[at]),
            expected=float(unusual.expected[number]),
            expected_low=float(unusual.low[number]),
            expected_high=float(unusual.high[number]),
            photos=int(counts.photos[at]),
            posts=int(counts.posts[at]),
            p_value=float(unusual.p_value[number]),
            example_photos=json.dumps(_examples(shown)),
            estimated_at=estimated_at,
        )


def _of_latest_detector(garments: pd.DataFrame) -> pd.DataFrame:
    """Keep what the detector of a destination's latest month found; others count differently."""
    latest = garments.sort_values("month").groupby("destination", observed=True)
    versions = latest["detector_version"].last()
    kept = garments["destination"].map(versions).astype(str)
    return garments[garments["detector_version"].astype(str) == kept]


def _with_week(garments: pd.DataFrame) -> tuple[pd.DataFrame, pd.Timestamp]:
    """Add ``week``, the number of weeks since the first Monday; give that Monday, too."""
    days = pd.to_datetime(garments["taken_on"])
    mondays = days - pd.to_timedelta(days.dt.weekday, unit="D")
    first = mondays.min()
    return garments.assign(week=(mondays - first).dt.days // 7), first


def _seen(garments: pd.DataFrame) -> pd.DataFrame:
    """List once for each photo what it shows, the most confident first, with the item's number."""
    garments = garments[["destination", "garment", "colour", "category", *_SEEN]]
    coloured = garments.dropna(subset=["colour"])
    parts = [
        garments.assign(subject="garment", colour=ANY),
        coloured.assign(subject="colour", garment=ANY, category=ANY),
        coloured.assign(subject="look"),
    ]
    # Text as numbers: a million garments would need gigabytes as text.
    names = {name: _names_in([part[name] for part in parts]) for name in _ITEM}
    seen = pd.concat([part.astype(names) for part in parts], ignore_index=True)
    seen["item"] = seen.groupby(_ITEM, observed=True).ngroup()
    seen = seen.sort_values("confidence", ascending=False).drop_duplicates(["item", "photo"])
    seen = seen[seen.groupby("item")["photo"].transform("size") >= _MIN_SEEN]
    return seen.assign(item=seen.groupby("item").ngroup())


def _names_in(columns: Sequence["pd.Series[str]"]) -> pd.CategoricalDtype:
    return pd.CategoricalDtype(
        sorted({str(name) for one in columns for name in one.dropna().unique()})
    )


def _counts(seen: pd.DataFrame, garments: pd.DataFrame) -> WeeklyCounts:
    shape = (seen["item"].max() + 1 if len(seen) else 0, garments["week"].max() + 1)
    per_week = np.zeros(shape, dtype=np.int64)
    times = seen.groupby(["item", "week"]).size()
    per_week[times.index.get_level_values(0), times.index.get_level_values(1)] = times
    places = seen.groupby("item")["destination"].first().astype(str)
    photos, posts = (
        garments.assign(destination=garments["destination"].astype(str))
        .groupby(["destination", "week"])[name]
        .nunique()
        .unstack(fill_value=0)
        .reindex(columns=range(shape[1]), fill_value=0)
        .reindex(places)
        .to_numpy()
        for name in ("photo", "post")
    )
    return WeeklyCounts(per_week, photos, posts)


def _examples(shown: pd.DataFrame) -> list[str]:
    """Give photos that show it most confidently, at most one of each post."""
    return [str(photo) for photo in shown.drop_duplicates("post")["photo"].head(_MAX_EXAMPLES)]
