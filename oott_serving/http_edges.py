"""What BentoML leaves open at the edges of HTTP: how large, of what kind and how many at once.

A plain ASGI middleware, so that a request can be refused before its body is read or decoded.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from pydantic import ValidationError
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from oott_serving.api_models import Request
from oott_serving.errors import Refusal, error_response

# A request has a comma per photo and per field. Without a bound, 50 MB of "{},{}," would be
# made into gigabytes of objects before anyone looks at what they are.
_MAX_COMMAS = 10_000

# Eight full uploads at once are ordinary; 64 of them would fill the memory while they wait.
_FULL_BODIES_AT_ONCE = 8


# Time for a full body over a slow line; whoever announces one and sends nothing keeps its room
# from others no longer.
_LONGEST_UPLOAD_SECONDS = 120


class Prediction(NamedTuple):
    """A path that predicts: what its body holds, and how many are worked on at once."""

    path: str
    request: type[Request]
    at_once: int


class HttpEdges:
    """Lets only what can be answered through to the predictions, and writes errors in JSON."""

    def __init__(
        self,
        app: ASGIApp,
        predictions: list[Prediction],
        max_body_bytes: int,
        max_waiting: int,
        longest_upload_seconds: float = _LONGEST_UPLOAD_SECONDS,
    ) -> None:
        self._app = app
        self._predictions = {prediction.path: prediction for prediction in predictions}
        self._turns = {each.path: asyncio.Semaphore(each.at_once) for each in predictions}
        self._max_body_bytes = max_body_bytes
        self._max_waiting = max_waiting
        self._longest_upload_seconds = longest_upload_seconds
        self._waiting = 0
        self._room = _RoomForBodies(_FULL_BODIES_AT_ONCE * max_body_bytes)

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
            _refuse_other_content(headers)
            announced = self._announced_bytes(headers)
            with self._place_in_the_queue(), self._room.taken(announced) as take:
                body = await self._body_in_time(receive, take)
                _refuse_unanswerable(body, prediction.request)
                async with self._turns[prediction.path]:
                    await self._app(scope, _again(body, receive), send)
        except Refusal as refusal:
            await error_response(refusal.status, str(refusal))(scope, receive, send)

    @contextmanager
    def _place_in_the_queue(self) -> Iterator[None]:
        if self._waiting >= self._max_waiting:
            raise Refusal(503, f"{self._waiting} requests wait already; try again in a moment")
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    def _announced_bytes(self, headers: Headers) -> int:
        length = headers.get("content-length", "")
        announced = int(length) if length.isdecimal() else 0
        if announced > self._max_body_bytes:
            raise self._too_large(f"{announced:,} bytes")
        return announced

    async def _body_in_time(self, receive: Receive, take: Callable[[int], None]) -> bytes:
        try:
            async with asyncio.timeout(self._longest_upload_seconds):
                return await self._body(receive, take)
        except TimeoutError:
            raise Refusal(
                408,
                f"the body was not complete after {self._longest_upload_seconds:g} seconds; send "
                "smaller photos, or over a faster connection",
            ) from None

    async def _body(self, receive: Receive, take: Callable[[int], None]) -> bytes:
        chunks: list[bytes] = []
        received = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Refusal(400, "the connection was closed before the body was complete")
            chunks.append(message.get("body", b""))
            received += len(chunks[-1])
            if received > self._max_body_bytes:
                raise self._too_large(f"more than {self._max_body_bytes:,} bytes")
            take(received)
            if not message.get("more_body", False):
                return b"".join(chunks)

    def _too_large(self, found: str) -> Refusal:
        return Refusal(
            413,
            f"the body has {found}; at most {self._max_body_bytes:,} are allowed; send fewer or "
            "smaller photos",
        )


class _RoomForBodies:
    """What the bodies of all requests may take of the memory at once."""

    def __init__(self, max_bytes: int) -> None:
        self._most = max_bytes
        self._taken = 0

    @contextmanager
    def taken(self, announced: int) -> Iterator[Callable[[int], None]]:
        """Take ``announced`` bytes, and give what takes as many in all as have come.

        Raises:
            Refusal: there is no room for them.
        """
        mine = 0

        def take(total: int) -> None:
            nonlocal mine
            more = max(0, total - mine)
            if self._taken + more > self._most:
                raise Refusal(
                    503, f"{self._taken:,} bytes of requests wait already; try again in a moment"
                )
            self._taken += more
            mine += more

        try:
            take(announced)
            yield take
        finally:
            self._taken -= mine


def _refuse_other_content(headers: Headers) -> None:
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise Refusal(415, f"the content type is {kind[:80] or 'missing'}; send application/json")
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        raise Refusal(415, f"the body is compressed by {encoding[:40]}; send it as it is")


def _refuse_unanswerable(body: bytes, request: type[Request]) -> None:
    if body.count(b",") > _MAX_COMMAS:
        raise Refusal(
            422, f"the body has more than {_MAX_COMMAS:,} values; expected {request.example}"
        )
    try:
        request.model_validate_json(body)
    except ValidationError as error:
        raise _refusal_of(error, request.example) from None


def _refusal_of(error: ValidationError, example: str) -> Refusal:
    problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if problem["type"] == "json_invalid":
        return Refusal(400, f"the body cannot be read: {problem['msg']}; expected {example}")
    where = ".".join(str(step) for step in problem["loc"]) or "the body"
    return Refusal(422, f"{where}: {problem['msg']}; expected {example}")


def _again(body: bytes, receive: Receive) -> Receive:
    """Give ``body`` to the next reader, and after it what else is received."""
    unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def read() -> Message:
        return unread.pop() if unread else await receive()

    return read


class _ErrorsInJson:
    """Sends a response on, but an error that Starlette wrote as plain text in JSON."""

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
        response = error_response(start["status"], self._sentence(start["status"]))
        for name, value in Headers(raw=start["headers"]).items():
            response.headers.setdefault(name, value)
        await response(self._scope, _nothing_more, self._send)

    def _sentence(self, status: int) -> str:
        method, path = self._scope["method"], self._scope["path"][:200]
        if status == 404:
            return f"there is nothing at {path}; the page at / tells what there is"
        if status == 405:
            return f"{path} does not answer {method}; the page at / tells what it answers"
        return self._text.decode(errors="replace").strip()


def _is_plain_error(start: Message) -> bool:
    kind = Headers(raw=start["headers"]).get("content-type", "")
    return bool(start["status"] >= 400) and kind.startswith("text/plain")


async def _nothing_more() -> Message:
    return {"type": "http.disconnect"}
