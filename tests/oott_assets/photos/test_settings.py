from datetime import date
from pathlib import Path

import pytest

from oott_assets.photos.settings import PhotoSettings
from oott_fashion.settings import BadSetting, read_settings

pytestmark = pytest.mark.usefixtures("nothing_is_set")


def test_by_default_photos_are_in_the_home_folder_and_no_source_is_named() -> None:
    settings = read_settings(PhotoSettings)

    assert settings.photo_store_root == ".oott/photos"
    assert settings.photo_source is None


def test_home_moves_the_photos_unless_a_photo_store_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OOTT_HOME", "/srv/oott")
    assert read_settings(PhotoSettings).photo_store_root == "/srv/oott/photos"

    monkeypatch.setenv("OOTT_PHOTO_STORE", "/mnt/photos")
    assert read_settings(PhotoSettings).photo_store_root == "/mnt/photos"


@pytest.mark.parametrize("name", ["photos_folder", "photo_store"])
def test_a_path_can_start_with_a_tilde(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    (tmp_path / ".env").write_text(f"OOTT_{name.upper()}=~/street\n")

    assert str(getattr(read_settings(PhotoSettings), name)) == "/home/ann/street"


def test_an_unknown_photo_source_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OOTT_PHOTO_SOURCE", "carrier pigeon")

    with pytest.raises(BadSetting, match=r"^OOTT_PHOTO_SOURCE: Input should be"):
        read_settings(PhotoSettings)


def test_the_folder_source_needs_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OOTT_PHOTO_SOURCE", "folder")

    with pytest.raises(BadSetting, match=r"^OOTT_PHOTO_SOURCE=folder needs OOTT_PHOTOS_FOLDER"):
        read_settings(PhotoSettings)

    monkeypatch.setenv("OOTT_PHOTOS_FOLDER", "/mnt/photos")
    assert read_settings(PhotoSettings).photos_folder == Path("/mnt/photos")


def test_the_month_of_undated_photos_is_written_yyyy_mm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OOTT_FOLDER_MONTH", "2026-09")
    assert read_settings(PhotoSettings).folder_month == date(2026, 9, 1)

    monkeypatch.setenv("OOTT_FOLDER_MONTH", "September")
    with pytest.raises(BadSetting, match=r"^OOTT_FOLDER_MONTH: expected a month, such as 2026-09$"):
        read_settings(PhotoSettings)


def test_the_graph_api_needs_a_user_and_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OOTT_PHOTO_SOURCE", "graph_api")
    monkeypatch.setenv("OOTT_GRAPH_USER", "17841400000000000")

    with pytest.raises(BadSetting, match=r"needs OOTT_GRAPH_USER and OOTT_GRAPH_TOKEN$"):
        read_settings(PhotoSettings)


def test_a_photo_store_of_an_unsupported_kind_is_rejected_without_its_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OOTT_PHOTO_STORE", "s3://user:s3cret@bucket")

    with pytest.raises(BadSetting) as rejected:
        read_settings(PhotoSettings)

    assert str(rejected.value) == (
        "OOTT_PHOTO_STORE: s3://… is not supported; give a folder or gs://BUCKET"
    )


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("MOST_POSTS", "OOTT_MOST_POSTS is not a setting; it is now called OOTT_MAX_POSTS"),
        ("PHOTO_STROE", "OOTT_PHOTO_STROE is not a setting; did you mean OOTT_PHOTO_STORE?"),
    ],
)
def test_a_misspelt_setting_is_reported_with_the_right_name(
    name: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"OOTT_{name}", "1")

    with pytest.raises(BadSetting) as rejected:
        read_settings(PhotoSettings)

    assert str(rejected.value).startswith(sentence)
