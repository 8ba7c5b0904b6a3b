"""Tests that /predict/batch counts each batch exactly once, in SQLite and in MariaDB."""

import itertools
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import pytest

from oott_fashion.destinations import read_destinations
from oott_fashion.stores.model_store import ModelStore
from oott_fashion.stores.trend_tables import Coverage, TrendTables
from oott_fashion.trends import Look
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.photos import read_photo
from tests.databases import MariaDB, run_sql
from tests.oott_serving.detectors import publish
from tests.oott_serving.estimates import write_estimates
from tests.oott_serving.photos import base64_of, street_jpeg
from tests.oott_serving.servers import Server, serving
from tests.oott_serving.service_client import (
    app_slice,
    batch,
    coverage_of,
    error_in,
    migrate,
    photos_counted,
    worn,
)

JPEGS = [street_jpeg(seed) for seed in range(4)]
PHOTOS = [base64_of(jpeg) for jpeg in JPEGS]

_KEYS = itertools.count()


@dataclass(frozen=True)
class Counting:
    """A service that finds a coat in every photo, and its database."""

    client: httpx.Client
    database_url: str


@pytest.fixture(scope="module", params=["sqlite", "mariadb"])
def counting(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Counting]:
    folder = tmp_path_factory.mktemp("counting")
    publish(ModelStore(folder / "home" / "models"), folder, "coat")
    url = f"sqlite:///{folder / 'trends.db'}"
    if request.param == "mariadb":
        mariadb: MariaDB = request.getfixturevalue("mariadb")
        url = mariadb.url(mariadb.new_database())
    migrate(url)
    with serving(folder, database_url=url, workers=2) as server, server.client() as client:
        yield Counting(client, url)


@pytest.fixture
def key() -> str:
    return f"batch {next(_KEYS)}"


def test_a_batch_is_answered_after_its_garments_are_counted(
    server: Server, client: httpx.Client, detector: Detector
) -> None:
    seen = [detector.garments(read_photo(jpeg)) for jpeg in JPEGS]

    response = batch(client, PHOTOS, "haeundae")

    assert (response.status_code, response.text) == (200, '{"result":true}')
    slice_ = app_slice("haeundae", "seaside")
    dressed = sum(bool(garments) for garments in seen)
    assert worn(server.database_url, slice_) == (sum(map(len, seen)), dressed)
    coverage = coverage_of(server.database_url, slice_)
    assert coverage is not None
    assert coverage[:2] == (4, dressed)


def test_a_slug_and_a_korean_name_mean_the_same_destination(
    server: Server, client: httpx.Client
) -> None:
    for name, photo in zip(("hongdae", "홍대", " Hongdae "), PHOTOS, strict=False):
        assert batch(client, [photo], name).status_code == 200

    assert photos_counted(server.database_url, app_slice("hongdae", "hot-place")) == 3


def test_a_category_is_counted_under_its_own_slug(server: Server, client: httpx.Client) -> None:
    for name, photo in zip(("mountain", "산"), PHOTOS, strict=False):
        assert batch(client, [photo], name).status_code == 200

    assert photos_counted(server.database_url, app_slice("mountain", "mountain")) == 2


def test_the_released_backend_sees_app_photos_under_the_korean_category(
    server: Server, client: httpx.Client
) -> None:
    batch(client, PHOTOS, "everland")

    seen = run_sql(server.database_url, "SELECT DISTINCT crawlCategory FROM CRAWL_DATA")
    assert ("놀이공원",) in seen


def test_the_coverage_names_the_detector_that_read_the_photos(
    server: Server, client: httpx.Client
) -> None:
    batch(client, PHOTOS[:1], "inwangsan")

    coverage = coverage_of(server.database_url, app_slice("inwangsan", "mountain"))
    store = ModelStore(server.home / "models")
    assert isinstance(coverage, Coverage)
    assert coverage.detector_version == store.latest_version()


def test_a_deleted_sqlite_file_is_created_again_before_anything_is_counted(
    server: Server, client: httpx.Client
) -> None:
    assert batch(client, PHOTOS[:1], "yangyang").status_code == 200
    for file in server.home.glob("trends.sqlite*"):
        file.unlink()
    try:
        statuses = [batch(client, [photo], "yangyang").status_code for photo in PHOTOS[:3]]

        assert statuses in ([503, 200, 200], [200, 200, 200])
        counted = photos_counted(server.database_url, app_slice("yangyang", "seaside"))
        assert counted == statuses.count(200)
    finally:
        write_estimates(server.database_url)


@pytest.mark.parametrize(
    ("broken", "status"), [("AAAA", 400), ("not base64!", 400), ("", 400)], ids=str
)
def test_one_unreadable_photo_rejects_the_batch_and_is_named_in_the_error(
    server: Server, client: httpx.Client, broken: str, status: int
) -> None:
    response = batch(client, [PHOTOS[0], broken, PHOTOS[1]], "gwanghwamun")

    assert response.status_code == status
    assert error_in(response).startswith("photo 2 of 3: ")
    assert coverage_of(server.database_url, app_slice("gwanghwamun", "traditional")) is None


