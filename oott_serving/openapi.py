"""The OpenAPI document of the service.

BentoML's own document fails validation and lists none of our errors, so we write our own.
"""

from importlib.metadata import PackageNotFoundError, version
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from oott_serving.answer_colours import COLOURS_HEADER, CameraColours
from oott_serving.api_models import (
    BatchAnswer,
    BatchRequest,
    CameraAnswer,
    CameraRequest,
    ErrorAnswer,
    TrendAnswer,
    TrendQuery,
)

Json = dict[str, Any]

HEALTH_PATHS = ("/ping", "/health", "/healthcheck", "/status")

_MODELS = (CameraRequest, CameraAnswer, BatchRequest, BatchAnswer, TrendAnswer, ErrorAnswer)
_REFERENCE = "#/components/schemas/{model}"

_ERRORS = {
    "404": "There are no estimates for the place and month.",
    "400": "The body is not JSON, or a photo in it cannot be decoded.",
    "408": "The body did not arrive within two minutes.",
    "413": "The body, a photo or the number of photos is too large.",
    "415": "The content type is not application/json.",
    "422": "The request is well-formed but cannot be answered.",
    "503": "No detector is published, the trend database is unavailable, or a photo would wait too "
    "long.",
}

_PREDICTION_ERRORS = ("400", "408", "413", "415", "422", "503")
_TREND_ERRORS = ("404", "422", "503")

_RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}

_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "1 to 255 printable characters, new for each batch. A batch that is sent again "
    "with the same key, for instance after a time-out, is counted once.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}

_COLOURS = {
    "name": COLOURS_HEADER,
    "in": "header",
    "description": "released: the colour is white, beige, blue, gray or black. full: it is one of "
    "all colours. Without the header, the setting OOTT_CAMERA_COLOURS decides, which is released "
    "by default.",
    "schema": {"enum": list(get_args(CameraColours))},
}


def openapi_document() -> Json:
    """Build the OpenAPI 3.1 document of the service."""
    _, schemas = models_json_schema(
        [(model, "validation") for model in _MODELS], ref_template=_REFERENCE
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "OOTT closet service",
            "version": _release(),
            "description": "Detects garments in photos, and counts them into fashion trends.",
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "."}],
        "paths": {**_predictions(), "/trends": {"get": _trends()}, **_health()},
        "components": {"schemas": schemas["$defs"]},
    }


def _release() -> str:
    try:
        return version("oott")
    except PackageNotFoundError:  # a bento contains our packages as files, without installing them
        return "unreleased"


def _predictions() -> Json:
    camera = _prediction(
        "camera", "Name the most confident garment of a photo.", CameraRequest, CameraAnswer
    )
    camera["parameters"] = [_COLOURS]
    batch = _prediction(
        "batch", "Count photos into this month's trends.", BatchRequest, BatchAnswer
    )
    batch["parameters"] = [_IDEMPOTENCY_KEY]
    return {"/predict/camera": {"post": camera}, "/predict/batch": {"post": batch}}


def _prediction(name: str, summary: str, request: type[BaseModel], answer: type[BaseModel]) -> Json:
    return {
        "operationId": name,
        "summary": summary,
        "tags": ["predictions"],
        "requestBody": {"required": True, "content": _json_of(request)},
        "responses": {
            "200": {"description": str(answer.__doc__), "content": _json_of(answer)},
            **{status: _error(status) for status in _PREDICTION_ERRORS},
        },
    }


def _trends() -> Json:
    properties = TrendQuery.model_json_schema()["properties"]
    not_changed = {"description": "The trends are those of the ETag in If-None-Match."}
    return {
        "operationId": "trends",
        "summary": "Tell what people wear at a place, and what is rising.",
        "tags": ["trends"],
        "parameters": [
            {
                "name": name,
                "in": "query",
                "description": schema.pop("description"),
                "schema": schema,
            }
            for name, schema in properties.items()
        ],
        "responses": {
            "200": {"description": str(TrendAnswer.__doc__), "content": _json_of(TrendAnswer)},
            "304": not_changed,
            **{status: _error(status) for status in _TREND_ERRORS},
        },
    }


def _health() -> Json:
    alive = {
        "description": "The process answers.",
        "content": {"application/json": {"schema": {"const": True}}},
    }
    paths = {path: _probe(path, "Check that the process answers.", alive) for path in HEALTH_PATHS}
    paths["/livez"] = _probe(
        "/livez", "Check that the process runs.", {"description": "The process runs."}
    )
    paths["/readyz"] = _probe(
        "/readyz",
        "Check that a detector is in service.",
        {
            "description": "A detector is ready. The text says which, and why not the latest one.",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
    )
    paths["/readyz"]["get"]["responses"]["503"] = _error("503")
    paths["/metrics"] = _probe(
        "/metrics", "Give request metrics for Prometheus.", {"description": "The metrics."}
    )
    return paths


def _probe(path: str, summary: str, answer: Json) -> Json:
    return {
        "get": {
            "operationId": path.removeprefix("/"),
            "summary": summary,
            "tags": ["health"],
            "responses": {"200": answer},
        }
    }


def _error(status: str) -> Json:
    error: Json = {"description": _ERRORS[status], "content": _json_of(ErrorAnswer)}
    if status == "503":
        error["headers"] = _RETRY_AFTER
    return error


def _json_of(model: type[BaseModel]) -> Json:
    schema = {"$ref": _REFERENCE.format(model=model.__name__)}
    return {"application/json": {"schema": schema}}
