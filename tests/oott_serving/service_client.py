"""Sends requests to the closet service, and reads its responses and its database."""

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from zoneinfo import ZoneInfo

import httpx

from oott_fashion.colours import RELEASED_NAMES
from oott_fashion.destinations import read_destinations
from oott_fashion.stores.trend_tables import Coverage, TrendSlice, TrendTables
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.photos import read_photo


def camera(client: httpx.Client, photo: str, colours: str | None = None) -> httpx.Response:
    headers = {} if colours is None else {"OOTT-Colours": colours}
    return client.post("/predict/camera", json={"base64_image": photo}, headers=headers)


def batch(
    client: httpx.Client, photos: Sequence[str], place: str, key: str | None = None
) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    body = {"base64_images": photos, "recommend_type": place}
    return client.post("/predict/batch", json=body, headers=headers)


def post(client: httpx.Client, path: str, body: bytes) -> httpx.Response:
    return client.post(path, content=body, headers={"Content-Type": "application/json"})


def expected_answer(detector: Detector, photo: bytes) -> dict[str, str]:
    """Compute the answer that the service should give for ``photo``."""
    garments = detector.garments(read_photo(photo))
    if not garments:
        return {"label": "None", "color": "None"}
    return {"label": garments[0].garment, "color": RELEASED_NAMES[garments[0].colour]}


def error_in(response: httpx.Response) -> str:
    """Give the message of an error response, after checking that it has nothing else."""
    answer = response.json()
    assert list(answer) == ["error"]
    assert "Traceback" not in answer["error"]
    assert "\n" not in answer["error"]
    return str(answer["error"])


def app_slice(destination: str, category: str) -> TrendSlice:
    """Name the slice of the trend tables in which today's batches are counted."""
    today = datetime.now(ZoneInfo("Asia/Seoul")).date()
    return TrendSlice(today.replace(day=1), destination, category, "app")


def migrate(database_url: str) -> None:
    with _tables(database_url) as tables:
        tables.migrate()


def photos_counted(database_url: str, slice_: TrendSlice) -> int:
    coverage = coverage_of(database_url, slice_)
    return 0 if coverage is None else coverage.photos


def coverage_of(database_url: str, slice_: TrendSlice) -> Coverage | None:
    with _tables(database_url) as tables:
        return tables.coverage_of(slice_)


def worn(database_url: str, slice_: TrendSlice) -> tuple[int, int]:
    """Add up the garments and the outfits counted in ``slice_``."""
    with _tables(database_url) as tables:
        return tables.garments_worn(slice_), tables.outfits_worn(slice_)


def _tables(database_url: str) -> closing[TrendTables]:
    return closing(TrendTables.open(database_url, read_destinations()))
