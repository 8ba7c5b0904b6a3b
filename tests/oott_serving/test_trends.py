"""Tests GET /trends over HTTP, with the estimates of two months in the database."""

import httpx
import pytest

from tests.oott_serving.photos import base64_of, street_jpeg
from tests.oott_serving.service_client import batch, error_in


def garments(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [trend["garment"] for trend in response.json()["trends"]]


def test_the_largest_shares_of_the_latest_month_come_first(client: httpx.Client) -> None:
    response = client.get("/trends", params={"destination": "haeundae"})

    assert garments(response) == ["jeans", "puffer", "coat"]
    answer = response.json()
    assert (answer["place_kind"], answer["place"], answer["month"]) == (
        "destination", "haeundae", "2026-10"
    )  # fmt: skip
    assert (answer["photos"], answer["posts"], answer["detector_version"]) == (100, 90, "v1")
    assert answer["trends"][0] == {
        "category": "bottom",
        "garment": "jeans",
        "colour": None,
        "share": 0.5,
        "share_low": 0.45,
        "share_high": 0.55,
        "seen": 50,
        "since_month_before": {"change": 0.1, "low": 0.02, "high": 0.18, "trend": "rising"},
        "since_year_before": {
            "change": None, "low": None, "high": None, "trend": "no month to compare"
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("destination=해운대", "haeundae"),
        ("destination=seaside", "seaside"),
        ("destination=바닷가", "seaside"),
        ("destination=all", "all"),
        ("destination=&month=&category=", "all"),
        ("", "all"),
    ],
)
def test_a_place_has_a_slug_and_a_korean_name_and_is_all_by_default(
    client: httpx.Client, query: str, place: str
) -> None:
    assert client.get(f"/trends?{query}").json()["place"] == place


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("month=2026-09", ["coat"]),
        ("category=outer", ["puffer", "coat"]),
        ("limit=1", ["jeans"]),
        ("subject=look&category=outer", ["coat"]),
    ],
)
def test_trends_are_chosen_by_month_category_and_subject(
    client: httpx.Client, query: str, found: list[str]
) -> None:
    assert garments(client.get(f"/trends?destination=haeundae&{query}")) == found


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ("destination=jeju", 404, "there are no estimates of garments for jeju in any month;"),
        ("month=2020-01", 404, "there are no estimates of garments for all places in 2020-01;"),
        ("category=shoes", 404, "there are no estimates of garments in shoes for all places"),
        ("destination=atlantis", 422, "'atlantis' is neither a destination nor"),
        ("month=2026-13", 422, "month: Input should be YYYY-MM;"),
        ("month=October", 422, "month: Input should be YYYY-MM;"),
        ("category=hats", 422, "category: Input should be 'outer', 'top', 'bottom' or 'shoes'"),
        ("limit=0", 422, "limit: Input should be greater than or equal to 1"),
        ("limit=many", 422, "limit: Input should be a valid integer"),
        ("subject=outfit&category=top", 422, "the subject outfit has no category;"),
    ],
)
def test_a_question_without_an_answer_is_explained(
    client: httpx.Client, query: str, status: int, message: str
) -> None:
    response = client.get(f"/trends?{query}")

    assert response.status_code == status
    assert error_in(response).startswith(message)


def test_a_client_that_has_the_trends_gets_304(client: httpx.Client) -> None:
    first = client.get("/trends")
    etag = first.headers["etag"]

    again = client.get("/trends", headers={"If-None-Match": f'"other", W/{etag}'})
    other = client.get("/trends?destination=seaside", headers={"If-None-Match": etag})

    assert first.headers["cache-control"] == "public, max-age=60"
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == etag
    assert other.status_code == 200


def test_app_photos_do_not_change_the_trends(client: httpx.Client) -> None:
    before = client.get("/trends?destination=haeundae&limit=499").json()

    batch(client, [base64_of(street_jpeg(seed)) for seed in range(80, 84)], "haeundae")

    # A limit that was not asked for yet, so that the answer is not a cached one.
    assert client.get("/trends?destination=haeundae&limit=498").json() == before
