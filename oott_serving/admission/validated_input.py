"""Hands a validated request from the middleware to BentoML, which would validate it again."""

# BentoML's classes come without types.
# mypy: disable-error-code="import-untyped, misc"

from _bentoml_sdk.io_models import IOMixin
from pydantic import create_model
from starlette.requests import Request as HttpRequest
from starlette.types import Scope

from oott_serving.api.api_models import Request

_KEY = "oott.validated_request"


def set_validated(scope: Scope, request: Request) -> None:
    """Remember the validated body of a request."""
    # uvicorn keeps the scope until the next request on its connection. So the body, which may be
    # large, is in a list, and is taken out of it.
    scope[_KEY] = [request]


class _ValidatedInput(IOMixin):
    @classmethod
    async def from_http_request(cls, request: HttpRequest, _serde: object) -> object:
        """Give BentoML the validated body instead of parsing it."""
        return request.scope[_KEY].pop()


def validated_input(request: type[Request]) -> type[Request]:
    """Make the input of an API method, for requests that are validated before they reach it."""
    return create_model(request.__name__, __base__=(_ValidatedInput, request))
