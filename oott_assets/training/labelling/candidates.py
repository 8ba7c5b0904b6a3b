"""Collects the stored photos and every reason to label one of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from logging import Logger

from oott_assets.detection_store import DetectionStore
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.reports.progress import with_progress
from oott_assets.training.labelling.label_reasons import (
    SeenPhoto,
    StoredPhotoName,
    disagreement,
    rare_garment,
    uncertain,
)
from oott_assets.training.labelling.photo_choice import ReasonedPhoto, spread_sample
from oott_fashion.opened_detector import OpenedDetector
from oott_fashion.stores.blobs import BlobNotFound
from oott_fashion.vision.photos import PhotoTooLarge, UnreadablePhoto


def seen_photos(store: PhotoStore, detections: DetectionStore) -> list[SeenPhoto]:
    """Read the stored detections of all photos."""
    seen = []
    for destination, month in store.months():
        try:
            stored = detections.read(destination, month)
        except BlobNotFound:
            continue
        seen += [
            SeenPhoto(
                StoredPhotoName(destination, month, photo.sha256),
                photo.garments,
                stored.detector_version,
            )
            for photo in stored.readable
        ]
    return seen


@dataclass(frozen=True)
class Comparison:
    """The two detectors whose garments are compared, in at most ``max_photos`` photos."""

    latest: OpenedDetector
    second: OpenedDetector | None
    max_photos: int

    def with_disagreement(
        self, seen: Sequence[SeenPhoto], store: PhotoStore, log: Logger
    ) -> Iterator[ReasonedPhoto]:
        """Yield the photos in which the other detector finds other garments than are stored."""
        comparable = [photo for photo in seen if self._other(photo) is not None]
        sample = spread_sample(comparable, self.max_photos)
        for photo in with_progress(sample, log, "photos compared", len(sample)):
            other = self._other(photo)
            if other is None:
                continue
            place = store.month(photo.photo.destination, photo.photo.month)
            try:
                garments = other.detector.garments(place.pixels(photo.photo.sha256))
            except (UnreadablePhoto, PhotoTooLarge):
                continue
            if reason := disagreement(photo, garments, other.version):
                yield ReasonedPhoto(photo.photo, reason)

    def _other(self, seen: SeenPhoto) -> OpenedDetector | None:
        # Old months keep the detections of an older detector.
        return self.latest if seen.version != self.latest.version else self.second


def with_doubts(
    seen: Sequence[SeenPhoto], min_confidence: float, boxes: Mapping[str, int]
) -> Iterator[ReasonedPhoto]:
    """Yield the photos with doubtful confidences or with garments that have few ``boxes``."""
    for photo in seen:
        for reason in (
            uncertain(photo.garments, min_confidence),
            rare_garment(photo.garments, boxes),
        ):
            if reason is not None:
                yield ReasonedPhoto(photo.photo, reason)
