"""Holds on folders of a bucket: a blob that its holder renews, and that runs out once it does not.

Only the store's clock decides when a lease has run out; those of two machines may differ.
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

# So many lost races mean that others take turns.
_TRIES = 5

# What follows a check takes time, so that it is failed before others may take over.
_SURE = 2 / 3

# Also counts while a laptop sleeps, where the system has such a clock.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

_log = logging.getLogger(__name__)


class Lease:
    """A blob that says who is alone in ``folder``, an address for people, and is kept fresh."""

    def __init__(
        self, bucket: storage.Bucket, name: str, folder: str, seconds: float, patience: Timeouts
    ) -> None:
        self._bucket = bucket
        self._name = name
        self._folder = folder
        self._seconds = seconds
        self._patience = patience
        self._written = {
            **lock_owner(),
            "id": uuid.uuid4().hex,
            "lease_seconds": str(seconds),
        }
        self._generation = 0
        self._renewed_at = -float("inf")
        self._lost: str | None = None

    def check(self) -> None:
        age = _now() - self._renewed_at
        if self._lost is None and age > self._seconds * _SURE:
            self._lost = f"its lease of {self._seconds:g} s was last renewed {age:.0f} s ago"
        if self._lost is not None:
            raise LockLost(f"{self._folder} may be held by another: {self._lost}; run again")

    def acquire(self) -> None:
        """Write the lease, in the place of none or of one that ran out; of many, one succeeds.

        Raises:
            AlreadyLocked: another has a lease that has not run out.
        """
        holder: Mapping[str, str] = {}
        with storage_errors(self._folder):
            for _ in range(_TRIES):
                if self._put(self._patience):
                    return
                found = self._found()
                self._generation = found.generation if found else 0
                holder = _metadata_of(found)
                if found and not self._is_ours(found) and not self._has_run_out(found):
                    break
        raise AlreadyLocked(locked_message(self._folder, holder))

    def renew(self) -> None:
        """Write the lease anew, so that it runs out later.

        Raises:
            LockLost: it ran out before, or another has taken it over.
        """
        self.check()
        patience = Timeouts(self._seconds / 8)
        with storage_errors(self._folder):
            if self._put(patience):
                return
            # An answer that got lost leaves a renewal of ours that we do not know of.
            found = self._found()
            if found and self._is_ours(found):
                self._generation = found.generation
                if self._put(patience):
                    return
        self._lost = "another has taken it over"
        self.check()

    def release(self) -> None:
        """Delete the lease, unless it is lost; where that fails, it runs out by itself."""
        try:
            self.check()
            with storage_errors(self._folder), suppress(NotFound, PreconditionFailed):
                self._bucket.blob(self._name).delete(
                    if_generation_match=self._generation,
                    retry=self._patience.retry(),
                    timeout=self._patience.timeout(),
                )
        except LockLost:
            return
        except StoreUnreachable as error:
            _log.warning("the hold ends in %g s, not now: %s", self._seconds, error)

    def _put(self, patience: Timeouts) -> bool:
        """Write the lease over the generation known of; false where that is no longer there."""
        blob = self._bucket.blob(self._name)
        blob.metadata = self._written
        asked_at = _now()
        try:
            blob.upload_from_string(
                b"",
                if_generation_match=self._generation,
                retry=patience.retry(),
                timeout=patience.timeout(),
            )
        except PreconditionFailed:
            return False
        self._generation, self._renewed_at = blob.generation, asked_at
        return True

    def _found(self) -> storage.Blob | None:
        return self._bucket.get_blob(
            self._name, retry=self._patience.retry(), timeout=self._patience.timeout()
        )

    def _is_ours(self, found: storage.Blob) -> bool:
        return _metadata_of(found).get("id") == self._written["id"]

    def _has_run_out(self, found: storage.Blob) -> bool:
        try:
            seconds = float(_metadata_of(found)["lease_seconds"])
        except (KeyError, ValueError):
            seconds = self._seconds
        renewed_at: datetime = found.updated
        return self._store_time() - renewed_at > timedelta(seconds=seconds)

    def _store_time(self) -> datetime:
        """Read the store's clock, from a blob written now."""
        clock = self._bucket.blob(f"{self._name}.clock")
        clock.upload_from_string(
            b"", retry=self._patience.retry(), timeout=self._patience.timeout()
        )
        now: datetime = clock.updated
        with suppress(NotFound):  # another who looked at the clock was faster
            clock.delete(retry=self._patience.retry(), timeout=self._patience.timeout())
        return now


@contextmanager
def renewed_lease(lease: Lease, seconds: float) -> Iterator[Lease]:
    """Take ``lease``, renew it each quarter of its ``seconds`` in a thread, and give it back.

    Raises:
        AlreadyLocked: another has it.
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
            _log.warning("a hold was not renewed, which is tried again: %s", error)
            pause_seconds = seconds / 20


def _metadata_of(found: storage.Blob | None) -> Mapping[str, str]:
    return (found and found.metadata) or {}


def _now() -> float:
    return time.clock_gettime(_CLOCK)
