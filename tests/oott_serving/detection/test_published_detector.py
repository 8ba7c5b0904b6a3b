"""Tests which detector is in service, and what is logged about unusable ones."""

import logging
import shutil
import sys
import time
from pathlib import Path

import pytest

from oott_fashion.stores import model_store
from oott_fashion.stores.model_store import ModelStore
from oott_serving.detection.published_detector import LatestDetector, NoDetectorYet
from oott_serving.settings import ServiceSettings
from tests.object_store import Bucket
from tests.oott_serving.detectors import RED_SPOT, card_of, onnx_that_sees, publish


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServiceSettings:
    monkeypatch.chdir(tmp_path)
    return ServiceSettings(engine="onnxruntime", starter_detector=tmp_path / "starter")


@pytest.fixture
def store(settings: ServiceSettings) -> ModelStore:
    return ModelStore(settings.model_store_root)


@pytest.fixture
def latest(settings: ServiceSettings) -> LatestDetector:
    return LatestDetector(settings)


def seen_by(latest: LatestDetector) -> list[str]:
    return [garment.garment for garment in latest.in_service().detector.garments(RED_SPOT)]


def test_without_a_detector_the_error_says_where_the_service_looked(
    latest: LatestDetector, tmp_path: Path
) -> None:
    latest.refresh()

    with pytest.raises(NoDetectorYet, match=r"latest\.json does not exist") as raised:
        latest.in_service()
    assert str(tmp_path / "starter" / "card.json") in str(raised.value)


def test_the_starter_detector_is_used_until_one_is_published(
    latest: LatestDetector, tmp_path: Path
) -> None:
    (tmp_path / "starter").mkdir()
    file = onnx_that_sees(tmp_path, "coat").rename(tmp_path / "starter" / "detector.onnx")
    card = card_of(file)
    (tmp_path / "starter" / "card.json").write_text(card.model_dump_json())

    latest.refresh()

    assert latest.in_service().version == card.version
    assert seen_by(latest) == ["coat"]


def test_a_newer_detector_replaces_the_one_in_service(
    latest: LatestDetector, store: ModelStore, tmp_path: Path
) -> None:
    publish(store, tmp_path, "coat")
    latest.refresh()
    first = latest.in_service()
    second = publish(store, tmp_path, "jeans", minutes=1)

    latest.refresh()

    assert latest.in_service().version == second.version
    assert seen_by(latest) == ["jeans"]
    assert [garment.garment for garment in first.detector.garments(RED_SPOT)] == ["coat"]


def test_the_detector_in_service_is_not_opened_again(
    latest: LatestDetector, store: ModelStore, tmp_path: Path
) -> None:
    publish(store, tmp_path, "coat")
    latest.refresh()
    detector = latest.in_service().detector

    latest.refresh()

    assert latest.in_service().detector is detector


