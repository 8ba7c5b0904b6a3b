"""Limits on prediction requests that BentoML does not have: size, content type and concurrency.

It is a plain ASGI middleware, so that it can reject a request before its body is read or decoded.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from pydantic import ValidationError
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from oott_serving.api_models import Request
from oott_serving.errors import RejectedRequest, error_response

# A request has one comma per photo and per field. Without a limit, a JSON parser would turn
# 50 MB of "{},{}," into gigabytes of objects before the request is validated.
_MAX_COMMAS = 10_000

# Eight full uploads at the same time are normal. 64 of them would fill the memory.
_MAX_FULL_BODIES = 8

# This is long enough for a full body over a slow connection. Memory is reserved for the declared
# size of a body. Without a time limit, a client that sends nothing would keep its memory reserved.
_MAX_UPLOAD_SECONDS = 120


class Prediction(NamedTuple):
    """A prediction endpoint: its path, its request body, and how many run at the same time."""

    path: str
    request: type[Request]
    max_concurrent: int


class RequestLimits:
    """Rejects requests that cannot be answered, and writes every error as JSON."""

    def __init__(
        self,
        app: ASGIApp,
        predictions: list[Prediction],
        max_body_bytes: int,
        max_waiting: int,
        max_upload_seconds: float = _MAX_UPLOAD_SECONDS,
    ) -> None:
        self._app = app
        self._predictions = {prediction.path: prediction for prediction in predictions}
        self._semaphores = {
            prediction.path: asyncio.Semaphore(prediction.max_concurrent)
            for prediction in predictions
        }
        self._max_body_bytes = max_body_bytes
        self._max_waiting = max_waiting
        self._max_upload_seconds = max_upload_seconds
        self._waiting = 0
        self._body_memory = _BodyMemory(_MAX_FULL_BODIES * max_body_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] == "POST" and scope["path"] in self._predictions:
            await self._predict(self._predictions[scope["path"]], scope, receive, send)
        else:
            await self._app(scope, receive, _ErrorsInJson(scope, send))

    async def _predict(
        self, prediction: Prediction, scope: Scope, receive: Receive, send: Send
    ) -> None:
        try:
            headers = Headers(scope=scope)
            _require_uncompressed_json(headers)
            declared = self._declared_bytes(headers)
            with self._place_in_the_queue(), self._body_memory.reserved(declared) as reserve:
                body = await self._read_body_in_time(receive, reserve)
                _require_valid_body(body, prediction.request)
                async with self._semaphores[prediction.path]:
                    await self._app(scope, _replay(body, receive), send)
        except RejectedRequest as error:
            await error_response(error.status, str(error))(scope, receive, send)

    @contextmanager
    def _place_in_the_queue(self) -> Iterator[None]:
        if self._waiting >= self._max_waiting:
            raise RejectedRequest(
                503, f"{self._waiting} requests are already waiting; try again later"
            )
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    def _declared_bytes(self, headers: Headers) -> int:
        length = headers.get("content-length", "")
        declared = int(length) if length.isdecimal() else 0
        if declared > self._max_body_bytes:
            raise self._too_large(f"{declared:,} bytes")
        return declared

    async def _read_body_in_time(self, receive: Receive, reserve: Callable[[int], None]) -> bytes:
        try:
            async with asyncio.timeout(self._max_upload_seconds):
                return await self._read_body(receive, reserve)
        except TimeoutError:
            raise RejectedRequest(
                408,
                f"the body was not complete after {self._max_upload_seconds:g} seconds; send "
                "smaller photos, or use a faster connection",
            ) from None

    async def _read_body(self, receive: Receive, reserve: Callable[[int], None]) -> bytes:
        chunks: list[bytes] = []
        received = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise RejectedRequest(400, "the connection was closed before the body was complete")
            chunks.append(message.get("body", b""))
            received += len(chunks[-1])
            if received > self._max_body_bytes:
                raise self._too_large(f"more than {self._max_body_bytes:,} bytes")
            reserve(received)
            if not message.get("more_body", False):
                return b"".join(chunks)

    def _too_large(self, found: str) -> RejectedRequest:
        return RejectedRequest(
            413,
            f"the body has {found}; at most {self._max_body_bytes:,} are allowed; send fewer or "
            "smaller photos",
        )


class _BodyMemory:
    """The memory budget that the bodies of all requests share."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._reserved = 0

    @contextmanager
    def reserved(self, declared: int) -> Iterator[Callable[[int], None]]:
        """Reserve ``declared`` bytes; the yielded function increases the reservation to a total.

        Raises:
            RejectedRequest: the budget is used up.
        """
        mine = 0

        def reserve(total: int) -> None:
            nonlocal mine
            more = max(0, total - mine)
            if self._reserved + more > self._max_bytes:
                raise RejectedRequest(
                    503,
                    f"{self._reserved:,} bytes of requests are already waiting; try again later",
                )
            self._reserved += more
            mine += more

        try:
            reserve(declared)
            yield reserve
        finally:
            self._reserved -= mine


def _require_uncompressed_json(headers: Headers) -> None:
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise RejectedRequest(
            415, f"the content type is {kind[:80] or 'missing'}; send application/json"
        )
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        raise RejectedRequest(
            415, f"the body is compressed with {encoding[:40]}; send it uncompressed"
        )


def _require_valid_body(body: bytes, request: type[Request]) -> None:
    if body.count(b",") > _MAX_COMMAS:
        raise RejectedRequest(
            422, f"the body has more than {_MAX_COMMAS:,} values; expected {request.example}"
        )
    try:
        request.model_validate_json(body)
    except ValidationError as error:
        raise _invalid_body(error, request.example) from None


def _invalid_body(error: ValidationError, example: str) -> RejectedRequest:
    problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if problem["type"] == "json_invalid":
        return RejectedRequest(
            400, f"the body cannot be read: {problem['msg']}; expected {example}"
        )
    field = ".".join(str(step) for step in problem["loc"]) or "the body"
    return RejectedRequest(422, f"{field}: {problem['msg']}; expected {example}")


def _replay(body: bytes, receive: Receive) -> Receive:
    """Give ``body`` to the next reader, then the messages that follow."""
    unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def read() -> Message:
        return unread.pop() if unread else await receive()

    return read


class _ErrorsInJson:
    """Passes a response on, and turns Starlette's plain-text errors into JSON."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._plain_error: Message | None = None
        self._text = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_plain_error(message):
            self._plain_error = message
        elif self._plain_error is None:
            await self._send(message)
        else:
            self._text += message.get("body", b"")
            if not message.get("more_body", False):
                await self._send_in_json(self._plain_error)

    async def _send_in_json(self, start: Message) -> None:
        response = error_response(start["status"], self._message(start["status"]))
        for name, value in Headers(raw=start["headers"]).items():
            response.headers.setdefault(name, value)
        await response(self._scope, _disconnected, self._send)

    def _message(self, status: int) -> str:
        method, path = self._scope["method"], self._scope["path"][:200]
        if status == 404:
            return f"{path} does not exist; the page at / lists the paths"
        if status == 405:
            return f"{path} does not allow {method}; the page at / lists the allowed methods"
        return self._text.decode(errors="replace").strip()


def _is_plain_error(start: Message) -> bool:
    kind = Headers(raw=start["headers"]).get("content-type", "")
    return bool(start["status"] >= 400) and kind.startswith("text/plain")


async def _disconnected() -> Message:
    return {"type": "http.disconnect"}
