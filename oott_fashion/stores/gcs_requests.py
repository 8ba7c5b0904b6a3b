"""Requests to Google Cloud Storage: timeouts, retries and readable error messages."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
import urllib3
from google.api_core.exceptions import (
    ClientError,
    Forbidden,
    GoogleAPIError,
    NotFound,
    PreconditionFailed,
    RetryError,
    Unauthorized,
)
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


def limits(seconds: float, upload_bytes: int = 0) -> dict[str, Any]:
    """Give the arguments ``retry`` and ``timeout`` of a request that is retried for ``seconds``.

    The last retry may end after this time.
    """
    connect = min(_CONNECT_SECONDS, seconds) + upload_bytes / _SLOWEST_UPLOAD
    return {
        "retry": DEFAULT_RETRY.with_timeout(seconds).with_delay(0.25, 4.0, 2.0),
        "timeout": (connect, min(_RESPONSE_SECONDS, seconds)),
    }


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
    log_in = "run: gcloud auth application-default login"
    if isinstance(error, DefaultCredentialsError):
        return (
            "no Google credentials were found; set GOOGLE_APPLICATION_CREDENTIALS to a key file, "
            f"or {log_in}"
        )
    if isinstance(error, Unauthorized) or (
        isinstance(error, GoogleAuthError)
        and not isinstance(error, TransportError)
        and not error.retryable
    ):
        return f"Google rejected the credentials; replace the key file, or {log_in}"
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


def _reason_of(error: BaseException) -> str:
    """Give the HTTP status or the system's reason; both contain no upload URL."""
    code = getattr(getattr(error, "response", None), "status_code", getattr(error, "code", None))
    if code:
        return f"HTTP {int(code)}"
    reason = "the connection broke"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, TimeoutError | requests.Timeout):
            return "no response in time"
        reason = getattr(cause, "strerror", None) or reason
        cause = cause.__cause__ or cause.__context__
    return reason
