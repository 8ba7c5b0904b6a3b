"""Locks on folders of a bucket, as leases: blobs that expire when their owner stops renewing them.

Whether a lease has expired is decided by the clock of the object store, because the clocks of two
machines may differ.
"""

import logging
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from google.api_core.exceptions import NotFound, PreconditionFailed
from google.cloud import storage

from oott_assets.photos.store.gcs_requests import Timeouts, storage_errors
from oott_fashion.stores.blobs import (
    AlreadyLocked,
    LockLost,
    StoreUnreachable,
    lock_owner,
    locked_message,
)

# If other processes take the lock first this many times, the lock is reported as taken.
_MAX_TRIES = 5

# The lock counts as lost when this share of the lease has passed without a renewal. The rest of the
# lease is for the write after a check. The write must finish before another process can take the
# lock.
_SAFE_SHARE = 2 / 3

# CLOCK_BOOTTIME also counts the time during which a laptop sleeps. Not every system has it.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

_log = logging.getLogger(__name__)


class Lease:
    """The lock on a folder: a blob ``name`` with its owner; ``folder`` is shown in messages."""

    def __init__(
        self, bucket: storage.Bucket, name: str, folder: str, seconds: float, timeouts: Timeouts
    ) -> None:
        self._bucket = bucket
        self._name = name
        self._folder = folder
        self._seconds = seconds
        self._timeouts = timeouts
        self._metadata = {
            **lock_owner(),
            "id": uuid.uuid4().hex,
            "lease_seconds": str(seconds),
        }
        self._generation = 0
        self._renewed_at = -float("inf")
        self._lost: str | None = None

    def check(self) -> None:
        age = _now() - self._renewed_at
        if self._lost is None and age > self._seconds * _SAFE_SHARE:
            self._lost = f"its lease of {self._seconds:g} s was last renewed {age:.0f} s ago"
        if self._lost is not None:
            raise LockLost(
                f"{self._folder} may be locked by another process: {self._lost}; run again"
            )

    def acquire(self) -> None:
        """Write the lease if there is none or it has expired; only one process can succeed.

        Raises:
            AlreadyLocked: another process has a valid lease.
        """
        owner: Mapping[str, str] = {}
        with storage_errors(self._folder):
            for _ in range(_MAX_TRIES):
                if self._put(self._timeouts):
                    return
                found = self._found()
                self._generation = found.generation if found else 0
                owner = _metadata_of(found)
                if found and not self._is_ours(found) and not self._has_expired(found):
                    break
        raise AlreadyLocked(locked_message(self._folder, owner))

    def renew(self) -> None:
        """Write the lease again, so that it expires later.

        Raises:
            LockLost: the lease has expired, or another process has taken it.
        """
        self.check()
        timeouts = Timeouts(self._seconds / 8)
        with storage_errors(self._folder):
            if self._put(timeouts):
                return
            # The response to an earlier renewal may have been lost. The stored lease is then ours,
            # but its generation is not known here.
            found = self._found()
            if found and self._is_ours(found):
                self._generation = found.generation
                if self._put(timeouts):
                    return
        self._lost = "another process has taken the lease"
        self.check()

    def release(self) -> None:
        """Delete the lease unless it is lost. If this fails, the lease expires by itself."""
        try:
            self.check()
            with storage_errors(self._folder), suppress(NotFound, PreconditionFailed):
                self._bucket.blob(self._name).delete(
                    if_generation_match=self._generation,
                    retry=self._timeouts.retry(),
                    timeout=self._timeouts.timeout(),
                )
        except LockLost:
            return
        except StoreUnreachable as error:
            _log.warning(
                "the lock could not be released and ends in %g s: %s", self._seconds, error
            )

    def _put(self, timeouts: Timeouts) -> bool:
        """Write the lease if it still has the last known generation; return False otherwise."""
        blob = self._bucket.blob(self._name)
        blob.metadata = self._metadata
        requested_at = _now()
        try:
            blob.upload_from_string(
                b"",
                if_generation_match=self._generation,
                retry=timeouts.retry(),
                timeout=timeouts.timeout(),
            )
        except PreconditionFailed:
            return False
        self._generation, self._renewed_at = blob.generation, requested_at
        return True

    def _found(self) -> storage.Blob | None:
        return self._bucket.get_blob(
            self._name, retry=self._timeouts.retry(), timeout=self._timeouts.timeout()
        )

    def _is_ours(self, found: storage.Blob) -> bool:
        return _metadata_of(found).get("id") == self._metadata["id"]

    def _has_expired(self, found: storage.Blob) -> bool:
        try:
            seconds = float(_metadata_of(found)["lease_seconds"])
        except (KeyError, ValueError):
            seconds = self._seconds
        renewed_at: datetime = found.updated
        return self._store_time() - renewed_at > timedelta(seconds=seconds)

    def _store_time(self) -> datetime:
        """Read the clock of the object store by writing a blob."""
        clock = self._bucket.blob(f"{self._name}.clock")
        clock.upload_from_string(
            b"", retry=self._timeouts.retry(), timeout=self._timeouts.timeout()
        )
        now: datetime = clock.updated
        with suppress(NotFound):  # another process that reads the clock has deleted it
            clock.delete(retry=self._timeouts.retry(), timeout=self._timeouts.timeout())
        return now


@contextmanager
def auto_renewed(lease: Lease, seconds: float) -> Iterator[Lease]:
    """Acquire ``lease``, renew it four times per ``seconds`` in a thread, and release it.

    Raises:
        AlreadyLocked: another process has a valid lease.
    """
    lease.acquire()
    ended = threading.Event()
    renewing = threading.Thread(target=_renew_until, args=(ended, lease, seconds), daemon=True)
    renewing.start()
    try:
        yield lease
    finally:
        ended.set()
        renewing.join(seconds)
        lease.release()


def _renew_until(ended: threading.Event, lease: Lease, seconds: float) -> None:
    pause_seconds = seconds / 4
    while not ended.wait(pause_seconds):
        try:
            lease.renew()
            pause_seconds = seconds / 4
        except LockLost as error:
            _log.warning("%s", error)
            return
        except StoreUnreachable as error:
            _log.warning("a lock was not renewed, retrying: %s", error)
            pause_seconds = seconds / 20


def _metadata_of(found: storage.Blob | None) -> Mapping[str, str]:
    return (found and found.metadata) or {}


def _now() -> float:
    return time.clock_gettime(_CLOCK)
