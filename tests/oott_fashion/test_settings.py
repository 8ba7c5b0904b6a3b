from pathlib import Path

import pytest

from oott_fashion.colours import RELEASED_COLOURS
from oott_fashion.destinations import read_destinations
from oott_fashion.settings import BadSetting, SharedSettings, read_settings
from oott_fashion.stores.trend_tables import TrendTables
from oott_fashion.vision.photos import MAX_PIXELS

pytestmark = pytest.mark.usefixtures("nothing_is_set")


def test_by_default_everything_is_in_one_folder_on_sqlite() -> None:
    settings = read_settings(SharedSettings)

    assert settings.trend_database_url == "sqlite:///.oott/trends.sqlite"
    assert settings.model_store_root == ".oott/models"
    assert len(settings.colours) == 13
    assert settings.engine == "auto"
    assert settings.max_pixels == MAX_PIXELS
    assert len(read_destinations(settings.destinations_file).slugs) == 40


def test_home_moves_everything_that_has_no_place_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OOTT_HOME", "/srv/oott")

    settings = read_settings(SharedSettings)

    assert settings.trend_database_url == "sqlite:////srv/oott/trends.sqlite"
    assert settings.model_store_root == "/srv/oott/models"


@pytest.mark.parametrize("name", ["50%41", "a?b", "a#b", "a b", "집"])
def test_the_default_database_is_in_the_home_folder_for_any_folder_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_HOME", str(tmp_path / name))

    url = read_settings(SharedSettings).trend_database_url
    TrendTables.open(url, read_destinations()).migrate()

    assert (tmp_path / name / "trends.sqlite").is_file()


