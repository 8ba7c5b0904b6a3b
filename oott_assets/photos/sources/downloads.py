"""Downloads photos by URL, with retries and limits on size, time and host."""

from collections.abc import Callable
from functools import partial

import httpx

from oott_assets.photos.sources.hosts import host_of
from oott_assets.photos.sources.http_requests import (
    RequestFailed,
    ResponseTooLarge,
    TooManyRequests,
    body_of,
    open_response,
    raise_for_failure,
    with_retries,
)
from oott_assets.photos.sources.photo_source import (
    FoundPhoto,
    SourceBusy,
    SourceBusyForHours,
    UnavailablePhoto,
)
from oott_assets.photos.sources.request_interval import RequestInterval

# The time limit for all tries of one photo together, without the waits between the tries.
_PHOTO_SECONDS = 60.0

_MAX_REDIRECTS = 3

# One photo may be damaged or denied on its server. This many in a row mean that the server is down
# or blocks us, and the month must not be recorded as empty.
_MAX_FAILURES_IN_A_ROW = 5

_REDIRECTS = frozenset((301, 302, 303, 307, 308))

_ACCEPT = {"Accept": "image/*"}


class Downloads:
    """Downloads photos, one after another, from URLs that ``is_allowed`` accepts.

    Uses only the connections and the User-Agent of ``client``; cookies are not sent.
    """

    def __init__(
        self,
        client: httpx.Client,
        is_allowed: Callable[[str], bool],
        max_bytes: int,
        interval: RequestInterval,
    ) -> None:
        self._client = client
        self._is_allowed = is_allowed
        self._max_bytes = max_bytes
        self._interval = interval
        self._failures_in_a_row = 0

    def fetch_photo(self, url: str, name: str) -> FoundPhoto | UnavailablePhoto:
        """Download the photo at ``url``, without checking that its bytes are an image.

        Raises:
            SourceBusyForHours: the server asks for a long wait.
            SourceBusy: many photos in a row fail or are denied.
        """
        try:
            content = with_retries(partial(self._content, url), self._interval, _PHOTO_SECONDS)
        except TooManyRequests as failure:
            raise SourceBusyForHours(f"{failure}, at every try; run this again later") from failure
        except (RequestFailed, _Denied) as failure:
            return self._after_failure(name, failure)
        except (_Rejected, ResponseTooLarge) as error:
            self._failures_in_a_row = 0
            return UnavailablePhoto(name, str(error))
        self._failures_in_a_row = 0
        return FoundPhoto(name, content)

    def _content(self, url: str, until: float) -> bytes:
        for _ in range(1 + _MAX_REDIRECTS):
            self._reject_host(url)
            try:
                with open_response(self._client, url, until, _ACCEPT) as response:
                    if response.status_code not in _REDIRECTS:
                        _check_status(response)
                        return body_of(response, self._max_bytes)
                    url = str(response.url.join(response.headers.get("Location", "")))
            except httpx.InvalidURL:
                raise _Rejected("its URL is invalid") from None
        raise _Rejected(f"redirected more than {_MAX_REDIRECTS} times")

    def _reject_host(self, url: str) -> None:
        if not self._is_allowed(url):
            raise _Rejected(f"its host is not allowed: {host_of(url) or 'no http or https URL'}")

    def _after_failure(self, name: str, failure: Exception) -> UnavailablePhoto:
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= _MAX_FAILURES_IN_A_ROW:
            raise SourceBusy(
                f"{self._failures_in_a_row} photos in a row could not be downloaded, the last "
                f"because {failure}; run this again later"
            ) from failure
        return UnavailablePhoto(name, str(failure))


class _Rejected(Exception):
    """A photo for which a retry cannot help."""


class _Denied(Exception):
    """A photo that its server does not deliver; other photos of the server may fail as well."""


def _check_status(response: httpx.Response) -> None:
    raise_for_failure(response)
    status = response.status_code
    if status in (404, 410):
        raise _Rejected(f"gone ({status})")
    if status in (401, 403):
        raise _Denied(f"its server denies it ({status})")
    if status != 200:
        raise _Denied(f"its server answered {status}, expected 200")
