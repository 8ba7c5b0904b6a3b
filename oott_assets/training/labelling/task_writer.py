"""Writes a batch: copies of the chosen photos, and a task with the detector's boxes for each."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from oott_assets.photos.label_batches import LabelBatches
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.training.labelling.label_studio_tasks import (
    PhotoTask,
    labelling_interface,
    tasks_file,
)
from oott_assets.training.labelling.photo_choice import ReasonedPhoto
from oott_assets.training.labels.labelled_photos import Label
from oott_fashion.garments import garment_named
from oott_fashion.opened_detector import OpenedDetector
from oott_fashion.vision.detections import Box
from oott_fashion.vision.photos import Photo, PhotoTooLarge, UnreadablePhoto, read_photo


@dataclass(frozen=True)
class TaskWriter:
    """Copies photos from ``store`` to ``batches``, with the boxes that ``detector`` finds."""

    store: PhotoStore
    batches: LabelBatches
    detector: OpenedDetector

    def write(self, batch: str, chosen: Iterable[ReasonedPhoto]) -> list[PhotoTask]:
        """Write the batch, and return its tasks; a photo deleted in the meantime is left out."""
        tasks = []
        for photo in chosen:
            with suppress(UnreadablePhoto, PhotoTooLarge):
                tasks.append(self._task(batch, photo))
        if tasks:
            folder = Path(self.batches.root).absolute().name
            content = tasks_file(tasks, folder, self.detector.version)
            self.batches.finish(batch, content, labelling_interface())
        return tasks

    def _task(self, batch: str, chosen: ReasonedPhoto) -> PhotoTask:
        destination, month, sha256 = chosen.photo
        content = self.store.month(destination, month).content(sha256)
        pixels = read_photo(content, self.store.max_pixels)
        blob = self.batches.add(batch, destination, month, sha256, content)
        return PhotoTask(
            blob=blob,
            sha256=sha256,
            destination=destination,
            month=f"{month:%Y-%m}",
            reason=chosen.reason.name,
            why=chosen.reason.why,
            width=pixels.shape[1],
            height=pixels.shape[0],
            labels=self._labels(pixels),
        )

    def _labels(self, photo: Photo) -> tuple[Label, ...]:
        """Find the garments with one box per shoe, as people label shoes."""
        raw = self.detector.detector.boxes(photo)
        return tuple(
            Label(
                garment_named(int(class_id)), Box(*map(float, box)), float(confidence), "detector"
            )
            for class_id, box, confidence in zip(
                raw.class_ids, raw.boxes, raw.confidences, strict=True
            )
        )
