"""Limits on prediction requests that BentoML does not have: size, content type, number and time.

It is a plain ASGI middleware, so that it can reject a request before its body is read or decoded.
A request takes a place in the queue when its body has arrived, so a slow client holds none.
"""

import asyncio
import time
from contextlib import suppress
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from oott_serving.admission.json_errors import ErrorsInJson
from oott_serving.admission.request_bodies import parser_for
from oott_serving.admission.uploads import Uploads, too_large
from oott_serving.admission.validated_input import set_validated
from oott_serving.admission.waiting_requests import WaitingRequests
from oott_serving.api.api_models import Request
from oott_serving.errors import RejectedRequest, error_response
from oott_serving.records.request_records import add_seconds

# This is half of the connections of a worker.
_MAX_UPLOADS = 1000

# This is long enough for a full body over a slow connection.
MAX_UPLOAD_SECONDS = 120


class Prediction(NamedTuple):
    """A prediction endpoint: its path, its request body, and the queue of its requests."""

    path: str
    request: type[Request]
    queue: WaitingRequests


class RequestLimits:
    """Rejects requests that cannot be answered, and writes every error as JSON."""

    def __init__(
        self,
        app: ASGIApp,
        predictions: list[Prediction],
        max_body_bytes: int,
        max_uploads: int = _MAX_UPLOADS,
        max_upload_seconds: float = MAX_UPLOAD_SECONDS,
    ) -> None:
        self._app = app
        self._predictions = {prediction.path: prediction for prediction in predictions}
        self._max_body_bytes = max_body_bytes
        self._uploads = Uploads(max_body_bytes, max_uploads, max_upload_seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] == "POST" and scope["path"] in self._predictions:
            await self._predict(self._predictions[scope["path"]], scope, receive, send)
        else:
            await self._app(scope, receive, ErrorsInJson(scope, send))

    async def _predict(
        self, prediction: Prediction, scope: Scope, receive: Receive, send: Send
    ) -> None:
        try:
            headers = Headers(scope=scope)
            parse = parser_for(headers, prediction.request)
            self._require_allowed_length(headers)
            async with self._uploads.parsed(receive, parse) as request:
                set_validated(scope, request)
                arrived = time.perf_counter()
                async with prediction.queue.place(request.photos()):
                    add_seconds("waiting", time.perf_counter() - arrived)
                    await _require_connected(receive)
                    await self._app(scope, receive, send)
        except RejectedRequest as error:
            rejection = error_response(
                error.status, str(error), error.retry_after_seconds, error.reason
            )
            await rejection(scope, receive, send)

    def _require_allowed_length(self, headers: Headers) -> None:
        length = headers.get("content-length", "")
        declared = int(length) if length.isdecimal() else 0
        if declared > self._max_body_bytes:
            raise too_large(f"{declared:,} bytes", self._max_body_bytes)


async def _require_connected(receive: Receive) -> None:
    """Raise RejectedRequest if the client of a request whose body was read has left.

    BentoML keeps a request until it is answered, so also this one needs an answer.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(0):
            await receive()
            raise RejectedRequest(400, "the connection was closed before the answer")
