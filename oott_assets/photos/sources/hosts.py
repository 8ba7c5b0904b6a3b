"""Checks of a URL's host: is it this machine or a permitted host?"""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

_MAX_LABEL_LENGTH = 63


def is_loopback(url: str) -> bool:
    """Tell whether ``url`` is an http or https URL on this machine."""
    host = _address_of(url).host
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_permitted(url: str, permitted: Iterable[str]) -> bool:
    """Tell whether ``url`` is on this machine, or https on a ``permitted`` host or subdomain."""
    if is_loopback(url):
        return True
    scheme, host = _address_of(url)
    names = [name.lower() for name in permitted]
    matches = any(host == name or host.endswith(f".{name}") for name in names)
    return scheme == "https" and matches


def host_of(url: str) -> str:
    """Return the host name of ``url``; empty if ``url`` is not a valid http or https URL."""
    return _address_of(url).host


class _Address(NamedTuple):
    scheme: str
    host: str


_NO_ADDRESS = _Address("", "")


def _address_of(url: str) -> _Address:
    """Read scheme and host of an http or https ``url``.

    Return no address if two URL parsers might disagree about the host.
    """
    if "\\" in url or any(character.isspace() or ord(character) < 32 for character in url):
        return _NO_ADDRESS
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises beyond 65535, where other parsers take the port modulo 65536
    except ValueError:
        return _NO_ADDRESS
    host = (parts.hostname or "").lower()
    if not all(0 < len(label) <= _MAX_LABEL_LENGTH for label in host.split(".")):
        return _NO_ADDRESS
    return _Address(parts.scheme, host) if parts.scheme in ("http", "https") else _NO_ADDRESS
