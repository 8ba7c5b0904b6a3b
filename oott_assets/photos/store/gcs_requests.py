"""How Google Cloud Storage is asked: for how long, and what its faults mean in OOTT's words."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import requests
import urllib3
from google.api_core.exceptions import (
    ClientError,
    Forbidden,
    GoogleAPICallError,
    GoogleAPIError,
    NotFound,
    RetryError,
    Unauthorized,
)
from google.api_core.retry import Retry
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, TransportError
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.retry import DEFAULT_RETRY

from oott_fashion.stores.blobs import StoreMisconfigured, StoreUnreachable

_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 15.0
# urllib3 gives a whole upload no longer than a connection, which a slow uplink would exceed.
_SLOWEST_UPLOAD = 500_000  # bytes a second

_PASSING_CODES = (http.client.REQUEST_TIMEOUT, http.client.TOO_MANY_REQUESTS)

_BREAKS = (ConnectionError, requests.ConnectionError, requests.exceptions.ChunkedEncodingError)

_FAULTS = (
    ConnectionError,
    DataCorruption,
    GoogleAPIError,
    GoogleAuthError,
    InvalidResponse,
    TimeoutError,
    http.client.HTTPException,
    requests.RequestException,
    urllib3.exceptions.HTTPError,
)


class Timeouts(NamedTuple):
    """How long faults that may pass are waited out, in seconds; one request more may follow."""

    seconds: float

    def retry(self) -> Retry:
        """Try again what the library deems worth it, sooner than it would itself."""
        again: Retry = DEFAULT_RETRY.with_timeout(self.seconds).with_delay(0.25, 4.0, 2.0)
        return again

    def timeout(self, upload_bytes: int = 0) -> tuple[float, float]:
        """Give the seconds that one request may take to connect and send, and to be answered."""
        connect = min(_CONNECT_SECONDS, self.seconds) + upload_bytes / _SLOWEST_UPLOAD
        return connect, min(_ANSWER_SECONDS, self.seconds)


@contextmanager
def storage_errors(address: str) -> Iterator[None]:
    """Ask for what is at ``address``, for instance gs://bucket/photos.

    Raises:
        StoreUnreachable: the store did not answer.
        StoreMisconfigured: it answered that it will not.
    """
    try:
        yield
    except _FAULTS as error:
        # Not "from error": the library's texts hold upload links, with which anyone may write.
        raise _in_our_words(error, address) from None


def _in_our_words(error: BaseException, address: str) -> StoreUnreachable:
    if isinstance(error, RetryError) and error.cause is not None:
        return _in_our_words(error.cause, address)
    refusal = _refusal(error)
    if refusal is not None:
        return StoreMisconfigured(f"{address}: {refusal}")
    if isinstance(error, DataCorruption):
        return StoreUnreachable(f"{address} arrived damaged; run again")
    return StoreUnreachable(
        f"{address} cannot be reached ({_reason_of(error)}); what is stored there is safe: look at "
        "the network, then run again"
    )


def _refusal(error: BaseException) -> str | None:
    """Say what to mend, where a later request would fare no better."""
    if isinstance(error, DefaultCredentialsError):
        return (
            "no Google credentials were found; set GOOGLE_APPLICATION_CREDENTIALS to a key file, "
            "or run: gcloud auth application-default login"
        )
    if isinstance(error, Unauthorized) or _credentials_are_bad(error):
        return (
            "the Google credentials are not accepted; replace the key file, or run: "
            "gcloud auth application-default login"
        )
    if isinstance(error, Forbidden):
        return (
            "these Google credentials may not do this (HTTP 403); grant them the role Storage "
            "Object User on the bucket, and lift its retention policy if it has one"
        )
    if isinstance(error, NotFound):
        return "there is no such bucket; create it, or mend the address"
    if isinstance(error, ClientError) and error.code not in _PASSING_CODES:
        return f"the request was refused ({_reason_of(error)}); mend the address"
    return None


def _credentials_are_bad(error: BaseException) -> bool:
    return (
        isinstance(error, GoogleAuthError)
        and not isinstance(error, TransportError)
        and not error.retryable
    )


def _reason_of(error: BaseException) -> str:
    """Give the HTTP status or the system's reason, which hold no links."""
    if isinstance(error, GoogleAPICallError) and error.code:
        return f"HTTP {int(error.code)}"
    if isinstance(error, InvalidResponse):
        return f"HTTP {int(error.response.status_code)}"
    reason = "the connection broke" if isinstance(error, _BREAKS) else type(error).__name__
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, TimeoutError | requests.Timeout):
            return "no answer in time"
        if isinstance(cause, OSError) and cause.strerror:
            reason = cause.strerror
        cause = cause.__cause__ or cause.__context__
    return reason
