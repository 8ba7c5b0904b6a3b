import json
import time
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest

from oott_assets import detection_store, garment_detector
from oott_assets.failure_rules import FailureRule
from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.store import photo_store
from oott_assets.photos.store.stored_month import StoredMonth
from oott_fashion.settings import SharedSettings, read_settings
from oott_fashion.stores.blobs import AlreadyLocked
from oott_fashion.stores.detector_card import read_card
from oott_fashion.stores.gcs_blobs import GcsBlobs
from oott_fashion.stores.model_store import ModelStore
from oott_fashion.vision.detections import Detection
from oott_fashion.vision.detector import Detector
from oott_fashion.vision.engines import EngineChoice, open_engine
from oott_fashion.vision.photos import Photo
from oott_fashion.vision.tried_engine import TriedEngine
from tests.object_store import Bucket
from tests.oott_assets.trends_pipeline import (
    TrendsPipeline,
    attempts,
    failures,
    metadata_of,
    save_photo,
)
from tests.oott_serving import bad_detectors
from tests.starters import SMALL_STARTER


def test_every_stored_photo_is_read_by_the_latest_detector_and_some_are_shown(
    trends_pipeline: TrendsPipeline,
) -> None:
    run = trends_pipeline.run()

    detections = trends_pipeline.detections()
    manifest = trends_pipeline.manifest()
    assert [photo.sha256 for photo in detections.photos] == [row.sha256 for row in manifest]
    assert detections.garments > 0
    for photo, row in zip(detections.photos, manifest, strict=True):
        for garment in photo.garments:
            assert 0 <= garment.box.x_min < garment.box.x_max <= (row.width or 0)
            assert 0 <= garment.box.y_min < garment.box.y_max <= (row.height or 0)
    assert detections.detector_version == read_card(SMALL_STARTER / "card.json").version
    shown = metadata_of(run, "garment_detections")
    assert shown["detector"] == detections.detector_version
    assert "data:image/webp;base64," in str(shown["contact_sheet"])


