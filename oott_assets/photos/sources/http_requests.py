"""One bounded HTTP request, and further tries of it where they may help."""

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

from oott_assets.photos.sources.photo_source import SourceBusy
from oott_assets.photos.sources.request_interval import (
    MAX_WAIT_SECONDS,
    RequestInterval,
    retry_after_seconds,
)

MAX_TRIES = 4

_TIMEOUT = httpx.Timeout(20.0, connect=10.0)
_MAX_SECONDS = 60.0

_growing = wait_exponential_jitter(initial=1, max=60)

# At INFO httpx writes every URL it asks, and some hold a token or a signature.
logging.getLogger("httpx").setLevel(logging.WARNING)

# The streams that were opened through each client, which keeps some of them for later requests.
_connections: WeakKeyDictionary[httpx.Client, list[ref[Any]]] = WeakKeyDictionary()

_Noted = Callable[[str, Mapping[str, Any]], None]

_Result = TypeVar("_Result")


class RequestFailed(Exception):
    """A request that failed in a way that another try may mend."""

    def __init__(self, reason: str, wait_seconds: float = 0.0) -> None:
        """Tell what went wrong, and the least time that the server asks to wait."""
        super().__init__(reason)
        self.wait_seconds = wait_seconds


class TooManyRequests(RequestFailed):
    """A request that the server refuses for the number of those before it."""


class ResponseTooLarge(Exception):
    """An answer of more bytes than may be read."""


@cache
def trusted_certificates() -> ssl.SSLContext:
    """Read whom this machine trusts, once: for every client anew it would cost 25 ms of a core."""
    return httpx.create_ssl_context()


def with_retries(
    ask: Callable[[float], _Result],
    interval: RequestInterval,
    seconds: float,
    max_tries: int = MAX_TRIES,
) -> _Result:
    """Call ``ask`` until it answers, with longer waits in between.

    ``ask`` is told by which moment of ``time.monotonic`` to be done. All tries together take
    ``seconds``; waiting between them is not counted.

    Raises:
        RequestFailed: no try was answered; this is what the last met.
        SourceBusy: the server asks for a longer wait than a run should make.
    """
    spent = 0.0

    def once() -> _Result:
        nonlocal spent
        interval.wait()
        began = time.monotonic()
        try:
            return ask(began + seconds - spent)
        except RequestFailed as failure:
            _refuse_long_wait(failure)
            raise
        finally:
            spent += time.monotonic() - began

    return Retrying(
        retry=retry_if_exception_type(RequestFailed),
        stop=lambda state: state.attempt_number >= max_tries or spent >= seconds,
        wait=_wait_after,
        sleep=interval.pause,
        reraise=True,
    )(once)


@contextmanager
def open_response(
    client: httpx.Client,
    url: str,
    headers: dict[str, str] | None = None,
    until: float | None = None,
) -> Iterator[httpx.Response]:
    """Ask for ``url``; the body is not read yet, and a redirect is not followed.

    Headers and body must have come at ``until``, a moment of ``time.monotonic``, by default a
    minute from now; then the connection is cut.

    Cookies and credentials of ``client`` stay behind, for many a host is asked through it.

    Raises:
        RequestFailed: the connection failed or was cut, here or while the body was read.
        httpx.InvalidURL: ``url`` cannot be asked for.
    """
    request = httpx.Request(
        "GET",
        url,
        headers={
            "User-Agent": client.headers["User-Agent"],
            # Compressed, a small body might unpack into an endless one.
            "Accept-Encoding": "identity",
            **(headers or {}),
        },
    )
    until = time.monotonic() + _MAX_SECONDS if until is None else until
    too_slow = RequestFailed(f"{request.url.host} is too slow: it did not end in time")
    try:
        with _cut_at(until, client) as noted:
            request.extensions = {"timeout": _TIMEOUT.as_dict(), "trace": noted}
            response = client.send(request, auth=None, follow_redirects=False, stream=True)
            try:
                yield response
            finally:
                response.close()
        # A connection that was cut looks like the end of a body that says no length.
        if time.monotonic() >= until:
            raise too_slow
    except httpx.TimeoutException as error:
        raise RequestFailed(f"{request.url.host} did not answer in time") from error
    except httpx.TransportError as error:
        if time.monotonic() >= until:
            raise too_slow from error
        how = error or type(error).__name__
        raise RequestFailed(f"the connection to {request.url.host} failed: {how}") from error


def body_of(response: httpx.Response, max_bytes: int, until: float) -> bytes:
    """Read the body, as it was sent.

    Raises:
        ResponseTooLarge: it says or turns out to have more than ``max_bytes``.
        RequestFailed: it was still coming at ``until``, a moment of ``time.monotonic``.
    """
    declared = response.headers.get("Content-Length", "")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise ResponseTooLarge(f"{int(declared):,} bytes; at most {max_bytes:,} allowed")
    blocks, received = [], 0
    for block in response.iter_raw():
        blocks.append(block)
        received += len(block)
        if received > max_bytes:
            raise ResponseTooLarge(f"more than {max_bytes:,} bytes, the most allowed")
        if time.monotonic() > until:
            raise RequestFailed(
                f"{response.url.host} is too slow: it sent {received:,} bytes in time"
            )
    return b"".join(blocks)


def raise_for_failure(response: httpx.Response) -> None:
    """Go on only with an answer that another try would not better.

    Raises:
        RequestFailed: the server failed, or asks to wait; with the seconds of its Retry-After.
    """
    host, status = response.url.host, response.status_code
    wait = retry_after_seconds(response.headers.get("Retry-After")) or 0.0
    if status == 429:
        raise TooManyRequests(f"{host} says: too many requests (429)", wait)
    if status == 408 or status >= 500:
        raise RequestFailed(f"{host} failed ({status})", wait)


@contextmanager
def _cut_at(until: float, client: httpx.Client) -> Iterator[_Noted]:
    """Cut the connections of ``client`` at ``until``, and give what is to be told of new ones.

    A timeout of a single read never comes where headers drip in byte by byte.
    """
    opened = _connections.setdefault(client, [])

    def noted(event: str, info: Mapping[str, Any]) -> None:
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            stream = info["return_value"]
            opened[:] = [*(it for it in opened if it() is not None), ref(stream)]
            if time.monotonic() >= until:
                _cut([ref(stream)])

    timer = threading.Timer(max(0.0, until - time.monotonic()), _cut, (opened,))
    timer.daemon = True
    timer.start()
    try:
        yield noted
    finally:
        timer.cancel()


def _cut(connections: list[ref[Any]]) -> None:
    for stream in [it() for it in connections]:
        connected = stream and stream.get_extra_info("socket")
        if connected is not None:
            # The shutdown of a TLS socket would take its keys from under the thread that reads.
            with suppress(OSError):
                socket.socket.shutdown(connected, socket.SHUT_RDWR)


def _refuse_long_wait(failure: RequestFailed) -> None:
    if failure.wait_seconds > MAX_WAIT_SECONDS:
        raise SourceBusy(
            f"{failure}; it asks to wait {failure.wait_seconds / 60:,.0f} minutes, and a run waits "
            f"{MAX_WAIT_SECONDS / 60:.0f} at most: run it again later"
        ) from failure


def _wait_after(state: RetryCallState) -> float:
    failure = state.outcome and state.outcome.exception()
    told = failure.wait_seconds if isinstance(failure, RequestFailed) else 0.0
    return max(told, _growing(state))
