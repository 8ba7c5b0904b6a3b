"""The checks that stop ``champion`` and ``garment_onnx`` before they compare or publish.

Every function returns nothing if all is well. Otherwise it raises a ``Failure`` that is not retried
and says which asset to materialise again, or what is wrong with the export.
"""

import dagster as dg

from oott_assets.training.labels.labelled_photos import version_of
from oott_assets.training.merged_data import MERGED_DATA_VERSIONS, MergedDataVersions
from oott_assets.training.training_store import TrainingStore
from oott_assets.training.validation_photos import ValidationPhotos
from oott_assets.training.weights import TrainedWeights
from oott_assets.training.yolov8.onnx_export import Parity

# The ONNX file computes in another order than the weights, so its results are rounded differently.
# Rounding moves a box by less than a pixel.
MAX_PIXELS_APART = 1.0
# People see confidences with two digits, and this limit is half of the last digit. Rounding changed
# the confidences of the starter detector by at most 0.00001.
MAX_CONFIDENCES_APART = 0.005


def reject_weights_of_other_photos(
    candidate: str, trained: TrainedWeights, store: TrainingStore
) -> None:
    """Stop if ``candidate`` was trained on other photos than its data set holds now."""
    if trained.data_version != version_of(store.photos(f"{candidate}_data")):
        raise dg.Failure(
            f"{candidate}_weights were trained on another {candidate}_data than there is now; "
            f"materialise {candidate}_weights again",
            allow_retries=False,
        )


def reject_changed_weights(trained: TrainedWeights) -> None:
    """Stop if the weight file is missing or has changed since training."""
    if not trained.are_unchanged():
        raise dg.Failure(
            f"{trained.weights} no longer holds the weights that were trained; materialise "
            "main_weights, merged_weights and champion again",
            allow_retries=False,
        )


def reject_outdated_merged_data(photos: ValidationPhotos, store: TrainingStore) -> None:
    """Stop if merged_data was made from another main_data or other closet photos."""
    made = store.record("merged_data", MERGED_DATA_VERSIONS, MergedDataVersions)
    if made != MergedDataVersions.of(store.photos("merged_data"), photos):
        raise dg.Failure(
            "merged_data was made from another main_data than there is now; materialise "
            "merged_data and merged_weights again",
            allow_retries=False,
        )


def reject_other_validation_photos(measured_on: str, photos: ValidationPhotos) -> None:
    """Stop if the champion was measured on another version of the validation photos."""
    if measured_on != photos.version:
        raise dg.Failure(
            "main_data or the held-out closet photos have changed since the champion was "
            "measured on them; materialise champion again",
            allow_retries=False,
        )


def reject_wrong_export(parity: Parity) -> None:
    """Stop if the boxes or confidences of an export differ from those of its weights."""
    # A comparison with NaN is always false. This condition therefore also rejects NaN.
    if not (
        parity.pixels_apart <= MAX_PIXELS_APART
        and parity.confidences_apart <= MAX_CONFIDENCES_APART
    ):
        raise dg.Failure(
            f"the boxes of the export differ from those of its weights by up to "
            f"{parity.pixels_apart:.2f} pixels, and its confidences by up to "
            f"{parity.confidences_apart:.3f}; rounding explains at most {MAX_PIXELS_APART:g} and "
            f"{MAX_CONFIDENCES_APART:g}, so the export is wrong",
            allow_retries=False,
        )
