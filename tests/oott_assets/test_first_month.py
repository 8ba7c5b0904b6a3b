"""The first month as docs/first-month.md shows it: a person in the UI of a real Dagster."""

from datetime import date
from pathlib import Path

import pytest

from oott_assets.dagster_records import main
from oott_assets.photos.sources.drawn.lookbook import Lookbook
from oott_assets.photos.sources.photo_source import FoundPhoto
from oott_fashion.destinations import read_destinations
from tests.databases import run_sql
from tests.oott_assets.dagster_processes import dagster_processes
from tests.oott_assets.dagster_ui import dagster_ui
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


def take_the_tour(folder: Path, pictures: Path, detector: Path) -> None:
    """Work through the first month, and write a screenshot of each step into ``pictures``."""
    folder.mkdir(exist_ok=True)
    save_photos(folder / "photos")
    settings = {
        "DAGSTER_HOME": str(folder / "dagster"),
        "OOTT_HOME": str(folder / "home"),
        "OOTT_STARTER_DETECTOR": str(detector),
        "OOTT_ENGINE": "onnxruntime",
        "OOTT_PHOTO_SOURCE": "folder",
        "OOTT_PHOTOS_FOLDER": str(folder / "photos"),
    }
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
            f"sqlite:///{folder / 'home/trends.sqlite'}",
            "SELECT destination, month, photos FROM trend_coverage",
        )
        assert {(slug, str(month)[:7]): photos for slug, month, photos in counted} == {
            (slug, f"2026-{month:02}"): photos for (slug, month), photos in PHOTOS.items()
        }

        check = "enough_garments_to_call_it_a_trend"
        page = ui.failed_check("garment_trends", check, "hongdae|2026-09", "failed-check")
        assert "Failed (1)" in page
        assert "min_garments 30" in page


def test_a_person_counts_the_first_month_in_the_dagster_ui(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()

    take_the_tour(tmp_path, pictures, SMALL_STARTER)

    assert len(list(pictures.iterdir())) == 7
