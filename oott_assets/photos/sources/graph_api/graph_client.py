"""Asks the Graph API: within its limits, with its errors told apart, its token never written."""

import logging
import re
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import httpx
from pydantic import BaseModel, SecretStr, ValidationError

from oott_assets.photos.sources.graph_api.graph_errors import meaning_of
from oott_assets.photos.sources.graph_api.graph_responses import GraphError, MaybeError
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

# 50 albums of ten long URLs are some 300 kB.
_MAX_ANSWER_BYTES = 8 * 2**20

_ANSWER_SECONDS = 60.0

# Meta repeats a token that it cannot read; no other word of its messages is as long.
_LONG_WORD = re.compile(r"\S{25,}")

_log = logging.getLogger(__name__)

_Shape = TypeVar("_Shape", bound=BaseModel)


@dataclass(frozen=True)
class GraphAccount:
    """On whose behalf the API is asked, and where it is."""

    user: str
    token: SecretStr
    url: str = GRAPH_URL

    def __post_init__(self) -> None:
        """Refuse what cannot work before it is sent anywhere.

        Raises:
            PhotosUnknown: one of the three is unusable; the token is not shown.
        """
        if not re.fullmatch(r"\d+", self.user, re.ASCII):
            raise PhotosUnknown(
                f"OOTT_GRAPH_USER is {self.user!r:.80}; expected the number of an Instagram "
                "business or creator account"
            )
        if not re.fullmatch(r"[!-~]+", self.token.get_secret_value()):
            raise PhotosUnknown(
                "OOTT_GRAPH_TOKEN is empty or holds spaces or letters that no token has; set it to "
                "an access token of the account"
            )
        # By http the token would pass every router in the clear.
        if not (is_loopback(self.url) or (self.url.startswith("https://") and host_of(self.url))):
            raise PhotosUnknown(
                f"OOTT_GRAPH_URL leads to {host_of(self.url) or 'no host'} without https; expected "
                f"one such as {GRAPH_URL}"
            )


class Graph:
    """One account's conversation with the API through ``client``."""

    def __init__(
        self, client: httpx.Client, account: GraphAccount, interval: RequestInterval
    ) -> None:
        self._client = client
        self._account = account
        self._interval = interval
        self._usage = Usage()

    def ask(self, path: str, shape: type[_Shape], **parameters: str) -> _Shape:
        """Ask for what is at ``path``, and read it as ``shape``.

        Raises:
            NoSuchId: the question was of a hashtag or an id that does not exist.
            SourceBusyForHours: the allowance is used up.
            SourceBusy: the API fails at every try.
            PhotosUnknown: the API refuses, or answers something else.
        """
        self._slow_down()
        url = f"{self._account.url.rstrip('/')}/{path}"
        question = str(httpx.URL(url, params=parameters))
        try:
            content = with_retries(partial(self._answer, question), self._interval, _ANSWER_SECONDS)
            return shape.model_validate_json(content)
        except RequestFailed as failure:
            too_many = isinstance(failure, TooManyRequests)
            kind = SourceBusyForHours if too_many else SourceBusy
            raise kind(f"{failure}, at every try; run it again later") from failure
        except ResponseTooLarge as error:
            raise PhotosUnknown(f"the Graph API answered {path} with {error}") from error
        except ValidationError as error:
            raise PhotosUnknown(_unexpected(path, error)) from None

    def _slow_down(self) -> None:
        """Wait as the last answer asked."""
        usage = self._usage
        if usage.percent >= 100 or usage.minutes * 60 > MAX_WAIT_SECONDS:
            raise SourceBusyForHours(
                f"{usage.percent:.0f} % of what the Graph API allows is used; run it again in "
                f"{usage.minutes or 60:.0f} minutes"
            )
        if usage.wait_seconds:
            _log.info(
                "%.0f %% of what the Graph API allows is used: waiting %.0f seconds",
                *(usage.percent, usage.wait_seconds),
            )
            self._interval.pause(usage.wait_seconds)

    def _answer(self, question: str, until: float) -> bytes:
        token = self._account.token.get_secret_value()
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        with open_response(self._client, question, headers, until) as response:
            self._usage = usage_in(response.headers)
            content = body_of(response, _MAX_ANSWER_BYTES, until)
        try:
            error = MaybeError.model_validate_json(content).error
        except ValidationError:
            raise_for_failure(response)
            raise PhotosUnknown(_not_the_api(response, content)) from None
        if error is not None:
            raise meaning_of(error, self._said(error), self._wait_told(response))
        raise_for_failure(response)
        if response.status_code != 200:
            raise PhotosUnknown(_not_the_api(response, content))
        return content

    def _said(self, error: GraphError) -> str:
        token = self._account.token.get_secret_value()
        message = _LONG_WORD.sub("...", error.message.replace(token, "..."))
        return f"{' '.join(message.split())[:300]} code {error.code}".strip()

    def _wait_told(self, response: httpx.Response) -> float:
        told = retry_after_seconds(response.headers.get("Retry-After")) or 0.0
        return max(told, self._usage.minutes * 60)


def _not_the_api(response: httpx.Response, content: bytes) -> str:
    kind = response.headers.get("Content-Type", "no type")
    return (
        f"{response.url.host} answered {response.status_code} with {len(content):,} bytes of "
        f"{kind:.80}, which is no answer of the Graph API; is OOTT_GRAPH_URL right?"
    )


def _unexpected(path: str, error: ValidationError) -> str:
    """Say where an answer is shaped otherwise, but not what it holds."""
    problem = error.errors()[0]
    place = ".".join(str(part) for part in problem["loc"]) or "the whole"
    return (
        f"the Graph API answered {path} in a shape that is not known: {place}: "
        f"{problem['msg']}; is OOTT_GRAPH_URL of a version that OOTT knows, {GRAPH_URL}?"
    )
