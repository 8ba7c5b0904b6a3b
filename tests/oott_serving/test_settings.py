import pytest

from oott_fashion.settings import BadSetting, read_settings
from oott_serving.settings import ServiceSettings

pytestmark = pytest.mark.usefixtures("nothing_is_set")


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("DETECTOR_POLL_SECONDS", "0", "Input should be greater than 0"),
        ("WORKERS", "many", "Input should be a valid integer"),
        ("API_KEYS", "a-long-and-hidden-key,short-hidden", "a key has 12 characters; expected"),
        ("API_KEYS", " , ", "a key has 0 characters; expected at least 16"),
        ("CORS_ORIGINS", "closet.example.com", "'closet.example.com' is not an origin; expected"),
        ("CORS_ORIGINS", "https://a.example,https://b.example/", "'https://b.example/' is not an"),
    ],
)
def test_an_unusable_setting_is_named_with_what_is_wrong(
    name: str, value: str, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"OOTT_{name}", value)

    with pytest.raises(BadSetting) as rejected:
        read_settings(ServiceSettings)

    assert str(rejected.value).startswith(f"OOTT_{name}: {complaint}")
    assert "hidden" not in str(rejected.value)


def test_a_setting_of_the_pipeline_does_not_concern_the_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OOTT_PHOTO_SOURCE", "graph_api")  # without a token
    monkeypatch.setenv("OOTT_EPOCHS", "many")

    assert read_settings(ServiceSettings).workers is None


def test_engines_of_several_cores_need_fewer_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OOTT_ENGINE_CORES", "64")

    assert read_settings(ServiceSettings).worker_processes == 1


@pytest.mark.parametrize(("workers", "photos"), [("1", 2), ("2", 1), ("3", 1)])
def test_a_worker_reads_a_second_photo_only_if_there_are_cores_without_an_engine(
    monkeypatch: pytest.MonkeyPatch, workers: str, photos: int
) -> None:
    monkeypatch.setattr("oott_serving.settings.usable_cores", lambda: 2)
    monkeypatch.setenv("OOTT_WORKERS", workers)

    assert read_settings(ServiceSettings).photos_at_a_time == photos
