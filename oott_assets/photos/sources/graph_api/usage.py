"""How much of its allowance the API says is used, by the headers of its answers."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pydantic import JsonValue, TypeAdapter, ValidationError

from oott_assets.photos.sources.request_interval import MAX_WAIT_SECONDS

_HEADERS = ("X-App-Usage", "X-Business-Use-Case-Usage")

# Meta advises to slow down well before calls fail; the last fifth is where we do.
_SLOWER_FROM = 80.0

_MINUTES = "estimated_time_to_regain_access"

_json: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)

_Numbers = Iterator[tuple[str, float]]


class Usage(NamedTuple):
    """The fullest of all allowances, in percent, and the minutes until calls pass again."""

    percent: float = 0.0
    minutes: float = 0.0

    @property
    def wait_seconds(self) -> float:
        """How long to wait before the next request: more and more from 80 %."""
        share = max(0.0, self.percent - _SLOWER_FROM + 1) / (100 - _SLOWER_FROM + 1)
        slower = MAX_WAIT_SECONDS * min(1.0, share) ** 2
        return max(slower, self.minutes * 60)


def usage_in(headers: Mapping[str, str]) -> Usage:
    """Read the usage headers; what they do not say, or unreadably, counts as nothing used."""
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
    """List numbers by name, however deep: one header is flat, the other by business and use."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _numbers_under(key, below)
    elif isinstance(value, list):
        for below in value:
            yield from _numbers_under(name, below)
    elif isinstance(value, int | float):
        yield name, float(value)
