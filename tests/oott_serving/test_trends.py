"""Tests GET /trends over HTTP, with estimates in the database and with a database that hangs."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest

from oott_fashion.destinations import read_destinations
from oott_fashion.stores.estimate_tables import EstimateRow, PlaceKind, Subject
from oott_fashion.stores.model_store import ModelStore
from oott_fashion.stores.trend_tables import TrendTables
from oott_serving.documentation.error_examples import ERROR_EXAMPLES
from tests.oott_serving.detectors import publish
from tests.oott_serving.photos import base64_of, street_jpeg
from tests.oott_serving.servers import Server, serving
from tests.oott_serving.service_client import batch, camera, error_in

SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)


def estimate(
    month: date,
    place_kind: PlaceKind,
    place: str,
    garment: str,
    share: float,
    category: str = "outer",
    subject: Subject = "garment",
    colour: str = "any",
) -> EstimateRow:
    """Give an estimate of 100 photos that is rising, without a year to compare."""
    return EstimateRow(
        month, place_kind, place, subject, garment, colour, category, 100, 90,
        round(100 * share), share, share - 0.05, share + 0.05, 0.1, 0.02, 0.18, "rising",
        None, None, None, "no month to compare", None, 0.7, 0.6, "v1",
        datetime.now(UTC).replace(tzinfo=None, microsecond=0),
    )  # fmt: skip


def write(url: str, month: date, rows: list[EstimateRow]) -> None:
    with closing(TrendTables.open(url, read_destinations())) as tables:
        tables.migrate()
        tables.replace_estimates(month, rows)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a service that has not cached answers from before there were estimates."""
    folder = tmp_path_factory.mktemp("service")
    publish(ModelStore(folder / "home" / "models"), folder, "coat")
    with serving(folder) as server:
        yield server


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


@pytest.fixture(scope="module")
def trends(server: Server, client: httpx.Client) -> Iterator[httpx.Client]:
    """Give a client of a service with estimates of two months."""
    september = [estimate(SEPTEMBER, "destination", "haeundae", "coat", 0.25)]
    october = [
        estimate(OCTOBER, "destination", "haeundae", "coat", 0.25),
        estimate(OCTOBER, "destination", "haeundae", "jeans", 0.5, "bottom"),
        estimate(OCTOBER, "destination", "haeundae", "puffer", 0.375),
        estimate(OCTOBER, "destination", "haeundae", "coat", 0.125, subject="look", colour="navy"),
        estimate(OCTOBER, "category", "seaside", "coat", 0.5),
        estimate(OCTOBER, "all", "all", "coat", 0.75),
    ]
    write(server.database_url, SEPTEMBER, september)
    write(server.database_url, OCTOBER, october)
    yield client
    for month in (SEPTEMBER, OCTOBER):
        write(server.database_url, month, [])


def garments(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [trend["garment"] for trend in response.json()["trends"]]


def test_the_largest_shares_of_the_latest_month_come_first(trends: httpx.Client) -> None:
    response = trends.get("/trends", params={"destination": "haeundae"})

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
    trends: httpx.Client, query: str, place: str
) -> None:
    assert trends.get(f"/trends?{query}").json()["place"] == place


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
    trends: httpx.Client, query: str, found: list[str]
) -> None:
    assert garments(trends.get(f"/trends?destination=haeundae&{query}")) == found


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
    trends: httpx.Client, query: str, status: int, message: str
) -> None:
    response = trends.get(f"/trends?{query}")

    assert response.status_code == status
    assert error_in(response).startswith(message)


def test_a_client_that_has_the_trends_gets_304(trends: httpx.Client) -> None:
    first = trends.get("/trends")
    etag = first.headers["etag"]

    again = trends.get("/trends", headers={"If-None-Match": f'"other", W/{etag}'})
    other = trends.get("/trends?destination=seaside", headers={"If-None-Match": etag})

    assert first.headers["cache-control"] == "public, max-age=60"
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == etag
    assert other.status_code == 200


def test_app_photos_do_not_change_the_trends(trends: httpx.Client) -> None:
    before = trends.get("/trends?destination=haeundae&limit=499").json()

    batch(trends, [base64_of(street_jpeg(seed)) for seed in range(80, 84)], "haeundae")

    # A limit that was not asked for yet, so that the answer is not a cached one.
    assert trends.get("/trends?destination=haeundae&limit=498").json() == before


def test_a_database_that_hangs_delays_no_photo(tmp_path: Path) -> None:
    publish(ModelStore(tmp_path / "home" / "models"), tmp_path, "coat")
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it accepts connections, and is silent
        url = f"mysql://ann:secret@127.0.0.1:{silent.getsockname()[1]}/trends"
        with (
            serving(tmp_path, database_url=url) as server,
            server.client() as client,
            ThreadPoolExecutor(13) as clients,
        ):
            app_photos = clients.submit(batch, client, [base64_of(street_jpeg())], "jeju")
            asked = [clients.submit(client.get, "/trends") for _ in range(12)]
            start = time.monotonic()
            assert camera(client, base64_of(street_jpeg())).json()["label"] == "coat"
            assert time.monotonic() - start < 4

            for response in (question.result() for question in asked):
                assert response.status_code == 503
                assert response.elapsed.total_seconds() < 9
                assert int(response.headers["retry-after"]) > 0
                assert error_in(response) == ERROR_EXAMPLES["/trends"]["503"]["slow database"]
            assert app_photos.result().status_code == 503
            assert app_photos.result().elapsed.total_seconds() < 12
