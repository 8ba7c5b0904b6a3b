"""The idempotency keys of app batches: a batch sent again under its key is counted once."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from oott_fashion.stores.trend_schema import batch_requests

# A month is longer than any client goes on retrying.
_KEPT = timedelta(days=30)
_FORGOTTEN_AT_ONCE = 500


class ReusedKey(ValueError):
    """An idempotency key came again with other content."""


def claim_key(connection: sa.Connection, key: str, digest: str, received_at: datetime) -> bool:
    """Take ``key``, or tell that it is taken; waits for a transaction that is about to take it.

    Raises:
        ReusedKey: the key was taken with another digest.
        ValueError: the key has not 1 to 255 characters.
    """
    if not 1 <= len(key) <= 255:
        raise ValueError(f"an idempotency key has 1 to 255 characters, this one {len(key)}")
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
                f"the idempotency key {key!r} came before with other content; take a new one"
            ) from None
        return False
    return True


def delete_old_keys(connection: sa.Connection, now: datetime) -> None:
    """Delete some of the keys that are more than 30 days old ``now``."""
    # Found without locks and deleted one by one: a range would lock the keys of others.
    keys = batch_requests.c.idempotency_key
    old = connection.scalars(
        sa.select(keys)
        .where(batch_requests.c.received_at < now - _KEPT)
        .order_by(keys)
        .limit(_FORGOTTEN_AT_ONCE)
    ).all()
    if old:
        connection.execute(sa.delete(batch_requests).where(keys.in_(old)))
