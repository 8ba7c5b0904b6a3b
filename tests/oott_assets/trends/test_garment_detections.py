import json
from contextlib import suppress
from pathlib import Path

import pytest

from oott_assets.failure_rules import FailureRule
from oott_assets.photos.settings import PhotoSettings
from oott_assets.photos.store import photo_store
from oott_assets.photos.store.gcs_blobs import GcsBlobs
from oott_assets.photos.store.stored_month import StoredMonth
from oott_assets.trends import detection_store
from oott_fashion.settings import SharedSettings, read_settings
from oott_fashion.stores.blobs import AlreadyLocked
from oott_fashion.stores.model_store import ModelStore, read_card
from oott_fashion.vision.photos import Photo
from tests.object_store import Bucket
from tests.oott_assets.street import STARTER, Street, attempts, failures, metadata_of, save_photo


def test_every_stored_photo_is_read_by_the_latest_detector(street: Street) -> None:
    run = street.run()

    detections = street.detections()
    assert [photo.sha256 for photo in detections.photos] == [
        row.sha256 for row in street.manifest()
    ]
    assert detections.garments > 0
    assert detections.detector_version == read_card(STARTER / "card.json").version
    assert metadata_of(run, "garment_detections")["detector"] == detections.detector_version


def test_the_boxes_of_the_garments_lie_in_their_photos(street: Street) -> None:
    street.run()

    sizes = {row.sha256: (row.width or 0, row.height or 0) for row in street.manifest()}
    for photo in street.detections().photos:
        width, height = sizes[photo.sha256]
        for garment in photo.garments:
            assert 0 <= garment.box.x_min < garment.box.x_max <= width
            assert 0 <= garment.box.y_min < garment.box.y_max <= height


def test_the_contact_sheet_shows_the_photos(street: Street) -> None:
    sheet = metadata_of(street.run(), "garment_detections")["contact_sheet"]

    assert "data:image/jpeg;base64," in str(sheet)


def test_a_photo_without_garments_is_read_and_shows_none(
    street: Street, photos_folder: Path
) -> None:
    save_photo(photos_folder / "hongdae/2026-09/plain.jpg")

    street.run()

    [photo] = street.detections().photos
    assert (photo.garments, photo.unreadable) == ((), None)


def test_a_stored_photo_that_was_damaged_is_listed_as_unreadable(street: Street) -> None:
    street.run(only="instagram_images")
    damaged = str(street.manifest()[1].sha256)
    root = Path(read_settings(PhotoSettings).photo_store_root)
    (root / "photos/hongdae/2026-09" / damaged).write_bytes(b"bits that rotted")

    run = street.run(only="garment_detections")

    assert run.success
    assert len(street.detections().readable) == 3
    assert (
        street.detections().photos[1].unreadable == f"the stored photo {damaged[:12]}… is damaged"
    )
    listed = metadata_of(run, "garment_detections")["unreadable_photos"]
    assert damaged in str(listed)


def test_a_new_detector_reads_stored_photos_without_their_source(
    street: Street, photos_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_photo(photos_folder / "hongdae/2026-09/a.jpg")
    street.run()
    monkeypatch.setenv("OOTT_PHOTOS_FOLDER", "/nowhere")
    old = read_card(STARTER / "card.json")
    new = old.model_copy(update={"created": old.created.replace(year=old.created.year + 1)})
    root = read_settings(SharedSettings).model_store_root
    ModelStore(root).publish(STARTER / "detector.onnx", new)

    street.run(only="garment_detections")

    assert street.detections().detector_version == new.version


def test_photos_of_a_month_that_was_not_collected_are_unknown(street: Street) -> None:
    [failure] = failures(street.run(only="garment_detections"))

    assert failure.startswith("the photos of hongdae in 2026-09 are unknown; materialise")


def test_a_missing_detector_is_reported_with_the_places_searched(
    street: Street, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OOTT_STARTER_DETECTOR", str(tmp_path / "no-starter"))

    [failure] = failures(street.run())

    assert str(tmp_path / "home/models/garment-detector/latest.json") in failure
    assert str(tmp_path / "no-starter/card.json") in failure


def test_a_detector_of_other_garments_is_rejected_and_old_detections_stay(
    street: Street, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    street.run()
    before = street.detections()
    other = tmp_path / "other"
    other.mkdir()
    card = json.loads((STARTER / "card.json").read_text())
    card["garments"][3] = "cape"
    (other / "card.json").write_text(json.dumps(card))
    (other / "detector.onnx").symlink_to(STARTER / "detector.onnx")
    monkeypatch.setenv("OOTT_MODEL_STORE", str(tmp_path / "empty-store"))
    monkeypatch.setenv("OOTT_STARTER_DETECTOR", str(other))

    run = street.run(only="garment_detections")

    assert attempts(run, "garment_detections") == 1
    [failure] = failures(run)
    assert "class 3 is 'cape', expected 'coat'" in failure
    assert street.detections() == before


def test_photos_that_another_process_locks_are_not_read(
    street: Street,
) -> None:
    street.run()
    before = street.detections()

    with street.stored().locked():
        run = street.run(only="garment_detections")

    assert attempts(run, "garment_detections") == 3
    [failure] = failures(run)
    assert "is locked by process" in failure
    assert street.detections() == before


def test_photos_are_not_deleted_while_they_are_read(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    street.run(only="instagram_images")
    pixels, refused = StoredMonth.pixels, []

    def deleting(stored: StoredMonth, sha256: str) -> Photo:
        with suppress(AlreadyLocked), street.stored().locked():
            refused.append("not")
        return pixels(stored, sha256)

    monkeypatch.setattr(StoredMonth, "pixels", deleting)

    assert street.run(only="garment_detections").success
    assert refused == []


def test_an_unreachable_store_is_retried(
    street: Street, mortal_bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OOTT_PHOTO_STORE", mortal_bucket.url)
    blobs = GcsBlobs(mortal_bucket.client(), mortal_bucket.name, patience_seconds=0.5)
    for module in (photo_store, detection_store):
        monkeypatch.setattr(module, "opened_blobs", lambda _root: blobs)
    street.run(only="instagram_images")
    mortal_bucket.store.kill()

    def start_the_store(_rule: FailureRule, _retry: int) -> float:
        mortal_bucket.store.start()
        return 0.0

    monkeypatch.setattr(FailureRule, "seconds_before", start_the_store)
    run = street.run(only="garment_detections")

    assert run.success
    assert attempts(run, "garment_detections") == 2


def test_a_misconfigured_store_is_tried_once(
    street: Street, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = GcsBlobs(bucket.client(), "no-such-bucket")
    monkeypatch.setattr(photo_store, "opened_blobs", lambda _root: blobs)

    run = street.run(only="garment_detections")

    assert attempts(run, "garment_detections") == 1
    [failure] = failures(run)
    assert "there is no such bucket" in failure
