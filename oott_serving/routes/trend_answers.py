"""Answers GET /trends from the estimates in the trend database."""

import asyncio
import hashlib
import time
from functools import lru_cache
from typing import NamedTuple

import anyio
from starlette.requests import Request
from starlette.responses import Response

from oott_fashion.stores.trend_tables import TrendTables
from oott_serving.api.api_models import TrendQuery
from oott_serving.errors import TRANSLATED_ERRORS, error_response, response_to
from oott_serving.start_up import StartUp
from oott_serving.trends.trend_questions import (
    NoEstimates,
    Place,
    answer_of,
    month_in,
    place_named,
    query_in,
)

# Estimates change when the pipeline runs, at most a few times a day.
_MAX_AGE_SECONDS = 60
_MAX_CACHED_ANSWERS = 256

# The threads of predictions are not used, so a database that does not respond blocks no photo.
_MAX_THREADS = 4
_MAX_SECONDS = 5.0

_TOO_SLOW = "the trend database does not respond now; try again later"


class CachedAnswer(NamedTuple):
    """The JSON of an answer, and a hash of it."""

    body: bytes
    etag: str


class TrendAnswers:
    """Reads estimates in its own threads and for a limited time, and keeps answers for a minute."""

    def __init__(self, start_up: StartUp) -> None:
        self._start_up = start_up
        self._tables: TrendTables | None = None
        self._threads = anyio.CapacityLimiter(_MAX_THREADS)
        self._answers = lru_cache(_MAX_CACHED_ANSWERS)(self._read)

    async def respond(self, request: Request) -> Response:
        """Respond with the trends, or with 304 if the client has them already."""
        try:
            query = query_in(request.query_params)
            async with asyncio.timeout(_MAX_SECONDS):
                answer = await anyio.to_thread.run_sync(
                    self._answers, query, _minute(), limiter=self._threads, abandon_on_cancel=True
                )
        except TimeoutError:
            return error_response(503, _TOO_SLOW, reason="no_database")
        except TRANSLATED_ERRORS as error:
            return response_to(error)
        if isinstance(answer, NoEstimates):
            return response_to(answer)
        headers = {"ETag": answer.etag, "Cache-Control": f"public, max-age={_MAX_AGE_SECONDS}"}
        if _is_known(answer.etag, request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
        return Response(answer.body, media_type="application/json", headers=headers)

    def _read(self, query: TrendQuery, _minute: int) -> CachedAnswer | NoEstimates:
        place = place_named(query.destination, self._start_up.destinations())
        tables = self._opened()
        month = month_in(query) or tables.latest_estimated_month(*place)
        estimates = month and tables.estimates(month, *place, query.subject, query.category)
        if not estimates:
            # It is returned, because a raised error would not be cached. To find no month at all,
            # the database reads all estimates.
            return NoEstimates(_nothing_found(query, place))
        body = answer_of(query, estimates).model_dump_json().encode()
        return CachedAnswer(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')

    def _opened(self) -> TrendTables:
        if self._tables is None:
            url = self._start_up.settings.trend_database_url
            self._tables = TrendTables.open(url, self._start_up.destinations())
        return self._tables


def _minute() -> int:
    return int(time.monotonic() // _MAX_AGE_SECONDS)


def _is_known(etag: str, if_none_match: str) -> bool:
    # A proxy that compresses an answer marks its hash as weak: W/"...".
    known = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return etag in known or known == ["*"]


def _nothing_found(query: TrendQuery, place: Place) -> str:
    where = "all places" if place.kind == "all" else place.slug
    when = "any month" if query.month is None else query.month
    what = (
        f"{query.subject}s" if query.category is None else f"{query.subject}s in {query.category}"
    )
    return f"there are no estimates of {what} for {where} in {when}; ask for another month or place"
