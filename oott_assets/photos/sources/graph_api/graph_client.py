"""Sends requests to the Graph API, keeps its rate limits and never logs the token."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import httpx
from pydantic import BaseModel, SecretStr, ValidationError

from oott_assets.photos.sources.graph_api.graph_errors import TooMuchData, exception_for
from oott_assets.photos.sources.graph_api.graph_responses import (
    GraphError,
    PossibleError,
    problem_in,
)
from oott_assets.photos.sources.graph_api.usage import Usage, usage_in
from oott_assets.photos.sources.hosts import host_of, is_loopback
from oott_assets.photos.sources.http_requests import (
    RequestFailed,
    ResponseTooLarge,
    TooManyRequests,
    body_of,
    open_response,
    raise_for_failure,
    with_retries,
)
from oott_assets.photos.sources.photo_source import PhotosUnknown, SourceBusy, SourceBusyForHours
from oott_assets.photos.sources.request_interval import (
    MAX_WAIT_SECONDS,
    RequestInterval,
    retry_after_seconds,
)

GRAPH_URL = "https://graph.facebook.com/v23.0"

# 50 albums of ten long URLs are about 300 kB.
_MAX_RESPONSE_BYTES = 8 * 2**20

_REQUEST_SECONDS = 60.0

# Meta's messages repeat an invalid token. No other word in them is as long.
_LONG_WORD = re.compile(r"\S{25,}")

_log = logging.getLogger(__name__)

_Shape = TypeVar("_Shape", bound=BaseModel)


@dataclass(frozen=True)
class GraphAccount:
    """The account, its access token and the URL of the API."""

    user: str
    token: SecretStr
    url: str = GRAPH_URL

    def __post_init__(self) -> None:
        """Check the values before anything is sent.

        Raises:
            PhotosUnknown: a value is invalid; the message does not show the token.
        """
        if not re.fullmatch(r"\d+", self.user, re.ASCII):
            raise PhotosUnknown(
                f"OOTT_GRAPH_USER is {self.user!r:.80}; expected the numeric id of an Instagram "
                "business or creator account"
            )
        if not re.fullmatch(r"[!-~]+", self.token.get_secret_value()):
            raise PhotosUnknown(
                "OOTT_GRAPH_TOKEN is empty or contains spaces or invalid characters; set it to an "
                "access token of the account"
            )
        # Over http the token would be sent unencrypted.
        if not (is_loopback(self.url) or (self.url.startswith("https://") and host_of(self.url))):
            raise PhotosUnknown(
                f"OOTT_GRAPH_URL has the host {host_of(self.url) or '(none)'} and no https; "
                f"expected a URL such as {GRAPH_URL}"
            )


class GraphClient:
    """Sends the requests of one account through ``client``."""

    def __init__(
        self, client: httpx.Client, account: GraphAccount, interval: RequestInterval
    ) -> None:
        self._client = client
        self._account = account
        self._interval = interval
        self._usage = Usage()

    def get(self, path: str, shape: type[_Shape], parameters: dict[str, str]) -> _Shape:
        """Get ``path`` and parse the response as ``shape``.

        If the API asks for less data, the ``limit`` in ``parameters`` is halved, also for the
        caller's next pages.

        Raises:
            NoSuchId: the hashtag or id does not exist.
            SourceBusyForHours: the rate limit is used up.
            SourceBusy: the API fails at every try.
            PhotosUnknown: the API refuses, or its response is invalid.
        """
        while True:
            try:
                return self._get(path, shape, parameters)
            except TooMuchData as error:
                parameters["limit"] = str(int(parameters["limit"]) // 2)
                _log.info("%s is requested with limit %s: %s", path, parameters["limit"], error)

    def _get(self, path: str, shape: type[_Shape], parameters: Mapping[str, str]) -> _Shape:
        self._slow_down()
        url = httpx.URL(f"{self._account.url.rstrip('/')}/{path}", params=parameters)
        try:
            content = with_retries(
                partial(self._response_to, url), self._interval, _REQUEST_SECONDS
            )
            return shape.model_validate_json(content)
        except RequestFailed as failure:
            too_many = isinstance(failure, TooManyRequests)
            kind = SourceBusyForHours if too_many else SourceBusy
            raise kind(f"{failure}, at every try; run this again later") from failure
        except ResponseTooLarge as error:
            raise PhotosUnknown(f"the Graph API answered {path} with {error}") from error
        except ValidationError as error:
            raise PhotosUnknown(
                f"the Graph API answered {path} with an unknown structure: {problem_in(error)}; "
                f"set OOTT_GRAPH_URL to a version that OOTT supports, {GRAPH_URL}"
            ) from None

    def _slow_down(self) -> None:
        """Wait as long as the last response requires."""
        usage = self._usage
        if usage.percent >= 100 or usage.minutes * 60 > MAX_WAIT_SECONDS:
            raise SourceBusyForHours(
                f"{usage.percent:.0f} % of the rate limit of the Graph API is used; run this again "
                f"in {usage.minutes or 60:.0f} minutes"
            )
        if usage.wait_seconds:
            _log.info(
                "%.0f %% of the rate limit of the Graph API is used: waiting %.0f seconds",
                *(usage.percent, usage.wait_seconds),
            )
            self._interval.pause(usage.wait_seconds)

    def _response_to(self, url: httpx.URL, until: float) -> bytes:
        token = self._account.token.get_secret_value()
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        with open_response(self._client, str(url), until, headers) as response:
            self._usage = usage_in(response.headers)
            content = body_of(response, _MAX_RESPONSE_BYTES)
        try:
            error = PossibleError.model_validate_json(content).error
        except ValidationError:
            raise_for_failure(response)
            raise PhotosUnknown(_not_an_api_response(response, content)) from None
        if error is not None:
            limit = int(url.params.get("limit", 1))
            wait = self._requested_wait(response)
            raise exception_for(error, self._message_of(error), wait, limit)
        raise_for_failure(response)
        if response.status_code != 200:
            raise PhotosUnknown(_not_an_api_response(response, content))
        return content

    def _message_of(self, error: GraphError) -> str:
        token = self._account.token.get_secret_value()
        message = _LONG_WORD.sub("...", error.message.replace(token, "..."))
        return f"{' '.join(message.split())[:300]} code {error.code}".strip()

    def _requested_wait(self, response: httpx.Response) -> float:
        requested = retry_after_seconds(response.headers.get("Retry-After")) or 0.0
        return max(requested, self._usage.minutes * 60)


def _not_an_api_response(response: httpx.Response, content: bytes) -> str:
    content_type = response.headers.get("Content-Type", "no type")
    return (
        f"{response.url.host} answered {response.status_code} with {len(content):,} bytes of "
        f"{content_type:.80}, which is not a response of the Graph API; check OOTT_GRAPH_URL"
    )
