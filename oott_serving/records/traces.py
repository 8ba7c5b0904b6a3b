"""Sends traces to an OpenTelemetry collector, if the standard variables name one."""

import os
from collections.abc import Mapping
from typing import Any

from opentelemetry.sdk.environment_variables import (
    OTEL_EXPORTER_OTLP_ENDPOINT,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
)
from opentelemetry.trace import get_current_span

from oott_serving.api.service_paths import PROBE_PATHS

_ENDPOINTS = (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT)


def tracing() -> dict[str, Any]:
    """Give BentoML's options of tracing; the exporter itself reads the standard variables."""
    if not any(map(os.environ.get, _ENDPOINTS)):
        # BentoML makes spans also if nobody gets them, and they take 0.4 ms of CPU time each.
        return {"excluded_urls": ".*"}
    return {
        "exporter_type": "otlp",
        "otlp": {"protocol": "http", "http": {}},
        "sample_rate": 1.0,
        "excluded_urls": [f"{path}$" for path in PROBE_PATHS],
    }


def add_to_span(fields: Mapping[str, Any]) -> None:
    """Add what the log says of the current request to its span."""
    span = get_current_span()
    if span.is_recording():
        milliseconds = {f"milliseconds.{name}": ms for name, ms in fields["milliseconds"].items()}
        known = {name: value for name, value in fields.items() if name != "milliseconds"}
        span.set_attributes(
            {f"oott.{name}": value for name, value in (known | milliseconds).items()}
        )
