"""Reads from response headers how much of the API's rate limit is used."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from oott_assets.photos.sources.request_interval import MAX_WAIT_SECONDS

# One header is a flat JSON object and the other is nested. Both contain names and numbers.
_HEADERS = ("X-App-Usage", "X-Business-Use-Case-Usage")
_NUMBERS = re.compile(r'"(\w+)"\s*:\s*(\d+(?:\.\d+)?)')

# Meta advises to slow down before calls fail. OOTT slows down for the last fifth of the limit.
_SLOW_DOWN_PERCENT = 80.0

_MINUTES = "estimated_time_to_regain_access"


class Usage(NamedTuple):
    """The most used rate limit, in percent, and the minutes until calls are accepted again."""

    percent: float = 0.0
    minutes: float = 0.0

    @property
    def wait_seconds(self) -> float:
        """The wait before the next request; it grows from 80 % on."""
        share = max(0.0, self.percent - _SLOW_DOWN_PERCENT + 1) / (100 - _SLOW_DOWN_PERCENT + 1)
        slow_down = MAX_WAIT_SECONDS * min(1.0, share) ** 2
        return max(slow_down, self.minutes * 60)


def usage_in(headers: Mapping[str, str]) -> Usage:
    """Read the usage headers; a missing or invalid header counts as unused."""
    found = [pair for header in _HEADERS for pair in _NUMBERS.findall(headers.get(header, ""))]
    return Usage(
        max((float(number) for name, number in found if name != _MINUTES), default=0.0),
        max((float(number) for name, number in found if name == _MINUTES), default=0.0),
    )