def test_a_photo_without_garments_is_stored_with_its_post_and_its_day_in_the_users_time_zone(
    trends_pipeline: TrendsPipeline, photos_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_TIMEZONE", "Asia/Seoul")
    save_photo(photos_folder / "hongdae/2026-09/late.jpg", taken_at="2026:09:30 23:30:00")

    trends_pipeline.run()

    [photo] = trends_pipeline.detections().photos
    assert (photo.garments, photo.unreadable) == ((), None)
    assert photo.post == trends_pipeline.manifest()[0].shortcode
    assert photo.taken_on == date(2026, 9, 30)


def test_a_damaged_stored_photo_is_listed_as_unreadable(
    trends_pipeline: TrendsPipeline,
) -> None:
    trends_pipeline.run(only="instagram_images")
    damaged = str(trends_pipeline.manifest()[1].sha256)
    root = Path(read_settings(PhotoSettings).photo_store_root)
    (root / "photos/hongdae/2026-09" / damaged).write_bytes(b"damaged")

    run = trends_pipeline.run(only="garment_detections")

    assert run.success
    assert len(trends_pipeline.detections().readable) == 3
    assert (
        trends_pipeline.detections().photos[1].unreadable
        == f"the stored photo {damaged[:12]}… is damaged"
    )
    listed = metadata_of(run, "garment_detections")["unreadable_photos"]
    assert damaged in str(listed)


def test_a_new_detector_reads_the_stored_photos_not_the_source(
    trends_pipeline: TrendsPipeline, photos_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_photo(photos_folder / "hongdae/2026-09/a.jpg")
    trends_pipeline.run()
    monkeypatch.setenv("OOTT_PHOTOS_FOLDER", "/nowhere")
    old = read_card(SMALL_STARTER / "card.json")
    new = old.model_copy(update={"created": old.created.replace(year=old.created.year + 1)})
    root = read_settings(SharedSettings).model_store_root
    weights = SMALL_STARTER / "weights.pt"
    ModelStore(root).publish(SMALL_STARTER / "detector.onnx", new, by="a test", weights=weights)

    trends_pipeline.run(only="garment_detections")

    assert trends_pipeline.detections().detector_version == new.version


def test_photos_of_a_month_that_was_not_collected_are_unknown(
    trends_pipeline: TrendsPipeline,
) -> None:
    [failure] = failures(trends_pipeline.run(only="garment_detections"))

    assert failure.startswith("the photos of hongdae in 2026-09 are unknown; materialise")


def test_a_missing_detector_is_reported_with_the_places_searched(
    trends_pipeline: TrendsPipeline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OOTT_STARTER_DETECTOR", str(tmp_path / "no-starter"))

    [failure] = failures(trends_pipeline.run())

    assert str(tmp_path / "home/models/garment-detector/latest.json") in failure
    assert str(tmp_path / "no-starter/card.json") in failure


def test_a_detector_with_other_garments_is_rejected_and_the_old_detections_stay(
    trends_pipeline: TrendsPipeline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trends_pipeline.run()
    before = trends_pipeline.detections()
    other = tmp_path / "other"
    other.mkdir()
    card = json.loads((SMALL_STARTER / "card.json").read_text())
    card["garments"][3] = "cape"
    (other / "card.json").write_text(json.dumps(card))
    (other / "detector.onnx").symlink_to(SMALL_STARTER / "detector.onnx")
    monkeypatch.setenv("OOTT_MODEL_STORE", str(tmp_path / "empty-store"))
    monkeypatch.setenv("OOTT_STARTER_DETECTOR", str(other))

    run = trends_pipeline.run(only="garment_detections")

    assert attempts(run, "garment_detections") == 1
    [failure] = failures(run)
    assert "class 3 is 'cape', expected 'coat'" in failure
    assert trends_pipeline.detections() == before


def test_without_a_usable_latest_detector_the_last_good_one_counts_and_is_named(
    trends_pipeline: TrendsPipeline, tmp_path: Path
) -> None:
    trends_pipeline.run()
    starter = trends_pipeline.detections().detector_version
    store = read_settings(SharedSettings).model_store_root
    bad = bad_detectors.put(store, bad_detectors.NOT_A_NUMBER, tmp_path, minutes=99_999)

    run = trends_pipeline.run(only="garment_detections")

    shown = metadata_of(run, "garment_detections")
    assert shown["detector"] == trends_pipeline.detections().detector_version == starter
    assert str(shown["passed_over"]).startswith(f"detector {bad} cannot be used: its output has")


def test_photos_locked_by_another_process_are_not_read(
    trends_pipeline: TrendsPipeline,
) -> None:
    trends_pipeline.run()
    before = trends_pipeline.detections()

    with trends_pipeline.stored().locked():
        run = trends_pipeline.run(only="garment_detections")

    assert attempts(run, "garment_detections") == 3
    [failure] = failures(run)
    assert "is locked by process" in failure
    assert trends_pipeline.detections() == before


def test_every_process_finds_the_same_garments_in_the_same_order(
    trends_pipeline: TrendsPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    trends_pipeline.run()
    before = trends_pipeline.detections()
    read_here = worth_another_process(monkeypatch)
    deadline = time.monotonic() + 60
    seen_here = len(before.photos)

    while seen_here == len(before.photos):
        assert time.monotonic() < deadline
        read_here.clear()
        trends_pipeline.run(only="garment_detections")
        seen_here = len(read_here)
        assert trends_pipeline.detections() == before

    garment_detector.kept_open.cache_clear()  # it ends the other process


def worth_another_process(monkeypatch: pytest.MonkeyPatch) -> list[Photo]:
    """Let a few photos be worth another process; give the photos that are read in this one."""
    read_here: list[Photo] = []
    garments = Detector.garments

    def recorded(detector: Detector, photo: Photo) -> list[Detection]:
        read_here.append(photo)
        return garments(detector, photo)

    def slow(onnx: Path, _side: int, choice: EngineChoice, cores: int) -> TriedEngine:
        return TriedEngine(open_engine(onnx, choice, cores), milliseconds=1e9)

    monkeypatch.setattr(Detector, "garments", recorded)
    monkeypatch.setattr(garment_detector, "usable_cores", lambda: 2)
    monkeypatch.setattr(garment_detector, "open_and_try", slow)
    garment_detector.kept_open.cache_clear()
    return read_here


def test_photos_are_not_deleted_while_they_are_read(
    trends_pipeline: TrendsPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    trends_pipeline.run(only="instagram_images")
    content, deleted = StoredMonth.content, []

    def deleting(stored: StoredMonth, sha256: str) -> bytes:
        with suppress(AlreadyLocked), trends_pipeline.stored().locked():
            deleted.append(sha256)
        return content(stored, sha256)

    monkeypatch.setattr(StoredMonth, "content", deleting)

    assert trends_pipeline.run(only="garment_detections").success
    assert deleted == []


def test_an_unreachable_store_is_retried(
    trends_pipeline: TrendsPipeline, mortal_bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_PHOTO_STORE", mortal_bucket.url)
    blobs = GcsBlobs(mortal_bucket.client(), mortal_bucket.name, retry_seconds=0.5)
    for module in (photo_store, detection_store):
        monkeypatch.setattr(module, "opened_blobs", lambda _root: blobs)
    trends_pipeline.run(only="instagram_images")
    mortal_bucket.store.kill()

    def start_the_store(_rule: FailureRule, _retry: int) -> float:
        mortal_bucket.store.start()
        return 0.0

    monkeypatch.setattr(FailureRule, "seconds_before", start_the_store)
    run = trends_pipeline.run(only="garment_detections")

    assert run.success
    assert attempts(run, "garment_detections") == 2


def test_a_misconfigured_store_is_tried_once(
    trends_pipeline: TrendsPipeline, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = GcsBlobs(bucket.client(), "no-such-bucket")
    monkeypatch.setattr(photo_store, "opened_blobs", lambda _root: blobs)

    run = trends_pipeline.run(only="garment_detections")

    assert attempts(run, "garment_detections") == 1
    [failure] = failures(run)
    assert "there is no such bucket" in failure
