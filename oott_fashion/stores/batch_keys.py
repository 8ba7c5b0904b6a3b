"""The idempotency keys of app batches: a batch that is sent again with its key counts once."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from oott_fashion.stores.trend_schema import batch_requests

# Clients stop retrying long before 30 days.
_KEY_LIFETIME = timedelta(days=30)
_MAX_DELETED_KEYS = 500


class ReusedKey(ValueError):
    """A request reuses an idempotency key, but with other content."""


def claim_key(connection: sa.Connection, key: str, digest: str, received_at: datetime) -> bool:
    """Store ``key``; return False if it is stored already.

    Waits for another open transaction that stores the same key.

    Raises:
        ReusedKey: the key is stored with another digest.
        ValueError: the key does not have 1 to 255 characters.
    """
    if not 1 <= len(key) <= 255:
        raise ValueError(f"an idempotency key must have 1 to 255 characters, found {len(key)}")
    values = {"idempotency_key": key, "request_digest": digest, "received_at": received_at}
    try:
        connection.execute(sa.insert(batch_requests).values(values))
    except IntegrityError:
        before = connection.scalar(
            sa.select(batch_requests.c.request_digest).where(
                batch_requests.c.idempotency_key == key
            )
        )
        if before != digest:
            raise ReusedKey(
                f"the idempotency key {key!r} was used before with other content; use a new key"
            ) from None
        return False
    return True


def delete_old_keys(connection: sa.Connection, now: datetime) -> None:
    """Delete up to 500 keys that are more than 30 days old at ``now``."""
    # Select first, then delete by key: deleting a range would lock the keys of other requests.
    keys = batch_requests.c.idempotency_key
    old = connection.scalars(
        sa.select(keys)
        .where(batch_requests.c.received_at < now - _KEY_LIFETIME)
        .order_by(keys)
        .limit(_MAX_DELETED_KEYS)
    ).all()
    if old:
        connection.execute(sa.delete(batch_requests).where(keys.in_(old)))
