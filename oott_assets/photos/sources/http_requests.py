"""HTTP GET requests with a time limit, a size limit and retries."""

import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, TypeVar
from weakref import WeakKeyDictionary, ref

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential_jitter

from oott_assets.photos.sources.photo_source import SourceBusyForHours
from oott_assets.photos.sources.request_interval import (
    MAX_WAIT_SECONDS,
    RequestInterval,
    retry_after_seconds,
)

_MAX_TRIES = 4

_TIMEOUT = httpx.Timeout(20.0, connect=10.0)

_backoff = wait_exponential_jitter(initial=1, max=60)

# At INFO, httpx logs every URL. Some contain a token or a signature.
logging.getLogger("httpx").setLevel(logging.WARNING)

# The network streams of each client. A client reuses some of them for later requests.
_connections: WeakKeyDictionary[httpx.Client, list[ref[Any]]] = WeakKeyDictionary()

_TraceEvent = Callable[[str, Mapping[str, Any]], None]

_Result = TypeVar("_Result")


class RequestFailed(Exception):
    """A request failed, and a retry may succeed."""

    def __init__(self, reason: str, wait_seconds: float = 0.0) -> None:
        """Keep the reason, and the minimum wait that the server asks for."""
        super().__init__(reason)
        self.wait_seconds = wait_seconds


class TooManyRequests(RequestFailed):
    """The server refuses a request because of its rate limit."""


class ResponseTooLarge(Exception):
    """A response is larger than the limit."""


@cache
def trusted_certificates() -> ssl.SSLContext:
    """Load the trusted certificates once; loading them for each client would take 25 ms of CPU."""
    return httpx.create_ssl_context()


def with_retries(
    request: Callable[[float], _Result], interval: RequestInterval, seconds: float
) -> _Result:
    """Call ``request`` until it succeeds, with growing waits between the tries.

    ``request`` gets its deadline, a time of ``time.monotonic``. All tries together may take
    ``seconds``; the waits between them do not count.

    Raises:
        RequestFailed: every try failed; this is the error of the last one.
        SourceBusyForHours: the server asks for a longer wait than a run makes.
    """
    spent = 0.0

    def once() -> _Result:
        nonlocal spent
        interval.wait()
        began = time.monotonic()
        try:
            return request(began + seconds - spent)
        except RequestFailed as failure:
            _reject_long_wait(failure)
            raise
        finally:
            spent += time.monotonic() - began

    return Retrying(
        retry=retry_if_exception_type(RequestFailed),
        stop=lambda state: state.attempt_number >= _MAX_TRIES or spent >= seconds,
        wait=_wait_after,
        sleep=interval.pause,
        reraise=True,
    )(once)


@contextmanager
def open_response(
    client: httpx.Client, url: str, until: float, headers: dict[str, str] | None = None
) -> Iterator[httpx.Response]:
    """Send a GET request for ``url``, without reading the body and without following redirects.

    Headers and body must arrive before ``until``, a time of ``time.monotonic``; then the connection
    is closed.

    Cookies and credentials of ``client`` are not sent, because one client requests many hosts.

    Raises:
        RequestFailed: the connection failed or timed out, here or while the body was read.
        httpx.InvalidURL: ``url`` is invalid.
    """
    request = httpx.Request(
        "GET",
        url,
        headers={
            "User-Agent": client.headers["User-Agent"],
            # A small compressed body could decompress to an unlimited size.
            "Accept-Encoding": "identity",
            **(headers or {}),
        },
    )
    too_slow = RequestFailed(f"{request.url.host} is too slow: the response did not end in time")
    try:
        with _close_at(until, client) as trace:
            request.extensions = {"timeout": _TIMEOUT.as_dict(), "trace": trace}
            response = client.send(request, auth=None, follow_redirects=False, stream=True)
            try:
                yield response
            finally:
                response.close()
        # If a body has no Content-Length, a closed connection looks like its normal end.
        if time.monotonic() >= until:
            raise too_slow
    except httpx.TimeoutException as error:
        raise RequestFailed(f"{request.url.host} did not answer in time") from error
    except httpx.TransportError as error:
        if time.monotonic() >= until:
            raise too_slow from error
        how = error or type(error).__name__
        raise RequestFailed(f"the connection to {request.url.host} failed: {how}") from error


def body_of(response: httpx.Response, max_bytes: int) -> bytes:
    """Read the body, without decompressing it.

    Raises:
        ResponseTooLarge: the declared or the real size is more than ``max_bytes``.
    """
    declared = response.headers.get("Content-Length", "")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise ResponseTooLarge(f"{int(declared):,} bytes; at most {max_bytes:,} allowed")
    content = bytearray()
    for block in response.iter_raw():
        content += block
        if len(content) > max_bytes:
            raise ResponseTooLarge(f"more than {max_bytes:,} bytes, the most allowed")
    return bytes(content)


def raise_for_failure(response: httpx.Response) -> None:
    """Raise an error for a response that a retry may improve.

    Raises:
        RequestFailed: the server failed or asks to wait, for the seconds of its Retry-After header.
    """
    host, status = response.url.host, response.status_code
    wait = retry_after_seconds(response.headers.get("Retry-After")) or 0.0
    if status == 429:
        raise TooManyRequests(f"{host} answered: too many requests (429)", wait)
    if status == 408 or status >= 500:
        raise RequestFailed(f"{host} failed ({status})", wait)


@contextmanager
def _close_at(until: float, client: httpx.Client) -> Iterator[_TraceEvent]:
    """Close the connections of ``client`` at ``until``; yield the trace function for new ones.

    A read timeout is not enough: it never expires if a server sends its headers byte by byte.
    """
    opened = _connections.setdefault(client, [])

    def trace(event: str, info: Mapping[str, Any]) -> None:
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            stream = info["return_value"]
            opened[:] = [*(known for known in opened if known() is not None), ref(stream)]
            if time.monotonic() >= until:
                _close([ref(stream)])

    timer = threading.Timer(max(0.0, until - time.monotonic()), _close, (opened,))
    timer.daemon = True
    timer.start()
    try:
        yield trace
    finally:
        timer.cancel()


def _close(connections: list[ref[Any]]) -> None:
    for stream in [connection() for connection in connections]:
        connected = stream and stream.get_extra_info("socket")
        if connected is not None:
            # An SSL socket's own shutdown discards the TLS state, which another thread still uses.
            with suppress(OSError):
                socket.socket.shutdown(connected, socket.SHUT_RDWR)


def _reject_long_wait(failure: RequestFailed) -> None:
    if failure.wait_seconds > MAX_WAIT_SECONDS:
        raise SourceBusyForHours(
            f"{failure}; it asks to wait {failure.wait_seconds / 60:,.0f} minutes, and a run waits "
            f"at most {MAX_WAIT_SECONDS / 60:.0f}: run this again later"
        ) from failure


def _wait_after(state: RetryCallState) -> float:
    failure = state.outcome and state.outcome.exception()
    requested = failure.wait_seconds if isinstance(failure, RequestFailed) else 0.0
    return max(requested, _backoff(state))
