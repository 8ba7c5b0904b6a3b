"""Makes requests from our OpenAPI document, what it allows and what not, and damaged photos.

It is a module of its own, because importing Schemathesis takes seconds in each process of pytest.
"""

from typing import Any, NamedTuple

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from oott_serving.documentation.openapi import openapi_document
from tests.oott_serving.photos import file_of, sideways, street_image
from tests.oott_serving.service_client import error_in

PROMISES = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]
OPERATIONS = {
    (operation.method.upper(), operation.path): operation
    for found in schemathesis.openapi.from_dict(openapi_document()).get_all_operations()
    if isinstance(found, Ok)
    for operation in [found.ok()]
}

# The same requests each time, so that a failure is found again. Many more, and random ones, were
# sent by hand. A request that takes longer counts as one that hangs.
BOUNDS = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
MAX_SECONDS = 10


def check_answers(url: str, method: str, path: str, mode: str) -> None:
    """Send requests that the document allows (positive) or does not allow (negative)."""
    strategy = OPERATIONS[method, path].as_strategy(generation_mode=GenerationMode(mode))
    has_input = path.startswith(("/predict/", "/recommend")) or path == "/trends"

    @settings(BOUNDS, max_examples=12 if has_input else 2)
    @given(case=strategy)
    def ask(case: Case[Any]) -> None:
        response = case.call(base_url=url, timeout=MAX_SECONDS)
        assert response.status_code < 500 or response.status_code == 503
        case.validate_response(response, checks=PROMISES)

    ask()


def check_trends(url: str) -> None:
    """Ask for trends that exist, which a generated question rarely does."""
    look = {"destination": "해운대", "subject": "look", "category": "outer", "month": "2026-10"}
    for query in ({}, look):
        case = OPERATIONS["GET", "/trends"].Case(query=query)
        response = case.call(base_url=url)
        assert response.status_code == 200
        case.validate_response(response, checks=PROMISES)


SMALL = street_image().resize((64, 96))
FILES = [
    *(file_of(SMALL, kind) for kind in ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")),
    file_of(SMALL.convert("CMYK"), "JPEG", progressive=True),
    file_of(SMALL, "TIFF", compression="jpeg"),
    sideways(SMALL),
]


class Change(NamedTuple):
    """Some bytes that replace others, at a place that is a share of the length of a file."""

    place: float
    length: int
    new: bytes


def damaged(file: bytes, changes: list[Change]) -> bytes:
    for place, length, new in changes:
        # Most damage is done in the head of a file.
        start = int(place**4 * len(file))
        file = file[:start] + new + file[start + length :]
    return file


CHANGES = st.builds(Change, st.floats(0, 1), st.integers(0, 8), st.binary(max_size=8))


def check_damaged_photos(client: httpx.Client) -> None:
    """Send photos with some damaged bytes."""

    @settings(BOUNDS, max_examples=10)
    @given(st.sampled_from(FILES), st.lists(CHANGES, min_size=1, max_size=4))
    def send(file: bytes, changes: list[Change]) -> None:
        headers = {"Content-Type": "image/jpeg"}
        photo = damaged(file, changes)
        response = client.post(
            "/predict/garments", content=photo, headers=headers, timeout=MAX_SECONDS
        )
        assert response.status_code in (200, 400, 413)
        assert response.status_code == 200 or error_in(response)

    send()
