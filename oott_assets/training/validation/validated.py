"""A detector on the validation photos: its values on all of them, and on resamples of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oott_assets.training.labels.catalogue_folders import garment_of_folder
from oott_assets.training.labels.labelled_photos import LabelledPhoto, in_split, pixels_of
from oott_assets.training.validation.answers import FindBoxes, answers_on, confident
from oott_assets.training.validation.average_precision import (
    average_precisions,
    mean_over_garments,
)
from oott_assets.training.validation.closet_labels import ClosetLabels, label_of
from oott_assets.training.validation.matches import matches_of
from oott_assets.training.validation.resamples import photo_weights, ratio
from oott_assets.training.validation.served_counts import (
    Confusion,
    ServedCounts,
    confusion,
    served_counts,
)
from oott_fashion.garments import GARMENT_NAMES

# With fewer boxes, an average precision says more about these boxes than about the detector.
MIN_BOXES = 10

Rows = NDArray[np.float64]
"""A measured value on all photos, and then on each resample of them; see ``photo_weights``."""


@dataclass(frozen=True)
class Validated:
    """What one detector does on the validation photos.

    ``precisions`` has shape (rows, garments, 10): the average precisions of each garment.
    ``closet`` has photos of one garment, and ``without_clothes`` pictures without any.
    """

    precisions: NDArray[np.float64]
    counts: ServedCounts
    confusion: Confusion
    closet: ClosetLabels
    without_clothes: ClosetLabels

    @property
    def photos(self) -> int:
        return len(self.counts.true)

    @property
    def boxes(self) -> dict[str, int]:
        """The number of true boxes of each garment that has any."""
        totals = self.counts.true.sum(axis=0)
        return {
            name: int(total) for name, total in zip(GARMENT_NAMES, totals, strict=True) if total
        }

    @property
    def common(self) -> list[str]:
        """The garments with at least ten true boxes."""
        return [name for name, boxes in self.boxes.items() if boxes >= MIN_BOXES]

    @property
    def map50(self) -> Rows:
        return mean_over_garments(self.precisions[:, :, 0])

    @property
    def map50_95(self) -> Rows:
        return mean_over_garments(self.precisions.mean(axis=2))

    @property
    def common_map50(self) -> Rows:
        """The mean over garments with at least ten boxes; 0 without any."""
        common = [GARMENT_NAMES.index(name) for name in self.common]
        return mean_over_garments(self.precisions[:, common, 0])

    def ap50(self, garment: str) -> Rows:
        """The average precision of one garment that has boxes."""
        return self.precisions[:, GARMENT_NAMES.index(garment), 0]

    @property
    def weights(self) -> NDArray[np.int32]:
        return photo_weights(self.photos)

    @property
    def closet_right(self) -> Rows:
        return _share_right(self.closet)

    @property
    def nothing_right(self) -> Rows:
        return _share_right(self.without_clothes)


def validate(
    main_data: Sequence[LabelledPhoto],
    closet: Sequence[LabelledPhoto],
    find: FindBoxes,
    confidence: float,
) -> Validated:
    """Run a detector on the valid split of ``main_data`` and on the ``closet`` photos.

    Args:
        main_data: photos with boxes; those of the train split are left out.
        closet: photos whose folder is named after their garment, or ``no_garment``.
        find: the detector, see ``boxes_as_served``.
        confidence: the served minimum confidence.

    Raises:
        PhotoChanged: a photo is missing, or has changed since it was labelled.
    """
    answers = answers_on(in_split(main_data, "valid"), find)
    labels = [
        (
            garment_of_folder(photo.file),
            label_of(confident(find(pixels_of(photo)), confidence)),
        )
        for photo in closet
    ]
    empty = [
        (None, label_of(confident(answer.found, confidence)))
        for answer in answers
        if not len(answer.truth.class_ids)
    ]
    return Validated(
        precisions=average_precisions(matches_of(answers), photo_weights(len(answers))),
        counts=served_counts(answers, confidence),
        confusion=confusion(answers, confidence),
        closet=_labels([pair for pair in labels if pair[0] is not None]),
        without_clothes=_labels([*(pair for pair in labels if pair[0] is None), *empty]),
    )


def map50_on(main_data: Sequence[LabelledPhoto], find: FindBoxes) -> float:
    """Compute only the mAP50 of a detector on the valid split of ``main_data``.

    Raises:
        PhotoChanged: a photo is missing, or has changed since it was labelled.
    """
    answers = answers_on(in_split(main_data, "valid"), find)
    on_all_photos = photo_weights(len(answers))[:1]
    precisions = average_precisions(matches_of(answers), on_all_photos)
    return float(mean_over_garments(precisions[:, :, 0])[0])


def _labels(pairs: Sequence[tuple[str | None, str | None]]) -> ClosetLabels:
    return ClosetLabels([right for right, _ in pairs], [found for _, found in pairs])


def _share_right(labels: ClosetLabels) -> Rows:
    weights = photo_weights(len(labels.right))
    return ratio(weights @ labels.are_right, weights.sum(axis=1))
