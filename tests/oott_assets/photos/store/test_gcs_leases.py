import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from multiprocessing import get_context

import pytest

from oott_assets.photos.store.gcs_blobs import GcsBlobs
from oott_fashion.stores.blobs import AlreadyLocked, Blobs, Lock, LockLost
from tests.databases import kill_when_ready
from tests.object_store import Bucket, client_of, proxy

_LEASE_SECONDS = 2.0
_FORK = get_context("fork")


def opened(bucket: Bucket, lease_seconds: float = _LEASE_SECONDS) -> GcsBlobs:
    return GcsBlobs(bucket.client(), bucket.name, retry_seconds=0.4, lease_seconds=lease_seconds)


def kill_a_lock_owner(bucket: Bucket, lease_seconds: float) -> None:
    """Lock the folder "photos" in a process, and kill the process."""

    def lock_and_block(block: Callable[[], None]) -> None:
        with opened(bucket, lease_seconds).locked("photos"):
            block()

    kill_when_ready(lock_and_block)


@contextmanager
def locked_soon(blobs: Blobs) -> Iterator[Lock]:
    """Lock the folder "photos" as soon as it is not locked."""
    deadline = time.monotonic() + 30
    while True:
        try:
            with blobs.locked("photos") as lock:
                yield lock
                return
        except AlreadyLocked:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_the_lock_of_a_killed_process_ends_with_its_lease(bucket: Bucket) -> None:
    kill_a_lock_owner(bucket, _LEASE_SECONDS)
    killed_at = time.monotonic()

    with pytest.raises(AlreadyLocked):
        opened(bucket).locked("photos").__enter__()
    with locked_soon(opened(bucket)) as lock:
        lock.check()

    # When the process was killed, it had renewed its lease at most a quarter of the lease time ago.
    assert time.monotonic() - killed_at > _LEASE_SECONDS / 2


def test_the_lease_time_of_the_owner_counts(bucket: Bucket) -> None:
    with opened(bucket, lease_seconds=60).locked("photos"):
        time.sleep(0.3)

        with pytest.raises(AlreadyLocked):
            opened(bucket, lease_seconds=0.1).locked("photos").__enter__()


def test_one_of_eight_threads_gets_an_expired_lock(bucket: Bucket) -> None:
    kill_a_lock_owner(bucket, lease_seconds=1)
    time.sleep(1.2)
    all_ready, all_tried = threading.Barrier(8), threading.Barrier(8)

    def race(blobs: Blobs) -> bool:
        all_ready.wait(30)
        try:
            with blobs.locked("photos") as lock:
                all_tried.wait(30)
                lock.check()
                return True
        except AlreadyLocked:
            all_tried.wait(30)
            return False

    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(race, [opened(bucket, lease_seconds=60) for _ in range(8)]))

    assert won.count(True) == 1


def test_a_lock_lasts_longer_than_its_lease_while_it_is_renewed(bucket: Bucket) -> None:
    with opened(bucket).locked("photos") as lock:
        for _ in range(3):
            time.sleep(_LEASE_SECONDS * 0.4)
            lock.check()
            with pytest.raises(AlreadyLocked):
                opened(bucket).locked("photos").__enter__()


@pytest.mark.parametrize("taken_over", [True, False])
def test_a_process_suspended_for_longer_than_its_lease_loses_the_lock(
    taken_over: bool, bucket: Bucket
) -> None:
    ours, theirs = _FORK.Pipe()

    def lock_and_check() -> None:
        with opened(bucket, lease_seconds=1).locked("photos") as lock:
            theirs.send("locked")
            theirs.recv()
            with pytest.raises(LockLost, match=f"gs://{bucket.name}/photos may be locked by anoth"):
                lock.check()
        theirs.send("lost")

    process = _FORK.Process(target=lock_and_check, daemon=True)
    process.start()
    assert ours.poll(30)
    assert ours.recv() == "locked"
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    time.sleep(1.2)
    with locked_soon(opened(bucket, lease_seconds=60)) if taken_over else nullcontext():
        os.kill(process.pid, signal.SIGCONT)
        ours.send("continue")
        assert ours.poll(30)
        process.join(30)
        assert process.exitcode == 0
        # The process that lost its lock does not release the lock of the other one.
        with pytest.raises(AlreadyLocked) if taken_over else nullcontext():
            opened(bucket).locked("photos").__enter__()


def test_a_lock_is_lost_when_another_process_writes_the_lease(bucket: Bucket) -> None:
    with opened(bucket, lease_seconds=4).locked("photos") as lock:
        bucket.client().bucket(bucket.name).blob(".holds/photos.lease").upload_from_string(b"")

        assert "another process has taken the lease" in _loss_of(lock)


def test_a_lock_is_lost_before_its_lease_expires_on_a_stopped_store(mortal_bucket: Bucket) -> None:
    with opened(mortal_bucket).locked("photos") as lock:
        mortal_bucket.store.kill()

        assert "its lease of 2 s was last renewed" in _loss_of(lock)


def test_a_lock_survives_a_short_outage(
    mortal_bucket: Bucket, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    with opened(mortal_bucket, lease_seconds=3).locked("photos") as lock:
        mortal_bucket.store.kill()
        _await(lambda: "a lock was not renewed" in caplog.text)
        mortal_bucket.store.start()
        time.sleep(2)

        lock.check()


def test_a_lock_that_cannot_be_released_does_not_fail_the_work(
    mortal_bucket: Bucket, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(mortal_bucket, lease_seconds=60).locked("photos"):
        mortal_bucket.store.kill()

    assert "the lock could not be released and ends in 60 s: gs://" in caplog.text


def test_a_lease_is_recognised_after_a_lost_response(bucket: Bucket) -> None:
    lost: list[bytes] = []

    def lose_first(response: bytes) -> bytes:
        # The Google Cloud library also requests the bucket, so look for an object.
        if not lost and b"storage#object" in response:
            lost.append(response)
            raise ConnectionResetError
        return response

    with proxy(bucket.store.port, change=lose_first) as url:
        with GcsBlobs(client_of(url), bucket.name).locked("photos") as lock:
            lock.check()

        assert len(lost) == 1
        assert bucket.contents() == []


def _loss_of(lock: Lock) -> str:
    """Wait until a lock is lost; give the error message."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            lock.check()
        except LockLost as error:
            return str(error)
        time.sleep(0.05)
    pytest.fail("the lock was not lost")


def _await(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)
