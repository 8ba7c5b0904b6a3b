"""The OpenAPI document of the service.

Ours rather than BentoML's, which does not pass validation and knows none of our errors.
"""

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from oott_serving.api_models import (
    BatchAnswer,
    BatchRequest,
    CameraAnswer,
    CameraRequest,
    ErrorAnswer,
)

Json = dict[str, Any]

HEALTH_PATHS = ("/ping", "/health", "/healthcheck", "/status")

_MODELS = (CameraRequest, CameraAnswer, BatchRequest, BatchAnswer, ErrorAnswer)
_REFERENCE = "#/components/schemas/{model}"

_REFUSED = {
    "400": "The body is no JSON, or a photo in it cannot be decoded.",
    "408": "The body did not arrive in two minutes.",
    "413": "The body, a photo or the number of photos is too large.",
    "415": "The content type is not application/json.",
    "422": "The request is well-formed but cannot be answered.",
    "503": "No detector is published, the trend database is away, or too many requests wait.",
}

_RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}

_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "1 to 255 printable characters, new for each batch. A batch that is sent again "
    "under its key, for instance after a time-out, is counted once.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}


def openapi_document() -> Json:
    """Describe what the service answers, by OpenAPI 3.1."""
    _, schemas = models_json_schema(
        [(model, "validation") for model in _MODELS], ref_template=_REFERENCE
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "OOTT closet service",
            "version": _release(),
            "description": "Names the garments of photos, and counts them into fashion trends.",
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "."}],
        "paths": {**_predictions(), **_health()},
        "components": {"schemas": schemas["$defs"]},
    }


def _release() -> str:
    try:
        return version("oott")
    except PackageNotFoundError:  # in a bento, whose packages are copied and not installed
        return "unreleased"


def _predictions() -> Json:
    camera = _prediction(
        "camera", "Name the surest garment of a photo.", CameraRequest, CameraAnswer
    )
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
            **{status: _refusal(status) for status in _REFUSED},
        },
    }


def _health() -> Json:
    alive = {
        "description": "The process answers.",
        "content": {"application/json": {"schema": {"const": True}}},
    }
    paths = {path: _probe(path, "Tell that the process answers.", alive) for path in HEALTH_PATHS}
    paths["/livez"] = _probe("/livez", "Tell that the process runs.", {"description": "It runs."})
    paths["/readyz"] = _probe(
        "/readyz", "Tell whether photos can be read.", {"description": "Yes."}
    )
    paths["/readyz"]["get"]["responses"]["503"] = _refusal("503")
    paths["/metrics"] = _probe(
        "/metrics", "Measure requests, for Prometheus.", {"description": "."}
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


def _refusal(status: str) -> Json:
    refusal: Json = {"description": _REFUSED[status], "content": _json_of(ErrorAnswer)}
    if status == "503":
        refusal["headers"] = _RETRY_AFTER
    return refusal


def _json_of(model: type[BaseModel]) -> Json:
    schema = {"$ref": _REFERENCE.format(model=model.__name__)}
    return {"application/json": {"schema": schema}}
