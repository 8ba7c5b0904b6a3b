from pathlib import Path

import pytest

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
    assert source.timezone == "Europe/Berlin"