def test_a_killed_object_store_keeps_the_last_detector_in_service(
    mortal_bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_MODEL_STORE", f"{mortal_bucket.url}/models")
    settings = ServiceSettings(engine="onnxruntime", home=tmp_path / "home")
    store = ModelStore(settings.model_store_root, tmp_path / "publisher")
    publish(store, tmp_path, "coat")
    service = LatestDetector(settings)
    service.refresh()
    assert seen_by(service) == ["coat"]

    monkeypatch.setattr(model_store, "_RETRY_SECONDS", 0.3)
    mortal_bucket.store.kill()
    began = time.monotonic()
    service.refresh()
    restarted = LatestDetector(settings)
    restarted.refresh()
    without_copies = LatestDetector(settings.model_copy(update={"home": tmp_path / "new"}))
    without_copies.refresh()

    assert time.monotonic() - began < 20
    for each in (service, restarted):
        assert seen_by(each) == ["coat"]
        assert "latest.json cannot be reached (Connection refused)" in each.readiness()
    with pytest.raises(NoDetectorYet, match=r"latest\.json cannot be reached"):
        without_copies.in_service()
    monkeypatch.undo()
    mortal_bucket.store.start()
    publish(store, tmp_path, "skirt", minutes=1)
    restarted.refresh()
    assert seen_by(restarted) == ["skirt"]


@pytest.mark.parametrize("side", [32, 128])
def test_a_detector_whose_input_side_differs_from_its_card_is_not_used(
    latest: LatestDetector,
    store: ModelStore,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    side: int,
) -> None:
    publish(store, tmp_path, "coat")
    latest.refresh()
    file = onnx_that_sees(tmp_path, "jeans")
    odd = store.publish(file, card_of(file, image_side=side), by="a test")

    latest.refresh()
    odd.onnx.unlink()  # it is not read again
    latest.refresh()

    assert seen_by(latest) == ["coat"]
    [warning] = [
        message for message in caplog.messages if odd.version in message and "stays" in message
    ]
    assert f"has a side of 64; its card says {side}" in warning
    assert latest.readiness().endswith(f"its card says {side}")


def test_a_damaged_detector_is_logged_once_and_used_after_its_repair(
    latest: LatestDetector, store: ModelStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    publish(store, tmp_path, "coat")
    latest.refresh()
    second = publish(store, tmp_path, "jeans", minutes=1)
    whole = second.onnx.read_bytes()
    second.onnx.write_bytes(whole[:-1])

    for _ in range(3):
        latest.refresh()

    assert seen_by(latest) == ["coat"]
    assert ["is damaged" in message for message in caplog.messages] == [True]
    second.onnx.write_bytes(whole)
    latest.refresh()
    assert seen_by(latest) == ["jeans"]


def test_a_detector_whose_trial_crashed_is_tried_again_later(
    latest: LatestDetector, store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(store, tmp_path, "coat")
    latest.refresh()
    publish(store, tmp_path, "jeans", minutes=1)
    monkeypatch.setattr("oott_serving.detection.detector_trials._SECONDS_TO_NEXT_TRIAL", 0.2)
    with monkeypatch.context() as patched:
        patched.setattr(sys, "executable", shutil.which("false"))
        latest.refresh()
    latest.refresh()
    assert "ended with exit status 1 and no answer; it is tried again" in latest.readiness()
    assert seen_by(latest) == ["coat"]

    time.sleep(0.2)
    latest.refresh()

    assert seen_by(latest) == ["jeans"]


def test_without_a_usable_latest_detector_the_last_good_one_is_used(
    latest: LatestDetector,
    store: ModelStore,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    coat = publish(store, tmp_path, "coat")
    for minutes, garment in enumerate(("jeans", "dress"), start=1):
        publish(store, tmp_path, garment, minutes).onnx.write_bytes(b"half")

    latest.refresh()
    latest.refresh()

    assert seen_by(latest) == ["coat"]
    [warning] = caplog.messages
    assert warning.startswith(f"detector {coat.version} stays in service: ")
    assert "is damaged: its sha256 is" in warning
    newer = publish(store, tmp_path, "blazer", minutes=9)
    latest.refresh()
    assert seen_by(latest) == ["blazer"]
    assert latest.readiness() == f"detector {newer.version} is in service"


def test_the_starter_is_used_if_no_published_detector_can_be(
    latest: LatestDetector, store: ModelStore, tmp_path: Path
) -> None:
    publish(store, tmp_path, "jeans").onnx.write_bytes(b"half")
    starter = publish(ModelStore(tmp_path / "elsewhere"), tmp_path, "coat")
    shutil.copytree(starter.onnx.parent, tmp_path / "starter")

    latest.refresh()

    assert seen_by(latest) == ["coat"]


def test_the_service_is_not_ready_with_a_detector_that_no_engine_opens(
    latest: LatestDetector, store: ModelStore, tmp_path: Path
) -> None:
    file = tmp_path / "junk.onnx"
    file.write_bytes(b"no ONNX at all")
    junk = store.publish(file, card_of(file), by="a test")

    for _ in range(2):
        latest.refresh()

    with pytest.raises(NoDetectorYet, match=f"{junk.version} cannot be used: ") as raised:
        latest.in_service()
    assert "\n" not in str(raised.value)


def test_the_detector_stays_in_service_when_the_store_is_emptied(
    latest: LatestDetector, store: ModelStore, tmp_path: Path
) -> None:
    publish(store, tmp_path, "coat")
    latest.refresh()
    (Path(store.root) / "garment-detector" / "latest.json").unlink()

    latest.refresh()

    assert seen_by(latest) == ["coat"]


def test_detections_follow_the_settings(
    store: ModelStore, settings: ServiceSettings, tmp_path: Path
) -> None:
    publish(store, tmp_path, "coat")
    strict = LatestDetector(settings.model_copy(update={"min_confidence": 0.95}))

    strict.refresh()

    assert seen_by(strict) == []
