"""Parts of the OpenAPI document that several operations use."""

from typing import Any

from pydantic import BaseModel

from oott_serving.api.api_models import ErrorAnswer
from oott_serving.documentation.error_examples import ERROR_EXAMPLES

Json = dict[str, Any]

REFERENCE = "#/components/schemas/{model}"

_ERRORS = {
    "404": "There are no estimates for the place and month.",
    "400": "The body cannot be read, or a photo in it cannot be decoded.",
    "401": "The request has no API key, or an unknown one. Only a service with API keys says so.",
    "408": "The body did not arrive within two minutes.",
    "413": "The body, a photo or the number of photos is too large.",
    "415": "The route does not accept this content type, or the body is compressed.",
    "422": "The request is well-formed but cannot be answered.",
    "503": "No detector is published, the trend database is unavailable, or a photo would wait too "
    "long.",
}

KEY_HEADER = "X-API-Key"

SECURITY_SCHEMES: Json = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "header": {"type": "apiKey", "in": "header", "name": KEY_HEADER},
}

# A service without API keys accepts requests without one.
SECURITY: list[Json] = [{}, *({name: []} for name in SECURITY_SCHEMES)]

_RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}


def posted(
    name: str, path: str, tag: str, summary: str, request: type[BaseModel], answer: type[BaseModel]
) -> Json:
    """Describe a route to which a request is posted as JSON."""
    return {
        "operationId": name,
        "summary": summary,
        "tags": [tag],
        "security": SECURITY,
        "requestBody": {"required": True, "content": json_of(request)},
        "responses": {
            "200": {"description": str(answer.__doc__), "content": json_of(answer)},
            **errors_of(path),
        },
    }


def errors_of(path: str) -> Json:
    """Describe the errors of a path, by status."""
    return {status: error_of(path, status) for status in sorted(ERROR_EXAMPLES[path])}


def error_of(path: str, status: str) -> Json:
    """Describe the response of an error, with examples."""
    content = json_of(ErrorAnswer)
    content["application/json"]["examples"] = {
        name: {"value": {"error": sentence}}
        for name, sentence in ERROR_EXAMPLES[path][status].items()
    }
    error: Json = {"description": _ERRORS[status], "content": content}
    if status == "503":
        error["headers"] = _RETRY_AFTER
    return error


def json_of(model: type[BaseModel]) -> Json:
    """Describe JSON of a model."""
    schema = {"$ref": REFERENCE.format(model=model.__name__)}
    return {"application/json": {"schema": schema}}
