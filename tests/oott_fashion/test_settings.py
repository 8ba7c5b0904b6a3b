import os
from datetime import date
from pathlib import Path

import pytest

from oott_fashion.colours import RELEASED_COLOURS
from oott_fashion.destinations import read_destinations
from oott_fashion.settings import BadSetting, Settings, read_settings
from oott_fashion.stores.trend_tables import TrendTables
from oott_fashion.vision.photos import MAX_PIXELS


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Work in an empty folder, without the settings of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.upper().startswith("OOTT_")]:
        monkeypatch.delenv(name)


def test_with_none_set_everything_lives_under_one_folder_on_sqlite() -> None:
    settings = read_settings()

    assert settings.trend_database_url == "sqlite:///.oott/trends.sqlite"
    assert settings.photo_store_root == ".oott/photos"
    assert settings.model_store_root == ".oott/models"


def test_with_none_set_the_demo_runs_on_drawn_photos() -> None:
    settings = read_settings()

    assert settings.photo_source is None
    assert len(settings.colours) == 13
    assert settings.engine == "auto"
    assert settings.max_pixels == MAX_PIXELS
    assert len(read_destinations(settings.destinations_file).slugs) == 40


def test_home_moves_everything_that_has_no_place_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OOTT_HOME", "/srv/oott")
    monkeypatch.setenv("OOTT_PHOTO_STORE", "/mnt/photos")

    settings = read_settings()

    assert settings.trend_database_url == "sqlite:////srv/oott/trends.sqlite"
    assert settings.model_store_root == "/srv/oott/models"
    assert settings.photo_store_root == "/mnt/photos"


@pytest.mark.parametrize("name", ["50%41", "a?b", "a#b", "a b", "집"])
def test_the_default_database_lies_in_the_home_folder_whatever_its_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_HOME", str(tmp_path / name))

    TrendTables.open(read_settings().trend_database_url, read_destinations()).migrate()

    assert (tmp_path / name / "trends.sqlite").is_file()


@pytest.mark.parametrize(
    "name",
    [
        "home",
        "photos_folder",
        "starter_detector",
        "destinations_file",
        "photo_store",
        "model_store",
    ],
)
def test_a_place_may_start_at_the_users_home(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    (tmp_path / ".env").write_text(f"OOTT_{name.upper()}=~/street\n")

    assert str(getattr(read_settings(), name)) == "/home/ann/street"


def test_a_store_at_a_url_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OOTT_MODEL_STORE", "gs://bucket/~ann")

    assert read_settings().model_store_root == "gs://bucket/~ann"


def test_settings_are_read_from_a_file_of_the_working_directory(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OOTT_FIRST_MONTH=2025-03\nDAGSTER_HOME=/elsewhere\n")

    settings = read_settings()

    assert settings.first_month_day == date(2025, 3, 1)


def test_the_environment_outranks_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("OOTT_WORKERS=2\n")
    monkeypatch.setenv("OOTT_WORKERS", "3")

    assert read_settings().workers == 3


@pytest.mark.parametrize("name", ["DATABASE_URL", "MODEL_STORE", "ENGINE_CORES", "FIRST_MONTH"])
def test_a_setting_left_empty_is_not_set(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"OOTT_{name}", "")

    assert read_settings() == Settings()
    assert read_settings().trend_database_url.startswith("sqlite:///")


def test_the_database_is_reached_by_its_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OOTT_DATABASE_URL", "mysql://oott:s3cret@db/trends")

    assert read_settings().trend_database_url == "mysql://oott:s3cret@db/trends"


def test_a_database_password_is_not_shown_with_the_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OOTT_DATABASE_URL", "mysql://oott:s3cret@db/trends")

    settings = read_settings()

    assert "s3cret" not in f"{settings} {settings!r} {settings.model_dump_json()}"


def test_the_palette_of_the_prototype_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OOTT_PALETTE", "prototype")

    assert {colour.name for colour in read_settings().colours} == set(RELEASED_COLOURS)


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("FIRST_MONTH", "2024-13", "String should match pattern"),
        ("FIRST_MONTH", "2024-1", "String should match pattern"),
        ("TIMEZONE", "Asia/Soul", "'Asia/Soul' is no time zone; expected one such as Asia/Seoul"),
        ("TIMEZONE", "../etc", "'../etc' is no time zone; expected one such as Asia/Seoul"),
        ("TIMEZONE", "Asia", "'Asia' is no time zone; expected one such as Asia/Seoul"),
        ("ENGINE", "openvino", "Input should be 'auto', 'deepsparse' or 'onnxruntime'"),
        ("PHOTO_SOURCE", "carrier pigeon", "Input should be"),
        ("MIN_CONFIDENCE", "1.01", "Input should be less than or equal to 1"),
        ("IOU_THRESHOLD", "-0.1", "Input should be greater than or equal to 0"),
        ("ENGINE_CORES", "0", "Input should be greater than or equal to 1"),
        ("MAX_PIXELS", "178000001", "Input should be less than or equal to 178000000"),
        ("DETECTOR_POLL_SECONDS", "0", "Input should be greater than 0"),
        ("WORKERS", "many", "Input should be a valid integer"),
    ],
)
def test_an_unusable_setting_is_named_with_what_is_wrong(
    name: str, value: str, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"OOTT_{name}", value)

    with pytest.raises(BadSetting) as refused:
        read_settings()

    assert str(refused.value).startswith(f"OOTT_{name}: {complaint}")


@pytest.mark.parametrize(("name", "value"), [("MIN_CONFIDENCE", "0"), ("IOU_THRESHOLD", "1")])
def test_thresholds_may_be_0_and_1(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"OOTT_{name}", value)

    assert getattr(read_settings(), name.lower()) == float(value)


def test_all_unusable_settings_are_named_at_once_without_their_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OOTT_DATABASE_URL", "mysql://oott:s3cret@db/trends")
    monkeypatch.setenv("OOTT_WORKERS", "s3cret")
    monkeypatch.setenv("OOTT_FIRST_MONTH", "s3cret")

    with pytest.raises(BadSetting) as refused:
        read_settings()

    assert "OOTT_WORKERS: " in str(refused.value)
    assert "OOTT_FIRST_MONTH: " in str(refused.value)
    assert "s3cret" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_the_folder_source_needs_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OOTT_PHOTO_SOURCE", "folder")

    with pytest.raises(BadSetting, match=r"^OOTT_PHOTO_SOURCE=folder needs OOTT_PHOTOS_FOLDER"):
        read_settings()

    monkeypatch.setenv("OOTT_PHOTOS_FOLDER", "/mnt/photos")
    assert read_settings().photos_folder == Path("/mnt/photos")


def test_every_setting_says_what_it_means() -> None:
    undescribed = [name for name, field in Settings.model_fields.items() if not field.description]

    assert undescribed == []
