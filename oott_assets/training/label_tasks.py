"""Stored photos that are worth labelling, as tasks that Label Studio imports."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
from pydantic import Field

from oott_assets.detection_store import DetectionStore
from oott_assets.failure_rules import failures_of
from oott_assets.garment_detector import GarmentDetector
from oott_assets.photos.label_batches import LabelBatches
from oott_assets.photos.store.photo_store import PhotoStore
from oott_assets.reports.pictures import contact_sheet, sample_of
from oott_assets.reports.tables import markdown_table
from oott_assets.training.label_tables import draw_labels
from oott_assets.training.labelling.candidates import Comparison, seen_photos, with_doubts
from oott_assets.training.labelling.label_reasons import SeenPhoto
from oott_assets.training.labelling.label_studio_tasks import PhotoTask
from oott_assets.training.labelling.new_pictures import NewPictures, known_pictures
from oott_assets.training.labelling.photo_choice import choose
from oott_assets.training.labelling.task_writer import TaskWriter
from oott_assets.training.labels.labelled_photos import BY_PEOPLE, LabelledPhoto, count_boxes
from oott_assets.training.main_data import main_data
from oott_assets.training.training_failures import TRAINING_FAILURES
from oott_assets.training.training_store import TrainingStore
from oott_assets.training.versions.known_versions import known_versions
from oott_fashion.vision.photos import read_photo


class PhotosToChoose(dg.Config):
    """How many photos are chosen, and how many are compared to choose them."""

    photos: int = Field(default=50, ge=1, le=500, description="Maximum number of photos to choose.")
    compared_photos: int = Field(
        default=200,
        ge=0,
        le=5000,
        description="Number of photos that a second detector reads, to find disagreement.",
    )


@dg.asset(deps=["garment_detections", main_data], group_name="training", kinds={"json"})
def label_tasks(
    context: dg.AssetExecutionContext,
    config: PhotosToChoose,
    photo_store: PhotoStore,
    detection_store: DetectionStore,
    garment_detector: GarmentDetector,
    label_batches: LabelBatches,
    training_store: TrainingStore,
) -> dg.MaterializeResult[None]:
    """Stored photos that are worth labelling, with the detector's boxes, for Label Studio.

    Three kinds of photos are chosen in turn: the detector is uncertain, a rare garment may be on
    it, or another detector finds other garments. They are spread over destinations and months. No
    photo shows the same picture as another one, as a photo of main_data or as an earlier task.
    Every run writes a new batch to OOTT_LABEL_TASKS_FOLDER.
    """
    with failures_of(context, TRAINING_FAILURES), label_batches.locked():
        label_batches.delete_incomplete()
        labelled = _labelled_by_people(training_store)
        known = _known_hashes(labelled, label_batches)
        seen = _seen(photo_store, detection_store)
        unknown = [photo for photo in seen if photo.photo.sha256 not in known]
        comparison = _comparison(garment_detector, training_store, config.compared_photos)
        candidates = [
            *with_doubts(unknown, garment_detector.min_confidence, count_boxes(labelled)),
            *comparison.with_disagreement(unknown, photo_store, context.log),
        ]
        pictures = NewPictures(photo_store, known_pictures(labelled, label_batches))
        chosen = choose(candidates, config.photos, pictures.is_new)
        batch = label_batches.new_batch(datetime.now(UTC).date())
        tasks = TaskWriter(photo_store, label_batches, comparison.latest).write(batch, chosen)
        sheet = _sheet_of(tasks, label_batches)
    return dg.MaterializeResult(
        metadata={
            "batch": batch if tasks else "none",
            "photos": len(tasks),
            "photos_asked_for": config.photos,
            "photos_considered": len(unknown),
            "photos_offered_or_labelled_before": len(seen) - len(unknown),
            "detector": comparison.latest.version,
            "second_detector": comparison.second.version if comparison.second else "none",
            "folder": dg.MetadataValue.path(Path(label_batches.root, batch if tasks else "")),
            **_counts_of(tasks),
            "contact_sheet": sheet,
        },
    )


def _seen(store: PhotoStore, detections: DetectionStore) -> list[SeenPhoto]:
    seen = seen_photos(store, detections)
    if not seen:
        raise dg.Failure(
            "there are no stored detections, so it is unknown which photos are worth labelling; "
            "materialise garment_detections first",
            allow_retries=False,
        )
    return seen


def _labelled_by_people(store: TrainingStore) -> list[LabelledPhoto]:
    """Read the photos of main_data without those that OOTT drew; none before its first run."""
    photos = store.photos_or_none("main_data") or []
    return [photo for photo in photos if all(label.origin == BY_PEOPLE for label in photo.labels)]


def _known_hashes(labelled: Iterable[LabelledPhoto], batches: LabelBatches) -> set[str]:
    offered = {photo.sha256 for photo in batches.offered()}
    return offered | {photo.sha256 for photo in labelled}


def _comparison(
    garment_detector: GarmentDetector, store: TrainingStore, max_photos: int
) -> Comparison:
    latest = garment_detector.latest()
    known = known_versions(garment_detector.store, store.candidates)
    # The newest one is a candidate that was not published, or the version before the latest.
    others = (each.detector for each in known if each.version != latest.version)
    second = next((detector for detector in others if detector is not None), None)
    return Comparison(latest, second and garment_detector.opened(second), max_photos)


def _sheet_of(tasks: Sequence[PhotoTask], batches: LabelBatches) -> dg.MarkdownMetadataValue:
    return contact_sheet(
        [
            draw_labels(read_photo(batches.blobs.read(task.blob)), task.labels)
            for task in sample_of(tasks)
        ]
    )


def _counts_of(tasks: Sequence[PhotoTask]) -> dict[str, dg.MetadataValue | int]:
    reasons = Counter(task.reason for task in tasks)
    places = Counter((task.destination, task.month) for task in tasks)
    rows = [(*place, count) for place, count in sorted(places.items())]
    return {
        "photos_by_reason": markdown_table(("reason", "photos"), reasons.most_common()),
        "photos_by_destination_and_month": markdown_table(("destination", "month", "photos"), rows),
    }
