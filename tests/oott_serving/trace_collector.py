"""Stands for an OpenTelemetry collector, and keeps the spans that it gets."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector(HTTPServer):
    """Keeps the name, trace and attributes of each span."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Export)
        self.spans: list[tuple[str, str, dict[str, Any]]] = []

    def span_of(self, request_id: str) -> tuple[str, str, dict[str, Any]]:
        """Wait for the span of a request."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            for span in list(self.spans):
                if span[2].get("oott.request_id") == request_id:
                    return span
            time.sleep(0.05)
        pytest.fail(f"the collector got {len(self.spans)} spans, and none of {request_id}")


class Export(BaseHTTPRequestHandler):
    """Receives spans by OTLP over HTTP."""

    server: Collector

    def do_POST(self) -> None:
        assert self.path == "/v1/traces"
        body = self.rfile.read(int(self.headers["Content-Length"]))
        for process in ExportTraceServiceRequest.FromString(body).resource_spans:
            for span in (span for scope in process.scope_spans for span in scope.spans):
                values = {each.key: each.value for each in span.attributes}
                read = {
                    key: getattr(each, each.WhichOneof("value")) for key, each in values.items()
                }
                self.server.spans.append((span.name, span.trace_id.hex(), read))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def collector_of_new_processes() -> Iterator[Collector]:
    """Run a collector, and let processes that are started send their spans to it at once."""
    with (
        Collector() as collector,
        ThreadPoolExecutor(1) as thread,
        pytest.MonkeyPatch.context() as env,
    ):
        thread.submit(collector.serve_forever, 0.05)
        env.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.server_port}")
        env.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        yield collector
        collector.shutdown()
