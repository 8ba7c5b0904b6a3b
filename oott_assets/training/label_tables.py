"""The metadata of a labelled data set: counts, and a sample of photos with their boxes."""

from collections.abc import Sequence

import dagster as dg

from oott_assets.photos.label_batches import is_copy
from oott_assets.reports.pictures import Mark, contact_sheet, draw_marks, sample_of
from oott_assets.reports.tables import markdown_table
from oott_assets.training.labels.labelled_photos import (
    Label,
    LabelledPhoto,
    count_boxes,
    in_split,
    pixels_of,
)
from oott_fashion.garments import category_of
from oott_fashion.vision.photos import Photo


def data_set_metadata(photos: Sequence[LabelledPhoto]) -> dict[str, dg.MetadataValue | int | str]:
    """Count photos and boxes, and draw the boxes of a sample.

    Copies of stored photos are not shown. They may have to be deleted later, and Dagster cannot
    delete a picture from its records.
    """
    train, valid = in_split(photos, "train"), in_split(photos, "valid")
    train_boxes, valid_boxes = count_boxes(train), count_boxes(valid)
    rows = [(garment, train_boxes[garment], valid_boxes[garment]) for garment in train_boxes]
    origins = sorted({label.origin for photo in photos for label in photo.labels})
    shown = [photo for photo in photos if not is_copy(photo.file)]
    return {
        "boxes": markdown_table(("garment", "to train on", "to validate with"), rows),
        "contact_sheet": contact_sheet(
            [draw_labels(pixels_of(photo), photo.labels) for photo in sample_of(shown)]
        ),
        "photos_never_shown_here": len(photos) - len(shown),
        "photos_to_train_on": len(train),
        "photos_to_train_on_without_garments": sum(not photo.labels for photo in train),
        "photos_to_validate_with": len(valid),
        "labelled_by": ", ".join(origins) or "nobody",
    }


def draw_labels(photo: Photo, labels: Sequence[Label]) -> Photo:
    """Shrink a copy of ``photo`` to a contact sheet tile and draw ``labels`` on it."""
    marks = [
        Mark(label.box, category_of(label.garment), f"{label.garment} {label.confidence:.2f}")
        for label in labels
    ]
    return draw_marks(photo, marks)
