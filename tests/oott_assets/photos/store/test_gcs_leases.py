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
from tests.object_store import Bucket, client_of, wired

_LEASE_SECONDS = 2.0
_FORK = get_context("fork")


def opened(bucket: Bucket, lease_seconds: float = _LEASE_SECONDS) -> GcsBlobs:
    return GcsBlobs(bucket.client(), bucket.name, patience_seconds=0.4, lease_seconds=lease_seconds)


def kill_a_holder(bucket: Bucket, lease_seconds: float) -> None:
    """Have a process hold photos, and kill it."""

    def hold_and_stop(block: Callable[[], None]) -> None:
        with opened(bucket, lease_seconds).locked("photos"):
            block()

    kill_when_ready(hold_and_stop)


@contextmanager
def held_soon(blobs: Blobs) -> Iterator[Lock]:
    """Lock photos as soon as they are free."""
    deadline = time.monotonic() + 30
    while True:
        try:
            with blobs.locked("photos") as lock:
                yield lock
                return
        except AlreadyLocked:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_killed_holder_has_left_after_its_lease(bucket: Bucket) -> None:
    kill_a_holder(bucket, _LEASE_SECONDS)
    killed_at = time.monotonic()

    with pytest.raises(AlreadyLocked):
        opened(bucket).locked("photos").__enter__()
    with held_soon(opened(bucket)) as lock:
        lock.check()

    # Its lease was at most a quarter old.
    assert time.monotonic() - killed_at > _LEASE_SECONDS / 2


def test_the_lease_that_the_holder_took_counts_not_that_of_who_looks(bucket: Bucket) -> None:
    with opened(bucket, lease_seconds=60).locked("photos"):
        time.sleep(0.3)

        with pytest.raises(AlreadyLocked):
            opened(bucket, lease_seconds=0.1).locked("photos").__enter__()


def test_of_eight_who_want_what_a_killed_one_held_one_has_it(bucket: Bucket) -> None:
    kill_a_holder(bucket, lease_seconds=1)
    time.sleep(1.2)
    together, all_tried = threading.Barrier(8), threading.Barrier(8)

    def race(blobs: Blobs) -> bool:
        together.wait(30)
        try:
            with blobs.locked("photos") as lock:
                all_tried.wait(30)
                lock.check()
                return True
        except AlreadyLocked:
            all_tried.wait(30)
            return False

    with ThreadPoolExecutor(8) as racers:
        won = list(racers.map(race, [opened(bucket, lease_seconds=60) for _ in range(8)]))

    assert won.count(True) == 1


def test_a_holder_who_works_for_longer_than_the_lease_stays_alone(bucket: Bucket) -> None:
    with opened(bucket).locked("photos") as lock:
        for _ in range(3):
            time.sleep(_LEASE_SECONDS * 0.4)
            lock.check()
            with pytest.raises(AlreadyLocked):
                opened(bucket).locked("photos").__enter__()


@pytest.mark.parametrize("taken_over", [True, False])
def test_a_process_that_was_stopped_for_longer_than_its_lease_has_lost_its_hold(
    taken_over: bool, bucket: Bucket
) -> None:
    ours, theirs = _FORK.Pipe()

    def hold() -> None:
        with opened(bucket, lease_seconds=1).locked("photos") as lock:
            theirs.send("held")
            theirs.recv()
            with pytest.raises(LockLost, match=f"gs://{bucket.name}/photos may be held by another"):
                lock.check()
        theirs.send("lost")

    process = _FORK.Process(target=hold, daemon=True)
    process.start()
    assert ours.poll(30)
    assert ours.recv() == "held"
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    time.sleep(1.2)
    with held_soon(opened(bucket, lease_seconds=60)) if taken_over else nullcontext():
        os.kill(process.pid, signal.SIGCONT)
        ours.send("go on")
        assert ours.poll(30)
        process.join(30)
        assert process.exitcode == 0
        # The loser, in ending, has not freed what is another's by now.
        with pytest.raises(AlreadyLocked) if taken_over else nullcontext():
            opened(bucket).locked("photos").__enter__()


def test_a_hold_is_lost_once_another_has_written_the_lease(bucket: Bucket) -> None:
    with opened(bucket, lease_seconds=4).locked("photos") as lock:
        bucket.client().bucket(bucket.name).blob(".holds/photos.lease").upload_from_string(b"")

        assert "another has taken it over" in _loss_of(lock)


def test_a_hold_is_lost_before_its_lease_runs_out_on_a_dead_store(mortal_bucket: Bucket) -> None:
    with opened(mortal_bucket).locked("photos") as lock:
        mortal_bucket.store.kill()

        assert "its lease of 2 s was last renewed" in _loss_of(lock)


def test_a_hold_outlives_a_short_death_of_the_store(
    mortal_bucket: Bucket, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    with opened(mortal_bucket, lease_seconds=3).locked("photos") as lock:
        mortal_bucket.store.kill()
        _await(lambda: "a hold was not renewed" in caplog.text)
        mortal_bucket.store.start()
        time.sleep(2)

        lock.check()


def test_work_that_is_done_does_not_fail_since_its_hold_cannot_be_given_back(
    mortal_bucket: Bucket, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(mortal_bucket, lease_seconds=60).locked("photos"):
        mortal_bucket.store.kill()

    assert "the hold ends in 60 s, not now: gs://" in caplog.text


def test_a_lease_whose_answer_was_lost_is_known_as_ones_own(bucket: Bucket) -> None:
    lost: list[bytes] = []

    def lose_first(answer: bytes) -> bytes:
        # Google's library also asks, by itself, for the bucket.
        if not lost and b"storage#object" in answer:
            lost.append(answer)
            raise ConnectionResetError
        return answer

    with wired(bucket.store.port, change=lose_first) as url:
        with GcsBlobs(client_of(url), bucket.name).locked("photos") as lock:
            lock.check()

        assert len(lost) == 1
        assert bucket.contents() == []


def _loss_of(lock: Lock) -> str:
    """Wait until a hold is lost; give what is said of it."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            lock.check()
        except LockLost as error:
            return str(error)
        time.sleep(0.05)
    pytest.fail("the hold was never lost")


def _await(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)
