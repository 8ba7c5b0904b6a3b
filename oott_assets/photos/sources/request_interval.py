"""The interval between requests to a site, and the Retry-After header."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# A run does not wait longer than this. A later run continues.
MAX_WAIT_SECONDS = 900.0

# Random, because exactly regular requests look like an attack.
_JITTER = 0.3


class RequestInterval:
    """Allows one request every ``seconds``, plus or minus 30 % at random."""

    def __init__(
        self,
        seconds: float,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seconds = seconds
        self._sleep = sleep
        self._clock = clock
        self._next = -float("inf")

    def wait(self) -> None:
        """Wait until the next request is allowed."""
        self._sleep(max(0.0, self._next - self._clock()))
        interval = self.seconds * random.uniform(1 - _JITTER, 1 + _JITTER)
        self._next = self._clock() + interval

    def pause(self, seconds: float) -> None:
        """Wait for the time that the site requests."""
        self._sleep(seconds)


def retry_after_seconds(retry_after: str | None, now: datetime | None = None) -> float | None:
    """Read a Retry-After header, in seconds or as a date; return None if it is not valid.

    Source: RFC 9110, section 10.2.3.
    """
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    # The parser raises different errors for different invalid dates.
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
