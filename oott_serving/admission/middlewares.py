"""The layers around the service, in the order in which a request passes them."""

from collections.abc import Callable
from typing import Any

from starlette.middleware.cors import CORSMiddleware

from oott_serving.admission.api_keys import ApiKeys
from oott_serving.admission.request_limits import Prediction, RequestLimits
from oott_serving.api.answer_colours import COLOURS_HEADER
from oott_serving.documentation.openapi_parts import KEY_HEADER
from oott_serving.records.request_observer import REQUEST_ID_HEADER, RequestObserver
from oott_serving.records.request_records import VERSION_HEADER
from oott_serving.settings import ServiceSettings

_HEADERS_OF_CLIENTS = (
    "Authorization",
    KEY_HEADER,
    "Idempotency-Key",
    COLOURS_HEADER,
    REQUEST_ID_HEADER,
)
_HEADERS_FOR_CLIENTS = (VERSION_HEADER, REQUEST_ID_HEADER, "Retry-After", "ETag")

Middleware = tuple[type, dict[str, Any]]


def middlewares(
    settings: ServiceSettings,
    predictions: list[Prediction],
    version_in_service: Callable[[], str | None],
) -> list[Middleware]:
    """List the middlewares and their options, the outermost first."""
    limits = {"predictions": predictions, "max_body_bytes": settings.max_body_bytes}
    return [
        (RequestObserver, {"version_in_service": version_in_service}),
        # A browser asks without a key whether it may send one.
        *_cross_origin(settings.allowed_origins),
        (ApiKeys, {"keys": settings.known_api_keys}),
        (RequestLimits, limits),
    ]


def _cross_origin(origins: tuple[str, ...]) -> list[Middleware]:
    if not origins:
        return []
    options = {
        "allow_origins": origins,
        "allow_methods": ("GET", "POST"),
        "allow_headers": _HEADERS_OF_CLIENTS,
        "expose_headers": _HEADERS_FOR_CLIENTS,
    }
    return [(CORSMiddleware, options)]
