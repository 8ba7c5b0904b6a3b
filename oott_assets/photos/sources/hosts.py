"""Checks of a URL's host: is it this machine, a permitted host, or a public one?"""

import socket
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

_MAX_LABEL_LENGTH = 63

# IPv6 addresses that contain an IPv4 address, possibly a private one. Source: RFC 6052, RFC 3056.
_NAT64 = IPv6Network("64:ff9b::/96")
_6TO4 = IPv6Network("2002::/16")


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


def ip_addresses_of(host: str) -> list[str]:
    """Look up the IP addresses of ``host``; return none if this machine cannot resolve it.

    Behind a proxy, only the proxy resolves host names.
    """
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, None)]
    except OSError:
        return []


def is_public(url: str, look_up: Callable[[str], list[str]] = ip_addresses_of) -> bool:
    """Tell whether ``url`` is an https URL on the public Internet.

    A response of the API must not make this process send requests to hosts of the private
    network, which may trust it. So host names are resolved and their addresses checked.
    """
    scheme, host = _address_of(url)
    if scheme != "https":
        return False
    try:
        ip_address(host)
    except ValueError:
        return all(_is_public_address(address) for address in look_up(host))
    return _is_public_address(host)


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


def _is_public_address(text: str) -> bool:
    address = ip_address(text.partition("%")[0])
    if address in _NAT64:
        # An IPv6-only network uses these addresses for every host that has only IPv4.
        address = IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _6TO4:
        return False
    return address.is_global and not address.is_multicast
