"""Photos fetched by URL: bounded in size and time, tried again, never from where none may ask."""

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
from oott_assets.photos.sources.photo_source import FoundPhoto, SourceBusy, UnavailablePhoto
from oott_assets.photos.sources.request_interval import RequestInterval

# All tries of one photo together, without the waits in between.
_PHOTO_SECONDS = 60.0

_MAX_REDIRECTS = 3

# One photo may be broken on its server, or denied; so many in a row are an outage, or a block, and
# no empty month.
_MAX_FAILURES_IN_A_ROW = 5

_REDIRECTS = frozenset((301, 302, 303, 307, 308))

_ACCEPT = {"Accept": "image/*"}


class Downloads:
    """Fetches photos, one after another, from hosts that ``may_ask`` allows.

    Of ``client`` only the connections and the User-Agent are used: no cookie goes along.
    """

    def __init__(
        self,
        client: httpx.Client,
        may_ask: Callable[[str], bool],
        max_bytes: int,
        interval: RequestInterval,
    ) -> None:
        self._client = client
        self._may_ask = may_ask
        self._max_bytes = max_bytes
        self._interval = interval
        self._failures_in_a_row = 0

    def photo(self, url: str, name: str) -> FoundPhoto | UnavailablePhoto:
        """Fetch the photo at ``url``; whether its bytes are a photo is not looked at.

        Raises:
            SourceBusy: the server asks to wait for long, or it fails or denies photo after photo.
        """
        try:
            content = with_retries(partial(self._content, url), self._interval, _PHOTO_SECONDS)
        except TooManyRequests as failure:
            raise SourceBusy(f"{failure}, at every try; run it again later") from failure
        except (RequestFailed, _Denied) as failure:
            return self._refused_by_failure(name, failure)
        except (_Refused, ResponseTooLarge) as refusal:
            self._failures_in_a_row = 0
            return UnavailablePhoto(name, str(refusal))
        self._failures_in_a_row = 0
        return FoundPhoto(name, content)

    def _content(self, url: str, until: float) -> bytes:
        for _ in range(1 + _MAX_REDIRECTS):
            self._refuse_host(url)
            try:
                with open_response(self._client, url, _ACCEPT, until) as response:
                    if response.status_code not in _REDIRECTS:
                        _refuse_status(response)
                        return body_of(response, self._max_bytes, until)
                    url = str(response.url.join(response.headers.get("Location", "")))
            except httpx.InvalidURL:
                raise _Refused("its URL is none that can be asked for") from None
        raise _Refused(f"redirected more than {_MAX_REDIRECTS} times")

    def _refuse_host(self, url: str) -> None:
        if not self._may_ask(url):
            raise _Refused(f"its host may not be asked: {host_of(url) or 'no http or https URL'}")

    def _refused_by_failure(self, name: str, failure: Exception) -> UnavailablePhoto:
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= _MAX_FAILURES_IN_A_ROW:
            raise SourceBusy(
                f"{self._failures_in_a_row} photos in a row were not to be had, the last because "
                f"{failure}; run it again later"
            ) from failure
        return UnavailablePhoto(name, str(failure))


class _Refused(Exception):
    """A photo that further tries would not bring."""


class _Denied(Exception):
    """A photo that its server does not give, for what may be no fault of this photo's."""


def _refuse_status(response: httpx.Response) -> None:
    raise_for_failure(response)
    status = response.status_code
    if status in (404, 410):
        raise _Refused(f"gone ({status})")
    if status in (401, 403):
        raise _Denied(f"its server denies it ({status})")
    if status != 200:
        raise _Denied(f"its server answered {status}, expected 200")
