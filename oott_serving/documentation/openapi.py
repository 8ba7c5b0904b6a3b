"""The OpenAPI document of the service.

BentoML's own document fails validation and lists none of our errors, so we write our own.
"""

from importlib.metadata import PackageNotFoundError, version

from pydantic.json_schema import models_json_schema

from oott_serving.api.api_models import (
    BatchAnswer,
    BatchRequest,
    CameraAnswer,
    CameraRequest,
    ErrorAnswer,
    TrendAnswer,
    TrendQuery,
)
from oott_serving.api.service_paths import HEALTH_PATHS
from oott_serving.detection.garments_api import GarmentsAnswer, ModelAnswer
from oott_serving.documentation.openapi_parts import (
    REFERENCE,
    SECURITY,
    SECURITY_SCHEMES,
    Json,
    error_of,
    errors_of,
    json_of,
)
from oott_serving.documentation.openapi_predictions import predictions
from oott_serving.documentation.openapi_recommendations import recommendations
from oott_serving.recommendations.recommend_models import RecommendAnswer, RecommendRequest
from oott_serving.recommendations.released_looks import ReleasedAnswer, ReleasedTrip

_MODELS = (
    CameraRequest,
    CameraAnswer,
    GarmentsAnswer,
    BatchRequest,
    BatchAnswer,
    RecommendRequest,
    RecommendAnswer,
    ReleasedTrip,
    ReleasedAnswer,
    TrendAnswer,
    ModelAnswer,
    ErrorAnswer,
)


def openapi_document() -> Json:
    """Build the OpenAPI 3.1 document of the service."""
    _, schemas = models_json_schema(
        [(model, "validation") for model in _MODELS], ref_template=REFERENCE
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
        "paths": {
            **predictions(),
            **recommendations(),
            "/trends": {"get": _trends()},
            "/model": {"get": _model()},
            **_health(),
        },
        "components": {"schemas": schemas["$defs"], "securitySchemes": SECURITY_SCHEMES},
    }


def _release() -> str:
    try:
        return version("oott")
    except PackageNotFoundError:  # a bento contains our packages as files, without installing them
        return "unreleased"


def _trends() -> Json:
    properties = TrendQuery.model_json_schema()["properties"]
    not_changed = {"description": "The trends are those of the ETag in If-None-Match."}
    return {
        "operationId": "trends",
        "summary": "Tell what people wear at a place, and what is rising.",
        "tags": ["trends"],
        "security": SECURITY,
        "parameters": [
            {
                "name": name,
                "in": "query",
                "allowEmptyValue": True,
                "description": schema.pop("description"),
                "schema": schema,
            }
            for name, schema in properties.items()
        ],
        "responses": {
            "200": {"description": str(TrendAnswer.__doc__), "content": json_of(TrendAnswer)},
            "304": not_changed,
            **errors_of("/trends"),
        },
    }


def _model() -> Json:
    return {
        "operationId": "model",
        "summary": "Describe the detector in service.",
        "tags": ["model"],
        "security": SECURITY,
        "responses": {
            "200": {"description": str(ModelAnswer.__doc__), "content": json_of(ModelAnswer)},
            **errors_of("/model"),
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
    paths["/readyz"]["get"]["responses"]["503"] = error_of("/readyz", "503")
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
