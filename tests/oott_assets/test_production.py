"""The production set-up: separate processes, with records on SQLite or on MariaDB."""

import re
from pathlib import Path

import pytest
from PIL import Image

from oott_assets.dagster_records import main
from tests.databases import MariaDB, run_sql
from tests.object_store import Bucket
from tests.oott_assets.dagster_processes import dagster_processes, wait_until
from tests.oott_serving.photos import base64_of, street_jpeg
from tests.oott_serving.servers import serving
from tests.starters import SMALL_STARTER


@pytest.mark.parametrize("database", ["sqlite", "mariadb"])
def test_a_backfill_fills_the_tables(
    database: str, mariadb: MariaDB, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "dagster"
    home.mkdir()
    settings = {
        "DAGSTER_HOME": str(home),
        "OOTT_HOME": str(tmp_path / "home"),
        "OOTT_STARTER_DETECTOR": str(SMALL_STARTER),
        "OOTT_ENGINE": "onnxruntime",
        "OOTT_PHOTO_SOURCE": "lookbook",
        "OOTT_LOOKBOOK_PHOTOS": "2",
        "OOTT_DATABASE_URL": f"sqlite:///{tmp_path / 'trends.sqlite'}",
    }
    if database == "mariadb":
        settings |= {
            "OOTT_DATABASE_URL": mariadb.url(mariadb.new_database()),
            "OOTT_RECORDS_URL": mariadb.url(mariadb.new_database()),
            "OOTT_MODEL_STORE": f"{bucket.url}/models",
            "OOTT_PHOTO_STORE": f"{bucket.url}/photos",
            "OOTT_RUN_LOGS": f"{bucket.url}/runs",
        }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", ["dagster_records"])
    main()

    with dagster_processes(tmp_path, settings) as webserver:
        webserver.launch("hongdae|2026-09")
        webserver.wait_for("SUCCESS")
        sheets = set(re.findall(r"\((/logs/[^)]+)\)", str(webserver.runs())))
        if database == "mariadb":
            assert the_service_answers(tmp_path, settings)
        pictures = [Image.open(webserver.file(sheet)).size for sheet in sheets]

    counted = run_sql(settings["OOTT_DATABASE_URL"], "SELECT photos FROM trend_coverage")
    assert counted == [(2,)]
    assert len(pictures) == 3  # two contact sheets and a chart
    assert {path.name for path in home.iterdir()} == {"dagster.yaml", ".oott"}


def the_service_answers(folder: Path, settings: dict[str, str]) -> bool:
    """Start the closet service on the same stores, and tell whether it has the detector."""
    own = {
        name.removeprefix("OOTT_"): value
        for name, value in settings.items()
        if name in ("OOTT_DATABASE_URL", "OOTT_MODEL_STORE")
    }
    (folder / "service").mkdir()
    with serving(folder / "service", **own) as server, server.client() as client:
        wait_until(lambda: client.get("/readyz").status_code == 200)
        answer = client.post("/predict/camera", json={"base64_image": base64_of(street_jpeg())})
    return answer.status_code == 200
