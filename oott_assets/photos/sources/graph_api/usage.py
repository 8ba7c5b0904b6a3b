"""Reads from response headers how much of the API's rate limit is used."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pydantic import JsonValue, TypeAdapter, ValidationError

from oott_assets.photos.sources.request_interval import MAX_WAIT_SECONDS

_HEADERS = ("X-App-Usage", "X-Business-Use-Case-Usage")

# Meta advises to slow down before calls fail. OOTT slows down for the last fifth of the limit.
_SLOW_DOWN_PERCENT = 80.0

_MINUTES = "estimated_time_to_regain_access"

_json: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)

_Numbers = Iterator[tuple[str, float]]


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
    numbers = [number for header in _HEADERS for number in _numbers_in(headers.get(header, "{}"))]
    return Usage(
        max((number for name, number in numbers if name != _MINUTES), default=0.0),
        max((number for name, number in numbers if name == _MINUTES), default=0.0),
    )


def _numbers_in(header: str) -> _Numbers:
    try:
        yield from _numbers_under("", _json.validate_json(header))
    except ValidationError:
        return


def _numbers_under(name: str, value: JsonValue) -> _Numbers:
    """List all numbers with their names; one header is flat, the other nested."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _numbers_under(key, below)
    elif isinstance(value, list):
        for below in value:
            yield from _numbers_under(name, below)
    elif isinstance(value, int | float):
        yield name, float(value)
