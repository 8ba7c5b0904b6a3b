"""A client made from our OpenAPI document sends what it allows and what not, and damaged photos.

Each answer has a documented status and form, and none is an error of the server but 503.
"""

import httpx
import pytest

from oott_serving.documentation.openapi import openapi_document
from tests.oott_serving.servers import Server

OPERATIONS = [
    (method.upper(), path)
    for path, methods in openapi_document()["paths"].items()
    for method in methods
]
WITH_INPUT = [
    (method, path)
    for method, path in OPERATIONS
    if path.startswith(("/predict/", "/recommend")) or path == "/trends"
]
ASKED = [("positive", *each) for each in OPERATIONS] + [("negative", *each) for each in WITH_INPUT]


@pytest.mark.parametrize(("mode", "method", "path"), ASKED, ids=[" ".join(each) for each in ASKED])
def test_every_answer_is_documented(server: Server, mode: str, method: str, path: str) -> None:
    from tests.oott_serving.generated_requests import check_answers

    check_answers(server.url, method, path, mode)


def test_the_answer_with_trends_is_documented(server: Server) -> None:
    from tests.oott_serving.generated_requests import check_trends

    check_trends(server.url)


def test_a_damaged_photo_is_answered_or_rejected(client: httpx.Client) -> None:
    from tests.oott_serving.generated_requests import check_damaged_photos

    check_damaged_photos(client)
