from datetime import UTC, datetime

import pytest

from oott_assets.photos.sources.request_interval import RequestInterval, retry_after_seconds

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


class Clock:
    """A clock that advances only during a sleep."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_the_first_request_does_not_wait_and_the_second_waits_for_the_interval() -> None:
    clock = Clock()
    interval = RequestInterval(10, clock.sleep, clock)

    interval.wait()
    interval.wait()

    first, second = clock.slept
    assert first == 0
    assert 7 <= second <= 13


def test_time_since_the_last_request_counts_towards_the_interval() -> None:
    clock = Clock()
    interval = RequestInterval(10, clock.sleep, clock)

    interval.wait()
    clock.now += 60
    interval.wait()

    assert clock.slept == [0, 0]


def test_intervals_are_random() -> None:
    clock = Clock()
    interval = RequestInterval(10, clock.sleep, clock)

    for _ in range(20):
        interval.wait()

    assert len(set(clock.slept[1:])) > 10


def test_a_pause_takes_the_time_that_the_site_requests() -> None:
    clock = Clock()

    RequestInterval(10, clock.sleep, clock).pause(600)

    assert clock.slept == [600]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (None, None),
        ("120", 120),
        (" 0 ", 0),
        ("Thu, 26 Nov 2026 12:01:30 GMT", 90),
        ("Thu, 26 Nov 2026 12:01:30 -0000", 90),
        ("Thu, 26 Nov 2026 11:00:00 GMT", 0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("Thu, 99 Nov 2026 12:01:30 GMT", None),
        ("Thu, 26 Nov 2026 12:01:30 +99999999999", None),
        ("26 Nov", None),
        (",", None),
    ],
)
def test_a_retry_after_header_is_read_in_seconds_and_as_a_date(
    written: str | None, seconds: float | None
) -> None:
    assert retry_after_seconds(written, NOON) == seconds
