"""Observes each request from its start to its end: its record, its headers, metrics and log."""

import re
import uuid
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from oott_serving.api.service_paths import PREDICTION_PATHS
from oott_serving.records.request_log import fields_of, log_request
from oott_serving.records.request_records import (
    VERSION_HEADER,
    RequestRecord,
    begin_record,
    end_record,
)
from oott_serving.records.service_metrics import service_metrics
from oott_serving.records.traces import add_to_span

REQUEST_ID_HEADER = "X-Request-ID"

# With other characters, a client could forge lines of the log.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:+/=@-]{1,128}")

_MAX_PATH_LENGTH = 200


class RequestObserver:
    """Records each request, counts and logs it, and adds what is known of it to the answer."""

    def __init__(self, app: ASGIApp, version_in_service: Callable[[], str | None]) -> None:
        self._app = app
        self._version_in_service = version_in_service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        record = RequestRecord(scope["method"], _path_in(scope), _request_id_in(scope))
        observed: _Observed
        if scope["path"] in PREDICTION_PATHS:
            observed = _Prediction(record, receive, send, self._version_in_service)
        else:
            observed = _Observed(record, receive, send)
        token = begin_record(record)
        try:
            await self._app(scope, observed.receive, observed.send)
        finally:
            end_record(token)
            observed.end()


class _Observed:
    """A request that is being answered."""

    def __init__(self, record: RequestRecord, receive: Receive, send: Send) -> None:
        self._record = record
        self._receive = receive
        self._send = send
        self._has_ended = False

    async def receive(self) -> Message:
        return await self._receive()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._record.status = message["status"]
            self.add_headers(MutableHeaders(scope=message))
        elif not message.get("more_body", False):
            self.end()  # before the client can ask for the metrics
        await self._send(message)

    def add_headers(self, headers: MutableHeaders) -> None:
        headers[REQUEST_ID_HEADER] = self._record.request_id

    def end(self) -> None:
        """Count, log and trace the request, once."""
        if not self._has_ended:
            self._has_ended = True
            self.count()
            fields = fields_of(self._record)
            log_request(fields)
            add_to_span(fields)

    def count(self) -> None:
        service_metrics().count(self._record)


class _Prediction(_Observed):
    """A prediction, whose body takes memory, and whose answer names the detector."""

    def __init__(
        self,
        record: RequestRecord,
        receive: Receive,
        send: Send,
        version_in_service: Callable[[], str | None],
    ) -> None:
        super().__init__(record, receive, send)
        self._version_in_service = version_in_service
        self._has_arrived = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request" and not self._has_arrived:
            more = len(message.get("body", b""))
            self._record.body_bytes += more
            service_metrics().add_bytes(more)
            if not message.get("more_body", False):
                self._has_arrived = True
                service_metrics().add_arrived(self._record, 1)
        return message

    def add_headers(self, headers: MutableHeaders) -> None:
        super().add_headers(headers)
        if version := self._record.detector_version or self._version_in_service():
            headers[VERSION_HEADER] = version

    def count(self) -> None:
        service_metrics().add_bytes(-self._record.body_bytes)
        if self._has_arrived:
            service_metrics().add_arrived(self._record, -1)
        super().count()


def _path_in(scope: Scope) -> str:
    """Give the path as the client sent it, with escapes, because those could be line breaks."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw[:_MAX_PATH_LENGTH].decode("ascii", "backslashreplace").partition("?")[0]


def _request_id_in(scope: Scope) -> str:
    sent = Headers(scope=scope).get(REQUEST_ID_HEADER.lower(), "")
    return sent if _REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex
