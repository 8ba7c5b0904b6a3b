from pathlib import Path

import pytest

from oott_assets.photos.sources.browser.browser_source import Browser
from oott_assets.photos.sources.chosen_source import ChosenSource
from oott_assets.photos.sources.folder import PhotoFolder
from oott_assets.photos.sources.photo_source import PhotosUnknown

pytestmark = pytest.mark.usefixtures("nothing_is_set")


def test_without_a_chosen_source_the_settings_to_change_are_named() -> None:
    with pytest.raises(PhotosUnknown, match="OOTT_PHOTO_SOURCE is not; set it to folder"):
        ChosenSource(source=None).opened()


def test_the_folder_source_without_a_folder_is_an_error() -> None:
    with pytest.raises(PhotosUnknown, match="needs OOTT_PHOTOS_FOLDER"):
        ChosenSource(source="folder").opened()


def test_a_time_zone_from_the_launchpad_is_that_of_the_source(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OOTT_PHOTOS_FOLDER", str(tmp_path))

    source = ChosenSource(source="folder", timezone="Europe/Berlin").opened()

    assert isinstance(source, PhotoFolder)
    assert str(source.timezone) == "Europe/Berlin"


@pytest.mark.parametrize(
    ("site", "setting", "seconds"),
    [
        ("https://www.instagram.com", "0", 2.0),
        ("https://www.instagram.com", "1.9", 2.0),
        ("https://www.instagram.com", "2.5", 2.5),
        ("http://127.0.0.1:8000", "0", 0.0),
    ],
)
def test_a_site_of_others_gets_no_request_faster_than_every_2_seconds(
    site: str, setting: str, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_INSTAGRAM_URL", site)
    monkeypatch.setenv("OOTT_REQUEST_INTERVAL_SECONDS", setting)

    source = ChosenSource(source="browser").opened()

    assert isinstance(source, Browser)
    assert source.interval.seconds == seconds
