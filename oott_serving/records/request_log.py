"""Writes one line per request to the log, as text or as JSON, without photos or keys."""

import json
import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from oott_serving.api.service_paths import PROBE_PATHS
from oott_serving.records.request_records import RequestRecord, current_record

LogFormat = Literal["text", "json"]

_log = logging.getLogger(__name__)

# BentoML gives these their own handlers.
_LOGGERS_WITH_HANDLERS = (None, "bentoml", "circus", "uvicorn.error")


def log_request(fields: Mapping[str, Any]) -> None:
    """Log an answered request; probes only if they failed."""
    if fields["path"] not in PROBE_PATHS or fields["status"] != 200:
        _log.info("%s", _text_of(fields), extra={"request": fields})


def fields_of(record: RequestRecord) -> dict[str, Any]:
    """List what the log says of an answered request."""
    milliseconds: dict[str, float] = {
        "total": round(1000 * (time.perf_counter() - record.began), 1)
    }
    fields = {
        "method": record.method,
        "path": record.path,
        "status": record.status,
        "milliseconds": milliseconds,
        "bytes": record.body_bytes,
        "request_id": record.request_id,
    }
    if record.photos:
        milliseconds.update((str(stage), spent) for stage, spent in record.milliseconds().items())
        fields |= {"photos": record.photos, "garments": len(record.garments)}
    if record.detector_version:
        fields["detector_version"] = record.detector_version
    if record.rejected_because:
        fields["rejected_because"] = record.rejected_because
    return fields


def _text_of(fields: Mapping[str, Any]) -> str:
    parts = [f"{fields['method']} {fields['path']} status={fields['status']}"]
    parts += [f"{stage}={spent}ms" for stage, spent in fields["milliseconds"].items()]
    known = ("method", "path", "status", "milliseconds")
    parts += [f"{name}={value}" for name, value in fields.items() if name not in known]
    return " ".join(parts)


def log_in(log_format: LogFormat) -> None:
    """Write all log lines of this process in a format; text is the one that BentoML set up."""
    if log_format == "text":
        return
    for name in _LOGGERS_WITH_HANDLERS:
        for handler in logging.getLogger(name).handlers:
            handler.setFormatter(_JsonLine())


class _JsonLine(logging.Formatter):
    """Writes a log record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
        }
        request = getattr(record, "request", None)
        if isinstance(request, dict):
            line |= request
        else:
            line["message"] = record.getMessage()
            if request_id := current_record().request_id:
                line["request_id"] = request_id
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