def test_a_batch_that_is_sent_twice_with_one_key_is_counted_once(
    counting: Counting, key: str
) -> None:
    slice_ = app_slice("jeju", "seaside")
    before = photos_counted(counting.database_url, slice_)
    photos = [base64_of(street_jpeg(seed)) for seed in (50, 51)]

    responses = [batch(counting.client, photos, "jeju", key) for _ in range(2)]

    assert [response.text for response in responses] == ['{"result":true}'] * 2
    assert photos_counted(counting.database_url, slice_) == before + 2


def test_a_batch_that_is_retried_while_the_first_request_runs_is_counted_once(
    counting: Counting, key: str
) -> None:
    slice_ = app_slice("jeju", "seaside")
    before = photos_counted(counting.database_url, slice_)
    photos = [base64_of(street_jpeg(seed)) for seed in range(60, 64)]

    with ThreadPoolExecutor(4) as retries:
        responses = list(
            retries.map(lambda _: batch(counting.client, photos, "jeju", key), range(4))
        )

    assert [response.text for response in responses] == ['{"result":true}'] * 4
    assert photos_counted(counting.database_url, slice_) == before + 4


@pytest.mark.parametrize(
    ("photos", "place"), [(PHOTOS[:2], "jeju"), (PHOTOS[:1], "everland")], ids=["photos", "place"]
)
def test_a_key_that_is_reused_with_other_content_is_rejected(
    counting: Counting, key: str, photos: list[str], place: str
) -> None:
    batch(counting.client, PHOTOS[:1], "jeju", key)

    response = batch(counting.client, photos, place, key)

    assert response.status_code == 422
    assert "use a new key" in error_in(response)


def test_a_photo_counts_once_however_often_it_is_sent(counting: Counting, key: str) -> None:
    slice_ = app_slice("gapyeong", "seaside")

    for sent_with in (None, None, key, key, f"{key} again"):
        response = batch(counting.client, [PHOTOS[0], PHOTOS[0]], "gapyeong", sent_with)
        assert response.text == '{"result":true}'
    batch(counting.client, PHOTOS[:2], "gapyeong")

    assert photos_counted(counting.database_url, slice_) == 2
    assert worn(counting.database_url, slice_) == (2, 2)


def test_a_photo_whose_metadata_changed_is_the_same_photo(counting: Counting) -> None:
    comment = b"\xff\xfe\x00\x0aunicorns"
    changed = JPEGS[0][:2] + comment + JPEGS[0][2:]

    batch(counting.client, [PHOTOS[0], base64_of(changed)], "gwangalli")

    assert photos_counted(counting.database_url, app_slice("gwangalli", "seaside")) == 1


def test_sixteen_requests_with_the_same_photos_at_once_count_them_once(
    counting: Counting, key: str
) -> None:
    slice_ = app_slice("itaewon", "hot-place")
    keys = [None, key] * 8

    with ThreadPoolExecutor(16) as phones:
        responses = list(
            phones.map(lambda sent: batch(counting.client, PHOTOS, "itaewon", sent), keys)
        )

    assert [response.status_code for response in responses] == [200] * 16
    assert photos_counted(counting.database_url, slice_) == 4
    assert worn(counting.database_url, slice_) == (4, 4)


def test_concurrent_batches_lose_no_garment(counting: Counting) -> None:
    at_once, one_by_one = app_slice("gangnam", "hot-place"), app_slice("dongdaemun", "hot-place")
    photos = [base64_of(street_jpeg(seed)) for seed in range(10, 26)]

    with ThreadPoolExecutor(8) as phones:
        responses = list(
            phones.map(
                lambda first: batch(counting.client, photos[first : first + 2], "gangnam"),
                range(0, 16, 2),
            )
        )

    assert [response.status_code for response in responses] == [200] * 8
    batch(counting.client, photos, "dongdaemun")
    assert photos_counted(counting.database_url, at_once) == 16
    assert worn(counting.database_url, at_once) == worn(counting.database_url, one_by_one)


def test_app_photos_change_no_count_of_the_crawl(counting: Counting) -> None:
    crawled = app_slice("hongdae", "hot-place")._replace(source="crawl")
    coat = Counter({Look("outer", "coat", "navy"): 2})
    with closing(TrendTables.open(counting.database_url, read_destinations())) as tables:
        tables.replace(crawled, coat, Counter(), Coverage(9, 2, "v1"), datetime.now(UTC), coat)

    batch(counting.client, PHOTOS, "hongdae")

    assert worn(counting.database_url, crawled) == (2, 0)
    assert coverage_of(counting.database_url, crawled) == Coverage(9, 2, "v1")
    assert worn(counting.database_url, crawled._replace(source="app")) == (4, 4)


@pytest.mark.parametrize("bad", ["", "k" * 256, "caf\xe9"], ids=["empty", "long", "accented"])
def test_an_invalid_key_is_rejected(client: httpx.Client, bad: str) -> None:
    response = client.post(
        "/predict/batch",
        json={"base64_images": PHOTOS[:1], "recommend_type": "jeju"},
        headers=[(b"Idempotency-Key", bad.encode("latin-1"))],
    )

    assert response.status_code == 422
    assert "Idempotency-Key" in error_in(response)
