"""The first month as docs/first-month.md shows it: a person in the UI of a real Dagster."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from oott_assets.dagster_records import main
from oott_assets.photos.sources.drawn.lookbook import Lookbook
from oott_assets.photos.sources.photo_source import FoundPhoto
from oott_fashion.destinations import read_destinations
from tests.databases import MariaDB, run_sql
from tests.object_store import Bucket
from tests.oott_assets.dagster_processes import dagster_processes, wait_until
from tests.oott_assets.dagster_ui import dagster_ui
from tests.oott_serving.photos import base64_of, street_jpeg
from tests.oott_serving.servers import serving
from tests.starters import SMALL_STARTER

PHOTOS = {
    ("haeundae", 8): 24,
    ("haeundae", 9): 24,
    ("hongdae", 8): 24,
    ("hongdae", 9): 2,  # too few for a trend
}


def save_photos(folder: Path) -> None:
    """Draw photos into folders of destinations and months."""
    destinations = read_destinations()
    for (slug, month), count in PHOTOS.items():
        of_month = folder / slug / f"2026-{month:02}"
        of_month.mkdir(parents=True)
        for post in Lookbook(count).posts(destinations.destination(slug), date(2026, month, 1)):
            for photo in post.fetch().photos:
                assert isinstance(photo, FoundPhoto)
                (of_month / photo.name).write_bytes(photo.content)


def take_the_tour(
    folder: Path, pictures: Path, detector: Path, stores: Mapping[str, str] | None = None
) -> None:
    """Work through the first month, and write a screenshot of each step into ``pictures``.

    Everything is stored in ``folder``, or where the settings ``stores`` say.
    """
    folder.mkdir(exist_ok=True)
    save_photos(folder / "photos")
    settings = {
        "DAGSTER_HOME": str(folder / "dagster"),
        "OOTT_HOME": str(folder / "home"),
        "OOTT_DATABASE_URL": f"sqlite:///{folder / 'trends.sqlite'}",
        "OOTT_STARTER_DETECTOR": str(detector),
        "OOTT_ENGINE": "onnxruntime",
        "OOTT_PHOTO_SOURCE": "folder",
        "OOTT_PHOTOS_FOLDER": str(folder / "photos"),
    } | dict(stores or {})
    (folder / "dagster").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        patch.setattr("sys.argv", ["dagster_records"])
        main()

    with dagster_processes(folder, settings) as server, dagster_ui(server.url, pictures) as ui:
        # The runs of trend reports would take as long as the rest of the tour.
        server.stop_sensor("estimates_sensor")
        ui.start(["haeundae"], "2026-09", "first-partition")
        assert "haeundae|2026-09" in ui.wait_for("Success", "first-run")
        [sheet] = ui.pictures_of("garment_detections", "haeundae|2026-09", "found-garments")
        [chart] = ui.pictures_of("garment_trends", "haeundae|2026-09", "most-worn")
        assert min(sheet, chart) > 500

        ui.start(["haeundae", "hongdae"], "[2026-08...2026-09]", "backfill-dialogue")
        ui.wait_for("100% completed", "backfill")
        counted = run_sql(
            settings["OOTT_DATABASE_URL"],
            "SELECT destination, month, photos FROM trend_coverage",
        )
        assert {(slug, str(month)[:7]): photos for slug, month, photos in counted} == {
            (slug, f"2026-{month:02}"): photos for (slug, month), photos in PHOTOS.items()
        }

        check = "enough_garments_to_call_it_a_trend"
        page = ui.failed_check("garment_trends", check, "hongdae|2026-09", "failed-check")
        assert "Failed (1)" in page
        assert "min_garments 30" in page


def test_a_person_counts_the_first_month_on_mariadb_and_a_bucket_and_the_service_answers(
    tmp_path: Path, mariadb: MariaDB, bucket: Bucket
) -> None:
    """As in production. ``docs/pictures.py`` takes the same tour on SQLite and in folders."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    shared = {
        "OOTT_DATABASE_URL": mariadb.url(mariadb.new_database()),
        "OOTT_MODEL_STORE": f"{bucket.url}/models",
    }
    own = {
        "OOTT_RECORDS_URL": mariadb.url(mariadb.new_database()),
        "OOTT_PHOTO_STORE": f"{bucket.url}/photos",
        "OOTT_RUN_LOGS": f"{bucket.url}/runs",
    }

    take_the_tour(tmp_path, pictures, SMALL_STARTER, shared | own)

    assert len(list(pictures.iterdir())) == 7
    # In the image, it is read-only.
    assert [path.name for path in (tmp_path / "dagster").iterdir()] == ["dagster.yaml"]
    of_service = {name.removeprefix("OOTT_"): value for name, value in shared.items()}
    (tmp_path / "service").mkdir()
    with serving(tmp_path / "service", **of_service) as server, server.client() as client:
        wait_until(lambda: client.get("/readyz").status_code == 200)
        answer = client.post("/predict/camera", json={"base64_image": base64_of(street_jpeg())})
    assert answer.status_code == 200