@pytest.mark.parametrize("name", ["home", "starter_detector", "destinations_file", "model_store"])
def test_a_path_can_start_with_a_tilde(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    (tmp_path / ".env").write_text(f"OOTT_{name.upper()}=~/street\n")

    assert str(getattr(read_settings(SharedSettings), name)) == "/home/ann/street"


def test_a_store_at_a_url_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OOTT_MODEL_STORE", "gs://bucket/~ann")

    assert read_settings(SharedSettings).model_store_root == "gs://bucket/~ann"


def test_settings_are_read_from_the_file_in_the_working_directory(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OOTT_ENGINE_CORES=2\nDAGSTER_HOME=/elsewhere\n")

    assert read_settings(SharedSettings).engine_cores == 2


def test_the_environment_outranks_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("OOTT_ENGINE_CORES=2\n")
    monkeypatch.setenv("OOTT_ENGINE_CORES", "3")

    assert read_settings(SharedSettings).engine_cores == 3


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an empty folder of secrets, and name it in the environment."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    monkeypatch.setenv("OOTT_SECRETS_FOLDER", str(folder))
    return folder


def test_a_setting_can_be_a_file_in_the_secrets_folder(secrets: Path) -> None:
    (secrets / "oott_database_url").write_text("mysql://oott:s3cret@db/trends\n")
    (secrets / "database_root_password").write_text("of another program\n")

    assert read_settings(SharedSettings).trend_database_url == "mysql://oott:s3cret@db/trends"


def test_a_secret_can_be_a_symbolic_link_as_in_kubernetes(secrets: Path) -> None:
    (secrets / "..2026").mkdir()
    (secrets / "..2026/oott_database_url").write_text("sqlite:///trends")
    (secrets / "..data").symlink_to("..2026")
    (secrets / "oott_database_url").symlink_to("..data/oott_database_url")

    assert read_settings(SharedSettings).trend_database_url == "sqlite:///trends"


def test_the_environment_and_the_env_file_outrank_a_secret(
    secrets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (secrets / "oott_engine_cores").write_text("4")
    (secrets / "oott_max_pixels").write_text("4000")
    (tmp_path / ".env").write_text("OOTT_ENGINE_CORES=2\n")
    monkeypatch.setenv("OOTT_MAX_PIXELS", "2000")

    settings = read_settings(SharedSettings)

    assert (settings.engine_cores, settings.max_pixels) == (2, 2000)


def test_a_misspelt_secret_is_named(secrets: Path) -> None:
    (secrets / "oott_databse_url").write_text("mysql://oott:s3cret@db/trends")

    with pytest.raises(BadSetting) as rejected:
        read_settings(SharedSettings)

    assert str(rejected.value) == (
        f"OOTT_DATABSE_URL is not a setting; did you mean OOTT_DATABASE_URL? (set in {secrets})"
    )


def test_a_missing_folder_of_secrets_is_named(secrets: Path) -> None:
    secrets.rmdir()

    with pytest.raises(BadSetting, match=r"^OOTT_SECRETS_FOLDER: \S+ is not a folder$"):
        read_settings(SharedSettings)


@pytest.mark.parametrize("name", ["DATABASE_URL", "MODEL_STORE", "ENGINE_CORES"])
def test_a_setting_left_empty_is_not_set(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"OOTT_{name}", "")

    assert read_settings(SharedSettings) == SharedSettings()
    assert read_settings(SharedSettings).trend_database_url.startswith("sqlite:///")


def test_a_database_password_is_only_in_the_database_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OOTT_DATABASE_URL", "mysql://oott:s3cret@db/trends")

    settings = read_settings(SharedSettings)

    assert settings.trend_database_url == "mysql://oott:s3cret@db/trends"
    assert "s3cret" not in f"{settings} {settings!r} {settings.model_dump_json()}"


def test_the_palette_of_the_prototype_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OOTT_PALETTE", "prototype")

    colours = read_settings(SharedSettings).colours

    assert {colour.name for colour in colours} == set(RELEASED_COLOURS)


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("TIMEZONE", "Asia/Soul", "'Asia/Soul' is not a time zone; expected one such as Asia/S"),
        ("TIMEZONE", "../etc", "'../etc' is not a time zone; expected one such as Asia/Seoul"),
        ("TIMEZONE", "Asia", "'Asia' is not a time zone; expected one such as Asia/Seoul"),
        ("ENGINE", "tensorrt", "Input should be 'auto', 'deepsparse', 'openvino' or 'onnxruntime'"),
        ("MIN_CONFIDENCE", "1.01", "Input should be less than or equal to 1"),
        ("IOU_THRESHOLD", "-0.1", "Input should be greater than or equal to 0"),
        ("ENGINE_CORES", "0", "Input should be greater than or equal to 1"),
        ("ENGINE_CORES", "many", "Input should be a valid integer"),
        ("MAX_PIXELS", "178000001", "Input should be less than or equal to 178000000"),
    ],
)
def test_an_unusable_setting_is_named_with_what_is_wrong(
    name: str, value: str, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"OOTT_{name}", value)

    with pytest.raises(BadSetting) as rejected:
        read_settings(SharedSettings)

    assert str(rejected.value).startswith(f"OOTT_{name}: {complaint}")


@pytest.mark.parametrize(("name", "value"), [("MIN_CONFIDENCE", "0"), ("IOU_THRESHOLD", "1")])
def test_thresholds_may_be_0_and_1(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"OOTT_{name}", value)

    assert getattr(read_settings(SharedSettings), name.lower()) == float(value)


def test_all_unusable_settings_are_named_without_their_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OOTT_DATABASE_URL", "mysql://oott:s3cret@db/trends")
    monkeypatch.setenv("OOTT_ENGINE_CORES", "s3cret")
    monkeypatch.setenv("OOTT_MAX_PIXELS", "s3cret")

    with pytest.raises(BadSetting) as rejected:
        read_settings(SharedSettings)

    assert "OOTT_ENGINE_CORES: " in str(rejected.value)
    assert "OOTT_MAX_PIXELS: " in str(rejected.value)
    assert "s3cret" not in str(rejected.value)
    assert rejected.value.__cause__ is None
    assert rejected.value.__context__ is None


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp949"])
def test_a_file_that_is_not_utf_8_is_named_with_what_to_do(encoding: str, tmp_path: Path) -> None:
    text = "OOTT_ENGINE_CORES=2\n" + ("# 코어\n" if encoding == "cp949" else "")
    (tmp_path / ".env").write_bytes(text.encode(encoding))

    with pytest.raises(BadSetting) as rejected:
        read_settings(SharedSettings)

    assert str(rejected.value) == (f"{tmp_path / '.env'} is not UTF-8 text; save the file as UTF-8")


@pytest.mark.parametrize("end_of_line", ["\n", "\r\n"])
def test_a_byte_order_mark_is_not_part_of_the_first_name(end_of_line: str, tmp_path: Path) -> None:
    text = f"OOTT_ENGINE_CORES=2{end_of_line}OOTT_PALETTE=prototype{end_of_line}"
    (tmp_path / ".env").write_text(text, encoding="utf-8-sig", newline="")

    settings = read_settings(SharedSettings)

    assert (settings.engine_cores, settings.palette) == (2, "prototype")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("OOTT_ENGINE_CORE", "OOTT_ENGINE_CORE is not a setting; did you mean OOTT_ENGINE_CORES?"),
        ("oott_databse_url", "OOTT_DATABSE_URL is not a setting; did you mean OOTT_DATABASE_URL?"),
        ("OOTT_MOST_PIXELS", "OOTT_MOST_PIXELS is not a setting; it is now called OOTT_MAX_PIXELS"),
        ("OOTT_MOST_PIXEL", "OOTT_MOST_PIXEL is not a setting; did you mean OOTT_MAX_PIXELS?"),
    ],
)
def test_a_misspelt_setting_is_reported_with_the_right_name(
    name: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "s3cret")

    with pytest.raises(BadSetting) as rejected:
        read_settings(SharedSettings)

    assert str(rejected.value) == f"{sentence} (set in the environment)"


def test_a_misspelt_setting_in_the_file_is_reported_with_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OOTT_TIMEZON=Asia/Seoul\n")

    with pytest.raises(BadSetting) as rejected:
        read_settings(SharedSettings)

    assert str(rejected.value) == (
        f"OOTT_TIMEZON is not a setting; did you mean OOTT_TIMEZONE? (set in {tmp_path / '.env'})"
    )


def test_misspelt_and_unusable_settings_are_reported_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OOTT_SCORE_THRESHOLD", "0.5")
    monkeypatch.setenv("OOTT_ENGINE", "tensorrt")

    with pytest.raises(BadSetting, match=r"OOTT_MIN_CONFIDENCE.*; OOTT_ENGINE: Input"):
        read_settings(SharedSettings)


@pytest.mark.parametrize(
    "name", ["OOTT_WORKRES", "OOTT_EPOCS", "OOTT_MOST_POSTS", "OOTT_IMAGE_TAG"]
)
def test_an_unknown_setting_that_means_no_setting_of_this_process_is_logged(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(name, "1")

    read_settings(SharedSettings)
    read_settings(SharedSettings)

    [warning] = caplog.messages
    assert warning.startswith(f"{name} is not a setting")


def test_settings_of_other_processes_are_known(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OOTT_WORKERS", "1")
    monkeypatch.setenv("OOTT_MAX_POSTS", "1")
    monkeypatch.setenv("OOTT_MOST_POSTS", "")  # left empty, it sets nothing

    read_settings(SharedSettings)

    assert caplog.messages == []
