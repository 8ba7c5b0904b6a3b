"""Which detector is in service, and what is said of those that are not."""

import logging
from pathlib import Path

import numpy as np
import pytest

from oott_fashion.stores.model_store import ModelStore
from oott_serving.published_detector import NewestDetector, NoDetectorYet
from oott_serving.settings import ServiceSettings
from tests.oott_serving.detectors import card_of, onnx_that_sees, publish

GREY = np.full((40, 30, 3), 128, dtype=np.uint8)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServiceSettings:
    monkeypatch.chdir(tmp_path)
    return ServiceSettings(engine="onnxruntime", starter_detector=tmp_path / "starter")


@pytest.fixture
def store(settings: ServiceSettings) -> ModelStore:
    return ModelStore(settings.model_store_root)


@pytest.fixture
def newest(settings: ServiceSettings) -> NewestDetector:
    return NewestDetector(settings)


def seen_by(newest: NewestDetector) -> list[str]:
    return [garment.garment for garment in newest.in_service().detector.garments(GREY)]


def test_without_a_detector_it_is_said_where_one_was_looked_for(
    newest: NewestDetector, tmp_path: Path
) -> None:
    newest.look()

    with pytest.raises(NoDetectorYet, match=r"latest\.json does not exist") as raised:
        newest.in_service()
    assert str(tmp_path / "starter" / "card.json") in str(raised.value)


def test_the_starter_detector_is_taken_where_none_was_published(
    newest: NewestDetector, tmp_path: Path
) -> None:
    (tmp_path / "starter").mkdir()
    file = onnx_that_sees(tmp_path, "coat").rename(tmp_path / "starter" / "detector.onnx")
    card = card_of(file)
    (tmp_path / "starter" / "card.json").write_text(card.model_dump_json())

    newest.look()

    assert newest.in_service().version == card.version
    assert seen_by(newest) == ["coat"]


def test_a_newer_detector_takes_the_place_of_the_one_in_service(
    newest: NewestDetector, store: ModelStore, tmp_path: Path
) -> None:
    publish(store, tmp_path, "coat")
    newest.look()
    first = newest.in_service()
    second = publish(store, tmp_path, "jeans", minutes=1)

    newest.look()

    assert newest.in_service().version == second.version
    assert seen_by(newest) == ["jeans"]
    assert [garment.garment for garment in first.detector.garments(GREY)] == ["coat"]


def test_the_detector_in_service_is_not_opened_again(
    newest: NewestDetector, store: ModelStore, tmp_path: Path
) -> None:
    publish(store, tmp_path, "coat")
    newest.look()
    detector = newest.in_service().detector

    newest.look()

    assert newest.in_service().detector is detector


@pytest.mark.parametrize("side", [32, 128])
def test_a_detector_that_reads_other_squares_than_its_card_says_is_not_taken(
    newest: NewestDetector,
    store: ModelStore,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    side: int,
) -> None:
    caplog.set_level(logging.INFO)
    publish(store, tmp_path, "coat")
    newest.look()
    file = onnx_that_sees(tmp_path, "jeans")
    odd = store.publish(file, card_of(file, image_side=side))

    for _ in range(3):
        newest.look()

    assert seen_by(newest) == ["coat"]
    [warning] = [each for each in caplog.messages if odd.version in each and "stays" in each]
    assert "cannot be used" in warning
    # The coat's and the odd one, which is not opened at every look.
    assert sum("runs in onnxruntime" in message for message in caplog.messages) == 2


def test_a_damaged_detector_is_warned_of_once_and_taken_when_it_is_mended(
    newest: NewestDetector, store: ModelStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    publish(store, tmp_path, "coat")
    newest.look()
    second = publish(store, tmp_path, "jeans", minutes=1)
    whole = second.onnx.read_bytes()
    second.onnx.write_bytes(whole[:-1])

    for _ in range(3):
        newest.look()

    assert seen_by(newest) == ["coat"]
    assert ["is damaged" in message for message in caplog.messages] == [True]
    second.onnx.write_bytes(whole)
    newest.look()
    assert seen_by(newest) == ["jeans"]


def test_a_detector_no_engine_opens_is_a_reason_not_to_be_ready(
    newest: NewestDetector, store: ModelStore, tmp_path: Path
) -> None:
    file = tmp_path / "junk.onnx"
    file.write_bytes(b"no ONNX at all")
    junk = store.publish(file, card_of(file))

    for _ in range(2):
        newest.look()

    with pytest.raises(NoDetectorYet, match=f"{junk.version} cannot be used: ") as raised:
        newest.in_service()
    assert "\n" not in str(raised.value)


def test_a_store_that_is_emptied_leaves_the_detector_in_service(
    newest: NewestDetector, store: ModelStore, tmp_path: Path
) -> None:
    publish(store, tmp_path, "coat")
    newest.look()
    (Path(store.root) / "garment-detector" / "latest.json").unlink()

    newest.look()

    assert seen_by(newest) == ["coat"]


def test_a_store_of_an_unsupported_kind_is_a_reason_not_to_be_ready() -> None:
    newest = NewestDetector(ServiceSettings(model_store="gs://bucket/models"))

    newest.look()

    with pytest.raises(NoDetectorYet, match="gs://bucket/models is not a local folder"):
        newest.in_service()


def test_detections_follow_the_settings(
    store: ModelStore, settings: ServiceSettings, tmp_path: Path
) -> None:
    publish(store, tmp_path, "coat")
    strict = NewestDetector(settings.model_copy(update={"min_confidence": 0.95}))

    strict.look()

    assert seen_by(strict) == []
