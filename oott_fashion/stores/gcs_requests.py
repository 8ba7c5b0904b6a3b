"""Requests to Google Cloud Storage: timeouts, retries and readable error messages."""

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
    PreconditionFailed,
    RetryError,
    Unauthorized,
)
from google.api_core.retry import Retry
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, TransportError
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.retry import DEFAULT_RETRY

from oott_fashion.stores.blobs import BlobChanged, StoreMisconfigured, StoreUnreachable

_CONNECT_SECONDS = 5.0
_RESPONSE_SECONDS = 15.0
# urllib3 applies the connect timeout to the whole upload too. A large upload therefore needs a
# longer connect timeout.
_SLOWEST_UPLOAD = 500_000  # bytes a second

_TEMPORARY_CODES = (http.client.REQUEST_TIMEOUT, http.client.TOO_MANY_REQUESTS)

_BROKEN_CONNECTIONS = (
    ConnectionError,
    requests.ConnectionError,
    requests.exceptions.ChunkedEncodingError,
)

_ERRORS = (
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
    """How long temporary errors are retried, in seconds; the last retry may end after this time."""

    seconds: float

    def retry(self) -> Retry:
        """Give the retry policy of the library, with shorter delays."""
        policy: Retry = DEFAULT_RETRY.with_timeout(self.seconds).with_delay(0.25, 4.0, 2.0)
        return policy

    def timeout(self, upload_bytes: int = 0) -> tuple[float, float]:
        """Give the connect timeout, which includes the upload, and the response timeout."""
        connect = min(_CONNECT_SECONDS, self.seconds) + upload_bytes / _SLOWEST_UPLOAD
        return connect, min(_RESPONSE_SECONDS, self.seconds)


@contextmanager
def storage_errors(address: str) -> Iterator[None]:
    """Turn errors of the Google Cloud library into errors that name ``address``.

    Raises:
        BlobChanged: another process has written the blob.
        StoreUnreachable: the store did not respond.
        StoreMisconfigured: the store refused the request; a retry does not help.
    """
    try:
        yield
    except PreconditionFailed:
        raise BlobChanged(address) from None
    except _ERRORS as error:
        # The new error does not use "from error", because the messages of the library contain
        # upload URLs. Anyone who has such a URL can write to the bucket.
        raise _explained(error, address) from None


def _explained(error: BaseException, address: str) -> StoreUnreachable:
    if isinstance(error, RetryError) and error.cause is not None:
        return _explained(error.cause, address)
    permanent = _permanent_reason(error)
    if permanent is not None:
        return StoreMisconfigured(f"{address}: {permanent}")
    if isinstance(error, DataCorruption):
        return StoreUnreachable(f"{address} was damaged during the transfer; run again")
    return StoreUnreachable(
        f"{address} cannot be reached ({_reason_of(error)}); stored data is not affected; check "
        "the network, then run again"
    )


def _permanent_reason(error: BaseException) -> str | None:
    """Say what the user must fix; return None if a retry may help."""
    if isinstance(error, DefaultCredentialsError):
        return (
            "no Google credentials were found; set GOOGLE_APPLICATION_CREDENTIALS to a key file, "
            "or run: gcloud auth application-default login"
        )
    if isinstance(error, Unauthorized) or _credentials_are_bad(error):
        return (
            "Google rejected the credentials; replace the key file, or run: "
            "gcloud auth application-default login"
        )
    if isinstance(error, Forbidden):
        return (
            "the Google credentials do not have the needed rights (HTTP 403); grant them the role "
            "Storage Object User on the bucket, and remove its retention policy if it has one"
        )
    if isinstance(error, NotFound):
        return "there is no such bucket; create it, or correct the address"
    if isinstance(error, ClientError) and error.code not in _TEMPORARY_CODES:
        return f"the request was refused ({_reason_of(error)}); correct the address"
    return None


def _credentials_are_bad(error: BaseException) -> bool:
    return (
        isinstance(error, GoogleAuthError)
        and not isinstance(error, TransportError)
        and not error.retryable
    )


def _reason_of(error: BaseException) -> str:
    """Give the HTTP status or the system's reason; both contain no upload URL."""
    if isinstance(error, GoogleAPICallError) and error.code:
        return f"HTTP {int(error.code)}"
    if isinstance(error, InvalidResponse):
        return f"HTTP {int(error.response.status_code)}"
    is_broken = isinstance(error, _BROKEN_CONNECTIONS)
    reason = "the connection broke" if is_broken else type(error).__name__
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, TimeoutError | requests.Timeout):
            return "no response in time"
        if isinstance(cause, OSError) and cause.strerror:
            reason = cause.strerror
        cause = cause.__cause__ or cause.__context__
    return reason
