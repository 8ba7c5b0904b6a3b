"""How a source asks a site that is not ours: slowly, where it may, and waiting when told to."""

import random
import socket
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

# A site that asks for more is asking to be left alone for now.
LONGEST_WAIT_SECONDS = 900.0

# People do not turn pages to the second.
_JITTER = 0.3

_LONGEST_LABEL = 63

# Addresses that carry one of IPv4, which may be of a host inside. Source: RFC 6052 and RFC 3056.
_NAT64 = IPv6Network("64:ff9b::/96")
_6TO4 = IPv6Network("2002::/16")


class Pace:
    """Lets one request pass every ``seconds``, give or take 30 %."""

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
        """Wait until the next request may be made."""
        self._sleep(max(0.0, self._next - self._clock()))
        pause = self.seconds * random.uniform(1 - _JITTER, 1 + _JITTER)
        self._next = self._clock() + pause

    def rest(self, seconds: float) -> None:
        """Wait for as long as the site asked."""
        self._sleep(seconds)


def seconds_of(retry_after: str | None, now: datetime | None = None) -> float | None:
    """Read a Retry-After header, in seconds or as a date; None where it says nothing.

    Source: RFC 9110, section 10.2.3.
    """
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    # What is no date raises whatever its parser met.
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def is_loopback(url: str) -> bool:
    """Tell whether ``url`` leads by http or https to this machine alone."""
    host = _place_of(url).host
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def may_be_asked(url: str, permitted: Iterable[str]) -> bool:
    """Tell whether ``url`` is on this machine, or by https on a ``permitted`` host or below one."""
    if is_loopback(url):
        return True
    scheme, host = _place_of(url)
    names = [name.lower() for name in permitted]
    below = any(host == name or host.endswith(f".{name}") for name in names)
    return scheme == "https" and below


def addresses_of(host: str) -> list[str]:
    """Look up the IP addresses of ``host``; none where only a proxy can tell, or nobody."""
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, None)]
    except OSError:
        return []


def is_public(url: str, look_up: Callable[[str], list[str]] = addresses_of) -> bool:
    """Tell whether ``url`` leads by https into the public Internet.

    A host inside is not asked, were it named by an address or by a name: an answer of the API
    must not send this process to a neighbour that trusts it.
    """
    scheme, host = _place_of(url)
    if scheme != "https":
        return False
    try:
        ip_address(host)
    except ValueError:
        return all(_is_public_address(address) for address in look_up(host))
    return _is_public_address(host)


def host_of(url: str) -> str:
    """Name the host of ``url`` for a message; empty where it has none that can be asked."""
    return _place_of(url).host


class _Place(NamedTuple):
    scheme: str
    host: str


_NOWHERE = _Place("", "")


def _place_of(url: str) -> _Place:
    """Read where an http or https ``url`` leads; nowhere, if two readers might disagree on it."""
    if "\\" in url or any(character.isspace() or ord(character) < 32 for character in url):
        return _NOWHERE
    try:
        parts = urlsplit(url)
        _ = parts.port  # refuses one beyond 65535, which others take modulo 65536
    except ValueError:
        return _NOWHERE
    host = (parts.hostname or "").lower()
    if not all(0 < len(label) <= _LONGEST_LABEL for label in host.split(".")):
        return _NOWHERE
    return _Place(parts.scheme, host) if parts.scheme in ("http", "https") else _NOWHERE


def _is_public_address(text: str) -> bool:
    address = ip_address(text.partition("%")[0])
    if address in _NAT64:
        # How a network without IPv4 names every host that has nothing else.
        address = IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _6TO4:
        return False
    return address.is_global and not address.is_multicast
