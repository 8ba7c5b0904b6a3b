"""Turns the plain-text errors of Starlette into JSON, for requests that are no predictions."""

from starlette.datastructures import Headers
from starlette.types import Message, Scope, Send

from oott_serving.errors import error_response


class ErrorsInJson:
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
