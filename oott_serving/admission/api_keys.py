"""Lets only clients with an API key in, if the operator has set keys."""

import hashlib
import hmac
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from oott_serving.api.service_paths import PAGE_FOLDERS, PAGE_PATHS, PROBE_PATHS
from oott_serving.documentation.openapi_parts import KEY_HEADER
from oott_serving.errors import error_response

# These need no key: probes and Prometheus have none, and a person must be able to read how to send
# one. All other paths need one, also those that are added later.
_OPEN_PATHS = PROBE_PATHS | PAGE_PATHS

_MISSING = (
    "the request has no API key; send one in the header Authorization: Bearer KEY, or in "
    f"{KEY_HEADER}"
)
_UNKNOWN = "the API key is unknown; ask the operator of the service for another one"


class ApiKeys:
    """Answers 401 to requests without a known key; health checks and pages need none."""

    def __init__(self, app: ASGIApp, keys: Collection[str]) -> None:
        self._app = app
        self._hashes = [_hash_of(key) for key in keys]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._hashes or _is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        key = _key_in(Headers(scope=scope))
        if key is not None and self._knows(key):
            await self._app(scope, receive, send)
            return
        rejection = error_response(401, _MISSING if key is None else _UNKNOWN)
        rejection.headers["WWW-Authenticate"] = 'Bearer realm="OOTT"'
        await rejection(scope, receive, send)

    def _knows(self, key: str) -> bool:
        given = _hash_of(key)
        # All are compared, and all have one length. So the time tells nothing about them.
        matches = [hmac.compare_digest(given, known) for known in self._hashes]
        return any(matches)


def _is_open(path: str) -> bool:
    return path in _OPEN_PATHS or path.startswith(PAGE_FOLDERS)


def _key_in(headers: Headers) -> str | None:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return key.strip()
    return headers.get(KEY_HEADER.lower())


def _hash_of(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
