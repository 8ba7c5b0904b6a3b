"""The photos that the app has sent: a photo counts once per month and destination."""

from collections.abc import Iterable
from datetime import date, timedelta

import sqlalchemy as sa

from oott_fashion.stores.trend_rows import TrendSlice
from oott_fashion.stores.trend_schema import app_photos

_MAX_DELETED_PHOTOS = 500


def claim_photos(connection: sa.Connection, slice_: TrendSlice, digests: Iterable[str]) -> set[str]:
    """Store those of ``digests`` that ``slice_`` does not have yet, and return them.

    The caller must have locked ``slice_``. Otherwise two requests could both claim a photo.
    """
    sent = set(digests)
    known = connection.scalars(
        sa.select(app_photos.c.digest).where(_of(slice_), app_photos.c.digest.in_(sent))
    )
    new = sent - set(known)
    if new:
        key = {"month": slice_.month, "destination": slice_.destination}
        connection.execute(
            sa.insert(app_photos), [{**key, "digest": digest} for digest in sorted(new)]
        )
    return new


def delete_old_photos(connection: sa.Connection, month: date) -> None:
    """Delete up to 500 photos from before the month that precedes ``month``.

    A request that began before midnight may still count into the preceding month.
    """
    before = (month - timedelta(days=1)).replace(day=1)
    # Select first, then delete by key: deleting a range would lock the rows of other requests.
    key = tuple(app_photos.primary_key)
    old = connection.execute(
        sa.select(*key).where(app_photos.c.month < before).order_by(*key).limit(_MAX_DELETED_PHOTOS)
    ).all()
    if old:
        connection.execute(sa.delete(app_photos).where(sa.tuple_(*key).in_(old)))


def _of(slice_: TrendSlice) -> sa.ColumnElement[bool]:
    return sa.and_(
        app_photos.c.month == slice_.month, app_photos.c.destination == slice_.destination
    )
